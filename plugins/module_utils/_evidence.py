# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads back from systemd what the apply was for: each timer loaded, active, with a next elapse."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _timer_text as timer_text
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import Goal, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import observe_timers, observe_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner

NOT_LOADED = UnitState("not-found", "inactive", "dead")


class Evidence(NamedTuple):
    """What systemd says of the timers: states in memory, and (next, last) elapses in Unix time."""

    units: dict[str, UnitState]
    elapses: dict[str, tuple[float, float]]


def read_evidence(runner: Runner) -> Evidence:
    """Read states and elapses of all timers, in two calls."""
    return Evidence(observe_units(runner), observe_timers(runner))


def judge(goals: list[Goal], evidence: Evidence) -> list[Finding]:
    """Return what is not as the goals say."""
    findings = []
    for goal in goals:
        timer = f"{goal.name}.timer"
        unit = evidence.units.get(timer, NOT_LOADED)
        state = f"{unit.load}, {unit.active} ({unit.sub})"
        if not goal.armed:
            if unit.active in ("active", "activating"):
                findings.append(Finding(goal.name, "state", goal.state, f"after the apply {timer} is still {state}"))
            continue
        if not goal.start:
            continue
        if unit.load != "loaded" or unit.active != "active":
            findings.append(Finding(goal.name, "state", goal.state, f"after the apply {timer} is {state}"))
        elif unit.sub == "elapsed" and not timer_text.elapses_once(goal.timer or ""):
            findings.append(Finding(goal.name, "state", goal.state, f"after the apply {timer} will not elapse again"))
    return findings


def armed_word(goal: Goal, unit: UnitState) -> str:
    """Return whether the timer is armed: now, next-boot (it counts from a boot that is long past), or no."""
    if unit.active == "active":
        return "now"
    return "next-boot" if goal.armed and not goal.start else "no"


def row(goal: Goal, evidence: Evidence, actions: list[str]) -> dict[str, Any]:
    """Return the result for one job, as the module documents it."""
    timer = f"{goal.name}.timer"
    unit = evidence.units.get(timer, NOT_LOADED)
    following, last = evidence.elapses.get(timer, (0.0, 0.0))
    return {
        "name": goal.name,
        "state": goal.state,
        "active": f"{unit.active} ({unit.sub})",
        "armed": armed_word(goal, unit),
        "schedule": timer_text.calendars(goal.timer or ""),
        "next_elapse": iso8601(int(following)) if following else None,
        "last_trigger": iso8601(int(last)) if last else None,
        "changed": bool(actions),
        "actions": actions,
    }
