# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that jobs log to."""

from __future__ import annotations

from harness import recorder, wait_until

DIRECTORY = "/usr/local/api/logs"
VARIABLES = {"timer_owner": "logs", "timer_log_directory": DIRECTORY}
JOB = {
    "name": "log-writer",
    "schedule": "*-*-* 00:00:07",
    "command": recorder("log-writer", "echo a line"),
    "output": f"append:{DIRECTORY}/log-writer.log",
}


def test_check_mode_shows_it_and_does_not_make_it(site, host):
    run = site.apply([JOB], "--check", "--diff", **VARIABLES)
    assert f"{DIRECTORY}: make the directory" in run.output
    assert not host.file(DIRECTORY).exists


def test_it_is_made_once_and_a_job_logs_to_it(site, host):
    assert site.apply([JOB], **VARIABLES).result["changed"]
    directory = host.file(DIRECTORY)
    assert (directory.is_directory, directory.user, directory.mode) == (True, "root", 0o755)
    assert host.run("systemctl start log-writer.service").rc == 0
    wait_until(lambda: host.file(f"{DIRECTORY}/log-writer.log").content_string == "a line\n", 10, "the line is written")
    assert not site.apply([JOB], **VARIABLES).result["changed"]
