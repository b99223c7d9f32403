# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names in the field `limits`: what each becomes, and what values systemd takes (systemd.resource-control(5))."""

from __future__ import annotations

import re
from typing import NamedTuple


class Limit(NamedTuple):
    """The directive, the form of its value, how that is said, what the limit does, and an example."""

    directive: str
    form: re.Pattern[str]
    said: str
    does: str
    example: str


_SHARE = r"(?:100|[1-9][0-9]?)%"
_BYTES = r"[0-9]+(?:\.[0-9]+)?[KMGTPE]?"
_SIZE = re.compile(rf"{_BYTES}|{_SHARE}|infinity")
_PLAIN_SIZE = re.compile(rf"{_BYTES}|infinity")
_WEIGHT = re.compile(r"[1-9][0-9]{0,3}|10000")
_COUNT = re.compile(rf"[1-9][0-9]*|{_SHARE}|infinity")
_SAID_SIZE = "a size such as 512M, a share such as 20%, or infinity"
_SAID_WEIGHT = "a number from 1 to 10000, where 100 is what other units have"

LIMITS: dict[str, Limit] = {
    "memory": Limit("MemoryMax", _SIZE, _SAID_SIZE, "A job that needs more is killed.", "512M"),
    "memory_high": Limit("MemoryHigh", _SIZE, _SAID_SIZE, "Above it the job is slowed down.", "400M"),
    "swap": Limit("MemorySwapMax", _SIZE, _SAID_SIZE, "The most swap space. Needs cgroup v2.", "0"),
    "cpu": Limit(
        "CPUQuota",
        re.compile(r"[1-9][0-9]*%"),
        "a share of one CPU such as 50%; 200% is two CPUs",
        "The most CPU time.",
        "50%",
    ),
    "cpu_weight": Limit("CPUWeight", _WEIGHT, _SAID_WEIGHT, "The share of the CPU when it is scarce.", "20"),
    "io_weight": Limit("IOWeight", _WEIGHT, _SAID_WEIGHT, "The share of the disks when they are busy.", "20"),
    "io_class": Limit(
        "IOSchedulingClass",
        re.compile("idle|best-effort|realtime"),
        "idle, best-effort or realtime",
        "With `idle` the job gets the disk when no other process uses it.",
        "idle",
    ),
    "nice": Limit(
        "Nice", re.compile(r"-20|-1[0-9]|-?[0-9]|1[0-9]"), "a number from -20 to 19", "19 is the most modest.", "10"
    ),
    "tasks": Limit(
        "TasksMax", _COUNT, "a number, a share such as 10%, or infinity", "The most processes and threads.", "50"
    ),
    "open_files": Limit(
        "LimitNOFILE",
        re.compile(r"(?:[0-9]+|infinity)(?::(?:[0-9]+|infinity))?"),
        "a number, two as SOFT:HARD, or infinity",
        "The most open files of each process.",
        "4096",
    ),
    "file_size": Limit(
        "LimitFSIZE", _PLAIN_SIZE, "a size such as 2G, or infinity", "The largest file that a process writes.", "2G"
    ),
}


def meant(name: str, text: str) -> str:
    """Return what was probably meant by a value that systemd does not take, or an empty text."""
    form = LIMITS[name].form
    found = re.fullmatch(r"([0-9.]+)\s*([KMGTPE]?)(?:I?B)?(?:YTES?)?", text.upper())
    guesses = [found.group(1) + found.group(2)] if found else []
    if re.fullmatch(r"[0-9]+", text):
        guesses.append(f"{text}%")
    guesses += [text.lower(), text.replace(" ", "")]
    return next((guess for guess in guesses if guess != text and form.fullmatch(guess)), "")
