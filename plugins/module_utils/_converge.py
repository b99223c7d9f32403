# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a set of jobs through one host: observe, proof, plan, apply, evidence."""

from __future__ import annotations

import contextlib
import os
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _journal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import Host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import CalendarError
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._evidence import Evidence, row
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding, grouped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import (
    ABSENT,
    NO_FILE,
    Observed,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import (
    SUFFIXES,
    ObserveError,
    observe,
    observe_manager,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan import Plan, goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._predict import runs_since_boot
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof import check_booted, prove_host, prove_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import ProgramMissing, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._transaction import run_plan


class Outcome(NamedTuple):
    """What came of it: errors stop the apply, warnings do not; `result` is what the module returns."""

    errors: list[Finding]
    warnings: list[Finding]
    result: dict[str, Any]


def parse_request(raw: dict[str, Any], options: dict[str, Any]) -> Request:
    """Build the request from what the action plugin hands over and from the module's options."""
    jobs = [WantedJob(*(str(job[key] or "") for key in WantedJob._fields)) for job in raw["jobs"]]
    return Request(
        jobs,
        options["owner"],
        options["prune"],
        options["proof"],
        os.path.normpath(options["unit_directory"]),
        options["log_directory"] or "",
    )


def converge(runner: Runner, request: Request, check_mode: bool, with_diff: bool = True) -> Outcome:
    """Prove the jobs and, unless in check mode or faulty, bring the host to them. Raises ApplyFailed, LockBusy."""
    findings = check_booted()
    if findings:
        return Outcome(findings, [], {})
    try:
        manager = observe_manager(runner)
        findings = prove_host(request, manager)
        if findings:
            return Outcome(findings, [], {})
        with contextlib.nullcontext() if check_mode else _journal.locked():
            # Read again: the wait for the lock may have been for an apply that reloaded.
            manager = observe_manager(runner)
            return _converge(runner, request, check_mode, with_diff, observe(runner, request, manager))
    except ProgramMissing as error:
        mend = "install systemd's own tools on this host"
        return Outcome([Finding("", error.program, None, "is not installed on this host", mend)], [], {})
    except (ObserveError, CalendarError) as error:
        return Outcome([Finding("", "systemd", None, str(error))], [], {})


def _converge(runner: Runner, request: Request, check_mode: bool, with_diff: bool, observed: Observed) -> Outcome:
    declared = {job.name for job in request.jobs}
    gone = observed.orphans if request.prune else []
    # A removal that was cut off: nobody owns the job any more, but its stamp or its timer may be left.
    gone = gone + [name for name in observed.dirty if name not in declared and is_gone(name, observed)]
    request = request._replace(jobs=request.jobs + [WantedJob(name, ABSENT, "skip", "", "") for name in gone])
    proof = prove_jobs(runner, request, observed)
    tolerated = [found for found in proof.findings if found.environment and request.proof == "warn"]
    errors = grouped(found for found in proof.findings if found not in tolerated)
    orphans = [] if request.prune else observed.orphans
    if errors:
        return Outcome(errors, grouped(tolerated), {})
    goals = [goal_of(job, observed, proof.spans) for job in request.jobs]
    plan = make_plan(goals, observed, request.unit_directory)
    started = {timer for step in plan.steps if step.kind == "start" for timer in step.items}
    errors = runs_since_boot(goals, started, observed, proof.spans)
    if errors:
        return Outcome(errors, grouped(tolerated), {})
    evidence = Evidence(observed.units, _elapses(observed))
    if plan.changed and not check_mode:
        host = Host(runner, request.unit_directory, request.log_directory)
        evidence = run_plan(host, goals, plan, observed, again=lambda: observe(runner, request, observed.manager))
    actions = {change.name: change.actions for change in plan.changes}
    result = {
        "changed": plan.changed,
        "jobs": [row(goal, evidence, actions[goal.name]) for goal in goals],
        "orphans": orphans,
    }
    if with_diff:
        result["diff"] = diff_of(plan, observed, request)
    return Outcome([], grouped(tolerated), result)


def is_gone(name: str, observed: Observed) -> bool:
    """Tell whether a job has no unit file."""
    return all(observed.files.get(f"{name}{suffix}", NO_FILE).kind == "absent" for suffix in SUFFIXES)


def _elapses(observed: Observed) -> dict[str, tuple[float, float]]:
    return {name: (when, observed.last_trigger.get(name, 0.0)) for name, when in observed.next_elapse.items()}


def diff_of(plan: Plan, observed: Observed, request: Request) -> list[dict[str, str]]:
    """Return the plan as Ansible shows it: a diff per file, and one line for each job that only changes state."""
    shown = [
        {"before_header": diff.path, "after_header": diff.path, "before": diff.before, "after": diff.after}
        for change in plan.changes
        for diff in change.diffs
    ]
    lines = [
        f"{change.name}: {', '.join(change.actions)}" for change in plan.changes if change.actions and not change.diffs
    ]
    if not observed.log_directory_exists:
        lines.append(f"{request.log_directory}: make the directory")
    interrupted = [change.name for change in plan.changes if change.name in observed.dirty]
    if interrupted or observed.leftover:
        lines.append(f"complete an apply that was cut off: {', '.join(interrupted) or 'clean up after it'}")
    if lines:
        shown.append({"prepared": "\n".join(lines) + "\n"})
    return shown
