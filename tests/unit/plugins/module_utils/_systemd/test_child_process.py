# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that work for another account: what reaches them, and how long anybody waits for them. Real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import child_process
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import Child, Line, NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import INHERITED, make_runner

LONG = 60.0


def stay() -> None:
    """Become nobody else."""


def answer_of(work: Callable[[Line], Any], seconds: float = LONG) -> Any:
    child = Child(stay, work)
    try:
        return child.answer(time.monotonic() + seconds)
    finally:
        child.end()
        # It is gone, whatever it did.
        with pytest.raises(ChildProcessError):
            os.waitpid(child.process, os.WNOHANG)


def why_not(work: Callable[[Line], Any], seconds: float = LONG) -> str:
    with pytest.raises(NoAnswer) as caught:
        answer_of(work, seconds)
    return str(caught.value)


def test_an_answer_of_any_size() -> None:
    assert answer_of(lambda _line: ["x" * 10**6] * 3) == ["x" * 10**6] * 3


def test_a_conversation() -> None:
    def work(line: Line) -> Any:
        line.say({"word": 1})
        return [line.hear(), line.hear()]

    child = Child(stay, work)
    assert child.hear(time.monotonic() + LONG) == {"word": 1}
    child.say("go on")
    # When nobody is there any more it hears that, and its answer counts still.
    child.hang_up()
    assert child.answer(time.monotonic() + LONG) == ["go on", None]
    child.end()


def test_what_goes_wrong_in_it_is_told() -> None:
    def work(_line: Line) -> None:
        raise OSError(40, "Too many levels of symbolic links")

    assert why_not(work) == "has failed: OSError: [Errno 40] Too many levels of symbolic links"


def test_one_that_is_killed() -> None:
    assert why_not(lambda _line: os.kill(os.getpid(), signal.SIGKILL)) == "has ended without an answer"


def test_one_that_takes_too_long() -> None:
    assert why_not(lambda _line: time.sleep(1000), 0.3) == "did not answer within 0 seconds"


def test_one_that_is_stopped_is_ended_before_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "STOPPED_SECONDS", 0.2)
    began = time.monotonic()
    assert why_not(lambda _line: os.kill(os.getpid(), signal.SIGSTOP)) == "is stopped (SIGSTOP)"
    assert time.monotonic() - began < LONG


def test_one_that_answers_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "LARGEST_MESSAGE", 2**20)
    assert why_not(lambda _line: "x" * 2**21) == "has answered with more than 1 MiB"


def test_what_it_said_before_counts_also_when_the_time_is_over() -> None:
    child = Child(stay, lambda _line: "done")
    os.waitid(os.P_PID, child.process, os.WEXITED | os.WNOWAIT)
    assert child.hear(time.monotonic() - 1) == {"answer": "done"}
    child.end()


def test_what_it_has_started_ends_with_it() -> None:
    def work(line: Line) -> None:
        started = os.fork()
        if started == 0:
            time.sleep(1000)
        line.say(started)
        time.sleep(1000)

    child = Child(stay, work)
    started = child.hear(time.monotonic() + LONG)
    child.end()
    deadline = time.monotonic() + LONG
    while child_process.state_of(started) not in ("", "Z"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_of_its_parent_reaches_it_or_what_it_starts() -> None:
    """An account could take a descriptor from a program that runs as that account."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    INHERITED.append(writing)

    def links() -> list[str]:
        found = []
        for path in Path("/proc/self/fd").iterdir():
            # The one that lists them is closed by then.
            with contextlib.suppress(OSError):
                found.append(str(path.readlink()))
        return found

    def work(_line: Line) -> Any:
        program = make_runner()(["sh", "-c", "readlink /proc/$$/fd/*"]).stdout.split()
        return [links(), program, os.getsid(0) == os.getpid()]

    ours = links()
    try:
        own, of_program, leads = answer_of(work)
    finally:
        INHERITED.remove(writing)
        os.close(reading)
        os.close(writing)
    # Its end of the two pipes, and nothing else that was open here.
    pipes = [one for one in own if one.startswith("pipe:")]
    assert len(pipes) == 2
    assert not set(pipes) & set(ours)
    assert {one for one in own if not one.startswith(("pipe:", "/proc/"))} == {os.devnull}
    assert not set(of_program) & set(ours) - {os.devnull}
    assert leads
