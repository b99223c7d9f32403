# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `run`: jobs that succeed, fail, go on for long, are suspended; all machines side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import Site, active_since, pace, recorder, runs, show, wait_until
from operating import all_of, as_json, machines, only_readable, row_of
from printed import command

GO = "/srv/go-on"
PATIENT = f"until [ -e {GO} ]; do sleep 0.2; done"
FAR = "Mon 08:00"
JOBS = [
    {"name": "run-ok", "schedule": FAR, "command": recorder("run-ok", "echo first; echo two lines")},
    {"name": "run-fail", "schedule": FAR, "command": recorder("run-fail", "echo no luck; exit 7")},
    {"name": "run-slow", "schedule": FAR, "command": recorder("run-slow", f"echo begun; {PATIENT}")},
    {"name": "run-piped", "schedule": FAR, "command": recorder("run-piped", "echo begun; sleep 3; echo done")},
    {"name": "run-not", "schedule": FAR, "command": recorder("run-not")},
    {"name": "run-skipped", "schedule": FAR, "command": recorder("run-skipped"),
     "unit": {"ConditionPathExists": "/srv/not-there"}},
    {"name": "run-suspended", "schedule": FAR, "state": "suspended", "command": recorder("run-suspended", "echo so")},
]  # fmt: skip
ONLY = {"name": "run-only", "schedule": FAR, "command": recorder("run-only")}
# What is done one after the other, and what is done beside that.
CHAINS = [
    {
        "leave": {"job": "run-slow", "time_limit": 4},
        "already": {"job": "run-slow"},
        "stop": {"job": "run-slow", "time_limit": 1, "on_timeout": "stop", "when_running": "join"},
    },
    {"ok": "run -e job=JOB", "fail": {"job": "run-fail"}, "later": {"playbook": "molecule/operate/later.yml"}},
    {
        "misspelt": {"job": "run-fial"},
        "only": {"job": "run-only"},
        "change only": {"playbook": "playbooks/suspend.yml", "job": "run-only"},
        "no such time": {"job": "run-not", "time_limit": -1},
        "no such end": {"job": "run-not", "on_timeout": "halt"},
        "check": {"job": "run-not"},
        "skipped": {"job": "run-skipped"},
        "suspended": {"job": "run-suspended", "output": "json"},
    },
]


class Told:
    """What the playbooks said, and when the timers had become active before."""


@pytest.fixture(scope="module")
def told(everywhere, tmp_path_factory):
    def prepare(site, _host):
        site.apply([*JOBS, ONLY] if site.machine == "debian13" else JOBS, timer_owner="run")

    all_of(everywhere(prepare))
    found = Told()
    found.since = all_of(everywhere(lambda _site, host: active_since(host, "run-ok.timer")))

    def follow(number):
        site = Site("timer_hosts", tmp_path_factory.mktemp(f"chain{number}"))
        return {name: play(site, name, asked) for name, asked in CHAINS[number].items()}

    def play(site, name, asked):
        if isinstance(asked, str):
            return site.type(command(asked), job=f"run-{name}")
        return site.play(*(["--check"] if name == "check" else []), **{"playbook": "playbooks/run.yml", **asked})

    def close_the_pipe():
        process, _record = Site("timer_hosts", tmp_path_factory.mktemp("piped")).start(
            playbook="dotmobi.systemd_timers.run", job="run-piped"
        )
        try:
            read = next((line for line in process.stdout if line.endswith("| begun\n")), "")
            process.stdout.close()
            process.wait(120 * pace())
        finally:
            process.kill()
        return read

    with ThreadPoolExecutor(len(CHAINS) + 1) as pool:
        piped = pool.submit(close_the_pipe)
        found.plays = {name: run for chain in pool.map(follow, range(len(CHAINS))) for name, run in chain.items()}
        found.piped = piped.result()
    return found


def summary(run, machine):
    """The row of a machine in the table at the end."""
    return row_of(machines(run, "Show how it went"), machine)


def test_a_job_that_succeeds(told, machine, host):
    run = told.plays["ok"]
    assert run.status == 0, run.output
    printed = machines(run, "Run it")
    assert [line for line in printed if line.startswith(f"{machine} | ") and "(" not in line] == [
        f"{machine} | first",
        f"{machine} | two lines",
    ]
    assert f"{machine} | (Finished run-ok.service - run-ok.)" in printed
    assert summary(run, machine)[1:3] == ["run-ok", "success"]
    # By hand, and by later.yml.
    assert len(runs(host, "run-ok")) == 2
    only_readable(run)


def test_a_pipe_that_closes_ends_the_playbook(told, host):
    """As when the output goes to `head`: the job goes on, the playbook does not wait for a reader."""
    assert told.piped
    wait_until(lambda: show(host, "run-piped.service", "ActiveState", "Result") == {
        "ActiveState": "inactive", "Result": "success"
    }, 30, "the job ends")  # fmt: skip
    assert len(runs(host, "run-piped")) == 1


def test_a_job_that_fails(told, machine):
    run = told.plays["fail"]
    assert run.status != 0
    assert f"{machine} | no luck" in machines(run, "Run it")
    assert summary(run, machine)[1:3] == ["run-fail", "exit status 7"]
    # One error per host, at the end, and it says which job.
    assert run.output.count(f"fatal: [{machine}]") == 1
    assert f"fatal: [{machine}]: FAILED!\n  run-fail: exit status 7\n" in run.output
    only_readable(run)


def test_a_job_that_goes_on_is_left(told, machine):
    run = told.plays["leave"]
    assert run.status != 0
    printed = machines(run, "Run it")
    assert f"{machine} | begun" in printed
    assert any(line.startswith(f"{machine} | ... run-slow has been running for ") for line in printed)
    assert "run-slow: still runs after 4 s, and goes on" in " ".join(run.output.split())
    assert summary(run, machine)[1:3] == ["run-slow", "still running"]


def test_a_job_that_runs_is_not_started_again(told, machine, host):
    run = told.plays["already"]
    assert run.status != 0
    assert f"fatal: [{machine}]" in run.output
    assert "run-slow: runs already; `when_running: join` waits for that run" in " ".join(run.output.split())
    assert len(runs(host, "run-slow")) == 1


def test_a_job_that_goes_on_is_stopped_when_asked(told, machine, host):
    run = told.plays["stop"]
    assert run.status != 0
    assert "run-slow: ran for more than 1 s, and was stopped" in " ".join(run.output.split())
    assert f"changed: [{machine}]" in run.output
    assert show(host, "run-slow.service", "MainPID")["MainPID"] == "0"
    assert len(runs(host, "run-slow")) == 1


def test_start_now_and_wait_later(told):
    run = told.plays["later"]
    assert run.status == 0, run.output


def test_a_wrong_name_gets_the_nearest(told):
    run = told.plays["misspelt"]
    assert run.status != 0
    assert run.output.count("run-fial is not a job on any of 2 hosts; did you mean run-fail?") == 1
    only_readable(run)


@pytest.mark.parametrize(
    ("play", "task", "cells"),
    [
        ("only", "Show how it went", ["success"]),
        ("change only", "Show what was done", ["disarm, disable", "suspended"]),
    ],
)
def test_hosts_that_do_not_have_the_job_are_left_out(told, play, task, cells):
    run = told.plays[play]
    assert run.status == 0, run.output
    printed = [line for line in machines(run, task) if line]
    assert row_of(printed, "debian13")[1 : 2 + len(cells)] == ["run-only", *cells]
    assert printed[-1] == "Note: run-only is not a job on debian12."
    assert not any(line.startswith("debian12") for line in printed)
    only_readable(run)


def test_wrong_options_run_nothing(told, machine, host):
    for name, said in (("no such time", "the time limit '-1' is not a whole"), ("no such end", "on_timeout 'halt'")):
        run = told.plays[name]
        assert run.status != 0
        assert f"fatal: [{machine}]: FAILED!\n  {said}" in run.output
    assert runs(host, "run-not") == []


def test_check_mode_says_what_would_run(told, machine, host):
    run = told.plays["check"]
    assert run.status == 0, run.output
    assert f"{machine} | would run as root: /bin/sh -c " in run.output
    assert runs(host, "run-not") == []


def test_a_job_whose_condition_is_not_met(told, machine, host):
    run = told.plays["skipped"]
    assert run.status == 0, run.output
    assert summary(run, machine)[1] == "run-skipped"
    assert "did not start, a condition of its unit was not met" in run.output
    assert runs(host, "run-skipped") == []


def test_a_suspended_job_as_json(told, machine, host):
    """systemd forgets such a service at once; the journal tells how its run was."""
    run = told.plays["suspended"]
    assert run.status == 0, run.output
    found = as_json(run)[machine]
    assert (found["result"], found["exit_status"], found["finished"], found["joined"]) == ("success", 0, True, False)
    assert [line["text"] for line in found["lines"] if not line["by_systemd"]] == ["so"]
    assert len(runs(host, "run-suspended")) == 1


def test_the_timers_are_left_alone(told, machine, host):
    assert active_since(host, "run-ok.timer") == told.since[machine]
