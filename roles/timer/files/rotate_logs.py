# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotates the log files of a directory: NAME.log becomes NAME.log.1, that NAME.log.2.gz, and so on.

    rotate_logs DIRECTORY KEEP

A job that is running goes on writing to NAME.log.1, which is compressed at the next rotation only, and not while any
program has it open. A new, empty NAME.log of the same owner and mode takes its place. Empty files and links are left
alone.

It runs as root, perhaps in a directory that somebody else can change at any moment. So the directory is opened once,
every name is looked up in it, no link is followed, and owner, mode and text are those of the file that is open.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import os
import re
import shutil
import stat
import sys
import time

SUFFIX = ".log"
PACKED = ".gz"
LOCK = ".rotation.lock"
# Two declarations with one directory rotate it once, though both of their timers elapse.
RECENT_SECONDS = 600.0
LOCK_SECONDS = 1800.0
# Without O_NONBLOCK a FIFO would keep the program waiting.
FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OLDER = re.compile(r"(?P<log>.+\.log)\.(?P<number>[1-9][0-9]{0,5})(?P<packed>\.gz)?")


class NotRotated(Exception):
    """Why the directory was left alone."""


class Directory:
    """A directory that is open, whatever becomes of its path."""

    def __init__(self, path: str) -> None:
        """Open it."""
        self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)

    def names(self) -> list[str]:
        """Return the names in it."""
        return sorted(os.listdir(self.descriptor))

    def open(self, name: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
        """Open a file in it, and no link."""
        return os.open(name, flags | FLAGS, mode, dir_fd=self.descriptor)

    def file(self, name: str) -> int | None:
        """Open an ordinary file that has no other name, return None for anything else."""
        try:
            descriptor = self.open(name)
        except OSError:
            return None
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            return descriptor
        os.close(descriptor)
        return None

    def create(self, name: str, like: os.stat_result) -> int:
        """Make a file with owner and mode of another, and leave it open. Raises FileExistsError."""
        descriptor = self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, like.st_mode & 0o777)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def rename(self, name: str, other: str) -> None:
        """Give a file another name; one that holds it is replaced."""
        os.rename(name, other, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file that may be gone already."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)


def is_due(directory: Directory, name: str) -> bool:
    """Tell whether a log file holds something."""
    descriptor = directory.file(name)
    if descriptor is None:
        return False
    try:
        return os.fstat(descriptor).st_size > 0
    finally:
        os.close(descriptor)


def is_in_use(descriptor: int) -> bool:
    """Tell whether a program may still write to a file: the kernel gives a lease on it only when nobody does."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        # The file system knows no leases.
        return False
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def older(names: list[str], log: str) -> dict[int, list[str]]:
    """Return the older files of a log by their number."""
    found: dict[int, list[str]] = {}
    for name in names:
        match = _OLDER.fullmatch(name)
        if match and match["log"] == log:
            found.setdefault(int(match["number"]), []).append(name)
    return found


def drop_old(directory: Directory, log: str, keep: int) -> None:
    """Remove what is beyond the number to keep, which may have been a larger one.

    A gap ends it: NAME.log.20240101 is somebody else's.
    """
    found = older(directory.names(), log)
    number = keep + 1
    while number in found:
        for name in found[number]:
            directory.remove(name)
        number += 1


def make_room(directory: Directory, log: str, keep: int) -> None:
    """Move the older files of a log on by one, and drop those that are too old."""
    for number in range(keep, 0, -1):
        for packed in (PACKED, ""):
            name = f"{log}.{number}{packed}"
            if number == keep:
                directory.remove(name)
                continue
            with contextlib.suppress(FileNotFoundError):
                directory.rename(name, f"{log}.{number + 1}{packed}")


def compress(directory: Directory, name: str) -> None:
    """Put a file that nobody writes to any more into a compressed one, whole or not at all."""
    source = directory.file(name)
    if source is None:
        return
    with os.fdopen(source, "rb") as stream:
        if is_in_use(source):
            return
        found = os.fstat(source)
        part = f"{name}.part"
        directory.remove(part)
        with os.fdopen(directory.create(part, found), "wb") as raw:
            with gzip.GzipFile("", "wb", fileobj=raw) as target:
                shutil.copyfileobj(stream, target)
            os.utime(raw.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
    directory.rename(part, f"{name}{PACKED}")
    directory.remove(name)


def rotate(directory: Directory, log: str, keep: int) -> None:
    """Rotate one log file."""
    current = directory.file(log)
    if current is None:
        return
    found = os.fstat(current)
    os.close(current)
    make_room(directory, log, keep)
    for number, names in older(directory.names(), log).items():
        if number > 1 and f"{log}.{number}" in names:
            compress(directory, f"{log}.{number}")
    directory.rename(log, f"{log}.1")
    # A job may have made it anew in between.
    with contextlib.suppress(FileExistsError):
        os.close(directory.create(log, found))


def is_rotated(directory: Directory, path: str, log: str, keep: int) -> bool:
    """Rotate one log file, and tell whether that was possible."""
    try:
        drop_old(directory, log, keep)
        if is_due(directory, log):
            rotate(directory, log, keep)
    except OSError as error:
        print(f"{os.path.join(path, log)}: {error.strerror}", file=sys.stderr)
        return False
    return True


def locked(directory: Directory, seconds: float = LOCK_SECONDS) -> int:
    """Return the open lock file when no other rotation is under way; it holds who has rotated last."""
    lock = directory.open(LOCK, os.O_RDWR | os.O_CREAT)
    if os.fstat(lock).st_uid != os.geteuid():
        os.close(lock)
        # Only root can open one of root's, so nobody else can hold it.
        directory.remove(LOCK)
        lock = directory.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    until = time.monotonic() + seconds
    while not is_taken(lock):
        if time.monotonic() >= until:
            os.close(lock)
            raise NotRotated(f"another rotation has held {LOCK} for {seconds:.0f} seconds")
        time.sleep(0.1)
    return lock


def is_taken(lock: int) -> bool:
    """Take the lock, and tell whether that was possible at once."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def note_turn(lock: int, own: str) -> bool:
    """Note in the lock file that this program rotates; tell whether another one has just done so."""
    found = os.fstat(lock)
    last = os.pread(lock, 4096, 0).decode("utf-8", "surrogateescape")
    if last and last != own and 0 <= time.time() - found.st_mtime < RECENT_SECONDS:
        return False
    os.ftruncate(lock, 0)
    os.pwrite(lock, own.encode("utf-8", "surrogateescape"), 0)
    return True


def rotate_all(path: str, keep: int, own: str) -> int:
    """Rotate all log files of a directory; one that cannot be rotated does not keep the others from it."""
    with contextlib.closing(Directory(path)) as directory:
        lock = locked(directory)
        try:
            if not note_turn(lock, own):
                print(f"{path}: has just been rotated by another declaration")
                return 0
            logs = [name for name in directory.names() if name.endswith(SUFFIX)]
            failed = [log for log in logs if not is_rotated(directory, path, log, keep)]
            return 1 if failed else 0
        finally:
            os.close(lock)


def main(argv: list[str]) -> int:
    """Return the exit status."""
    path, keep = argv[1], int(argv[2])
    try:
        return rotate_all(path, keep, os.path.abspath(argv[0]))
    except NotRotated as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv))
