# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a plan as one transaction: all of it with evidence, or back to what was observed."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.barrier import Barrier
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.evidence import (
    Evidence,
    judge,
    read_evidence,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.preflight import FILE_STEPS, obstacles
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.steps import StepFailed, StepRunner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.undo import undo
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILE_MODE, JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import SUFFIXES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal, Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import NOT_ACTIVE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.unit_log import why_not_started

NOT_KEPT = "another part of the apply has failed"
INSTALL_STEPS = ("install", "install_file")


class ApplyFailed(Exception):
    """The apply did not succeed. `undone` tells whether the host stands as before; `trouble` what did not go back."""

    def __init__(self, reason: str, undone: bool, trouble: str = "") -> None:
        super().__init__(reason)
        self.undone = undone
        self.trouble = trouble

    @property
    def aftermath(self) -> str:
        """How the host stands after it, in words."""
        return "the host stands as before" if self.undone else f"and going back failed too: {self.trouble}"


def wanted_files(goals: list[Goal]) -> dict[str, JobFile]:
    """Return all files that the goals have, by name."""
    found = {}
    for goal in goals:
        pair = ((f"{goal.name}.service", goal.service), (f"{goal.name}.timer", goal.timer))
        found.update({name: JobFile(name, text) for name, text in pair if text is not None})
        found.update({one.name: one for one in goal.files})
    return found


def new_files(goals: list[Goal], plan: Plan) -> list[JobFile]:
    """Return the files that the plan installs."""
    wanted = wanted_files(goals)
    return [wanted[name] for step in plan.steps if step.kind in INSTALL_STEPS for name in step.items]


def touched_modes(goals: list[Goal], plan: Plan) -> dict[str, int]:
    """Return the right mode of each file that the plan touches and that has one of its own."""
    wanted = {name: one.mode for name, one in wanted_files(goals).items()}
    touched = [name for step in plan.steps if step.kind in FILE_STEPS for name in step.items]
    return {name: wanted.get(name, FILE_MODE) for name in touched if os.path.isabs(name)}


def touched_units(goals: list[Goal], plan: Plan) -> list[str]:
    """Return the units beside pairs that the plan touches."""
    pairs = {f"{goal.name}{suffix}" for goal in goals for suffix in (".service", ".timer")}
    touched = [name for step in plan.steps if step.kind in FILE_STEPS for name in step.items]
    return [name for name in touched if not os.path.isabs(name) and name not in pairs]


def schedules_of(goals: list[Goal], observed: Observed) -> dict[str, tuple[str, ...]]:
    """Return the schedules of the timers that are active, and that are to stay so: before and after the apply."""
    return {
        goal.name: tuple(timer_unit.schedule_text(text) for text in (file_of(goal.name, observed), goal.timer or ""))
        for goal in goals
        if goal.armed and observed.units.get(f"{goal.name}.timer", NOT_ACTIVE).is_stoppable
    }


def file_of(name: str, observed: Observed) -> str:
    """Return the text of a timer as it stands."""
    return observed.files.get(f"{name}.timer", NO_FILE).text


def run_plan(
    host: StepRunner, goals: list[Goal], plan: Plan, observed: Observed, meeting: Barrier
) -> tuple[Evidence, list[str]]:
    """Apply the plan and return the evidence, and what is left for the next run to do.

    Raises ApplyFailed, also when another part of the apply has failed.
    """
    touched = [change.name for change in plan.changes if change.actions]
    pending = set(observed.dirty) - {goal.name for goal in goals}
    host.stopped_at = {f"{name}.timer": since for name, since in observed.marked.items()}
    host.start_manager = meeting.start_manager
    host.noted = observed.noted
    host.pins = {one.name: one for one in plan.pins}
    try:
        host.prepare(new_files(goals, plan), touched_modes(goals, plan), touched_units(goals, plan))
        found = obstacles(host.unit_directory, plan, observed)
        if not found:
            _mark(host, observed, pending.union(touched), schedules_of(goals, observed))
    except OSError as error:
        _take_away(host)
        raise ApplyFailed(f"write: {error}", undone=True) from error
    if found:
        _take_away(host)
        raise ApplyFailed("; ".join(found), undone=True)
    began = time.time()
    try:
        host.execute(plan.steps)
        evidence = read_evidence(host.runner, host.unit_directory, goals)
        # A timer that elapses between two of its questions looks as if it had no next elapse.
        if judge(goals, evidence):
            evidence = read_evidence(host.runner, host.unit_directory, goals)
        problems = judge(goals, evidence)
        if problems:
            raise StepFailed("evidence", "evidence: " + "; ".join(line(problem) for problem in problems))
        if not meeting.keep():
            raise StepFailed("keep", NOT_KEPT)
    except Exception as error:
        reason = _explained(error, host, goals, began)
        trouble = undo(host, observed)
        if not trouble:
            # What an earlier run has left half done, is so still.
            _finish(host, observed, pending.union(observed.dirty), undone=True)
        host.remove_made_directories()
        raise ApplyFailed(reason, undone=not trouble, trouble=trouble) from error
    return evidence, complete(host, observed, plan.final_steps, pending)


def complete(host: StepRunner, observed: Observed, steps: list[Step], pending: set[str]) -> list[str]:
    """Do what follows when all parts of the apply keep what they have done; return what could not be done.

    It fails nothing any more: the other parts would not go back. The jobs stay marked, and the next run does it.
    """
    left = []
    pending = set(pending)
    for step in steps:
        reason = why_not_done(host, step)
        if reason:
            left.append(reason)
            pending.update(job_of(item) for item in step.items)
    try:
        _finish(host, observed, pending)
    except Exception as error:  # noqa: BLE001
        left.append(f"clean up: {error}")
    return left


def why_not_done(host: StepRunner, step: Step) -> str:
    """Do a step; return why it could not be done, or an empty text."""
    try:
        host.execute([step])
    except Exception as error:  # noqa: BLE001  whatever it is, the apply has succeeded
        return str(error) or type(error).__name__
    return ""


def job_of(item: str) -> str:
    """Return the job of which a last step names a unit, the name, a former name and then that, or its folder."""
    name = os.path.basename(item.rsplit(" ", maxsplit=1)[-1])
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.endswith(suffix)), name)


def _explained(error: Exception, host: StepRunner, goals: list[Goal], began: float) -> str:
    """Return what failed; systemctl does not always say which timer it could not start, the evidence does.

    Why not, systemd has written to the journal.
    """
    reason = str(error) or type(error).__name__
    if isinstance(error, StepFailed) and error.kind == "start":
        with contextlib.suppress(Exception):
            problems = judge(goals, read_evidence(host.runner, host.unit_directory, goals))
            timers = [f"{problem.job}.timer" for problem in problems]
            # A second before, for times are whole there.
            said = why_not_started(host.runner, timers, began - 1, is_system=host.scope.is_system)
            reason = f"systemd: {'; '.join(said)}" if said else reason
            found = "; ".join(line(problem) for problem in problems)
            return f"{found} ({reason})" if found else reason
    return reason


def _take_away(host: StepRunner) -> None:
    """Remove what was prepared."""
    host.clean_up(undone=True)
    host.remove_made_directories()


def _finish(host: StepRunner, observed: Observed, pending: set[str], *, undone: bool = False) -> None:
    """Clean up after an apply or its undoing; what belongs to other declarations stays marked."""
    host.clean_up(undone=undone)
    _mark(host, observed, pending)


def _mark(
    host: StepRunner, observed: Observed, jobs: set[str], schedules: Mapping[str, tuple[str, ...]] | None = None
) -> None:
    """Write which jobs are under way; where no manager ran that could hold anything else there is no place for it."""
    if observed.manager.running:
        marker.mark(host.owner, sorted(jobs), schedules)
