# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private folder that units are verified in. Unit files hold values of variables, so none may stay behind.

Each folder is locked by the process that uses it: what is not locked is of a process that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from typing import Iterator

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock

PREFIX = "systemd-timers-proof-"
# A file takes whole pages, and systemd needs some of /run itself.
PAGE = 4096
KEPT_FREE = 32 * 2**20


def place_for(size: int) -> str:
    """Return where to make a folder for so many bytes: below /run where an apply has made a place and has room."""
    place = lock.RUN_DIRECTORY
    if lock.is_private(place) and os.access(place, os.W_OK | os.X_OK):
        free = os.statvfs(place)
        if free.f_bavail * free.f_frsize >= size + KEPT_FREE:
            return place
    return tempfile.gettempdir()


def size_of(texts: dict[str, str]) -> int:
    """Return how many bytes files with these texts take, roughly."""
    return sum(PAGE + len(text) * 2 for text in texts.values())


@contextlib.contextmanager
def scratch(texts: dict[str, str]) -> Iterator[str]:
    """Write files (name to text) into a folder of their own, and remove it in the end."""
    folder, descriptor = _locked_folder(place_for(size_of(texts)))
    try:
        for name, text in texts.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _locked_folder(place: str) -> tuple[str, int]:
    """Make a folder and lock it."""
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        # Between the two it may be taken for a leftover: then once more.
        with contextlib.suppress(FileNotFoundError):
            descriptor = _opened(folder)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.isdir(folder):
                return folder, descriptor
            os.close(descriptor)


def _opened(folder: str) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def remove_leftovers() -> None:
    """Remove the folders of proofs that were killed, and no others."""
    for place in filter(os.path.isdir, (lock.RUN_DIRECTORY, tempfile.gettempdir())):
        for name in os.listdir(place):
            if name.startswith(PREFIX):
                # Locked, or removed by somebody else meanwhile.
                with contextlib.suppress(OSError):
                    _remove(os.path.join(place, name))


def _remove(folder: str) -> None:
    """Remove a folder that nobody has locked."""
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # In /tmp anybody can make a folder of that name.
        if os.fstat(descriptor).st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
