# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says after an apply, held against what it was for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.evidence import (
    Evidence,
    judge,
    read_evidence,
    row,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import MissedElapse, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import goal_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    MANAGER_COMMAND,
    TIMERS_COMMAND,
    UNITS_COMMAND,
    UNREAD_COMMAND,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import (
    ELAPSED,
    FAILED,
    RUNNING_VERSIONS,
    STOPPED,
    WAITING,
    answer,
    empty_host,
    wanted,
)


def goal(job: WantedJob) -> Goal:
    """Return the goal of a job on a host that has been up for an hour."""
    return goal_of(job, empty_host(), {"5min": 300 * 10**6})


NEXT = 1801468800.0
NAMES = {
    tuple(UNITS_COMMAND): "pid1-units",
    tuple(TIMERS_COMMAND): "pid1-timers",
    tuple(MANAGER_COMMAND): "pid1-manager",
}
PRESENT = goal(wanted(name="waiting"))
SUSPENDED = goal(wanted(name="waiting", state="suspended"))
ABSENT = goal(WantedJob("waiting", "absent", "skip", "", ""))
BOOT = goal(wanted(name="waiting", schedule=None, on_boot="5min"))
RUN = goal(wanted(name="waiting", on_reschedule="run"))
RUN_AT_BOOT = goal(wanted(name="waiting", schedule=None, on_boot="5min", on_reschedule="run"))


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def verdict(one: Goal, unit: UnitState | None) -> list[str]:
    """Return the reasons against a goal where the timer is in this state."""
    units = {"waiting.timer": unit} if unit else {}
    found = judge([one], Evidence(units, {"waiting.timer": (NEXT, 0.0)}))
    assert all((finding.job, finding.field, finding.value) == ("waiting", "state", one.state) for finding in found)
    return [finding.reason for finding in found]


RUNNING = UnitState("loaded", "active", "running")
BAD = UnitState("bad-setting", "active", "elapsed")


@pytest.mark.parametrize(
    ("one", "unit"),
    [
        (PRESENT, WAITING),
        (PRESENT, RUNNING),
        (SUSPENDED, None),
        (SUSPENDED, STOPPED),
        (ABSENT, None),
        (ABSENT, FAILED),
        (BOOT, None),
        (BOOT, STOPPED),
        (BOOT, ELAPSED),
        (RUN_AT_BOOT, ELAPSED),
    ],
)
def test_as_it_should_be(one: Goal, unit: UnitState | None) -> None:
    assert verdict(one, unit) == []


@pytest.mark.parametrize(
    ("one", "unit", "reason"),
    [
        (PRESENT, None, "after the apply waiting.timer is not-found, inactive (dead)"),
        (PRESENT, STOPPED, "after the apply waiting.timer is loaded, inactive (dead)"),
        (PRESENT, FAILED, "after the apply waiting.timer is loaded, failed (failed)"),
        (PRESENT, BAD, "after the apply waiting.timer is bad-setting, active (elapsed)"),
        (PRESENT, ELAPSED, "after the apply waiting.timer will not elapse again"),
        (SUSPENDED, WAITING, "after the apply waiting.timer is still loaded, active (waiting)"),
        (ABSENT, RUNNING, "after the apply waiting.timer is still loaded, active (running)"),
        (RUN_AT_BOOT, STOPPED, "after the apply waiting.timer is loaded, inactive (dead)"),
    ],
)
def test_not_as_it_should_be(one: Goal, unit: UnitState | None, reason: str) -> None:
    assert verdict(one, unit) == [reason]


def test_every_job_is_judged() -> None:
    goals = [goal(wanted(name=name)) for name in ("a", "b", "c")]
    found = judge(goals, Evidence({"b.timer": WAITING}, {"b.timer": (NEXT, 0.0)}))
    assert [finding.job for finding in found] == ["a", "c"]


def test_a_waiting_timer_has_a_next_elapse() -> None:
    no_next = Evidence({"waiting.timer": WAITING}, {"waiting.timer": (0.0, NEXT)})
    assert [one.reason for one in judge([PRESENT], no_next)] == ["after the apply waiting.timer has no next elapse"]
    clock = goal(wanted(name="waiting", schedule=None, timer={"OnClockChange": True}))
    assert judge([clock], no_next) == []


@pytest.mark.parametrize("stale", ["waiting.timer", "waiting.service"])
def test_what_systemd_has_not_read_again(stale: str) -> None:
    units = {"waiting.timer": WAITING, "waiting.service": STOPPED}
    evidence = Evidence(units, {"waiting.timer": (NEXT, 0.0)}, frozenset([stale, "other.timer"]))
    assert [one.reason for one in judge([PRESENT], evidence)] == [
        f"after the apply waiting.timer is loaded, active (waiting), but systemd has not read {stale} since it changed"
    ]
    # What is not armed runs nothing, and the units of others are none of ours.
    assert judge([SUSPENDED], evidence._replace(units={})) == []
    assert judge([PRESENT], evidence._replace(stale=frozenset(["other.timer"]))) == []


@pytest.mark.parametrize(("unread", "stale"), [("yes", frozenset(["waiting.timer"])), ("no", frozenset())])
def test_a_file_newer_than_the_reload_is_asked_about(unread: str, stale: frozenset[str], tmp_path: Path) -> None:
    """Its time of change alone says little: a clock may have been set."""
    (tmp_path / "waiting.timer").write_text("")
    asked = []

    def runner(argv: list[str]) -> Completed:
        if tuple(argv) in NAMES:
            found = answer(252, NAMES[tuple(argv)])
            long_ago = "UnitsLoadTimestampMonotonic=1\nUnitsLoadStartTimestampMonotonic=1\n"
            return Completed(0, long_ago, "") if argv == MANAGER_COMMAND else found
        asked.append(argv)
        return Completed(0, f"Id=waiting.timer\nNeedDaemonReload={unread}\n", "")

    assert read_evidence(runner, str(tmp_path), [PRESENT]).stale == stale
    assert asked == [[*UNREAD_COMMAND, "--", "waiting.timer"]]


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_evidence_of_real_systemd(version: int, tmp_path: Path) -> None:
    calls = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        return answer(version, NAMES[tuple(argv)])

    names = ["waiting", "repeating", "past", "stopped", "no-trigger"]
    goals = [goal(wanted(name=name)) for name in names]
    evidence = read_evidence(runner, str(tmp_path), goals)
    assert sorted(calls) == sorted([UNITS_COMMAND, TIMERS_COMMAND, MANAGER_COMMAND])
    assert evidence.stale == frozenset()
    assert [finding.job for finding in judge(goals, evidence)] == ["past", "stopped", "no-trigger"]
    found = row(goals[0], evidence, ["install", "arm"], None)
    assert found.pop("next_elapse").endswith("T08:00:00+00:00")
    assert found == {
        "name": "waiting",
        "state": "present",
        "active": "active (waiting)",
        "armed": "now",
        "schedule": ["Mon 08:00"],
        "skipped_elapse": None,
        "last_trigger": None,
        "missed_elapse": None,
        "runs_now": False,
        "changed": True,
        "actions": ["install", "arm"],
    }
    last = evidence.elapses["repeating.timer"][1]
    assert row(goals[1], evidence, [], None)["last_trigger"] == iso8601(int(last))
    assert row(goals[2], evidence, [], None)["next_elapse"] is None


@pytest.mark.parametrize(
    ("one", "unit", "armed", "active"),
    [
        (PRESENT, WAITING, "now", "active (waiting)"),
        (PRESENT, None, "no", "inactive (dead)"),
        (BOOT, None, "next-boot", "inactive (dead)"),
        (BOOT, ELAPSED, "now", "active (elapsed)"),
        (SUSPENDED, STOPPED, "no", "inactive (dead)"),
    ],
)
def test_row(one: Goal, unit: UnitState | None, armed: str, active: str) -> None:
    found = row(one, Evidence({"waiting.timer": unit} if unit else {}, {}), [], None)
    assert (found["armed"], found["active"], found["changed"]) == (armed, active, False)


def test_the_row_of_an_absent_job() -> None:
    found = row(ABSENT, Evidence({}, {}), ["remove"], None)
    assert (found["state"], found["schedule"], found["next_elapse"]) == ("absent", [], None)


@pytest.mark.parametrize(
    ("one", "missed", "runs"),
    [
        (PRESENT, "2027-02-01T08:00:00+00:00", False),
        (RUN, "2027-02-01T08:00:00+00:00", True),
        (SUSPENDED, None, False),
        (ABSENT, None, False),
    ],
)
def test_the_row_says_what_becomes_of_an_elapse_that_has_gone_by(one: Goal, missed: str | None, runs: bool) -> None:
    evidence = Evidence({"waiting.timer": WAITING}, {})
    found = row(one, evidence, ["reschedule"], MissedElapse("Mon 08:00", NEXT))
    assert (found["missed_elapse"], found["runs_now"]) == (missed, runs)
    found = row(one, evidence, [], None)
    assert (found["missed_elapse"], found["runs_now"]) == (None, False)
