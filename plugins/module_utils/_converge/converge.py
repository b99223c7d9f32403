# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a set of jobs through one host: observe, proof, plan, apply, evidence."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any, ContextManager, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.barrier import Meeting
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.evidence import Evidence, queued, row
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.preflight import unwritable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.steps import Host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import run_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import ENVIRONMENT, WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, grouped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import masked_findings
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starting_others
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import with_seals
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import marks_of, masked_pair
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    ABSENT,
    JobFile,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import guarded
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import recording
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed, empty_host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import observe, odd_stamps
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.pins import places_for
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import SUFFIXES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.file_places import in_their_places
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.first_run import first_run_words
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.kept_skip import keeping_skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan, goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.prune_limit import check_pruning, pruning
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
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import CalendarError
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    ObserveError,
    observe_manager,
    observe_units,
)

# Tasks before the role often make what a job needs, and in check mode they make nothing.
ONLY_IN_CHECK_MODE = "a warning because of check mode: without it this is an error, unless a task before has mended it"
# A wait for the lock that is worth a word.
LONG_WAIT = 1.0


class Outcome(NamedTuple):
    """What came of it: errors stop the apply, warnings do not, nor does what the jobs accept.

    `result` is what the module returns, empty when there are errors.
    """

    errors: list[Finding]
    warnings: list[Finding]
    accepted: list[Finding]
    result: dict[str, Any]


def refused(*findings: Finding) -> Outcome:
    """Return what comes of a host that cannot be looked at any further."""
    return Outcome(list(findings), [], [], {})


def without_secrets(outcome: Outcome, request: Request) -> Outcome:
    """Return the outcome with no secret of a job in what was found."""
    marks = {job.name: marks_of(job.service) for job in request.jobs}
    return outcome._replace(
        errors=masked_findings(outcome.errors, marks),
        warnings=masked_findings(outcome.warnings, marks),
        accepted=masked_findings(outcome.accepted, marks),
    )


def parse_request(raw: dict[str, Any], options: dict[str, Any]) -> Request:
    """Build the request from what the action plugin hands over and from the module's options."""
    jobs = [
        WantedJob(
            **{**job, "accept": tuple(job["accept"]), "files": tuple(JobFile(**one) for one in job.get("files", ()))}
        )
        for job in raw["jobs"]
    ]
    return Request(
        jobs,
        options["owner"],
        options["prune"],
        options["proof"],
        os.path.normpath(options["unit_directory"]),
        options["log_directory"] or "",
        os.path.normpath(options["files_directory"]),
        keep_skips=True,
        prune_limit=options.get("prune_limit"),
    )


def converge(
    runner: Runner,
    request: Request,
    check_mode: bool,
    *,
    with_diff: bool = True,
    facts: Facts | None = None,
    notes: dict[str, Any] | None = None,
    meeting: Meeting | None = None,
) -> Outcome:
    """Prove the jobs and, unless in check mode or faulty, bring the host to them. Raises ApplyFailed, LockBusy.

    The result is empty when something was found, and when another part of the apply is not ready (`meeting`).

    `notes` gets what is to be told of other applies on the host, also when this one fails: `waited` (seconds), and
    `under_way` in check mode.
    """
    facts = facts or Facts()
    facts.expect(one for job in request.jobs for one in job.files)
    notes = {} if notes is None else notes
    meeting = meeting or Meeting()
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
        mend = "install systemd's own tools on this host"
        return refused(Finding("", error.program, None, "is not installed on this host", mend, "no-systemd"))
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


def _converge(
    runner: Runner,
    request: Request,
    observed: Observed,
    facts: Facts,
    meeting: Meeting,
    *,
    check_mode: bool,
    with_diff: bool,
) -> Outcome:
    # They were jobs of this manager, and are declared for another one now.
    moved = [name for name in observed.orphans if name in request.elsewhere]
    observed = observed._replace(orphans=[name for name in observed.orphans if name not in moved])
    pruned = pruning(request, observed)
    bare = request._replace(jobs=[*request.jobs, *to_remove(request, observed, moved)])
    request = settled(bare, observed)
    facts.expect(one for job in request.jobs for one in job.files)
    proof = prove_jobs(runner, request, observed, facts)
    stamps = check_stamps(odd_stamps(job.name for job in request.jobs))
    taken = check_former(request, observed)
    found = grouped(tolerated(finding, request) for finding in stamps + taken + proof.findings)
    found = check_pruning(pruned, request.prune_limit) + found
    accepted = grouped(proof.accepted)
    errors = [finding for finding in found if finding.severity != WARNING]
    warnings = [finding for finding in found if finding.severity == WARNING]
    if errors:
        return Outcome(errors, warnings, accepted, {})
    goals, plan = _planned(request, observed, proof)
    started = {timer for step in plan.steps if step.kind == "start" for timer in step.items}
    errors = runs_since_boot(goals, started, observed, proof.spans)
    if errors:
        return Outcome(errors, warnings, accepted, {})
    evidence = Evidence(observed.units, _elapses(observed))
    if plan.changed:
        errors = unwritable(request.unit_directory, plan) + ([] if check_mode else check_run_space())
        if errors:
            return Outcome(errors, warnings, accepted, {})
    if not check_mode:
        if not meeting.ready():
            return Outcome([], warnings, accepted, {})
        if plan.changed:
            # The proof takes a while, and runs begin and end meanwhile.
            observed = with_runs(observed, observe_units(runner))
            request = settled(bare, observed)
            goals, plan = _planned(request, observed, proof)
        if plan.changed:
            # Without a manager there is no place for it, and nothing in memory that a marker would have to tell of.
            if observed.manager.running:
                run_directory.make_directory()
            evidence, left = run_plan(Host(runner, request), goals, plan, observed, meeting)
            warnings += [unfinished(text) for text in left]
        else:
            meeting.keep()
    actions = {change.name: change.actions for change in plan.changes}
    # A timer that is left as it is, for example until the next boot, runs nothing.
    surprises = {name: one for name, one in proof.surprises.items() if actions[name]}
    exposed = exposures(runner, request.jobs, observed.manager.version)
    rows = [row(goal, evidence, actions[goal.name], surprises.get(goal.name)) for goal in goals]
    result = {
        "changed": plan.changed,
        "jobs": [{**found, "exposure": exposed.get(found["name"])} for found in rows],
        "orphans": [] if request.prune else observed.orphans,
        "pruned": pruned.names,
    }
    if with_diff:
        words = {goal.name: told(surprises.get(goal.name), goal) for goal in goals}
        words.update({name: first_run_words(done) for name, done in actions.items() if first_run_words(done)})
        head = [{"prepared": f"timer_prune {pruned.words()}\n"}] if pruned.names else []
        result["diff"] = [*head, *diff_of(plan, observed, request, words)]
    return Outcome([], [*warnings, *queued(goals, evidence)], accepted, result)


def predicted(request: Request) -> dict[str, Any]:
    """Return what an apply would do where nothing stands yet, without a proof: nothing there can be asked."""
    nothing = empty_host(Manager(0, [], None))
    goals, plan = _planned(request, nothing, Proof([], [], {}, {}))
    actions = {change.name: change.actions for change in plan.changes}
    rows = [row(goal, Evidence({}, {}), actions[goal.name], None) for goal in goals]
    return {"changed": plan.changed, "jobs": rows, "diff": diff_of(plan, nothing, request, {})}


def as_written(request: Request) -> Request:
    """Return the request with units as they are written on this host: with what only the host knows, and sealed."""
    jobs = [recording(job, request.owner, request.scope) for job in request.jobs]
    jobs = [starting_others(job, request.unit_directory, request.scope) for job in jobs]
    # What an account's manager runs is never root.
    if not request.scope.account:
        jobs = [job._replace(service=guarded(job.service)) for job in jobs]
    return request._replace(jobs=[with_seals(job) for job in jobs])


def _planned(request: Request, observed: Observed, proof: Proof) -> tuple[list[Goal], Plan]:
    goals = [goal_of(job, observed, proof.spans, done=job.name in proof.done) for job in request.jobs]
    ids = (request.scope.uid, request.scope.gid)
    return goals, make_plan(goals, observed, request.unit_directory, ids, places_for(request))


def settled(request: Request, observed: Observed) -> Request:
    """Return the request with what depends on what was observed: where files are, runs that are skipped."""
    request = in_their_places(request, observed)
    if request.keep_skips:
        request = request._replace(jobs=[keeping_skip(job, observed, time.time()) for job in request.jobs])
    return as_written(request)


def tolerated(finding: Finding, request: Request) -> Finding:
    """Return a finding about what the host lacks as a warning, if the proof is to be so mild, or in check mode."""
    if finding.severity != ENVIRONMENT:
        return finding
    if request.proof == "warn":
        return finding._replace(kind=WARNING)
    if request.is_forecast:
        mend = f"{finding.mend}; {ONLY_IN_CHECK_MODE}" if finding.mend else ONLY_IN_CHECK_MODE
        return finding._replace(kind=WARNING, mend=mend)
    return finding


def to_remove(request: Request, observed: Observed, moved: list[str]) -> list[WantedJob]:
    """Return the jobs that go although they are not declared as absent."""
    declared = {job.name for job in request.jobs}
    gone = moved + (observed.orphans if request.prune else [])
    # A removal that was cut off: nobody owns the job any more, but its stamp or its timer may be left.
    gone = gone + [name for name in observed.dirty if name not in declared and is_gone(name, observed)]
    if request.keep_skips:
        # A job that was done and removed, and is not declared any more.
        gone = gone + [name for name in observed.forgotten if name not in gone]
    gone = gone + [name for name in left_by_runs(request, observed) if name not in declared]
    removals = {name: WantedJob(name, ABSENT, "skip", "", "") for name in gone}
    removals.update(former_jobs(request, observed))
    return list(removals.values())


def is_gone(name: str, observed: Observed) -> bool:
    """Tell whether a job has no unit file."""
    return all(observed.files.get(f"{name}{suffix}", NO_FILE).kind == "absent" for suffix in SUFFIXES)


def left_by_runs(request: Request, observed: Observed) -> list[str]:
    """Return the removed jobs of this owner whose run has left something that nobody waits to clean up."""
    return [
        name
        for name, pin in observed.pins.items()
        if not pin.waiting
        and is_gone(name, observed)
        and any(mark.owner == request.owner for mark in filter(None, [owner_of(pin.service)]))
    ]


def former_jobs(request: Request, observed: Observed) -> dict[str, WantedJob]:
    """Return the former names under which a pair of ours, or of whom the job is taken over from, still stands.

    It is removed.
    """
    declared = {job.name for job in request.jobs}
    return {
        job.renamed_from: WantedJob(job.renamed_from, ABSENT, "skip", "", "", take_over_from=job.take_over_from)
        for job in request.jobs
        if job.renamed_from not in declared
        and owners_of(job.renamed_from, observed).intersection((request.owner, job.take_over_from))
    }


def check_former(request: Request, observed: Observed) -> list[Finding]:
    """Refuse to install a job beside the one that it was, when that belongs to another declaration: both would run."""
    findings = []
    for job in request.jobs:
        others = owners_of(job.renamed_from, observed) - {request.owner, job.take_over_from}
        if others and job.state != ABSENT and is_gone(job.name, observed):
            other = min(others)
            reason = f"belongs to the declaration with timer_owner {other!r}, so that both would run"
            mend = f"take it over with `take_over_from: {other}`, or remove it there and `renamed_from` here"
            findings.append(Finding(job.name, "renamed_from", job.renamed_from, reason, mend, "other-owner"))
    return findings


def owners_of(name: str, observed: Observed) -> set[str]:
    """Return whose marks the unit files of a job carry."""
    marks = (owner_of(observed.files.get(f"{name}{suffix}", NO_FILE).text) for suffix in SUFFIXES)
    return {mark.owner for mark in marks if mark}


def unfinished(text: str) -> Finding:
    """Return a warning of what could not be done any more when all had been applied."""
    reason = f"everything is applied, but something old is left on the host: {text}"
    return Finding("", "cleanup", None, reason, "the next apply does it", "unfinished")


def _elapses(observed: Observed) -> dict[str, tuple[float, float]]:
    return {name: (when, observed.last_trigger.get(name, 0.0)) for name, when in observed.next_elapse.items()}


def diff_of(plan: Plan, observed: Observed, request: Request, surprises: dict[str, str]) -> list[dict[str, str]]:
    """Return the plan as Ansible shows it: a diff per file, and one line for each job that only changes state.

    `surprises`: what becomes of an elapse that has gone by, for jobs that have one.
    """
    shown = []
    for diff in (diff for change in plan.changes for diff in change.diffs):
        before, after = masked_pair(diff.before, diff.after)
        shown.append({"before_header": diff.path, "after_header": diff.path, "before": before, "after": after})
    lines = [
        f"{change.name}: {', '.join(change.actions)}" for change in plan.changes if change.actions and not change.diffs
    ]
    lines += [f"{name}: this apply {text}" for name, text in surprises.items() if text]
    if not observed.log_directory_exists:
        lines.append(f"{request.log_directory}: make the directory")
    interrupted = [change.name for change in plan.changes if change.name in observed.dirty]
    if interrupted or observed.leftover:
        lines.append(f"complete an apply that was cut off: {', '.join(interrupted) or 'clean up after it'}")
    if lines:
        shown.append({"prepared": "\n".join(lines) + "\n"})
    return shown
