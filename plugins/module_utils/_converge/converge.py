# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a set of jobs through one host: observe, proof, plan, apply, evidence."""

from __future__ import annotations

import contextlib
from typing import Any, ContextManager, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.barrier import Barrier
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.evidence import Evidence, queued, row
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.preflight import unwritable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.steps import StepRunner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import run_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.outcome import (
    Outcome,
    refused,
    unfinished,
    without_secrets,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.request import (
    check_former,
    settled,
    to_remove,
    tolerated,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, grouped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed, empty_host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import observe, odd_stamps
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.pins import places_for
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.diff import diff_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.first_run import first_run_words
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan, goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.prune_limit import (
    Pruning,
    check_pruning,
    pruning,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.start_check import runs_since_boot, told
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.under_way import with_runs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.host import (
    check_booted,
    check_run_space,
    prove_host,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.names import check_stamps
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.exposure import exposures
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.proof import Proof, prove_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock as run_directory
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.scratch import remove_leftovers
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import CalendarError
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    ObserveError,
    observe_manager,
    observe_units,
)

# A wait for the lock that is worth a word.
LONG_WAIT = 1.0


def converge(
    runner: Runner,
    request: Request,
    check_mode: bool,
    *,
    with_diff: bool = True,
    facts: Facts | None = None,
    notes: dict[str, Any] | None = None,
    meeting: Barrier | None = None,
) -> Outcome:
    """Prove the jobs and, unless in check mode or faulty, bring the host to them. Raises ApplyFailed, LockBusy.

    The result is empty when something was found, and when another part of the apply is not ready (`meeting`).

    `notes` gets what is to be told of other applies on the host, also when this one fails: `waited` (seconds), and
    `under_way` in check mode.
    """
    facts = facts or Facts()
    facts.expect(one for job in request.jobs for one in job.files)
    notes = {} if notes is None else notes
    meeting = meeting or Barrier()
    findings = check_booted()
    if findings:
        return refused(*findings)
    try:
        manager = observe_manager(runner)
        findings = prove_host(request, manager, facts)
        if findings:
            return refused(*findings)
        if check_mode:
            run_directory.check_directory()
        lock = contextlib.nullcontext(0.0) if check_mode else lock_for(request)
        with lock as waited:
            try:
                if not meeting.begin():
                    return refused()
                if waited > LONG_WAIT:
                    notes["waited"] = round(waited, 1)
                observed = _observe_beside(runner, request, notes) if check_mode else _observe_alone(runner, request)
                options = {"check_mode": check_mode, "with_diff": with_diff}
                return without_secrets(_converge(runner, request, observed, facts, meeting, **options), request)
            finally:
                meeting.close()
    except ProgramMissing as error:
        fix = "install systemd's own tools on this host"
        return refused(Finding("", error.program, None, "is not installed on this host", fix, "no-systemd"))
    except (ObserveError, CalendarError) as error:
        return refused(Finding("", "systemd", None, str(error), "", "systemd-answer"))


def lock_for(request: Request) -> ContextManager[float]:
    """Return what keeps other applies on the host away; for an account, the one that leads the apply has the lock."""
    return run_directory.locked() if request.scope.is_system else contextlib.nullcontext(0.0)


def _observe_alone(runner: Runner, request: Request) -> Observed:
    """Observe with the lock. The wait for it may have been for an apply that reloaded."""
    remove_leftovers()
    return observe(runner, request, observe_manager(runner))


def _observe_beside(runner: Runner, request: Request, notes: dict[str, Any]) -> Observed:
    """Observe without the lock. What an apply that is under way has laid down is no leftover of a killed one."""
    held_before = run_directory.is_held()
    observed = observe(runner, request, observe_manager(runner))
    if not held_before and not run_directory.is_held():
        return observed
    notes["under_way"] = True
    return observed._replace(dirty=[], marked={}, leftover=False, noted=())


class Decided(NamedTuple):
    """What is to be done: the settled request, what it was decided by, how jobs are to stand, and the steps."""

    request: Request
    observed: Observed
    goals: list[Goal]
    plan: Plan


def _converge(
    runner: Runner,
    request: Request,
    observed: Observed,
    facts: Facts,
    meeting: Barrier,
    *,
    check_mode: bool,
    with_diff: bool,
) -> Outcome:
    bare, observed, pruned = _with_removals(request, observed)
    request = settled(bare, observed)
    facts.expect(one for job in request.jobs for one in job.files)
    proof = prove_jobs(runner, request, observed, facts)
    errors, warnings = _judged(request, observed, proof, pruned)
    accepted = grouped(proof.accepted)
    if errors:
        return Outcome(errors, warnings, accepted, {})
    decided = _decide(request, observed, proof)
    errors = _obstacles(decided, proof, check_mode)
    if errors or not (check_mode or meeting.ready()):
        return Outcome(errors, warnings, accepted, {})
    evidence = Evidence(observed.units, _elapses(observed))
    if not check_mode:
        decided = _up_to_date(runner, bare, decided, proof)
        if decided.plan.changed:
            evidence, left = _execute(runner, decided, meeting)
            warnings += [unfinished(text) for text in left]
        else:
            meeting.keep()
    exposed = exposures(runner, decided.request.jobs, decided.observed.manager.version)
    result = _result(decided, evidence, proof, pruned, exposed, with_diff=with_diff)
    return Outcome([], [*warnings, *queued(decided.goals, evidence)], accepted, result)


def _with_removals(request: Request, observed: Observed) -> tuple[Request, Observed, Pruning]:
    """Return the request with the jobs that go, what was observed without them, and what timer_prune takes."""
    # They were jobs of this manager, and are declared for another one now.
    moved = [name for name in observed.orphans if name in request.elsewhere]
    observed = observed._replace(orphans=[name for name in observed.orphans if name not in moved])
    bare = request._replace(jobs=[*request.jobs, *to_remove(request, observed, moved)])
    return bare, observed, pruning(request, observed)


def _judged(request: Request, observed: Observed, proof: Proof, pruned: Pruning) -> tuple[list[Finding], list[Finding]]:
    """Return the errors and the warnings of all that was found."""
    stamps = check_stamps(odd_stamps(job.name for job in request.jobs))
    findings = stamps + check_former(request, observed) + proof.findings
    found = check_pruning(pruned, request.prune_limit) + grouped(tolerated(one, request) for one in findings)
    return [one for one in found if one.severity != WARNING], [one for one in found if one.severity == WARNING]


def _decide(request: Request, observed: Observed, proof: Proof) -> Decided:
    goals = [goal_of(job, observed, proof.spans, done=job.name in proof.done) for job in request.jobs]
    ids = (request.scope.uid, request.scope.gid)
    return Decided(
        request, observed, goals, make_plan(goals, observed, request.unit_directory, ids, places_for(request))
    )


def _obstacles(decided: Decided, proof: Proof, check_mode: bool) -> list[Finding]:
    """Return what keeps the plan from being executed."""
    plan = decided.plan
    started = {timer for step in plan.steps if step.kind == "start" for timer in step.items}
    found = runs_since_boot(decided.goals, started, decided.observed, proof.spans)
    if found or not plan.changed:
        return found
    return unwritable(decided.request.unit_directory, plan) + ([] if check_mode else check_run_space())


def _up_to_date(runner: Runner, bare: Request, decided: Decided, proof: Proof) -> Decided:
    """Decide again by the runs that are under way now: the proof takes a while, and runs begin and end meanwhile."""
    if not decided.plan.changed:
        return decided
    observed = with_runs(decided.observed, observe_units(runner))
    return _decide(settled(bare, observed), observed, proof)


def _execute(runner: Runner, decided: Decided, meeting: Barrier) -> tuple[Evidence, list[str]]:
    """Bring the host to what was decided. Return what systemd says then, and what could not be cleaned up."""
    request, observed, goals, plan = decided
    # Without a manager there is no place for it, and nothing in memory that a marker would have to tell of.
    if observed.manager.running:
        run_directory.make_directory()
    return run_plan(StepRunner(runner, request), goals, plan, observed, meeting)


def _result(
    decided: Decided,
    evidence: Evidence,
    proof: Proof,
    pruned: Pruning,
    exposed: Mapping[str, float],
    *,
    with_diff: bool,
) -> dict[str, Any]:
    """Return the result of the module. exposed: job to what `systemd-analyze security` says of it."""
    request, observed, goals, plan = decided
    actions = {change.name: change.actions for change in plan.changes}
    # A timer that is left as it is, for example until the next boot, runs nothing.
    missed = {name: one for name, one in proof.surprises.items() if actions[name]}
    rows = [row(goal, evidence, actions[goal.name], missed.get(goal.name)) for goal in goals]
    result = {
        "changed": plan.changed,
        "jobs": [{**found, "exposure": exposed.get(found["name"])} for found in rows],
        "orphans": [] if request.prune else observed.orphans,
        "pruned": pruned.names,
    }
    if with_diff:
        words = {goal.name: told(missed.get(goal.name), goal) for goal in goals}
        words.update({name: said for name, said in ((n, first_run_words(done)) for n, done in actions.items()) if said})
        head = [{"prepared": f"timer_prune {pruned.words()}\n"}] if pruned.names else []
        result["diff"] = [*head, *diff_of(plan, observed, request, words)]
    return result


def predicted(request: Request) -> dict[str, Any]:
    """Return what an apply would do where nothing stands yet, without a proof: nothing there can be asked."""
    nothing = empty_host(Manager(0, [], None))
    _request, _observed, goals, plan = _decide(request, nothing, Proof([], [], {}, {}))
    actions = {change.name: change.actions for change in plan.changes}
    rows = [row(goal, Evidence({}, {}), actions[goal.name], None) for goal in goals]
    return {"changed": plan.changed, "jobs": rows, "diff": diff_of(plan, nothing, request, {})}


def _elapses(observed: Observed) -> dict[str, tuple[float, float]]:
    return {name: (when, observed.last_trigger.get(name, 0.0)) for name, when in observed.next_elapse.items()}
