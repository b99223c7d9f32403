# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the start of timers would run at once, and what is said of elapses that have passed; pure."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import MissedElapse
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601


def runs_since_boot(
    goals: list[Goal], started: set[str], observed: Observed, spans: dict[str, int | None]
) -> list[Finding]:
    """Return a finding for each timer to be started that would run its job: its time after boot has passed.

    A timer that has only such triggers is not started (`plan.starts_now`), and the stamp of a persistent one
    prevents the run; what is left can only be refused.
    """
    findings = []
    for goal in goals:
        text = goal.timer or ""
        if f"{goal.name}.timer" not in started or goal.lets_run or timer_unit.is_persistent(text):
            continue
        for span in timer_unit.boot_triggers(text):
            if (spans.get(span) or 0) / 1e6 <= observed.uptime:
                reason = "would run the job at once: this host has been up for longer, and on_reschedule is not run"
                fix = "set on_reschedule to run, or give what follows the boot a job of its own"
                findings.append(Finding(goal.name, "on_boot", span, reason, fix, "runs-at-once"))
    return findings


def told(surprise: MissedElapse | None, goal: Goal) -> str:
    """Return in words what becomes of an elapse that has passed; an empty text when there is none."""
    if surprise is None or not goal.armed:
        return ""
    when = iso8601(int(surprise.elapse))
    if goal.lets_run:
        return f"runs the job now, for its elapse of {when} (on_reschedule: run)"
    if surprise.made_up:
        return f"runs the job now, for its elapse of {when}: an apply that was cut off had stopped its timer before"
    return f"does not run the job for its elapse of {when}, which has passed (on_reschedule: skip)"
