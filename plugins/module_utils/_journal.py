# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply leaves while it is under way: a lock, a marker, and a folder of new and old unit files.

The marker stands in /run from before the first change until the evidence is in: a run that was killed
between is seen by the next one. After a reboot systemd has read the files anew and no marker is needed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from typing import Iterator

RUN_DIRECTORY = "/run/dotmobi.systemd_timers"
MARKER = os.path.join(RUN_DIRECTORY, "applying.json")
LOCK = os.path.join(RUN_DIRECTORY, "lock")
# Inside the unit directory, so that a rename moves a file into place; the leading dot hides it from systemd.
STAGE_NAME = ".dotmobi.systemd_timers"
LOCK_WAIT_SECONDS = 120.0


class LockBusy(Exception):
    """The lock of an apply could not be had: another apply did not end in time, or /run is out of order."""


@contextlib.contextmanager
def locked(wait: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold the host's apply lock; the kernel frees it when the process dies. Raises LockBusy after `wait` seconds."""
    try:
        os.makedirs(RUN_DIRECTORY, mode=0o700, exist_ok=True)
        descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise LockBusy(f"the lock of an apply cannot be taken: {error}") from error
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LockBusy(f"another apply has held {LOCK} for more than {wait:.0f} seconds") from None
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def interrupted_jobs() -> list[str]:
    """Return the jobs that a killed run left half done."""
    try:
        with open(MARKER, encoding="utf-8") as stream:
            return list(json.load(stream))
    except FileNotFoundError:
        return []
    except ValueError:
        # Killed while the marker itself was written: nothing had changed yet.
        return []


def mark(jobs: list[str]) -> None:
    """Write the marker, or remove it when no job is under way any more."""
    if not jobs:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(MARKER)
        return
    os.makedirs(RUN_DIRECTORY, mode=0o700, exist_ok=True)
    new = f"{MARKER}.new"
    try:
        with open(new, "w", encoding="utf-8") as stream:
            json.dump(sorted(jobs), stream)
        os.rename(new, MARKER)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise


def stage_directory(unit_directory: str) -> str:
    """Return the folder that holds new and old unit files while an apply is under way."""
    return os.path.join(unit_directory, STAGE_NAME)


def is_leftover(unit_directory: str) -> bool:
    """Tell whether a killed run left its folder behind."""
    return os.path.lexists(stage_directory(unit_directory))


def remove_stage(unit_directory: str) -> None:
    """Remove the folder, whatever is in it."""
    path = stage_directory(unit_directory)
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    else:
        shutil.rmtree(path, ignore_errors=True)
