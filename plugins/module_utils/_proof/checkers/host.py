# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of the host as a whole: is there a systemd that can take units."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import chain
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.writable import (
    first_writable,
    who_can_write,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import OLDEST_VERSION
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager

# What daemon-reload keeps as a safety buffer (measured on 252 and 257).
RELOAD_BYTES = 16 * 2**20
BOOTED_DIRECTORY = "/run/systemd/system"


def check_booted() -> list[Finding]:
    """Refuse a host without systemd as PID 1 (sd_booted(3))."""
    if os.path.isdir(BOOTED_DIRECTORY):
        return []
    reason = f"is not running as PID 1 on this host ({BOOTED_DIRECTORY} does not exist)"
    return [Finding("", "systemd", None, reason, "timers need a host that was booted with systemd", "no-systemd")]


def check_version(manager: Manager) -> list[Finding]:
    """Refuse a systemd that lacks what this collection relies on."""
    if manager.version >= OLDEST_VERSION:
        return []
    version = str(manager.version or "unknown")
    fix = f"version {OLDEST_VERSION} or newer is needed"
    return [Finding("", "systemd", version, "is too old", fix, "systemd-too-old")]


def check_unit_directory(request: Request, manager: Manager) -> list[Finding]:
    """Refuse a unit directory that is missing, that systemd does not read, or that cannot be written."""

    def bad(reason: str, fix: str) -> list[Finding]:
        return [Finding("", "timer_unit_directory", request.unit_directory, reason, fix, "unit-directory")]

    if not request.scope.is_system and not os.path.lexists(request.unit_directory):
        # It is made by the apply.
        return []
    if not os.path.isdir(request.unit_directory):
        return bad("is not a directory on this host", "make it, or leave the variable at its default")
    real = os.path.realpath(request.unit_directory)
    if real not in {os.path.realpath(path) for path in manager.unit_path}:
        return bad("is not a directory that systemd reads units from", "see systemd.unit(5), Unit File Load Path")
    if not os.access(request.unit_directory, os.W_OK | os.X_OK):
        if not request.scope.is_system:
            leads = "" if real == request.unit_directory else f", it leads to {real}"
            return bad(f"cannot be written by {request.scope.account}{leads}", "give it to the account, or remove it")
        return bad("cannot be written", "become root, or remount the file system for writing")
    return []


def links_of(job: WantedJob) -> list[str]:
    """Return the links that enable a job."""
    return [*timer_unit.links(job.name, job.timer), *chain.links_of(job.name, job.service)]


def link_folders(request: Request) -> list[str]:
    """Return the folders of the links that enable the declared timers."""
    folders = {os.path.dirname(link) for job in request.jobs for link in links_of(job)}
    return [os.path.join(request.unit_directory, folder) for folder in sorted(folders)]


def check_others_write(request: Request, facts: Facts) -> list[Finding]:
    """Refuse to write where somebody but root can write: in the unit directory, a way to it, a folder of links."""
    findings: dict[str, Finding] = {}
    for path in (request.unit_directory, *link_folders(request)):
        own = who_can_write(path, facts, strict=True)
        place, who = (path, own) if own else first_writable(path, facts) or ("", "")
        if who:
            reason = f"{who} can change {'it' if place == path else place}, and so what root runs"
            fix = f"chown root:root {place}; chmod go-w {place}"
            finding = Finding("", "timer_unit_directory", path, reason, fix, "unit-directory")
            findings.setdefault(place, finding)
    return list(findings.values())


def check_files_directory(request: Request, facts: Facts) -> list[Finding]:
    """Refuse a place for the jobs' files that is no directory, or where somebody but root can write."""
    folders = {os.path.dirname(one.name) for job in request.jobs for one in job.files if os.path.isabs(one.name)}
    if not folders:
        return []
    for path in (request.files_directory, *sorted(folders)):
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path)):
            reason, fix = "is not an ordinary directory", "remove it, or choose another timer_files_directory"
            return [Finding("", "timer_files_directory", path, reason, fix, "files-directory")]
        place, who = first_writable(path, facts) or ("", "")
        if who:
            reason = f"{who} can change {'it' if place == path else place}, and so what root runs"
            fix = f"chown root:root {place}; chmod go-w {place}"
            return [Finding("", "timer_files_directory", path, reason, fix, "files-directory")]
    return []


def check_link_folders(request: Request) -> list[Finding]:
    """Refuse a folder of enablement links that is a link itself or no directory: systemd would read another place."""
    reason, fix = "is not an ordinary directory", "make it one, or remove it"
    return [
        Finding("", "timer_unit_directory", path, reason, fix, "unit-directory")
        for path in link_folders(request)
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))
    ]


def check_run_space() -> list[Finding]:
    """Refuse a host where systemd would refuse to reload, for lack of space below /run."""
    free = os.statvfs(BOOTED_DIRECTORY)
    if free.f_bavail * free.f_frsize >= RELOAD_BYTES:
        return []
    reason = f"has less than {RELOAD_BYTES // 2**20} MiB free, and systemd would refuse to reload"
    return [Finding("", "/run", None, reason, "free some space there", "run-space")]


def prove_host(request: Request, manager: Manager, facts: Facts) -> list[Finding]:
    """Check what has to hold before anything else is looked at."""
    places = check_unit_directory(request, manager) or check_others_write(request, facts)
    return check_version(manager) + places + check_files_directory(request, facts) + check_run_space()
