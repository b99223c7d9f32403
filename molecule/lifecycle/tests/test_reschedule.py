# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new schedule: no run by surprise, none lost, the other edits leave the timer alone.

Two jobs let systemd do what it does (on_reschedule: run): as long as they run at once, the others would have, too.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from harness import (
    active_since,
    daily,
    following,
    is_armed,
    next_elapse,
    recorder,
    reloads,
    runs,
    show,
    soon,
    utc_now,
    wait_until,
)

OWNER = {"timer_owner": "reschedule"}
FAR = "*-*-* 00:00:07"
# What is edited to a time that has just passed, and must not run.
QUIET = {
    "passed-persistent": {"persistent": True},
    "passed-transient": {"persistent": False},
    "passed-jitter": {"jitter": "1s"},
    "passed-fired": {"persistent": True},
    "passed-fired-transient": {"persistent": False},
    "passed-many": {"persistent": True},
}
LOUD = {
    "control-persistent": {"persistent": True, "on_reschedule": "run"},
    "control-transient": {"persistent": False, "on_reschedule": "run"},
}
FIRED = ("passed-fired", "passed-fired-transient")
AHEAD = {"ahead-persistent": {"persistent": True}, "ahead-transient": {"persistent": False}}
RUNNING = ("passed-running", "passed-running-transient")
GO = "/srv/go"


def job(name, schedule, **fields):
    return {"name": name, "schedule": schedule, "command": recorder(name), **fields}


def patient(name, schedule, **fields):
    """Runs until the test says go."""
    return {**job(name, schedule, **fields), "command": recorder(name, f"until [ -e {GO} ]; do sleep 0.1; done")}


def declared(schedules, edited="Edited"):
    """All jobs; those that `schedules` does not name have one far off."""
    named = {**QUIET, **LOUD, **AHEAD, "touched": {}, "edited": {"description": edited}}
    return [
        *(job(name, schedules.get(name, FAR), **fields) for name, fields in named.items()),
        patient("passed-running", schedules.get("passed-running", FAR), persistent=True),
        patient("passed-running-transient", schedules.get("passed-running-transient", FAR), persistent=False),
    ]


class Story:
    """What was seen before and after the edit."""


def tell(site, host):
    seen = Story()
    # Two of them elapse once by themselves, so that systemd remembers a last trigger.
    due = soon(12)
    site.apply(declared(dict.fromkeys(FIRED, daily(due))), **OWNER)
    assert utc_now() < due, "this machine is too slow for the test: the schedule passed before the apply was over"
    wait_until(lambda: all(runs(host, name) for name in FIRED), 120, "a timer elapses by itself")
    host.check_output("systemctl start --no-block passed-running.service passed-running-transient.service")
    wait_until(lambda: all(runs(host, name) for name in RUNNING), 20, "the patient jobs run")
    # So long that all of this is over before the time that has just passed.
    wait_until(lambda: utc_now() > due + timedelta(seconds=5), 10, "time goes by")
    assert time.clock_gettime(time.CLOCK_MONOTONIC) - active_since(host, "edited.timer") / 1e6 > 5

    seen.before = {name: runs(host, name) for name in (*QUIET, *LOUD, *AHEAD, *RUNNING, "edited")}
    seen.edited_since = active_since(host, "edited.timer")
    seen.reloads = reloads(host)
    # After the activation of all timers and the last trigger of those that have one.
    seen.passed = utc_now() - timedelta(seconds=3)
    seen.ahead = soon(15)
    seen.schedules = schedules = dict.fromkeys([*QUIET, *LOUD, *RUNNING], daily(seen.passed))
    schedules["passed-many"] = [daily(seen.passed), FAR]
    schedules.update(dict.fromkeys(AHEAD, daily(seen.ahead)))
    seen.run = site.apply(declared(schedules, edited="Edited by us"), **OWNER)
    seen.applied = utc_now()
    seen.reloads = reloads(host) - seen.reloads
    wait_until(lambda: all(len(runs(host, name)) == 1 for name in LOUD), 20, "the controls run")
    return seen


@pytest.mark.parametrize("name", QUIET)
def test_an_edit_to_a_time_just_passed_does_not_run_the_job(story, host, name):
    assert runs(host, name) == story.before[name]
    assert story.run.actions()[name] == ["update", "reschedule"]


@pytest.mark.parametrize("name", [*QUIET, *RUNNING])
def test_the_new_schedule_is_in_force(story, host, name):
    assert is_armed(host, name)
    assert show(host, f"{name}.timer", "NeedDaemonReload") == {"NeedDaemonReload": "no"}
    assert show(host, f"{name}.service", "NeedDaemonReload") == {"NeedDaemonReload": "no"}
    # Up to a second more for the jitter.
    found = next_elapse(host, f"{name}.timer")
    expected = following(story.passed, story.applied)
    if name == "passed-many":
        expected = min(expected, following(story.passed.replace(hour=0, minute=0, second=7), story.applied))
    assert timedelta(0) <= found - expected <= timedelta(seconds=1 if name == "passed-jitter" else 0)


@pytest.mark.parametrize("name", RUNNING)
def test_a_job_that_is_running_is_left_alone_and_not_run_again(story, host, name):
    assert show(host, f"{name}.service", "ActiveState", "SubState") == {
        "ActiveState": "activating",
        "SubState": "start",
    }
    assert runs(host, name) == story.before[name]
    assert len(runs(host, name)) == 1


@pytest.mark.parametrize("name", AHEAD)
def test_a_schedule_a_few_seconds_ahead_does_run(story, host, name):
    assert story.applied < story.ahead, "this machine is too slow for the test"
    (when,) = wait_until(lambda: runs(host, name), 120, f"{name} runs at {story.ahead}")
    assert when >= story.ahead.replace(microsecond=0).timestamp()


def test_one_reload_for_all(story):
    assert story.reloads == 1


def test_an_edit_of_the_service_leaves_the_timer_alone(story, host):
    assert story.run.actions()["edited"] == ["update"]
    assert active_since(host, "edited.timer") == story.edited_since
    assert show(host, "edited.service", "Description") == {"Description": "Edited by us"}
    assert not runs(host, "edited")


def test_a_job_that_was_not_edited_is_not_touched(story):
    assert "touched" not in story.run.actions()


def test_running_jobs_finish_and_are_not_started_again(story, host):
    """Nor does any other that was edited run later."""
    host.check_output("touch %s", GO)
    for name in RUNNING:
        service = f"{name}.service"
        wait_until(lambda service=service: show(host, service, "ActiveState")["ActiveState"] == "inactive", 20, service)
        assert show(host, service, "Result") == {"Result": "success"}
    for name in (*QUIET, *RUNNING):
        assert runs(host, name) == story.before[name]
    for name in LOUD:
        assert len(runs(host, name)) == 1


def test_once_more_changes_nothing(story, site):
    assert story.run.result["changed"]
    assert not site.apply(declared(story.schedules, edited="Edited by us"), **OWNER).result["changed"]
