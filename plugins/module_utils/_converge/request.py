# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completes what is asked for by what was observed: jobs to remove, former names, files, skips."""

from __future__ import annotations

import time

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import ENVIRONMENT, WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starting_others
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import with_seals
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT, Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import guarded
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import recording
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import SUFFIXES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.file_places import in_their_places
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.kept_skip import keeping_skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of

# Tasks before the role often make what a job needs, and in check mode they make nothing.
ONLY_IN_CHECK_MODE = "a warning because of check mode: without it this is an error, unless a task before has fixed it"


def as_written(request: Request) -> Request:
    """Return the request with units as they are written on this host: with what only the host knows, and sealed."""
    jobs = [recording(job, request.owner, request.scope) for job in request.jobs]
    jobs = [starting_others(job, request.unit_directory, request.scope) for job in jobs]
    # What an account's manager runs is never root.
    if not request.scope.account:
        jobs = [job._replace(service=guarded(job.service)) for job in jobs]
    return request._replace(jobs=[with_seals(job) for job in jobs])


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
        fix = f"{finding.fix}; {ONLY_IN_CHECK_MODE}" if finding.fix else ONLY_IN_CHECK_MODE
        return finding._replace(kind=WARNING, fix=fix)
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
            fix = f"take it over with `take_over_from: {other}`, or remove it there and `renamed_from` here"
            findings.append(Finding(job.name, "renamed_from", job.renamed_from, reason, fix, "other-owner"))
    return findings


def owners_of(name: str, observed: Observed) -> set[str]:
    """Return whose marks the unit files of a job carry."""
    marks = (owner_of(observed.files.get(f"{name}{suffix}", NO_FILE).text) for suffix in SUFFIXES)
    return {mark.owner for mark in marks if mark}
