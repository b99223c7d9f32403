# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that jobs log to."""

from __future__ import annotations

from harness import is_armed, recorder, show, wait_until

DIRECTORY = "/usr/local/api/logs"
VARIABLES = {"timer_owner": "logs", "timer_log_directory": DIRECTORY}
JOB = {
    "name": "log-writer",
    "schedule": "*-*-* 00:00:07",
    "command": recorder("log-writer", "echo a line"),
    "output": f"append:{DIRECTORY}/log-writer.log",
    # Programs in the job's folder: their paths are compared with what is on the host.
    "retries": 1,
}
# The same directories, in other words.
SLASHES = {"timer_log_directory": f"{DIRECTORY}/", "timer_files_directory": "//etc/./dotmobi.systemd_timers//"}


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
    assert not site.apply([JOB], **{**VARIABLES, **SLASHES}).result["changed"]


def test_logs_by_name_are_rotated_by_a_job_of_their_own(site, host):
    variables = {**VARIABLES, "timer_log_keep": 2, "timer_defaults": {"output": "log"}}
    run = site.apply([{key: value for key, value in JOB.items() if key != "output"}], **variables)
    assert run.rows()["log-rotation-logs"]["schedule_words"] == "every day at 00:00"
    assert is_armed(host, "log-rotation-logs")
    own = f"{DIRECTORY}/written-by-a-user.log"
    host.check_output(f"echo its own > {own} && chown daemon:adm {own} && chmod 0640 {own}")
    for number in range(3):
        before = host.file(f"{DIRECTORY}/log-writer.log").size
        host.check_output("systemctl start log-writer.service")
        wait_until(
            lambda before=before: host.file(f"{DIRECTORY}/log-writer.log").size > before, 20, "a line is written"
        )
        host.check_output("systemctl start log-rotation-logs.service")
        assert show(host, "log-rotation-logs.service", "Result") == {"Result": "success"}, number
    names = sorted(host.file(DIRECTORY).listdir())
    logs = [f"log-writer.log{end}" for end in ("", ".1", ".2.gz")]
    assert names == [*logs, "written-by-a-user.log", "written-by-a-user.log.1"]
    for path in (own, f"{own}.1"):
        assert (host.file(path).user, host.file(path).group, host.file(path).mode) == ("daemon", "adm", 0o640)
    assert host.file(f"{own}.1").content_string == "its own\n"
    assert not site.apply([{key: value for key, value in JOB.items() if key != "output"}], **variables).result[
        "changed"
    ]
    # Wanted no more: it goes like any job that is declared no more.
    assert site.apply([JOB], timer_prune=True, **VARIABLES).actions()["log-rotation-logs"]
    assert not host.file("/etc/systemd/system/log-rotation-logs.timer").exists
