# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of what jobs have beside their pairs: what lies there that is not theirs is never written over or deleted."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed

MOST_NAMES = 5
ELSEWHERE = "move it to another place"


def check_own_files(request: Request, observed: Observed) -> list[Finding]:
    """Refuse to begin in a folder with other content; warn of what somebody has put there since."""
    findings = []
    for job in request.jobs:
        foreign = observed.foreign.get(job.name, [])
        goal = {one.name for one in job.files}
        folder = next((os.path.dirname(name) for name in goal if os.path.isabs(name)), "")
        if folder and folder not in observed.folders.get(job.name, []):
            first = [path for path in foreign if os.path.dirname(path) == folder]
            findings += [taken_folder(job, folder, first)] if first else []
            foreign = [path for path in foreign if path not in first]
        paths = [path for path in foreign if os.path.isabs(path)]
        findings += [taken_file(job, path) if path in goal else left_file(job, path) for path in paths]
        findings += [left_unit(job, unit) for unit in foreign if unit not in paths and unit not in goal]
    return findings


def taken_folder(job: WantedJob, folder: str, paths: list[str]) -> Finding:
    """Return that a folder holds what was there before the job had files in it."""
    names = [readable(os.path.basename(path)) for path in paths]
    listed = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else "")
    reason = f"holds what is not of this job: {listed}"
    fix = "choose another timer_files_directory or another name, or move that to another place"
    return Finding(job.name, "timer_files_directory", folder, reason, fix, "files-directory")


def taken_file(job: WantedJob, path: str) -> Finding:
    """Return that somebody has put something where the job is to have a file."""
    reason = "was not made by this collection, and the job is to have a file of that name"
    return Finding(job.name, "timer_files_directory", readable(path), reason, ELSEWHERE, "files-directory")


def left_file(job: WantedJob, path: str) -> Finding:
    """Return that something is left where it is."""
    reason = "is not of this job, and is left as it is"
    return Finding(job.name, "timer_files_directory", readable(path), reason, ELSEWHERE, "foreign-file")


def left_unit(job: WantedJob, unit: str) -> Finding:
    """Return that a unit which the job has no more is left, because of what somebody has written there."""
    reason = "was edited manually, and is left as it is"
    return Finding(job.name, "name", unit, reason, "remove it, if it is not needed", "foreign-file")


def readable(name: str) -> str:
    """Return a file name as text: bytes that are no UTF-8 as `\\xNN`, for the result has no other way."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
