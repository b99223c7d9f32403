# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that work for another account. Nothing of root's reaches them, and nobody waits for them without end.

Such a process can be stopped or killed by its account at any moment. So each wait has a limit of time and of size, and
who does not answer is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import time
from typing import Any, Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import INHERITED

# Who is stopped (SIGSTOP) for so long is ended, before the time that it has for its answer is over.
STOPPED_SECONDS = 5.0
ENDING_SECONDS = 5.0
PAUSE_SECONDS = 0.5
LARGEST_MESSAGE = 128 * 2**20
# An apply of 5,000 jobs takes 150 MiB.
MOST_MEMORY = 768 * 2**20
CHUNK = 2**16


class NoAnswer(Exception):
    """The process did not answer; the text says why, without a subject."""


class Line:
    """The end of the conversation that the process has: each message a line of JSON, None when the other has gone."""

    def __init__(self, reading: int, writing: int) -> None:
        self.input = os.fdopen(reading, encoding="utf-8")
        self.output = os.fdopen(writing, "w", encoding="utf-8")

    def say(self, message: Any) -> None:
        """Send a message, if anybody is there."""
        with contextlib.suppress(OSError, ValueError):
            self.output.write(json.dumps(message) + "\n")
            self.output.flush()

    def hear(self) -> Any:
        """Wait for a message."""
        text = self.input.readline()
        return json.loads(text) if text.endswith("\n") else None


class Child:
    """A process that becomes somebody else and then does some work, as the one that has started it sees it."""

    def __init__(self, become: Callable[[], None], work: Callable[[Line], Any]) -> None:
        to_child, to_parent = os.pipe(), os.pipe()
        self.process = os.fork()
        if self.process == 0:  # pragma: no cover  another process
            _be_child(to_child[0], to_parent[1], become, work)
        os.close(to_child[0])
        os.close(to_parent[1])
        # Plain numbers: in a process that is started later these are closed, and nothing there may close them again.
        self.reading = to_parent[0]
        self.writing = to_child[1]
        self.heard = bytearray()
        self.stopped_since: float | None = None
        self.quiet_since = time.monotonic()

    def say(self, message: Any) -> None:
        """Send a message, if anybody is there; it is short, so that this cannot wait."""
        with contextlib.suppress(OSError):
            os.write(self.writing, json.dumps(message).encode() + b"\n")

    def hear(self, deadline: float) -> Any:
        """Return the next message. Raises NoAnswer when there is none until then (monotonic clock).

        What it has said already is heard at any time.
        """
        poll = select.poll()
        poll.register(self.reading, select.POLLIN)
        checked = 0
        while True:
            place = self.heard.find(b"\n", checked)
            if place >= 0:
                text = bytes(self.heard[:place])
                del self.heard[: place + 1]
                self.quiet_since = time.monotonic()
                return _parsed(text)
            checked = len(self.heard)
            left = max(0.0, deadline - time.monotonic())
            if poll.poll(int(min(left, PAUSE_SECONDS) * 1000)):
                self._read()
            elif not left:
                self._check_stopped(0.0)
                raise NoAnswer(f"did not answer within {time.monotonic() - self.quiet_since:.0f} seconds")
            else:
                self._check_stopped(STOPPED_SECONDS)

    def answer(self, deadline: float) -> Any:
        """Return what the work has returned, of a process that says nothing else. Raises NoAnswer."""
        found = self.hear(deadline)
        if not isinstance(found, dict) or "answer" not in found:
            raise NoAnswer(f"has failed: {found.get('error')}" if isinstance(found, dict) else "has failed")
        return found["answer"]

    def _read(self) -> None:
        chunk = os.read(self.reading, CHUNK)
        if not chunk:
            raise NoAnswer("has ended without an answer")
        self.heard += chunk
        if len(self.heard) > LARGEST_MESSAGE:
            raise NoAnswer(f"has answered with more than {LARGEST_MESSAGE // 2**20} MiB")

    def _check_stopped(self, seconds: float) -> None:
        """A process that is stopped, and that for so long, will not answer."""
        now = time.monotonic()
        if state_of(self.process) != "T":
            self.stopped_since = None
        else:
            self.stopped_since = self.stopped_since or now
            if now - self.stopped_since >= seconds:
                raise NoAnswer("is stopped (SIGSTOP)")

    def hang_up(self) -> None:
        """Say no more: it hears that nobody is there."""
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1

    def end(self) -> None:
        """End it, and all that it has started and that is still of its session; it has nothing more to say."""
        self.hang_up()
        if self.reading < 0:
            return
        os.close(self.reading)
        self.reading = -1
        # It is not waited for yet, so the number is still its own.
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(self.process, signal.SIGKILL)
        deadline = time.monotonic() + ENDING_SECONDS
        with contextlib.suppress(ChildProcessError):
            # One that waits for a file system that has gone cannot even be killed.
            while os.waitpid(self.process, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.01)


def state_of(process: int) -> str:
    """Return the state of a process in the letter of proc(5), an empty text when it has ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise NoAnswer("has answered with what cannot be read") from error


def _be_child(
    reading: int, writing: int, become: Callable[[], None], work: Callable[[Line], Any]
) -> None:  # pragma: no cover  another process
    """Do the work, say what came of it, and end."""
    try:
        inherit_nothing({reading, writing})
        line = Line(reading, writing)
        try:
            become()
            line.say({"answer": work(line)})
        except BaseException as error:  # noqa: BLE001  whatever it is, it is to be told
            line.say({"error": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)


def inherit_nothing(kept: set[int]) -> None:
    """Give up what this process has of its parent: all descriptors but these, its session and terminal."""
    with contextlib.suppress(OSError):
        os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    # What lists them has one open itself.
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))
    INHERITED.clear()
    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, MOST_MEMORY)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))
