# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program that makes the attempts stands before a job's command in ExecStart=; the proof looks behind it."""

from __future__ import annotations

import re
from typing import Sequence

PYTHON = "/usr/bin/python3"
ATTEMPTS = "attempts.py"
KEY = "ExecStart="
# Between several commands; none of their words holds it (plugin_utils/_declare/check/text.py).
NEXT = "--next--"
SEVERAL = "--several"
_WRAPPED = re.compile(
    rf"{PYTHON} -I (?P<program>\S+/{re.escape(ATTEMPTS)}) (?P<several>{SEVERAL} )?(?P<options>[^;]*?) -- "
    r"(?P<command>.*)",
    re.DOTALL,
)


def wrapped(folder: str, options: str, commands: Sequence[str]) -> str:
    """Return the value of ExecStart= that makes the attempts. `options` are plain words."""
    several = f"{SEVERAL} " if len(commands) > 1 else ""
    return f"{PYTHON} -I {folder}/{ATTEMPTS} {several}{options} -- {f' {NEXT} '.join(commands)}"


def unwrapped(value: str) -> list[str]:
    """Return the job's own commands of a value of ExecStart=, wrapped or not."""
    found = _WRAPPED.fullmatch(value)
    if not found:
        return [value]
    command = found.group("command")
    return command.split(f" {NEXT} ") if found.group("several") else [command]


def options_of(value: str) -> str:
    """Return the options of the program that makes the attempts; an empty text for a value of ExecStart= without it."""
    found = _WRAPPED.fullmatch(value)
    return found.group("options") if found else ""


def with_own_commands(service: str) -> str:
    """Return the text of a service in which each ExecStart= holds a command of the job's own."""
    lines = []
    for line in service.split("\n"):
        lines += [f"{KEY}{one}" for one in unwrapped(line[len(KEY) :])] if line.startswith(KEY) else [line]
    return "\n".join(lines)
