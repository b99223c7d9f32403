# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note of a run that a job is to have because it is new (`_plan/first_run`).

An apply writes it before it installs the job, with its owner, into the job's state directory: one that is killed is
completed by the next, and the job runs then. The note goes before the run begins, or when the job is not to run after
all.
"""

from __future__ import annotations

import contextlib
import os
from typing import Iterable, Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FIRST_RUN
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.own_file import read_ordinary, write_whole

LARGEST_NOTE = 4096


def note_path(state_directory: str, job: str) -> str:
    """Return the path of what says that a job is to run because it is new."""
    return os.path.join(state_directory, job, FIRST_RUN)


def write_note(path: str, owner: str) -> None:
    """Write that a job of this owner is to run because it is new."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    write_whole(path, f"{owner}\n")


def remove_note(path: str) -> None:
    """Remove what says that a job is to run because it is new, and its directory if nothing else is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    for directory in (os.path.dirname(path), os.path.dirname(os.path.dirname(path))):
        with contextlib.suppress(OSError):
            os.rmdir(directory)


def read_notes(state_directory: str, states: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the jobs that killed applies were to run, and their owners. states: what each state directory holds."""
    found = {}
    for job in (job for job, names in states.items() if FIRST_RUN in names):
        found[job] = ""
        with contextlib.suppress(OSError, UnicodeError):
            found[job] = (read_ordinary(note_path(state_directory, job), LARGEST_NOTE) or b"").decode("utf-8").strip()
    return found
