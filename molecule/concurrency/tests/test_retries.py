# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that fail, hang and are stopped: attempts within one run, and one failure that follows."""

from __future__ import annotations

import pytest
from entries import BEGAN, attempts, begin, entries
from harness import recorder, runs, show, wait_until
from operating import as_json

OWNER = {"timer_owner": "retries"}
# The tests start the jobs themselves.
NEVER = "*-01-01 00:00:00"
FAILURES = "/srv/runs/retries-failures"
HANDLER = "/etc/systemd/system/retries-failed@.service"
HANDLER_TEXT = f"[Service]\\nType=oneshot\\nExecStart=/bin/sh -c 'echo %%i >> {FAILURES}'\\n"
# Two processes that do not care for SIGTERM, one of them in a session of its own.
HANGS = "trap '' TERM; setsid sh -c \"trap '' TERM; echo \\$$ >> /srv/runs/$0.pids; sleep 500\" & sleep 501"
# Each attempt fails, and leaves a process in a session of its own that does not care for SIGTERM.
LEAVES = "touch /srv/runs/$0.pids; "
# One that is killed and not yet waited for by PID 1 is none.
LEAVES += "for one in $(cat /srv/runs/$0.pids); do "
LEAVES += "grep -q '^State:.[RSD]' /proc/$one/status && echo $one >> /srv/runs/$0.survivors; done; "
LEAVES += "setsid sh -c \"trap '' TERM; echo \\$\\$ >> /srv/runs/$0.pids; sleep 500\" & "
LEAVES += "until [ $(wc -l < /srv/runs/$0.pids) = $(wc -l < /srv/runs/$0) ]; do sleep 0.1; done; exit 1"
ENVIRONMENT = "cat; env | grep -v -e INVOCATION_ID -e JOURNAL_STREAM -e SYSTEMD_EXEC_PID; umask; pwd; id -un; "
ENVIRONMENT += "grep -E '^Sig(Blk|Ign)' /proc/self/status"
SCRIPT = '#!/bin/sh\necho "$1" >> /srv/runs/retries-script\nexit 1\n'
FAST = {"attempts": 3, "delay": "300ms"}

JOBS = {
    "retries-third": {"command": recorder("retries-third", "[ $(wc -l < /srv/runs/$0) -ge 3 ]"), "retries": FAST},
    "retries-never": {
        "command": recorder("retries-never", "exit 7"),
        "user": "nobody",
        "retries": {"attempts": 3, "delay": "200ms", "backoff": 3},
    },
    "retries-killed": {"command": recorder("retries-killed", "kill -KILL $$"), "retries": 1},
    "retries-hangs": {
        "command": recorder("retries-hangs", HANGS),
        "retries": FAST,
        # Time enough for a shell to begin on a busy machine.
        "timeout": "4s",
        "kill_after": "500ms",
    },
    # systemd gives its control group another name, which would be one of the kernel's: _memory.service.
    "memory": {
        "command": recorder("memory", LEAVES),
        "retries": {"attempts": 2, "delay": 0},
        "kill_after": "300ms",
    },
    "retries-text": {
        "command": "/bin/sh -c 'echo %N $$0 ${WORD} >> /srv/runs/retries-text'",
        "environment": {"WORD": "a b"},
        "retries": 1,
    },
    "retries-script": {"script": {"content": SCRIPT, "args": ["50 %"]}, "retries": FAST},
    "retries-paused": {"command": recorder("retries-paused", "false"), "retries": {"attempts": 2, "delay": "10min"}},
    "retries-stopped": {"command": recorder("retries-stopped", "exec sleep 500"), "retries": 3},
    # The program that makes the attempts stands in the sandbox, too.
    "retries-strict": {
        "command": ["/bin/sh", "-c", "trap '' TERM; sleep 500"],
        "hardening": "strict",
        "user": "nobody",
        "retries": {"attempts": 2, "delay": 0},
        "timeout": "500ms",
        "kill_after": "200ms",
    },
    "retries-commands": {
        "commands": [recorder("retries-commands"), ["/bin/sh", "-c", "exit 5", "a --next b"], recorder("retries-last")],
    },
    # A reload in mid-run gives no command a time limit of its own.
    "retries-together": {
        "commands": ["/bin/sleep 3", "/bin/sleep ${LONG}", recorder("retries-last")],
        "environment": {"LONG": "500"},
        "timeout": "4s",
    },
    "retries-all": {"commands": [["/bin/true"], recorder("retries-all")]},
    "retries-same": {"command": ["/bin/sh", "-c", ENVIRONMENT], "retries": 1},
    "retries-plain": {"command": ["/bin/sh", "-c", ENVIRONMENT]},
}
SAME = {"user": "nobody", "working_directory": "/usr", "service": {"UMask": "0027", "StandardInputText": "in"}}
JOBS["retries-same"].update(SAME)
JOBS["retries-plain"].update(SAME)
JOBS["retries-killed"]["retries"] = {"attempts": 2, "delay": 0}
FAILING = (
    "retries-never",
    "retries-killed",
    "retries-hangs",
    "memory",
    "retries-script",
    "retries-paused",
    "retries-stopped",
    "retries-strict",
    "retries-commands",
    "retries-together",
)


def tell(site, host):
    begin(host)
    host.check_output("mkdir -p /srv/runs && chmod 1777 /srv/runs")
    host.check_output("printf %s > %s && systemctl daemon-reload", HANDLER_TEXT, HANDLER)
    common = {"schedule": NEVER, "unit": {"OnFailure": "retries-failed@%N.service", "StartLimitIntervalSec": 0}}
    site.apply([{"name": name, **common, **job} for name, job in JOBS.items()], **OWNER)
    host.check_output("systemctl start --no-block retries-paused retries-stopped")
    others = [name for name in JOBS if name not in ("retries-paused", "retries-stopped")]
    # It waits for all attempts, and fails because some jobs do.
    host.run(f"systemctl start {' '.join(others)}")
    wait_until(lambda: attempts(host, "retries-paused"), 90, "retries-paused has failed for the first time")
    wait_until(lambda: runs(host, "retries-stopped"), 90, "retries-stopped runs")
    host.check_output("systemctl stop retries-paused retries-stopped")
    status = as_json(site.play(playbook="status", owner=OWNER["timer_owner"], output="json"))
    return {job["name"]: job for job in status[site.machine]["jobs"]}


@pytest.fixture(autouse=True)
def told(stories, machine):
    return stories[machine].result()


def result(host, job):
    found = show(host, f"{job}.service", "Result", "ExecMainStatus")
    return found["Result"], found["ExecMainStatus"]


def test_no_process_of_an_attempt_is_left_whatever_the_name_of_the_job(host):
    assert len(runs(host, "memory")) == 2
    assert len(host.check_output("cat /srv/runs/memory.pids").split()) == 2
    assert not host.file("/srv/runs/memory.survivors").exists


def test_attempts_end_with_the_first_that_succeeds(host):
    assert len(runs(host, "retries-third")) == 3
    assert attempts(host, "retries-third") == [
        ("1", "exit-code", "1"),
        ("2", "exit-code", "1"),
        ("3", "success", "0"),
    ]
    assert result(host, "retries-third") == ("success", "0")


def test_attempts_are_one_run_which_ends_as_the_last(host):
    assert len(runs(host, "retries-never")) == 3
    assert result(host, "retries-never") == ("exit-code", "7")
    told = entries(host, "retries-never", "attempt")
    assert len({one.fields["invocation"] for one in told}) == 1
    assert {one.unit for one in told} == {"retries-never.service"}
    assert [one.message for one in told] == [
        "attempt 1 of 3 failed with exit status 7; the next in 0.2s",
        "attempt 2 of 3 failed with exit status 7; the next in 0.6s",
        "attempt 3 of 3 failed with exit status 7; it was the last",
    ]
    first, second, third = runs(host, "retries-never")
    assert second - first > 0.2
    assert third - second > 0.6


def test_a_signal_ends_the_run_as_it_has_ended_the_attempt(host):
    assert attempts(host, "retries-killed") == [("1", "signal", "SIGKILL"), ("2", "signal", "SIGKILL")]
    assert result(host, "retries-killed") == ("signal", "9")


def test_a_time_limit_ends_all_processes_of_each_attempt(host):
    limit = ("timeout", "124")
    assert attempts(host, "retries-hangs") == [(str(number), *limit) for number in (1, 2, 3)]
    assert result(host, "retries-hangs") == ("exit-code", "124")
    left = host.run("cat /srv/runs/retries-hangs.pids").stdout.split()
    assert len(left) == 3
    assert [one for one in left if host.run("test -e /proc/%s", one).succeeded] == []
    # Each was given its four seconds, and half a second to end.
    lengths = [float(one.fields["duration"]) for one in entries(host, "retries-hangs", "attempt")]
    assert all(4.5 <= length < 60 for length in lengths)


def test_attempts_are_made_and_ended_in_the_strictest_sandbox(host):
    assert attempts(host, "retries-strict") == [("1", "timeout", "124"), ("2", "timeout", "124")]
    assert {one.unit for one in entries(host, "retries-strict", "attempt")} == {"retries-strict.service"}
    assert result(host, "retries-strict") == ("exit-code", "124")


def test_a_text_and_a_script_are_repeated_too(host):
    assert host.file("/srv/runs/retries-text").content_string == "retries-text /bin/sh a b\n"
    assert host.file("/srv/runs/retries-script").content_string == "50 %\n" * 3
    assert result(host, "retries-text") == ("success", "0")


def test_stopping_a_job_ends_its_retries(host):
    assert attempts(host, "retries-paused") == [("1", "exit-code", "1")]
    assert [one.message for one in entries(host, "retries-paused", "stopped")] == [
        "stopped by SIGTERM before attempt 2 of 2"
    ]
    assert result(host, "retries-paused") == ("signal", "15")
    assert attempts(host, "retries-stopped") == [("1", "signal", "SIGTERM")]
    assert len(runs(host, "retries-stopped")) == 1
    assert result(host, "retries-stopped") == ("signal", "15")


def test_a_failure_follows_once_after_the_last_attempt(host):
    def failures():
        return host.run("cat %s", FAILURES).stdout.split()

    wait_until(lambda: len(failures()) >= len(FAILING), 90, "the handlers have run")
    assert sorted(failures()) == sorted(FAILING)


def printed(host, job):
    since = f'--since="@$(stat --format=%Y {BEGAN})"'
    text = host.check_output(f"journalctl --quiet --output=cat {since} _TRANSPORT=stdout --unit={job}.service")
    return sorted(text.replace(job, "JOB").splitlines())


def test_the_job_finds_what_it_finds_without_retries(host):
    plain = printed(host, "retries-plain")
    assert {"in", "0027", "/usr", "nobody"} <= set(plain)
    assert printed(host, "retries-same") == plain


def test_of_several_commands_the_first_that_fails_ends_the_run_and_is_named(host, told):
    assert len(runs(host, "retries-commands")) == 1
    assert runs(host, "retries-last") == []
    assert result(host, "retries-commands") == ("exit-code", "5")
    job = told["retries-commands"]
    assert job["last_run"]["failed_command"] == "2 of 3, /bin/sh"
    assert job["reason"] == "last run: exit status 5, in command 2 of 3, /bin/sh"
    assert len(runs(host, "retries-all")) == 1
    assert told["retries-all"]["last_run"]["failed_command"] is None


def test_several_commands_have_one_time_limit(host, told):
    assert result(host, "retries-together") == ("exit-code", "124")
    assert told["retries-together"]["last_run"]["failed_command"] == "2 of 3, /bin/sleep"
    assert 3.9 < told["retries-together"]["last_run"]["duration"] < 30
