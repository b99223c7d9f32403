# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program that makes the attempts stands before a job's command in ExecStart=; the proof looks behind it."""

from __future__ import annotations

import re

PYTHON = "/usr/bin/python3"
ATTEMPTS = "attempts.py"
KEY = "ExecStart="
_WRAPPED = re.compile(rf"{PYTHON} -I (?P<program>\S+/{re.escape(ATTEMPTS)}) [^;]*? -- (?P<command>.*)", re.DOTALL)


def wrapped(folder: str, options: str, command: str) -> str:
    """Return the value of ExecStart= that makes the attempts. `options` are plain words."""
    return f"{PYTHON} -I {folder}/{ATTEMPTS} {options} -- {command}"


def unwrapped(value: str) -> str:
    """Return the job's own command of a value of ExecStart=, wrapped or not."""
    found = _WRAPPED.fullmatch(value)
    return found.group("command") if found else value


def with_own_commands(service: str) -> str:
    """Return the text of a service in which each ExecStart= holds the job's own command."""
    lines = service.split("\n")
    return "\n".join(f"{KEY}{unwrapped(line[len(KEY) :])}" if line.startswith(KEY) else line for line in lines)
