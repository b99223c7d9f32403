# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checkers of the proof ask the host, each question once: accounts, paths, units, the clock.

All effects of the proof are here and in the runner. The checkers decide, and change nothing.
"""

from __future__ import annotations

import functools
import glob
import grp
import os
import pwd
import stat
import time
from typing import Any, Callable, Iterable, NamedTuple, TypeVar, cast

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import Child, NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.clock_change import (
    ClockChange,
    next_change,
)

ZONE_DIRECTORY = "/usr/share/zoneinfo"
# Enough for the first line of a script (the kernel reads 256 bytes), and to tell text from a program.
HEAD_BYTES = 512
# A path may lie in a file system that does not answer.
KERNEL_SECONDS = 30.0


Method = TypeVar("Method", bound=Callable[..., Any])


def once(method: Method) -> Method:
    """Keep the answers of a method: a thousand jobs ask about the same few paths, accounts and zones."""

    @functools.wraps(method)
    def ask(self: Facts, *question: Any) -> Any:
        key = (method.__name__, *question)
        if key not in self.answers:
            self.answers[key] = method(self, *question)
        return self.answers[key]

    return cast(Method, ask)


class Account(NamedTuple):
    """A user of the host."""

    name: str
    uid: int
    gid: int
    home: str


class PathFacts(NamedTuple):
    """What a path leads to, links followed; `kind` is absent, file, directory or other."""

    kind: str
    mode: int = 0
    uid: int = 0
    gid: int = 0

    @property
    def executable(self) -> bool:
        """Tell whether anybody may execute it."""
        return bool(self.mode & 0o111)


ABSENT = PathFacts("absent")


class Facts:
    """The host, as far as the proof looks at it."""

    def __init__(self) -> None:
        self.now = time.time()
        # Who asks: root, or the account whose user manager gets the units.
        self.uid = os.geteuid()
        # The user of a service that names none.
        self.own_user = str(self.uid) if self.uid else "root"
        self.answers: dict[tuple[Any, ...], Any] = {}
        self.expected: dict[str, JobFile] = {}

    def expect(self, files: Iterable[JobFile]) -> None:
        """Take files for what they will be after the apply."""
        self.expected.update({one.name: one for one in files if os.path.isabs(one.name)})

    # Paths

    @once
    def path(self, path: str) -> PathFacts:
        """Return what stands at a path."""
        if path in self.expected:
            return PathFacts("file", self.expected[path].mode)
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return ABSENT
        kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"))
        kind = next((word for test, word in kinds if test(found.st_mode)), "other")
        return PathFacts(kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)

    @once
    def real(self, path: str) -> str:
        """Return the path with all links resolved."""
        return os.path.realpath(path)

    @once
    def head(self, path: str) -> bytes:
        """Return the first bytes of a file, none when it cannot be read."""
        if path in self.expected:
            return self.expected[path].text.encode()[:HEAD_BYTES]
        try:
            with open(path, "rb") as stream:
                return stream.read(HEAD_BYTES)
        except OSError:
            return b""

    @once
    def text(self, path: str, limit: int) -> str:
        """Return the text of a file, none when it cannot be read or is larger than that."""
        if path in self.expected:
            return self.expected[path].text
        try:
            with open(path, encoding="utf-8", errors="replace", opener=_open_at_once) as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return ""
                found = stream.read(limit + 1)
        except OSError:
            return ""
        return found if len(found) <= limit else ""

    @once
    def can_read(self, path: str) -> bool:
        """Tell whether this process can read a file."""
        return path in self.expected or os.access(path, os.R_OK)

    @once
    def listing(self, directory: str) -> list[str]:
        """Return the names in a directory, none when it cannot be read."""
        try:
            return sorted(os.listdir(directory))
        except OSError:
            return []

    @once
    def matches(self, pattern: str) -> list[str]:
        """Return the paths that a pattern with wildcards matches."""
        return sorted(glob.glob(pattern))

    # Accounts

    @once
    def user(self, name: str) -> Account | None:
        """Return a user by name or number."""
        try:
            found = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        except (KeyError, OverflowError):
            return None
        return Account(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)

    @once
    def group(self, name: str) -> int | None:
        """Return the number of a group, given by name or number."""
        try:
            return (grp.getgrgid(int(name)) if name.isdigit() else grp.getgrnam(name)).gr_gid
        except (KeyError, OverflowError):
            return None

    @once
    def local_names(self, database: str) -> list[str]:
        """Return the names in /etc/passwd or /etc/group: a directory service may hold millions more."""
        try:
            with open(f"/etc/{database}", encoding="utf-8", errors="replace") as stream:
                return [line.split(":", 1)[0] for line in stream]
        except OSError:
            return []

    @once
    def members(self, gid: int) -> list[str]:
        """Return who is in a group, root aside."""
        try:
            named = list(grp.getgrgid(gid).gr_mem)
        except (KeyError, OverflowError):
            named = []
        primary = []
        for name in self.local_names("passwd"):
            account = self.user(name)
            if account and account.gid == gid:
                primary.append(account.name)
        return sorted({*named, *primary} - {"root"})

    @once
    def obstacles(self, account: Account, groups: tuple[int, ...], wanted: tuple[tuple[str, int], ...]) -> list[str]:
        """Return for each (path, mode of access(2)) what keeps this user from it, or an empty text.

        The kernel is asked as that user, in a child process: lists of access control, supplementary groups and
        security modules count too. `groups` holds the main group and the further ones. For a file that is not there
        yet its mode has to do.
        """
        coming = {
            place: path if mode & os.W_OK or not self.expected[path].mode & 0o004 else ""
            for place, (path, mode) in enumerate(wanted)
            if path in self.expected
        }
        there = [one for place, one in enumerate(wanted) if place not in coming]
        answers = iter(self._ask_kernel(account, groups, there))
        return [coming[place] if place in coming else next(answers) for place in range(len(wanted))]

    def _ask_kernel(self, account: Account, groups: tuple[int, ...], wanted: list[tuple[str, int]]) -> list[str]:
        """Return what keeps a user from each path."""
        if self.uid == account.uid:
            return [_obstacle(path, mode) for path, mode in wanted]

        def become() -> None:  # pragma: no cover  another process
            os.initgroups(account.name, groups[0])
            os.setgroups([*os.getgroups(), *groups[1:]])
            os.setgid(groups[0])
            os.setuid(account.uid)

        child = Child(become, lambda _line: [_obstacle(path, mode) for path, mode in wanted])
        try:
            return list(child.answer(time.monotonic() + KERNEL_SECONDS))
        except NoAnswer:
            # Nothing is claimed.
            return ["" for _path in wanted]
        finally:
            child.end()

    # Time

    @once
    def clock_change(self, zone: str) -> ClockChange | None:
        """Return the next change of the clock in a zone; an empty text is the zone of the host."""
        return next_change(zone, self.now)

    @once
    def has_zone(self, zone: str) -> bool:
        """Tell whether the host knows a time zone."""
        return zone == "UTC" or self.path(os.path.join(ZONE_DIRECTORY, zone)).kind == "file"

    @once
    def zones(self) -> list[str]:
        """Return the time zones that the host knows."""
        found = []
        for folder, folders, names in os.walk(ZONE_DIRECTORY):
            folders[:] = [name for name in folders if name not in ("posix", "right")]
            found += [
                os.path.relpath(os.path.join(folder, name), ZONE_DIRECTORY) for name in names if name[:1].isupper()
            ]
        return sorted(found)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a FIFO does not keep us waiting for who writes to it."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _obstacle(path: str, mode: int) -> str:
    """Return the first directory on the way that cannot be entered, or the path itself; empty when it can be had."""
    if os.access(path, mode):
        return ""
    parts = os.path.realpath(path).split("/")
    for number in range(1, len(parts)):
        folder = "/".join(parts[:number]) or "/"
        if not os.access(folder, os.X_OK):
            return folder
    return path
