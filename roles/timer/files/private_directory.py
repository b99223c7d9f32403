# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the directories in which programs of root keep what no job may change."""

from __future__ import annotations

import contextlib
import os
import stat

OWN = "dotmobi.systemd_timers"
MODE = 0o700


class NotPrivate(Exception):
    """Somebody else can change a directory of root's."""


def make_private(path: str) -> str:
    """Make a directory, and those of ours that lead to it, one by one; check those that are there. Return the path."""
    parts = path.split("/")
    first = parts.index(OWN) if OWN in parts else len(parts) - 1
    for number in range(first + 1, len(parts) + 1):
        one = "/".join(parts[:number])
        # Whatever the umask of the job lets through.
        with contextlib.suppress(FileExistsError):
            os.mkdir(one, MODE)
        _check(one)
    return path


def _check(path: str) -> None:
    """Take from a directory of root's what others may do there. Raises NotPrivate where they could change it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        mode = stat.S_IMODE(found.st_mode)
        changeable = mode & 0o002 or (mode & 0o020 and found.st_gid != 0)
        if found.st_uid != os.geteuid() or changeable:
            raise NotPrivate(
                f"others than root can change {path}; look at what is in it, and remove it: it is made anew"
            )
        if mode & 0o077:
            os.fchmod(descriptor, MODE)
    finally:
        os.close(descriptor)


def open_private(path: str, flags: int) -> int:
    """Open a file in such a directory, made when it is missing; a link is none."""
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
