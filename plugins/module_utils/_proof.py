# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is checked on the host before anything on it changes. Each checker returns findings; all are collected."""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _timer_text as timer_text
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import (
    OLDEST_VERSION,
    check_calendars,
    check_timespans,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import (
    ABSENT,
    NO_FILE,
    Manager,
    Observed,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._predict import predict_runs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._verify import NO_TRIGGER, field_of, verify

# What daemon-reload keeps as a safety buffer (measured on 252 and 257).
RELOAD_BYTES = 16 * 2**20
MEND_SCHEDULE = "see systemd.time(7), Calendar Events"
MEND_PASSED = "correct the date, or set the job's state to absent"
TRIGGER_FIELDS = ("schedule", "every", "on_boot")
BOOTED_DIRECTORY = "/run/systemd/system"


class Proof(NamedTuple):
    """The findings, and the time spans of the jobs in microseconds (None: infinity) for the plan."""

    findings: list[Finding]
    spans: dict[str, int | None]


def check_booted() -> list[Finding]:
    """Refuse a host without systemd as PID 1 (sd_booted(3))."""
    if os.path.isdir(BOOTED_DIRECTORY):
        return []
    return [
        Finding(
            "",
            "systemd",
            None,
            f"is not running as PID 1 on this host ({BOOTED_DIRECTORY} does not exist)",
            "timers need a host that was booted with systemd",
        )
    ]


def check_version(manager: Manager) -> list[Finding]:
    """Refuse a systemd that lacks what this collection relies on."""
    if manager.version >= OLDEST_VERSION:
        return []
    return [
        Finding(
            "",
            "systemd",
            str(manager.version or "unknown"),
            "is too old",
            f"version {OLDEST_VERSION} or newer is needed",
        )
    ]


def check_unit_directory(request: Request, manager: Manager) -> list[Finding]:
    """Refuse a unit directory that is missing, that systemd does not read, or that cannot be written."""

    def bad(reason: str, mend: str) -> list[Finding]:
        return [Finding("", "timer_unit_directory", request.unit_directory, reason, mend)]

    if not os.path.isdir(request.unit_directory):
        return bad("is not a directory on this host", "make it, or leave the variable at its default")
    real = os.path.realpath(request.unit_directory)
    if real not in {os.path.realpath(path) for path in manager.unit_path}:
        return bad("is not a directory that systemd reads units from", "see systemd.unit(5), Unit File Load Path")
    if not os.access(request.unit_directory, os.W_OK | os.X_OK):
        return bad("cannot be written", "become root, or remount the file system for writing")
    return []


def check_names(request: Request, observed: Observed) -> list[Finding]:
    """Refuse names that somebody else's unit holds already."""
    findings = []
    for job in request.jobs:
        for unit in (f"{job.name}.service", f"{job.name}.timer"):
            reason, mend = taken_by(unit, request, observed)
            elsewhere = observed.elsewhere.get(unit)
            if not reason and elsewhere and job.state != ABSENT:
                reason, mend = f"the name is taken by {elsewhere}", "choose another name"
            if reason:
                findings.append(Finding(job.name, "name", unit, reason, mend))
    return findings


def taken_by(unit: str, request: Request, observed: Observed) -> tuple[str, str]:
    """Return why a path in the unit directory is not ours to write, and the mend; two empty texts when it is."""
    current = observed.files.get(unit, NO_FILE)
    path = os.path.join(request.unit_directory, unit)
    mark = owner_of(current.text)
    reason = mend = ""
    if current.kind == "symlink" and current.target == "/dev/null":
        reason, mend = "is masked on this host", f"systemctl unmask {unit}"
    elif current.kind == "symlink":
        reason, mend = f"{path} is a link to {current.target}", "remove the link, or choose another name"
    elif current.kind == "other":
        reason, mend = f"{path} is not an ordinary file", "choose another name"
    elif current.kind == "file" and not current.text:
        reason, mend = f"{path} is empty, which masks the unit", f"remove {path}"
    elif current.kind == "file" and mark is None:
        reason = f"{path} exists and was not made by this collection"
        mend = "choose another name, or remove the file first"
    elif mark and mark.owner != request.owner:
        reason = f"belongs to the declaration with timer_owner {mark.owner!r}, not {request.owner!r}"
        mend = "choose another name, or remove the job there first"
    return reason, mend


def check_schedules(runner: Runner, jobs: list[WantedJob]) -> list[Finding]:
    """Refuse expressions that systemd does not parse or that never elapse again; one call for all of them."""
    wanted = {job.name: timer_text.calendars(job.timer) for job in jobs}
    checked = check_calendars(runner, [expression for found in wanted.values() for expression in found])
    return [
        Finding(
            name,
            "schedule",
            expression,
            checked[expression].reason,
            MEND_PASSED if checked[expression].valid else MEND_SCHEDULE,
        )
        for name, expressions in wanted.items()
        for expression in expressions
        if not checked[expression].valid or not checked[expression].elapses
    ]


def check_spans(runner: Runner, jobs: list[WantedJob]) -> Proof:
    """Refuse time spans that systemd does not parse; one call for all of them."""
    wanted = {job.name: timer_text.timespans(job.timer) for job in jobs}
    checked = check_timespans(runner, [found.value for spans in wanted.values() for found in spans if found.value])
    findings = []
    for name, spans in wanted.items():
        for found in spans:
            if found.value and not checked[found.value].valid:
                mend = "write a span such as 90s, 15min or 1h 30min: systemd.time(7)"
                findings.append(Finding(name, field_of(found), found.value, checked[found.value].reason, mend))
    return Proof(findings, {span: result.microseconds for span, result in checked.items() if result.valid})


def check_reload_runs(jobs: list[WantedJob]) -> list[Finding]:
    """Refuse a raw OnActiveSec= that makes each reload of systemd, so each apply, run the job again."""
    findings = []
    for job in jobs:
        span = timer_text.runs_at_each_reload(job.timer)
        if span and job.on_reschedule != "run":
            reason = "makes every reload of systemd run the job again"
            mend = "use `every` or `on_boot`, or set on_reschedule to run"
            findings.append(Finding(job.name, "timer.OnActiveSec", span, reason, mend))
    return findings


def check_link_folders(request: Request) -> list[Finding]:
    """Refuse a folder of enablement links that is a link itself or no directory: systemd would read another place."""
    folders = {os.path.dirname(link) for job in request.jobs for link in timer_text.links(job.name, job.timer)}
    paths = [os.path.join(request.unit_directory, folder) for folder in sorted(folders)]
    return [
        Finding("", "timer_unit_directory", path, "is not an ordinary directory", "make it one, or remove it")
        for path in paths
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))
    ]


def changed_units(jobs: list[WantedJob], observed: Observed) -> dict[str, str]:
    """Return the units whose text is not on the host yet, both of a pair: verify needs them side by side."""
    units = {}
    for job in jobs:
        pair = {f"{job.name}.service": job.service, f"{job.name}.timer": job.timer}
        if any(observed.files.get(unit, NO_FILE).text != text for unit, text in pair.items()):
            units.update(pair)
    return units


def without_repetition(verified: list[Finding], told: list[Finding]) -> list[Finding]:
    """Return what verify found and nobody has told: it trips over a bad schedule too, and over what follows from it."""
    same = {(finding.job, finding.field, finding.value) for finding in told}
    without_trigger = {finding.job for finding in told if finding.field in TRIGGER_FIELDS}
    return [
        found
        for found in verified
        if (found.job, found.field, found.value) not in same
        and not (found.reason == NO_TRIGGER and found.job in without_trigger)
    ]


def check_run_space() -> list[Finding]:
    """Refuse a host where systemd would refuse to reload, for lack of space below /run."""
    free = os.statvfs(BOOTED_DIRECTORY)
    if free.f_bavail * free.f_frsize >= RELOAD_BYTES:
        return []
    reason = f"has less than {RELOAD_BYTES // 2**20} MiB free, and systemd would refuse to reload"
    return [Finding("", "/run", None, reason, "free some space there")]


def prove_host(request: Request, manager: Manager) -> list[Finding]:
    """Check what has to hold for the host as a whole."""
    return check_version(manager) + check_unit_directory(request, manager) + check_run_space()


def prove_jobs(runner: Runner, request: Request, observed: Observed) -> Proof:
    """Check every job; what is the same on the host already is not verified again."""
    jobs = [job for job in request.jobs if job.state != ABSENT]
    findings = check_link_folders(request) + check_names(request, observed)
    findings += check_reload_runs(jobs)
    findings += check_schedules(runner, jobs)
    spans = check_spans(runner, jobs)
    findings += spans.findings
    findings += without_repetition(verify(runner, changed_units(jobs, observed), observed.manager.version), findings)
    findings += predict_runs(runner, jobs, observed)
    return Proof(findings, spans.spans)
