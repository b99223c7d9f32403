# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of ours, read and written without trust in what may be in their place."""

from __future__ import annotations

import contextlib
import os
import stat


def read_ordinary(path: str, largest: int | None = None, uid: int | None = None) -> bytes | None:
    """Return the content of an ordinary file; None for anything else, for a larger file, and for one of another user.

    A link is not followed, and a pipe is not waited for. Raises OSError when nothing can be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        is_odd = not stat.S_ISREG(found.st_mode) or (uid is not None and found.st_uid != uid)
        if is_odd or (largest is not None and found.st_size > largest):
            return None
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read() if largest is None else stream.read(largest)
    finally:
        os.close(descriptor)


def write_whole(path: str, text: str, mode: int = 0o600) -> None:
    """Write a file as a whole: after a crash it is the old or the new one. A link in its place is replaced."""
    new = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.rename(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
