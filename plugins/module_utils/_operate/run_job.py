# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a job: starts its service, finds the run by its invocation id, waits for its end."""

from __future__ import annotations

import time
from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
    SHOW_COMMAND,
    Memory,
    RunState,
    Source,
    boot_offset,
    parse_memory,
    read_history,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import parse_blocks

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
# A run that PID 1 has forgotten already is looked for in the journal.
RECENT_RUNS = 20
AGAIN = "auto-restart"


class RunError(Exception):
    """The job cannot be run, or followed; the text says why."""


class Progress(NamedTuple):
    """A run that is followed. invocations: its attempts, the last one last; empty when it did not even begin.

    run: what is known of the last attempt. finished: whether nothing more is to come.
    """

    invocations: list[str]
    run: RunState | None
    finished: bool

    @property
    def started(self) -> float:
        """When the last attempt began; now when nobody knows."""
        return (self.run.start if self.run else None) or time.time()


def ask(runner: Runner, service: str) -> Memory:
    """Return what PID 1 remembers of a service."""
    done = runner([*SHOW_COMMAND, "--", service])
    found = parse_memory(parse_blocks(done.stdout), boot_offset())
    if done.rc != 0 or not found:
        raise RunError(f"systemctl show failed: {done.stderr.strip() or done.stdout.strip()}")
    return next(iter(found.values()))


def invocation_of(memory: Memory) -> str:
    """Return the id of the last run that PID 1 remembers."""
    return memory.properties.get("InvocationID", "")


def start(runner: Runner, service: str, source: Source) -> Progress:
    """Start a service, and return its run as soon as that has begun. Raises RunError."""
    before = ask(runner, service)
    began = time.time()
    done = runner(["systemctl", "start", "--no-block", "--", service])
    if done.rc != 0:
        raise RunError((done.stderr.strip() or done.stdout.strip()).split("\n", 1)[0])
    pause = FIRST_PAUSE
    while True:
        memory = ask(runner, service)
        invocation = invocation_of(memory)
        if invocation and invocation != invocation_of(before):
            return progress_of(memory, [invocation])
        if not memory.properties.get("Job"):
            return not_begun(runner, before, memory, began, source)
        # It waits for what it needs, such as the network.
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def not_begun(runner: Runner, before: Memory, memory: Memory, began: float, source: Source) -> Progress:
    """Return a run of which PID 1 knows nothing: over and forgotten already, or it never began."""
    service = memory.properties["Id"]
    found = read_history(runner, [service], RECENT_RUNS, source).runs.get(service, [])
    known = invocation_of(before)
    fresh = [run for run in found if run.invocation_id != known and (run.start or run.end or 0.0) >= began - 1.0]
    if fresh:
        return Progress([fresh[-1].invocation_id], fresh[-1], finished=True)
    checked = int(memory.properties.get("ConditionTimestampMonotonic") or 0) / 1e6 + boot_offset()
    result = "dependency"
    if memory.properties.get("Result") not in ("", "success", before.properties.get("Result")):
        result = memory.properties["Result"]
    elif memory.properties.get("ConditionResult") == "no" and checked >= began - 1.0:
        result = "skipped"
    return Progress([], RunState("", began, began, result), finished=True)


def progress_of(memory: Memory, invocations: list[str]) -> Progress:
    """Return how far a run is."""
    again = memory.properties.get("SubState", "").startswith(AGAIN)
    return Progress(invocations, memory.run, finished=not memory.running and not again)


def follow(runner: Runner, service: str, invocations: list[str], seconds: float | None, source: Source) -> Progress:
    """Wait until a run has ended, for so many seconds at most. A retry of systemd's belongs to the run."""
    deadline = None if seconds is None else time.monotonic() + seconds
    pause = FIRST_PAUSE
    retried = False
    while True:
        memory = ask(runner, service)
        current = invocation_of(memory)
        if current != invocations[-1]:
            if not (retried and current):
                return gone(runner, service, invocations, source)
            invocations = [*invocations, current]
        found = progress_of(memory, invocations)
        if found.finished:
            return found
        retried = memory.properties.get("SubState", "").startswith(AGAIN)
        if deadline is not None and time.monotonic() >= deadline:
            return found
        left = LONGEST_PAUSE if deadline is None else max(0.0, deadline - time.monotonic())
        time.sleep(min(pause, left, LONGEST_PAUSE))
        pause = min(2 * pause, LONGEST_PAUSE)


def gone(runner: Runner, service: str, invocations: list[str], source: Source) -> Progress:
    """Return a run that PID 1 has forgotten, or that another one has followed."""
    found = read_history(runner, [service], RECENT_RUNS, source).runs.get(service, [])
    for run in found:
        if run.invocation_id == invocations[-1]:
            return Progress(invocations, run, finished=True)
    raise RunError(f"systemd has forgotten the run {invocations[-1]}, and the journal does not know it")


def stop(runner: Runner, service: str, invocations: list[str], source: Source) -> Progress:
    """Stop a run and return its end; another run that has begun meanwhile is left alone."""
    if invocation_of(ask(runner, service)) == invocations[-1]:
        done = runner(["systemctl", "stop", "--", service])
        if done.rc != 0:
            raise RunError(f"{service} could not be stopped: {done.stderr.strip()}")
    return follow(runner, service, invocations, 0.0, source)
