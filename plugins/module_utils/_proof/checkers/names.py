# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of names: whose is a unit of that name on the host already, and what else changes or starts it."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import is_chain_link
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT, Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import (
    NO_FILE,
    FileState,
    Observed,
    is_mask,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import NOT_ACTIVE

ANOTHER_NAME = "choose another name"


def check_names(request: Request, observed: Observed) -> list[Finding]:
    """Refuse names that somebody else's unit holds already, also for jobs that are to be absent."""
    findings = []
    for job in request.jobs:
        for unit in job.units():
            found = taken_by(unit, job, request, observed)
            elsewhere = observed.elsewhere.get(unit)
            if not found and elsewhere:
                absent = job.state == ABSENT
                found = not_ours(unit, elsewhere, request, observed) if absent else taken_elsewhere(unit, elsewhere)
            if found:
                code, reason, fix = found
                findings.append(Finding(job.name, "name", unit, reason, fix, code))
    return findings


def taken_by(unit: str, job: WantedJob, request: Request, observed: Observed) -> tuple[str, str, str] | None:
    """Return why a path in the unit directory is not ours to write: code, reason, fix; None when it is."""
    current = observed.files.get(unit, NO_FILE)
    path = os.path.join(request.unit_directory, unit)
    mark = owner_of(current.text)
    found = None
    if job.state == ABSENT and not is_installed(job.name, observed) and is_mask(current):
        # Nothing of it is ours, and nothing can start it.
        return None
    if current.kind == "symlink" and current.target == "/dev/null":
        found = "masked", "is masked on this host", f"systemctl unmask {unit}"
    elif current.kind == "symlink":
        found = "name-taken", f"{path} is a link to {current.target}", f"remove the link, or {ANOTHER_NAME}"
    elif current.kind == "other":
        found = "name-taken", f"{path} is not an ordinary file", ANOTHER_NAME
    elif current.kind == "file" and not current.text:
        found = "masked", f"{path} is empty, which masks the unit", f"remove {path}"
    elif current.kind == "file" and mark is None:
        reason = f"{path} exists and was not made by this collection"
        found = "name-taken", reason, f"{ANOTHER_NAME}, or remove the file first"
    elif mark and mark.owner not in (request.owner, job.take_over_from):
        reason = f"belongs to the declaration with timer_owner {mark.owner!r}, not {request.owner!r}"
        fix = f"{ANOTHER_NAME}, or take the job over on purpose with `take_over_from: {mark.owner}`"
        found = "other-owner", reason, fix
    return found


def is_installed(name: str, observed: Observed) -> bool:
    """Tell whether a unit file of the pair carries an owner mark."""
    return any(owner_of(observed.files.get(f"{name}{suffix}", NO_FILE).text) for suffix in (".service", ".timer"))


def not_ours(unit: str, path: str, request: Request, observed: Observed) -> tuple[str, str, str] | None:
    """Return why a timer that is to be absent stays: somebody else brought it, and it is active or enabled."""
    state = observed.units.get(unit, NOT_ACTIVE).active
    enabled = bool(observed.links.get(unit))
    here = observed.files.get(unit, NO_FILE).kind != "absent"
    if here or not unit.endswith(".timer") or not (enabled or state in ("active", "activating")):
        return None
    systemctl = "systemctl" if request.scope.is_system else "systemctl --user"
    reason = f"is a timer of the host's own ({path}), which this collection did not install and does not remove"
    if path.startswith("/run/"):
        return "name-taken", reason, f"{systemctl} stop {unit}"
    fix = f"{systemctl} disable --now {unit} ends it, {systemctl} mask --now {unit} lets nothing start it again"
    return "name-taken", reason, fix


def taken_elsewhere(unit: str, path: str) -> tuple[str, str, str]:
    """Return the same for a unit in another directory of systemd's search path."""
    if os.path.realpath(path) == "/dev/null":
        return "masked", f"is masked on this host by {path}", f"systemctl unmask --runtime {unit}, or remove {path}"
    return "name-taken", f"the name is taken by {path}", ANOTHER_NAME


def check_stamps(odd: list[tuple[str, str, FileState]]) -> list[Finding]:
    """Refuse stamps that are no ordinary files: job, path, what stands there.

    systemd follows a link, and takes the time of another file for that of the last run: it could run the job at once.
    """
    findings = []
    for name, path, state in odd:
        what = f"is a link to {state.target}" if state.kind == "symlink" else "is not an ordinary file"
        reason = f"{what}, so systemd would not know when the job last ran"
        findings.append(Finding(name, "name", path, reason, "remove it", "stamp-not-a-file"))
    return findings


def check_drop_ins(job: ProofJob, known: Context) -> list[Finding]:
    """Warn of drop-ins (systemd.unit(5)): they change the pair after all that was proved."""
    findings = []
    for unit in (f"{job.name}.service", f"{job.name}.timer"):
        for path in known.observed.drop_ins.get(unit, []):
            reason, fix = f"{path} changes {unit}, and was not proved", "put what it says into the job, and remove it"
            findings.append(job.finding("drop-in", "name", job.name, reason, fix))
    return findings


def check_enabled_service(job: ProofJob, known: Context) -> list[Finding]:
    """Warn of a service that is enabled itself: it runs at each boot, whatever its timer says."""
    unit = f"{job.name}.service"
    return [
        job.finding(
            "enabled-service",
            "install" if job.service.values("Install", "WantedBy") else "name",
            unit,
            f"is enabled by {link}, so each boot runs the job",
            "this apply removes the link" if job.wanted.state != ABSENT else f"systemctl disable {unit}",
        )
        for link in sorted(known.observed.links.get(unit, {}))
        if not is_chain_link(link)
    ]
