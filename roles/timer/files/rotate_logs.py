# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotates the log files of a directory: NAME.log becomes NAME.log.1, that NAME.log.2.gz, and so on.

    rotate_logs DIRECTORY KEEP

A job that is running goes on writing to NAME.log.1, which is compressed at the next rotation only. A new, empty
NAME.log of the same owner and mode takes its place. Empty files and links are left alone.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import stat
import sys

SUFFIX = ".log"
PACKED = ".gz"


def due(directory: str) -> list[str]:
    """Return the log files that hold something."""
    with os.scandir(directory) as entries:
        return sorted(
            entry.path
            for entry in entries
            if entry.name.endswith(SUFFIX)
            and entry.is_file(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_size > 0
        )


def make_room(path: str, keep: int) -> None:
    """Move the older files of a log on by one, and drop those that are too old."""
    for number in range(keep, 0, -1):
        for packed in (PACKED, ""):
            with contextlib.suppress(FileNotFoundError):
                if number == keep:
                    os.unlink(f"{path}.{number}{packed}")
                else:
                    os.rename(f"{path}.{number}{packed}", f"{path}.{number + 1}{packed}")


def compress(path: str) -> None:
    """Put a file into a compressed one, whole or not at all."""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        return
    part = f"{path}.part"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(path, "rb") as source, os.fdopen(descriptor, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw) as target:
        shutil.copyfileobj(source, target)
    like(part, found)
    os.utime(part, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.rename(part, f"{path}{PACKED}")
    os.unlink(path)


def like(path: str, found: os.stat_result) -> None:
    """Give a file owner and mode of another."""
    os.chown(path, found.st_uid, found.st_gid)
    os.chmod(path, stat.S_IMODE(found.st_mode))


def rotate(path: str, keep: int) -> None:
    """Rotate one log file."""
    found = os.lstat(path)
    make_room(path, keep)
    second = f"{path}.2"
    if keep > 1 and os.path.lexists(second):
        compress(second)
    os.rename(path, f"{path}.1")
    # A job may have made it anew in between.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        like(path, found)


def is_rotated(path: str, keep: int) -> bool:
    """Rotate one log file, and tell whether that was possible."""
    try:
        rotate(path, keep)
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return False
    return True


def main(argv: list[str]) -> int:
    """Rotate all log files; one that cannot be rotated does not keep the others from it."""
    directory, keep = argv[1], int(argv[2])
    failed = [path for path in due(directory) if not is_rotated(path, keep)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
