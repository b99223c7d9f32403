# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the processes that hold a lock of flock(2) on a file, as the kernel shows them (proc(5), fd and fdinfo)."""

from __future__ import annotations

import contextlib
import os

PROCESSES = "/proc"
LONGEST_COMMAND = 60


def holders(path: str) -> list[tuple[int, str]]:
    """Return number and command of each process that has the file open with the lock on it."""
    try:
        numbers = sorted(int(name) for name in os.listdir(PROCESSES) if name.isdigit())
    except OSError:
        return []
    return [(number, command_of(number)) for number in numbers if _holds(number, path)]


def _holds(number: int, path: str) -> bool:
    folder = os.path.join(PROCESSES, str(number))
    # Any process may end meanwhile.
    with contextlib.suppress(OSError):
        return any(_is_locked(folder, name, path) for name in os.listdir(os.path.join(folder, "fd")))
    return False


def _is_locked(folder: str, name: str, path: str) -> bool:
    """Tell whether a descriptor is that file, and its opening has the lock: who waits has the file open as well."""
    with contextlib.suppress(OSError):
        if os.readlink(os.path.join(folder, "fd", name)) == path:
            with open(os.path.join(folder, "fdinfo", name), encoding="utf-8") as stream:
                return any(line.startswith("lock:") for line in stream)
    return False


def command_of(number: int) -> str:
    """Return the command line of a process, shortened."""
    try:
        with open(os.path.join(PROCESSES, str(number), "cmdline"), "rb") as stream:
            words = stream.read().rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return "ended"
    return words if len(words) <= LONGEST_COMMAND else f"{words[:LONGEST_COMMAND]}..."
