# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `troubleshoot`: jobs that fail in different ways, that hang, that are fixed, and what it says."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import FILES_DIRECTORY, Site, recorder, runs, show, wait_until
from operating import all_of, as_json, head_of, machines, only_readable
from printed import command

FAR = "Mon 08:00"
GO = "/srv/go-on"
FULL = "cp: error writing 'x': No space left on device"
JOBS = [
    {"name": "tr-full", "schedule": FAR, "command": recorder("tr-full", f'echo begins; echo "{FULL}" >&2; exit 3')},
    {"name": "tr-gone", "schedule": FAR, "script": {"content": "#!/bin/sh\nexit 0\n"}},
    {"name": "tr-late", "schedule": FAR, "timeout": "1s", "command": ["/bin/sleep", "60"]},
    {"name": "tr-once", "schedule": FAR, "command": recorder("tr-once", "[ -e /srv/fixed ]")},
    {"name": "tr-runs", "schedule": FAR, "command": recorder("tr-runs", f"until [ -e {GO} ]; do sleep 0.2; done")},
    {"name": "tr-silent", "schedule": FAR, "command": recorder("tr-silent", "exit 5")},
    {"name": "tr-yes", "schedule": FAR, "command": recorder("tr-yes", "exit 6")},
    {"name": "tr-no", "schedule": FAR, "command": recorder("tr-no", "exit 6")},
    {"name": "tr-edited", "schedule": FAR, "command": recorder("tr-edited")},
    {"name": "tr-well", "schedule": FAR, "command": recorder("tr-well")},
    {"name": "tr-suspended", "schedule": FAR, "state": "suspended", "command": recorder("tr-suspended")},
]  # fmt: skip
BREAK = f"""
systemctl start tr-full tr-late tr-once tr-well
systemctl start --no-block tr-runs
systemctl start tr-silent
systemctl start tr-yes
systemctl start tr-no
sed -i 's/^Description=.*/Description=Edited/' /etc/systemd/system/tr-edited.service
systemctl daemon-reload
rm {FILES_DIRECTORY}/tr-gone/*
touch /srv/fixed
"""
# Each is run once, for both machines.
PLAYS = {
    "check": {"job": "tr-full"},
    "late": {"job": "tr-late", "output": "json", "run": True},
    "once": {"job": "tr-once", "run": True},
    # With nobody to ask.
    "edited": {"job": "tr-edited"},
    "asked in vain": {"job": "tr-silent"},
    "runs": {"job": "tr-runs"},
    "well all the same": {"job": "tr-well", "run": True},
    "suspended": {"job": "tr-suspended"},
    "misspelt": {"job": "tr-ful"},
    "nameless": {},
    "only": {"job": "tr-only"},
}
# As the document of `runbook` prints it.
CLEAR = "ansible-playbook dotmobi.systemd_timers.troubleshoot -e job=NAME -e reset=true -e run=false"
# As they are printed, and for which job.
TYPED = {
    "gone": (CLEAR, "tr-gone"),
    "full": ("troubleshoot -e job=JOB -e reset=true -e run=true -e time_limit=600", "tr-full"),
    "well": ("troubleshoot -e job=JOB", "tr-well"),
}
ONLY = {"name": "tr-only", "schedule": FAR, "command": recorder("tr-only")}
RESET = "Reset the failed state of {job} on debian12, debian13? [y/N]"
RUN = "Run {job} now on debian12, debian13? [y/N]"
# On a terminal: job to what is answered to both questions.
ANSWERS = {"tr-yes": ("y", "yes"), "tr-no": ("", "of course")}


class Told:
    """What the playbooks said."""


@pytest.fixture(scope="module")
def told(everywhere, tmp_path_factory):
    def prepare(site, host):
        site.apply([*JOBS, ONLY] if site.machine == "debian13" else JOBS, timer_owner="trouble")
        host.run("sh -c %s", BREAK)
        wait_until(lambda: runs(host, "tr-runs"), 40, "the job that does not end has begun")

    all_of(everywhere(prepare))

    def play(item):
        number, (name, variables) = item
        site = Site("timer_hosts", tmp_path_factory.mktemp(f"trouble{number}"))
        if name in TYPED:
            form, job = variables
            return name, site.type(form if form == CLEAR else command(form), job=job)
        options = ["--check"] if name == "check" else []
        return name, site.play(*options, playbook="troubleshoot", **variables)

    found = Told()
    steps = list(enumerate([*PLAYS.items(), *TYPED.items()]))
    # What only looks at a job comes before what resets it.
    found.plays = dict([play(steps[0])])

    def talk(job):
        site = Site("timer_hosts", tmp_path_factory.mktemp("terminal"))
        dialogue = {text.format(job=job): answer for text, answer in zip((RESET, RUN), ANSWERS[job], strict=True)}
        return job, site.talk(dialogue, playbook="troubleshoot", job=job)

    with ThreadPoolExecutor(3) as pool:
        talks = pool.map(talk, ANSWERS)
        found.plays.update(pool.map(play, steps[1:]))
        found.plays.update(talks)
    return found


def block(run, task, name, machine):
    """What a task printed of a job on a machine."""
    lines = [line for line in machines(run, task) if line]
    heads = [number for number, line in enumerate(lines) if line.startswith(f"{name} on ")]
    start = head_of(lines, name, machine)
    end = next((number for number in heads if number > start), len(lines))
    # Hosts with the same diagnosis share it.
    return [re.sub(r" on [\w, ]+", f" on {machine}", lines[start]), *lines[start + 1 : end]]


def diagnosis(told, play, name, machine):
    run = told.plays[play]
    only_readable(run)
    return block(run, "Show the diagnosis", name, machine)


def test_the_first_three_steps(told, machine):
    lines = block(told.plays["full"], "Show status, output, files and permissions", "tr-full", machine)
    places = [lines.index(head) for head in (
        "  1. status", "  2. what the last run wrote", "  3. files and rights, and the proof once more"
    )]  # fmt: skip
    assert places == sorted(places)
    assert "    health    failing: last run: exit status 3" in lines[places[0] : places[1]]
    assert any(line.endswith(f"  {FULL}") for line in lines[places[1] : places[2]])
    (program,) = [line for line in lines[places[2] :] if line.endswith("  /bin/sh (program)")]
    assert program.startswith("    -rwxr-xr-x  root:root  ")
    assert lines[-1] == "    the proof finds nothing"


def test_a_job_that_fails(told, machine, host):
    run = told.plays["full"]
    assert run.status != 0
    assert f"{machine} | {FULL}" in machines(run, "Run it")
    head, what, fix = diagnosis(told, "full", "tr-full", machine)
    assert head == f"tr-full on {machine}: failing"
    assert what == f'  the manual run failed: exit status 3; a file system is full: "{FULL}"'
    assert fix.startswith("    fix: ")
    # Before, and manually; not in check mode.
    assert len(runs(host, "tr-full")) == 2
    # The diagnosis is not repeated.
    assert f"fatal: [{machine}]: FAILED!\n  tr-full: see above" in run.output
    assert run.output.count(f'a file system is full: "{FULL}"') == 1


def test_the_failed_state_is_reset_when_asked(told, machine, host):
    assert f"changed: [{machine}]" in run_of_task(told.plays["full"], "Reset the failed state")
    # Without being asked, and with nobody to answer, it is not.
    assert "changed:" not in told.plays["gone"].output
    assert show(host, "tr-late.service", "ActiveState") == {"ActiveState": "failed"}


def run_of_task(run, task):
    return run.output.split(f"TASK [{task}]", 1)[1].split("\nTASK [", 1)[0]


def test_check_mode_changes_nothing(told, machine):
    run = told.plays["check"]
    assert run.status != 0
    said = diagnosis(told, "check", "tr-full", machine)
    assert said[0] == f"tr-full on {machine}: failing"
    assert said[-1] == "  It was not run manually: this is check mode."
    assert "changed:" not in run.output


def test_a_script_that_is_gone(told, machine):
    run = told.plays["gone"]
    lines = block(run, "Show status, output, files and permissions", "tr-gone", machine)
    (missing,) = [line for line in lines if line.endswith(f"  {FILES_DIRECTORY}/tr-gone/script (script)")]
    assert missing.startswith("    missing  ")
    assert run.status != 0
    said = diagnosis(told, "gone", "tr-gone", machine)
    assert said[1] == f'  command "{FILES_DIRECTORY}/tr-gone/script": does not exist on this host'
    assert said[-1] == "  It was not run manually: nobody has said yes; `-e run=true` runs it."


def test_as_json(told, machine):
    run = told.plays["late"]
    assert run.status != 0
    found = as_json(run)[machine]
    assert found["diagnosis"] == [
        {"what": "the manual run failed: timed out", "fix": "raise `timeout`, or find out what it waits for"}
    ]
    assert found["verdict"] == "the manual run failed: timed out"
    assert found["before"]["findings"] == []
    assert [one["path"] for one in found["before"]["paths"]] == ["/bin/sleep"]
    assert found["run"]["result"] == "timeout"


def test_a_job_that_is_fixed(told, machine, host):
    run = told.plays["once"]
    assert run.status == 0, run.output
    head, what, fix = diagnosis(told, "once", "tr-once", machine)
    assert head == f"tr-once on {machine}: ok"
    assert what.startswith("  the last run failed (exit status 1), and the manual run did not: the cause is gone")
    assert "see that the next run, 20" in fix
    assert len(runs(host, "tr-once")) == 2


@pytest.mark.parametrize(
    "case",
    [
        ("runs", "tr-runs", "a run is under way", 1),
        ("well", "tr-well", "its last run was good", 2),
        ("suspended", "tr-suspended", "it is suspended", 0),
    ],
)
def test_what_is_not_run_unless_somebody_asks(told, machine, host, case):
    play, job, why, times = case
    run = told.plays[play]
    assert run.status == 0, run.output
    assert f"  It was not run manually: {why}; `-e run=true` runs it." in diagnosis(told, play, job, machine)
    # The job that is well was run once before, and once on request.
    assert len(runs(host, job)) == times


@pytest.mark.parametrize(
    ("play", "why"), [("asked in vain", "nobody has said yes"), ("edited", "it was changed on the host")]
)
def test_without_a_terminal_nothing_runs(told, machine, host, play, why):
    job = PLAYS[play]["job"]
    assert told.plays[play].status != 0
    assert diagnosis(told, play, job, machine)[-1] == f"  It was not run manually: {why}; `-e run=true` runs it."
    assert len(runs(host, job)) == (1 if job == "tr-silent" else 0)


def test_what_is_answered_on_a_terminal(told, machine, host):
    yes, no = told.plays["tr-yes"], told.plays["tr-no"]
    assert yes.status != 0
    assert f"changed: [{machine}]" in run_of_task(yes, "Reset the failed state")
    assert (
        block(yes, "Show the diagnosis", "tr-yes", machine)[1]
        == "  the manual run failed: exit status 6, and it said nothing"
    )
    assert len(runs(host, "tr-yes")) == 2
    assert no.status != 0
    assert "changed:" not in no.output
    assert "  It was not run manually: nobody has said yes" in block(no, "Show the diagnosis", "tr-no", machine)[-1]
    assert len(runs(host, "tr-no")) == 1


def test_run_on_request(told, machine):
    run = told.plays["well all the same"]
    assert run.status == 0, run.output
    assert diagnosis(told, "well all the same", "tr-well", machine)[1] == "  nothing is wrong: last run: success"


def test_hosts_that_do_not_have_the_job_are_left_out(told):
    run = told.plays["only"]
    assert run.status == 0, run.output
    printed = [line for line in machines(run, "Show status, output, files and permissions") if line]
    assert printed[-1] == "Note: tr-only is not a job on debian12."
    assert not any("tr-only on debian12" in line for line in printed)
    only_readable(run)


def test_wrong_names(told):
    misspelt, nameless = told.plays["misspelt"], told.plays["nameless"]
    assert misspelt.status != 0
    assert nameless.status != 0
    assert "tr-ful is not a job on any of 2 hosts; did you mean tr-full?" in misspelt.output
    assert "no job is named: say which one with -e job=NAME" in nameless.output
    only_readable(misspelt)
    only_readable(nameless)
