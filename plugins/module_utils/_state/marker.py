# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply leaves while it is under way: a marker, and a folder of new and old unit files.

The marker stands in /run from before the first change until the evidence is in: a run that was killed
between is seen by the next one. After a reboot systemd has read the files anew and no marker is needed.

Both are of one owner: what a killed run of another declaration has left is for the next run of that one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.own_file import read_ordinary, write_whole

MARKER_NAME = "applying.json"
# Inside the directory of the files, so that a rename moves a file into place; the leading dot hides it from systemd.
STAGE_PREFIX = ".dotmobi.systemd_timers-"
# Beside it: which files an apply touches beside the pairs. When it is killed, the units that record them may be gone,
# and the marker after a reboot.
NOTE_PREFIX = ".dotmobi.systemd_timers.files-"


class Mark(NamedTuple):
    """Whose run has a job under way, since when (nanoseconds), and with which schedules.

    schedules: what the timer was active with, and what the run was to give it; none when it was not active. Only what
    is due by one of these is caught up.
    """

    owner: str
    since: int
    schedules: tuple[str, ...] = ()


def marked_jobs() -> dict[str, Mark]:
    """Return the jobs that killed runs left half done."""
    found = _read(lock.path_of(MARKER_NAME))
    if not isinstance(found, dict):
        return {}
    return {
        str(job): Mark(str(one[0]), int(one[1]), tuple(str(text) for text in (one[2] if len(one) > 2 else ())))
        for job, one in found.items()
    }


def interrupted_jobs(owner: str, names: set[str]) -> list[str]:
    """Return the half done jobs that concern a declaration: those of its owner, and any of these names."""
    return sorted(job for job, found in marked_jobs().items() if found.owner == owner or job in names)


def mark(owner: str, jobs: list[str], schedules: Mapping[str, tuple[str, ...]] | None = None) -> None:
    """Write which jobs of an owner are under way; no marker when there is none. Those of other owners stay.

    `schedules`: of the jobs whose timers are active, see `Mark`. Another job that a killed run left half done keeps the
    time and the schedules of that run.
    """
    marked, now = marked_jobs(), time.time_ns()
    others = {job: found for job, found in marked.items() if found.owner != owner}
    under_way = dict(others)
    for job in jobs:
        if schedules and job in schedules:
            under_way[job] = Mark(owner, now, schedules[job])
        else:
            under_way[job] = marked[job]._replace(owner=owner) if job in marked else Mark(owner, now)
    _keep(lock.path_of(MARKER_NAME), dict(sorted(under_way.items())))


def noted_files(directory: str, owner: str) -> tuple[str, ...]:
    """Return what a killed run of this owner has noted that it touches: paths, and names of units."""
    found = _read(os.path.join(directory, NOTE_PREFIX + owner))
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def note_files(directory: str, owner: str, names: Iterable[str]) -> None:
    """Note what an apply touches beside the pairs; no note when it is nothing."""
    _keep(os.path.join(directory, NOTE_PREFIX + owner), sorted(set(names)))


def _read(path: str) -> Any:
    """Return what a file of ours holds; None when there is none, or something else than a file in its place."""
    try:
        found = read_ordinary(path)
        return None if found is None else json.loads(found.decode("utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        # Killed while the file itself was written: nothing had changed yet.
        return None


def _keep(path: str, content: Any) -> None:
    """Write a file of ours as a whole; without content there is none."""
    if content:
        write_whole(path, json.dumps(content))
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def stage_directory(directory: str, owner: str) -> str:
    """Return the folder that holds new and old files of a directory while an apply is under way."""
    return os.path.join(directory, STAGE_PREFIX + owner)


def is_leftover(directory: str, owner: str) -> bool:
    """Tell whether a killed run of this owner left its folder behind."""
    return os.path.lexists(stage_directory(directory, owner))


def remove_stage(path: str) -> None:
    """Remove the folder, whatever is in it."""
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    else:
        shutil.rmtree(path, ignore_errors=True)
