# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a plan as one transaction: all of it with evidence, or back to what was observed."""

from __future__ import annotations

import contextlib

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _journal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import Host, StepFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._evidence import Evidence, judge, read_evidence
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import NOT_ACTIVE, Goal, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan import Plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._ready import obstacles
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._undo import undo


class ApplyFailed(Exception):
    """The apply did not succeed. `undone` tells whether the host stands as before; `trouble` what did not go back."""

    def __init__(self, reason: str, undone: bool, trouble: str = "") -> None:
        super().__init__(reason)
        self.undone = undone
        self.trouble = trouble


def new_texts(goals: list[Goal], plan: Plan) -> dict[str, str]:
    """Return the unit files that the plan installs."""
    texts = {}
    for goal in goals:
        texts[f"{goal.name}.service"] = goal.service or ""
        texts[f"{goal.name}.timer"] = goal.timer or ""
    return {name: texts[name] for step in plan.steps if step.kind == "install" for name in step.items}


def stopped_at(observed: Observed) -> dict[str, int]:
    """Return the timers that a killed run has stopped, and since when (nanoseconds): what was due then is caught up."""
    return {
        f"{name}.timer": when
        for name, when in observed.marked.items()
        if observed.units.get(f"{name}.timer", NOT_ACTIVE).active != "active"
    }


def run_plan(host: Host, goals: list[Goal], plan: Plan, observed: Observed) -> Evidence:
    """Apply the plan and return the evidence. Raises ApplyFailed."""
    touched = [change.name for change in plan.changes if change.actions]
    pending = set(observed.dirty) - {goal.name for goal in goals}
    host.stopped_at = stopped_at(observed)
    try:
        host.prepare(new_texts(goals, plan))
        found = obstacles(host.unit_directory, plan, observed)
        if not found:
            _journal.mark(host.owner, sorted(pending.union(touched)))
    except OSError as error:
        _journal.remove_stage(host.stage)
        raise ApplyFailed(f"write: {error}", undone=True) from error
    if found:
        _journal.remove_stage(host.stage)
        raise ApplyFailed("; ".join(found), undone=True)
    try:
        host.execute(plan.steps)
        evidence = read_evidence(host.runner, host.unit_directory, goals)
        problems = judge(goals, evidence)
        if problems:
            raise StepFailed("evidence", "evidence: " + "; ".join(line(problem) for problem in problems))
        host.execute(plan.final_steps)
    except Exception as error:
        reason = _explained(error, host, goals)
        trouble = undo(host, observed)
        if not trouble:
            # What an earlier run has left half done, is so still.
            _finish(host, pending.union(observed.dirty))
        raise ApplyFailed(reason, undone=not trouble, trouble=trouble) from error
    _finish(host, pending)
    return evidence


def _explained(error: Exception, host: Host, goals: list[Goal]) -> str:
    """Return what failed; systemctl does not always say which timer it could not start, the evidence does."""
    reason = str(error) or type(error).__name__
    if isinstance(error, StepFailed) and error.kind == "start":
        with contextlib.suppress(Exception):
            problems = judge(goals, read_evidence(host.runner, host.unit_directory, goals))
            found = "; ".join(line(problem) for problem in problems)
            return f"{found} ({reason})" if found else reason
    return reason


def _finish(host: Host, pending: set[str]) -> None:
    """Clean up after an apply or its undoing; what belongs to other declarations stays marked."""
    _journal.remove_stage(host.stage)
    _journal.mark(host.owner, sorted(pending))
