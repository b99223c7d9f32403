# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes values so that systemd reads back the same (systemd.syntax(7), systemd.service(5), systemd.exec(5))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SAFE_WORD = re.compile(r"[A-Za-z0-9_@+=:,./-]+")


def plain(value: Any) -> str:
    """Return a value that takes the rest of its line (Description=, WorkingDirectory=, User=): no specifiers."""
    return str(value).replace("%", "%%")


def _escaped(value: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found.group()):02x}", text)


def word(value: Any) -> str:
    """Return one argument of a command line: neither split, nor expanded."""
    text = str(value)
    if _SAFE_WORD.fullmatch(text):
        return text
    return '"' + _escaped(text).replace("$", "$$") + '"'


def program(value: Any) -> str:
    """Return the first word of a command line; systemd does not expand `$` there, so it is not doubled."""
    text = str(value)
    return text if _SAFE_WORD.fullmatch(text) else f'"{_escaped(text)}"'


def command(value: Any) -> str:
    """Return what follows `ExecStart=`: a list as exact arguments, a text as it is, in systemd's own syntax."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join([program(value[0]), *(word(argument) for argument in value[1:])])
    return str(value)


def path(value: Any) -> str:
    """Return one path of a directive that takes several, separated by white space (ReadWritePaths=)."""
    text = str(value)
    return text if _SAFE_WORD.fullmatch(text) else f'"{_escaped(text)}"'


def assignment(name: str, value: Any) -> str:
    """Return what follows `Environment=` for one variable. systemd does not expand `$` there."""
    return f'"{name}={_escaped(str(value))}"'


FILTERS = {"plain": plain, "word": word, "command": command}
