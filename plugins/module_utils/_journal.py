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

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _run_directory as run_directory

MARKER_NAME = "applying.json"
# Inside the unit directory, so that a rename moves a file into place; the leading dot hides it from systemd.
STAGE_PREFIX = ".dotmobi.systemd_timers-"


def marked_jobs() -> dict[str, str]:
    """Return the jobs that killed runs left half done, each with the owner whose run it was."""
    try:
        descriptor = os.open(run_directory.path_of(MARKER_NAME), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with open(descriptor, encoding="utf-8") as stream:
            found = json.load(stream)
    except FileNotFoundError:
        return {}
    except ValueError:
        # Killed while the marker itself was written: nothing had changed yet.
        return {}
    return {str(job): str(owner) for job, owner in found.items()} if isinstance(found, dict) else {}


def interrupted_jobs(owner: str, names: set[str]) -> list[str]:
    """Return the half done jobs that concern a declaration: those of its owner, and any of these names."""
    return sorted(job for job, whose in marked_jobs().items() if whose == owner or job in names)


def mark(owner: str, jobs: list[str]) -> None:
    """Write which jobs of an owner are under way; no marker when there is none. Those of other owners stay."""
    others = {job: whose for job, whose in marked_jobs().items() if whose != owner}
    under_way = {**others, **dict.fromkeys(jobs, owner)}
    marker = run_directory.path_of(MARKER_NAME)
    if not under_way:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(marker)
        return
    new = f"{marker}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            json.dump(dict(sorted(under_way.items())), stream)
        os.rename(new, marker)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise


def stage_directory(unit_directory: str, owner: str) -> str:
    """Return the folder that holds new and old unit files while an apply is under way."""
    return os.path.join(unit_directory, STAGE_PREFIX + owner)


def is_leftover(unit_directory: str, owner: str) -> bool:
    """Tell whether a killed run of this owner left its folder behind."""
    return os.path.lexists(stage_directory(unit_directory, owner))


def remove_stage(path: str) -> None:
    """Remove the folder, whatever is in it."""
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    else:
        shutil.rmtree(path, ignore_errors=True)
