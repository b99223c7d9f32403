# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads back from systemd what the apply was for: each timer loaded, active, with a next elapse."""

from __future__ import annotations

import contextlib
import os
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import MissedElapse
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import skip_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.stamp_time import last_trigger
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import suspects
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import SUFFIXES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.first_run import RUN
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import NOT_ACTIVE, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    observe_manager,
    observe_timers,
    observe_units,
    unread_units,
)


class Evidence(NamedTuple):
    """What systemd says of the timers: states in memory, and (next, last) elapses in Unix time.

    stale: units whose file PID 1 has not read since it changed.
    """

    units: dict[str, UnitState]
    elapses: dict[str, tuple[float, float]]
    stale: frozenset[str] = frozenset()


def read_evidence(runner: Runner, unit_directory: str, goals: list[Goal]) -> Evidence:
    """Read states and elapses of all timers, in three calls. `systemctl show` of each one would take seconds.

    A fourth asks about files that seem to have changed since PID 1 read its units.
    """
    changed = {}
    for unit in (f"{goal.name}{suffix}" for goal in goals for suffix in SUFFIXES):
        with contextlib.suppress(OSError):
            changed[unit] = os.lstat(os.path.join(unit_directory, unit)).st_ctime
    units = observe_units(runner)
    stale = unread_units(runner, suspects(changed, units, observe_manager(runner), ()))
    return Evidence(units, observe_timers(runner), stale)


def judge(goals: list[Goal], evidence: Evidence) -> list[Finding]:
    """Return what is not as the goals say."""
    found = ((goal, fault(goal, evidence)) for goal in goals)
    return [
        Finding(goal.name, "state", goal.state, f"after the apply {goal.name}.timer {reason}", "", "not-armed")
        for goal, reason in found
        if reason
    ]


def fault(goal: Goal, evidence: Evidence) -> str:
    """Return what is wrong with the timer of a job, or an empty text."""
    timer = f"{goal.name}.timer"
    unit = evidence.units.get(timer, NOT_ACTIVE)
    state = f"{unit.load}, {unit.active} ({unit.sub})"
    if not goal.armed:
        return f"is still {state}" if unit.active in ("active", "activating") or unit.is_queued else ""
    stale = [one for one in (timer, f"{goal.name}.service") if one in evidence.stale]
    if stale:
        return f"is {state}, but systemd has not read {stale[0]} since it changed"
    return start_fault(goal, unit, evidence) if goal.start else ""


def start_fault(goal: Goal, unit: UnitState, evidence: Evidence) -> str:
    """Return what is wrong with a timer that was to be started, or an empty text."""
    text = goal.timer or ""
    if unit.load == "loaded" and unit.is_queued:
        # As after a boot: it will be, when the clock is set or whatever it waits for.
        return ""
    if unit.load != "loaded" or unit.active != "active":
        return f"is {unit.load}, {unit.active} ({unit.sub})"
    if unit.sub == "elapsed" and not timer_unit.elapses_once(text):
        return "will not elapse again"
    following, _last = evidence.elapses.get(f"{goal.name}.timer", (0.0, 0.0))
    if unit.sub == "waiting" and not following and timer_unit.has_times(text):
        return "has no next elapse"
    return ""


def queued(goals: list[Goal], evidence: Evidence) -> list[Finding]:
    """Return a warning for each timer whose start waits for another unit."""
    waiting = [goal for goal in goals if goal.armed and evidence.units.get(f"{goal.name}.timer", NOT_ACTIVE).is_queued]
    reason = "its timer is about to start, and waits for another unit, as for the clock to be set"
    fix = "`systemctl list-jobs` on the host shows what is waited for"
    return [Finding(goal.name, "state", goal.state, reason, fix, "start-waits") for goal in waiting]


def armed_word(goal: Goal, unit: UnitState) -> str:
    """Return whether the timer is armed: now, queued (its start waits for another unit), next-boot, done, or no.

    One that counts from a boot that is long past waits for the next boot.
    """
    if goal.done:
        return "done"
    if goal.armed and goal.timer is None:
        return "triggered" if goal.links else "manual"
    if unit.active == "active":
        return "now"
    if goal.armed and unit.is_queued:
        return "queued"
    return "next-boot" if goal.armed and not goal.start else "no"


def row(goal: Goal, evidence: Evidence, actions: list[str], surprise: MissedElapse | None) -> dict[str, Any]:
    """Return the result for one job, as the module documents it."""
    timer = f"{goal.name}.timer"
    unit = evidence.units.get(timer, NOT_ACTIVE)
    following, last = evidence.elapses.get(timer, (0.0, 0.0))
    skip = skip_of(goal.service or "")
    return {
        "name": goal.name,
        "state": goal.state,
        "active": f"{unit.active} ({unit.sub})",
        "armed": armed_word(goal, unit),
        "schedule": timer_unit.calendars(goal.timer or ""),
        "next_elapse": iso8601(int(following)) if following else None,
        "skipped_elapse": iso8601(skip.elapse) if skip else None,
        "last_trigger": iso8601(int(last)) if last_trigger(last) else None,
        "missed_elapse": iso8601(int(surprise.elapse)) if surprise and goal.armed else None,
        "runs_now": (surprise is not None and goal.armed and (goal.lets_run or surprise.made_up)) or RUN in actions,
        "changed": bool(actions),
        "actions": actions,
    }
