# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from the units of a job how it runs: attempts, time limits, overlap, group, deadline; pure."""

from __future__ import annotations

import shlex
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import options_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText

GATE = "/gate.py "
QUEUE, FORBID, REPLACE = "queue", "forbid", "replace"
# What the programs beside a job take for what their options do not say (roles/timer/files).
NO_BACKOFF, LONGEST_DELAY = 1.0, 3600.0


def options_in(text: str) -> dict[str, str]:
    """Return the options of a command of ours, each with the word after it."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return {word: following for word, following in zip(words, [*words[1:], ""]) if word.startswith("--")}


def seconds_of(options: dict[str, str], name: str) -> float | None:
    """Return a number among options; None when it is not there."""
    try:
        return float(options[name])
    except (KeyError, ValueError):
        return None


def attempts_of(service: UnitText) -> dict[str, str]:
    """Return the options of the program that makes the attempts; none when there is no such program."""
    for value in service.values("Service", "ExecStart"):
        found = options_in(options_of(value))
        if found:
            return found
    return {}


def gate_of(service: UnitText) -> dict[str, str]:
    """Return the options of the gate that a run goes through; none when there is none."""
    found: dict[str, str] = {}
    for value in service.values("Service", "ExecCondition"):
        _before, gate, options = value.partition(GATE)
        if gate:
            found.update(options_in(options.partition(";")[0]))
    return found


def rules_of(service: UnitText, timer: UnitText) -> dict[str, Any]:
    """Return how a job runs, as the module documents it."""
    attempts, gate = attempts_of(service), gate_of(service)
    number = int(seconds_of(attempts, "--attempts") or 1)
    replaces = timer.last("Timer", "Unit").endswith("-replace.service")
    group = gate.get("--group")
    return {
        "retries": {
            "attempts": number,
            "delay": seconds_of(attempts, "--delay") or 0.0,
            "backoff": seconds_of(attempts, "--backoff") or NO_BACKOFF,
            "max_delay": seconds_of(attempts, "--max-delay") or LONGEST_DELAY,
        }
        if number > 1
        else None,
        "attempt_timeout": seconds_of(attempts, "--timeout"),
        "concurrency": {
            "policy": FORBID if "--forbid" in gate else REPLACE if replaces else QUEUE,
            "group": group,
            "group_limit": int(seconds_of(gate, "--limit") or 1) if group else None,
            "group_wait": seconds_of(gate, "--wait") if group else None,
        },
        "starting_deadline": seconds_of(gate, "--deadline"),
    }
