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
    assert run.rows()["log-rotation-logs"]["schedule_text"] == "every day at 00:00"
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
    names = sorted(name for name in host.file(DIRECTORY).listdir() if name != ".rotation.lock")
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


# --- a directory of an account

THEIRS = "/srv/log-writer-theirs"
SECRET = "/srv/log-writer-secret"
STOP = "/run/log-writer-stop"
# Exchanges log files and links to a file of root's as fast as it can (renameat2(2), RENAME_EXCHANGE).
EXCHANGE = f"""
import ctypes, os
os.chdir("{THEIRS}")
exchange = ctypes.CDLL(None).renameat2
names = ["x%02d.log" % number for number in range(20)]
for name in names:
    os.symlink("{SECRET}", "link-" + name[:3])
    for end in ("", ".1"):
        with open(name + end, "w") as stream:
            stream.write("theirs")
open("begun", "w").close()
while not os.path.exists("{STOP}"):
    for name in names:
        for end in ("", ".1", ".2"):
            exchange(-100, (name + end).encode(), -100, ("link-" + name[:3]).encode(), 2)
"""


def test_root_logs_nothing_where_an_account_can_put_a_link(site, host):
    host.check_output(f"install -d -o daemon {THEIRS} && install -m 0600 /dev/null {SECRET}")
    host.check_output(f"echo n33dle > {SECRET}; rm -f {STOP}")
    jobs = [{key: value for key, value in JOB.items() if key != "output"}]
    variables = {**VARIABLES, "timer_log_directory": THEIRS, "timer_log_keep": 3}
    refused = site.refuse(jobs, **variables, timer_defaults={"output": "log"})
    told = f'output "append:{THEIRS}/log-writer.log": systemd opens it as root, and the user daemon can put a link'
    assert told in " ".join(refused.output.split())
    accepted = {"output": "log", "accept": ["writable-by-others"]}
    site.apply(jobs, **variables, timer_defaults=accepted)


def test_the_rotation_follows_no_link_that_is_put_in_its_way(host):
    host.check_output("systemd-run --quiet --unit=log-writer-exchange --uid=daemon python3 -c %s", EXCHANGE)
    wait_until(lambda: host.file(f"{THEIRS}/begun").exists, 60, "files are exchanged")
    for _number in range(5):
        # What is gone at a wrong moment is told as an error.
        host.run("systemctl start log-rotation-logs.service")
    host.check_output(f"touch {STOP}")
    inactive = {"ActiveState": "inactive"}
    wait_until(lambda: show(host, "log-writer-exchange.service", "ActiveState") == inactive, 60, "it has ended")
    secret = host.file(SECRET)
    assert (secret.user, secret.group, secret.mode, secret.content_string) == ("root", "root", 0o600, "n33dle\n")
    assert host.run(f"cd {THEIRS} && ls *.gz").rc == 0
    found = host.run(f"cd {THEIRS} && for one in $(find . -type f -name 'x*'); do zcat -f $one; done | grep n33dle")
    assert found.stdout == ""
    host.check_output(f"rm -r {THEIRS} {SECRET} {STOP}")
