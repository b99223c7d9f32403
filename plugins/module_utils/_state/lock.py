# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's directory below /run, which is root's alone, and the lock in it that keeps applies apart.

The kernel frees the lock when the last process that has it open ends. The programs that an apply starts have it open
too: when the module is killed, what it has started goes on, and a second apply waits for that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from typing import Iterator

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.lock_holders import holders
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import INHERITED

RUN_DIRECTORY = "/run/dotmobi.systemd_timers"
LOCK_NAME = "lock"
LOCK_WAIT_SECONDS = 120.0
OTHERS_WRITE, OTHER_WRITES = 0o022, 0o002


class LockBusy(Exception):
    """The lock of an apply could not be had: another apply did not end in time, or /run is out of order."""


def path_of(name: str) -> str:
    """Return the path of a file in the directory."""
    return os.path.join(RUN_DIRECTORY, name)


def is_private(path: str) -> bool:
    """Tell whether a path is a directory itself, root's, and nobody else can write it."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & OTHERS_WRITE


def is_open_to_root_alone(path: str) -> bool:
    """Tell whether a directory is root's, and only the group root can write it too: closing it takes nothing away.

    A program beside a job with a umask such as 0002 can have made it.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and (found.st_uid, found.st_gid) == (0, 0)
        and os.geteuid() == 0
        and not found.st_mode & OTHER_WRITES
    )


def check_directory() -> None:
    """Raise LockBusy when something stands in the place of the directory that somebody but root can change."""
    if not os.path.lexists(RUN_DIRECTORY) or is_private(RUN_DIRECTORY) or is_open_to_root_alone(RUN_DIRECTORY):
        return
    reason = f"{RUN_DIRECTORY} is not a directory that only root can write"
    raise LockBusy(f"{reason}; find out who made it, and remove it: it is made anew")


def make_directory() -> None:
    """Make the directory where it is missing, and close it. Raises LockBusy."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(RUN_DIRECTORY, 0o700)
    check_directory()
    if is_private(RUN_DIRECTORY):
        return
    descriptor = os.open(RUN_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(wait: float = LOCK_WAIT_SECONDS) -> Iterator[float]:
    """Hold the host's apply lock; yield how many seconds that took. Raises LockBusy after `wait` seconds."""
    try:
        make_directory()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path_of(LOCK_NAME), flags, 0o600)
    except OSError as error:
        raise LockBusy(f"the lock of an apply cannot be taken: {error}") from error
    try:
        waited = _take(descriptor, wait)
        INHERITED.append(descriptor)
        try:
            yield waited
        finally:
            INHERITED.remove(descriptor)
            # Free even if a program has left something running that has it open.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _take(descriptor: int, wait: float) -> float:
    """Take the lock, and return how long that took."""
    began = time.monotonic()
    while not _is_taken(descriptor, fcntl.LOCK_EX):
        if time.monotonic() - began > wait:
            raise LockBusy(busy_text(wait))
        time.sleep(0.1)
    return time.monotonic() - began


def _is_taken(descriptor: int, kind: int) -> bool:
    """Take the lock, and tell whether that was possible at once."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def busy_text(wait: float) -> str:
    """Return what to say when the lock was not free in time: who holds it, and what to do."""
    held = f"another apply has held {path_of(LOCK_NAME)} for more than {wait:.0f} seconds"
    found = holders(path_of(LOCK_NAME))
    if not found:
        return f"{held}; `lslocks` shows which process; wait until it has ended, or end it"
    who = ", ".join(f"process {number} ({command})" for number, command in found)
    numbers = " ".join(str(number) for number, _command in found)
    return f"{held}: {who}; wait until it has ended, or end it with `kill {numbers}`: the next run completes its apply"


def is_held() -> bool:
    """Tell whether an apply is under way; makes nothing."""
    if not is_private(RUN_DIRECTORY):
        return False
    try:
        descriptor = os.open(path_of(LOCK_NAME), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return not _is_taken(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
