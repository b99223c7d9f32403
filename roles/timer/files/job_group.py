# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of a group wait for each other, in the order of their arrival.

Each run takes a ticket, and may begin as soon as fewer tickets than the group's limit stand before its own. A ticket
counts only while systemd says that its run is under way, so a run that was killed, or a crash, leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import Callable, Iterator, Mapping

from job_trigger import Block, first, show

DIRECTORY = "/run/dotmobi.systemd_timers/groups"
UNDER_WAY = ("activating", "active", "deactivating", "reloading")
# How often the file of tickets is looked at; and systemd asked, when the file stays as it is.
LOOK, ASK = 0.25, 5.0


class Group:
    """The tickets of a group."""

    def __init__(self, name: str, directory: str = DIRECTORY) -> None:
        """Open the group; nobody but root can look into it."""
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self.path = os.path.join(directory, f"{name}.json")

    @contextlib.contextmanager
    def tickets(self) -> Iterator[list[list[str]]]:
        """Let the caller change the list of tickets, and nobody else meanwhile."""
        with open(f"{self.path}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with open(self.path, encoding="utf-8") as stream:
                    before = stream.read()
                found: list[list[str]] = json.loads(before)
            except FileNotFoundError:
                before, found = "", []
            yield found
            if json.dumps(found) != before:
                write_whole(self.path, json.dumps(found))

    def ahead(self, mine: list[str]) -> list[list[str]]:
        """Take a ticket if there is none yet, drop those of runs that are over, return those before."""
        with self.tickets() as found:
            if mine not in found:
                found.append(mine)
            states = show(sorted({unit for unit, _invocation in found}), "InvocationID", "ActiveState")
            found[:] = [ticket for ticket in found if ticket == mine or is_under_way(ticket, states)]
            return found[: found.index(mine)]

    def leave(self, mine: list[str]) -> None:
        """Give the ticket back."""
        with self.tickets() as found:
            found[:] = [ticket for ticket in found if ticket != mine]

    def version(self) -> tuple[int, int] | None:
        """Return what is another whenever a ticket has come or gone."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def wait(self, mine: list[str], limit: int, queued: Callable[[str, float], None]) -> None:
        """Return when the run may begin. `queued` is told for whom it waits and how long so far, and may raise."""
        began = time.monotonic()
        while True:
            version = self.version()
            ahead = self.ahead(mine)
            if len(ahead) < limit:
                return
            names = ", ".join(unit for unit, _invocation in ahead)
            looked = time.monotonic()
            # A version from before our own change is another: then it is looked at once more, and at once.
            while time.monotonic() - looked < ASK:
                queued(names, time.monotonic() - began)
                if self.version() != version:
                    break
                time.sleep(LOOK)


def is_under_way(ticket: list[str], states: Mapping[str, Block]) -> bool:
    """Tell whether the run that a ticket belongs to is not over."""
    unit, invocation = ticket
    state = states.get(unit, {})
    return first(state, "InvocationID") == invocation and first(state, "ActiveState") in UNDER_WAY


def write_whole(path: str, text: str) -> None:
    """Write a file as a whole: after a crash it is the old or the new one."""
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, path)
