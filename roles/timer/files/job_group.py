# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of a group wait for each other, in the order of their arrival.

Each run takes a ticket, and may begin as soon as fewer tickets than the group's limit stand before its own. A run that
ends gives its ticket back, and tells the next ones, each by a socket of its own. A ticket counts only while systemd
says that its run is under way, so a run that was killed, or a crash, leaves nothing behind: who waits asks about those
that have a place, the longer the queue before it the more rarely. So a long queue costs no more for each run than a
short one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import socket
import time
from typing import Callable, Iterator, Mapping

from job_trigger import Block, NoAnswer, first, show
from private_directory import make_private, open_private

DIRECTORY = "/run/dotmobi.systemd_timers/groups"
UNDER_WAY = ("activating", "active", "deactivating", "reloading")
# How long the first that waits goes without asking systemd; the second twice as long, and so on, up to the most.
ASK, MOST_ASK = 5.0, 300.0
NAMED = 3


class Group:
    """The tickets of a group."""

    def __init__(self, name: str, directory: str = DIRECTORY) -> None:
        """Open the group; nobody but root can look into it."""
        self.directory = make_private(directory)
        self.path = os.path.join(directory, f"{name}.json")

    @contextlib.contextmanager
    def tickets(self) -> Iterator[list[list[str]]]:
        """Let the caller change the list of tickets, and nobody else meanwhile."""
        with open(open_private(f"{self.path}.lock", os.O_WRONLY), "w", encoding="utf-8") as lock:
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

    def before(self, mine: list[str], limit: int, ask: bool) -> list[list[str]]:
        """Take a ticket if there is none yet, and return those before it.

        ask: drop those that have a place, and whose runs are over.
        """
        over: list[list[str]] = []
        while True:
            with self.tickets() as found:
                # A unit has one run at a time.
                found[:] = [one for one in found if one not in over and (one == mine or one[0] != mine[0])]
                if mine not in found:
                    found.append(mine)
                holding, ahead = found[:limit], found[: found.index(mine)]
            if not ask or len(ahead) < limit:
                return ahead
            states = show(sorted({unit for unit, _invocation in holding}), "InvocationID", "ActiveState")
            over = [ticket for ticket in holding if not is_under_way(ticket, states)]
            ask = bool(over)

    def leave(self, unit: str, limit: int) -> None:
        """Give the ticket of a unit's run back, and let the next ones know."""
        with self.tickets() as found:
            found[:] = [ticket for ticket in found if ticket[0] != unit]
            next_ones = found[:limit]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for _unit, invocation in next_ones:
                # Who has begun already has no socket any more.
                with contextlib.suppress(OSError):
                    sender.sendto(b"\n", self.bell(invocation))

    def bell(self, invocation: str) -> str:
        """Return the path of the socket by which a run that waits is told; short enough for any name of a group."""
        return os.path.join(self.directory, invocation)

    @contextlib.contextmanager
    def heard(self, invocation: str) -> Iterator[socket.socket]:
        """Have a socket by which others tell."""
        path = self.bell(invocation)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as receiver:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            receiver.bind(path)
            try:
                yield receiver
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)

    def wait(self, mine: list[str], limit: int, queued: Callable[[str, float], float]) -> None:
        """Return when the run may begin.

        `queued` is told for whom it waits and how long so far, returns how long it may at most, and may raise.
        """
        began = time.monotonic()
        # Before the ticket is taken: from then on it may be told.
        with self.heard(mine[1]) as bell:
            ask_at = began
            while True:
                ask = time.monotonic() >= ask_at
                ahead = self.before(mine, limit, ask)
                if len(ahead) < limit:
                    return
                if ask:
                    ask_at = time.monotonic() + min(ASK * (len(ahead) - limit + 1), MOST_ASK)
                left = queued(names_of(ahead), time.monotonic() - began)
                # A little more, so that the limit is over then.
                seconds = min(left + 0.01, ask_at - time.monotonic())
                if select.select([bell], [], [], max(seconds, 0.0))[0]:
                    bell.recv(1)


def names_of(tickets: list[list[str]]) -> str:
    """Return for whom a run waits: the first ones, and how many more."""
    units = [unit for unit, _invocation in tickets]
    more = len(units) - NAMED
    return ", ".join(units[:NAMED]) + (f" and {more} more" if more > 0 else "")


def ticket_of(unit: str) -> list[str]:
    """Return the ticket of the run that is under way; systemd knows which, whatever the job's variables say."""
    invocation = first(show([unit], "InvocationID")[unit], "InvocationID")
    if not invocation:
        raise NoAnswer(f"systemd knows of no run of {unit}")
    return [unit, invocation]


def is_under_way(ticket: list[str], states: Mapping[str, Block]) -> bool:
    """Tell whether the run that a ticket belongs to is not over."""
    unit, invocation = ticket
    state = states.get(unit, {})
    return first(state, "InvocationID") == invocation and first(state, "ActiveState") in UNDER_WAY


def write_whole(path: str, text: str) -> None:
    """Write a file as a whole: after a crash it is the old or the new one."""
    beside = f"{path}.new"
    with open(open_private(beside, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, path)
