# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of jobs on systemd 247 and 262: proof, apply, evidence, runs, what operators do, and the end of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import yaml
from harness import (
    CHECKOUT,
    Site,
    active_since,
    daily,
    is_armed,
    recorder,
    reloads,
    runs,
    show,
    snapshot,
    utc_now,
    wait_until,
)
from operating import all_of, as_json, head_of, machines, of_machine, only_readable, row_of

VERSIONS = {"debian11": 247, "debian14": 262}
OWNER = {"timer_owner": "matrix"}
FAR = "Mon 08:00"
FOUR = yaml.safe_load((CHECKOUT / "inventory/group_vars/all.yml").read_text())
JOBS = [
    {"name": "mx-well", "schedule": FAR, "command": recorder("mx-well", "echo all is well")},
    {"name": "mx-bad", "schedule": FAR, "command": ["/bin/sh", "-c", "echo '<3>no space left'; exit 3"]},
    {"name": "mx-script", "schedule": FAR, "script": {"content": "#!/bin/sh\necho from a script\n"}},
    {
        "name": "mx-secret",
        "schedule": FAR,
        "user": "nobody",
        "command": ["/bin/sh", "-c", 'cat "$CREDENTIALS_DIRECTORY/token"; echo; echo "$PLAIN"'],
        "credentials": {"token": {"content": "of the matrix"}},
        "environment": {"PLAIN": "a %n $x \"b\" 'c' \\d"},
    },
    {
        "name": "mx-again",
        "schedule": FAR,
        "command": recorder("mx-again", '[ "$(wc -l < /srv/runs/mx-again)" -ge 3 ]'),
        "retries": {"attempts": 3, "delay": "100ms"},
    },
    {
        "name": "mx-boxed",
        "schedule": FAR,
        "hardening": "standard",
        "limits": {"nice": 5},
        "command": ["/bin/sh", "-c", "touch /usr/x; echo status $?; nice"],
    },
    {"name": "mx-every", "every": "1h", "on_boot": "10min", "command": "/bin/true"},
    {"name": "mx-alone", "schedule": FAR, "concurrency": "forbid", "command": recorder("mx-alone")},
    {"name": "mx-off", "schedule": FAR, "state": "suspended", "command": "/bin/true"},
]
# Each is wrong in one way, which its code names.
WRONG = {
    "wrong-time": ({"schedule": "Mon 25:00"}, "invalid-schedule"),
    "wrong-never": ({"schedule": "*-02-30"}, "never-elapses"),
    "wrong-program": ({"command": "/no/such/program"}, "missing-command"),
    "wrong-user": ({"user": "no-such-user"}, "missing-user"),
    "wrong-key": ({"service": {"Nicee": 5}}, "unknown-directive"),
    "wrong-value": ({"service": {"Nice": "much"}}, "invalid-value"),
    "wrong-field": ({"on_calendar": FAR}, "unknown-field"),
}
RUN = ("mx-well", "mx-bad", "mx-script", "mx-secret", "mx-again", "mx-boxed", "mx-alone")


class Seen:
    """What came of it on one machine."""


def tell(site, host):
    seen = Seen()
    empty = snapshot(host)
    seen.check = site.apply(JOBS, "--check", "--diff", **OWNER)
    seen.untouched = snapshot(host) == empty
    wrong = [
        {"name": name, "schedule": FAR, "command": "/bin/true", **fields} for name, (fields, _code) in WRONG.items()
    ]
    seen.wrong = site.refuse([*JOBS, *wrong], **OWNER)
    seen.refused_untouched = snapshot(host) == empty

    before = reloads(host)
    seen.new = site.apply(JOBS, "--diff", **OWNER)
    seen.reloads = reloads(host) - before
    seen.again = site.apply(JOBS, "--diff", **OWNER)
    seen.armed = {job["name"]: is_armed(host, job["name"]) for job in JOBS}
    seen.four = site.play(**FOUR)
    host.run(f"systemctl start {' '.join(RUN)}")
    seen.results = {name: show(host, f"{name}.service", "Result")["Result"] for name in RUN}
    host.run("journalctl --sync")
    lines = "journalctl --quiet --output=cat --unit=%s.service _SYSTEMD_UNIT=%s.service"
    seen.said = {name: host.check_output(lines, name, name).splitlines() for name in RUN}
    seen.ran = {name: len(runs(host, name)) for name in ("mx-well", "mx-again", "mx-alone")}

    # Another schedule, whose time has just passed: nothing runs.
    seen.neighbour = active_since(host, "mx-bad.timer")
    just_gone = {**JOBS[0], "schedule": daily(utc_now() - timedelta(seconds=3))}
    seen.edited = site.apply([just_gone, *JOBS[1:]], **OWNER)
    seen.ran_after = len(runs(host, "mx-well"))
    # And one that comes.
    site.apply([{**JOBS[0], "schedule": daily(utc_now() + timedelta(seconds=30))}, *JOBS[1:]], **OWNER)
    wait_until(lambda: len(runs(host, "mx-well")) > seen.ran_after, 150, "the timer elapses")
    seen.neighbour_after = active_since(host, "mx-bad.timer")
    return seen


PLAYS = {
    "status": {"playbook": "status", "output": "json", "owner": "matrix"},
    "table": {"playbook": "status", "owner": "matrix"},
    "run": {"playbook": "run", "job": "mx-script"},
    "logs": {"playbook": "logs", "job": "mx-bad", "priority": "err", "run": "last"},
    "trouble": {"playbook": "troubleshoot", "job": "mx-bad", "reset": True, "run": True},
    "schedule": {"playbook": "schedule", "expression": "Mon *-*-* 08:00:00", "count": 2},
}
CHANGES = {
    "skip": {"playbook": "skip_next", "job": "mx-script"},
    "suspend": {"playbook": "suspend", "job": "mx-secret"},
    "resume": {"playbook": "resume", "job": "mx-secret"},
    "reschedule": {"playbook": "reschedule", "job": "mx-bad", "schedule": "Tue 09:00"},
}


@pytest.fixture(scope="module")
def stories(everywhere):
    return all_of(everywhere(tell))


@pytest.fixture
def story(stories, machine):
    return stories[machine]


@pytest.fixture(scope="module")
def plays(stories, tmp_path_factory):  # noqa: ARG001
    """What operators do, on both machines at once; the changes in their order, and in the end all is removed."""

    def play(item):
        name, variables = item
        return name, Site("timer_hosts", tmp_path_factory.mktemp(name.replace(" ", "-"))).play(**variables)

    with ThreadPoolExecutor(3) as pool:
        found = dict(pool.map(play, PLAYS.items()))
    found.update(map(play, CHANGES.items()))
    found.update([play(("after", PLAYS["status"]))])
    found.update([play(("removed", {"timer_jobs": [], "timer_prune": True, "timer_prune_limit": 10000, **OWNER}))])
    return found


def test_these_are_the_versions(machine, host):
    assert re.match(rf"systemd {VERSIONS[machine]}\b", host.check_output("systemctl --version"))


def test_check_mode_on_an_empty_host(story):
    assert story.untouched
    assert story.check.actions() == story.new.actions()


@pytest.mark.parametrize("name", WRONG)
def test_the_proof_refuses(story, name):
    assert [found["code"] for found in story.wrong.result["findings"] if found["job"] == name] == [WRONG[name][1]]


def test_a_refused_apply_changes_nothing(story):
    assert story.refused_untouched


def test_apply_and_evidence(story):
    assert story.reloads == 1
    assert story.armed == {job["name"]: job["name"] != "mx-off" for job in JOBS}
    rows = story.new.rows()
    assert rows["mx-well"]["next_elapse"].endswith("T08:00:00+00:00")
    assert rows["mx-off"]["next_elapse"] is None


def test_the_second_run_changes_nothing(story):
    assert story.again.actions() == {}
    assert not story.again.result["changed"]


def test_the_four_jobs_of_the_team(story):
    assert story.four.status == 0, story.four.output
    assert {row["name"] for row in story.four.result["jobs"]} == {job["name"] for job in FOUR["timer_jobs"]}
    assert all(row["next_elapse"] for row in story.four.result["jobs"])


def test_runs(story):
    assert story.results == {name: "exit-code" if name == "mx-bad" else "success" for name in RUN}
    assert story.ran == {"mx-well": 1, "mx-again": 3, "mx-alone": 1}
    assert "from a script" in story.said["mx-script"]
    assert story.said["mx-secret"] == ["of the matrix", JOBS[3]["environment"]["PLAIN"]]
    # /usr cannot be written, and the job is nice.
    assert [line for line in story.said["mx-boxed"] if not line.startswith("touch: ")] == ["status 1", "5"]


def test_another_schedule_runs_nothing_and_leaves_neighbours_alone(story):
    assert story.edited.actions() == {"mx-well": ["update", "reschedule"]}
    assert story.ran_after == 1
    assert story.neighbour_after == story.neighbour


def test_status(plays, machine):
    found = {job["name"]: job for job in as_json(plays["status"])[machine]["jobs"]}
    assert found["mx-well"]["health"] == "ok"
    assert len(found["mx-well"]["runs"]) == 2
    assert (found["mx-bad"]["health"], found["mx-bad"]["reason"]) == ("failing", "last run: exit status 3")
    assert found["mx-off"]["health"] == "suspended"
    assert {job["name"] for job in found.values() if job["drift"]} == set()
    table = of_machine(machines(plays["table"], "Show the jobs"), machine)
    assert row_of(table, "mx-bad")[-1] == "failing"
    only_readable(plays["table"])


def test_run_and_logs(plays, machine):
    assert plays["run"].status == 0, plays["run"].output
    assert f"{machine} | from a script" in plays["run"].output
    lines = of_machine(machines(plays["logs"], "Show the logs"), machine)
    assert any(line.endswith("  no space left") for line in lines)


def test_troubleshoot(plays, machine):
    assert plays["trouble"].status != 0
    said = machines(plays["trouble"], "Show the diagnosis")
    place = head_of(said, "mx-bad", machine)
    assert said[place].endswith(": failing")
    assert said[place + 1] == '  the manual run failed: exit status 3; it said last: "no space left"'


def test_schedule(plays, machine):
    run = plays["schedule"]
    assert run.status == 0, run.output
    assert machine in run.output
    assert "every Monday at 08:00" in run.output


def test_changes(plays, machine):
    rows = {name: row_of(machines(plays[name], "Show what was done"), machine) for name in CHANGES}
    assert rows["skip"][1:4] == ["mx-script", "update", "armed, skips next run"]
    assert rows["suspend"][1:4] == ["mx-secret", "disarm, disable", "suspended"]
    assert rows["resume"][1:4] == ["mx-secret", "arm, enable", "armed"]
    assert rows["reschedule"][1:4] == ["mx-bad", "update, reschedule", "armed"]
    found = {job["name"]: job for job in as_json(plays["after"])[machine]["jobs"]}
    assert found["mx-script"]["skipped_elapse"].endswith("T08:00:00+00:00")
    assert found["mx-bad"]["drift"] == [f"rescheduled manually, declared was: {FAR}"]


def test_nothing_is_left_of_removed_jobs(plays, host):
    assert plays["removed"].status == 0, plays["removed"].output
    left = [path for path in snapshot(host).files if "/mx-" in path and not path.startswith("/srv")]
    assert left == []
    assert host.run("systemctl list-units --all --no-legend 'mx-*'").stdout == ""
