# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file of EnvironmentFile= as systemd does (systemd.exec(5), EnvironmentFile=); pure."""

from __future__ import annotations

import re
from typing import NamedTuple

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLANKS = " \t\r"
# What a backslash protects between double quotes; before anything else it is one.
_ESCAPED = '"\\`$'


class Variable(NamedTuple):
    """An assignment: the line on which it begins, what stands before the `=`, what after it.

    value is None where there is no `=`: systemd leaves such a line out.
    """

    line: int
    name: str
    value: str | None

    @property
    def is_valid(self) -> bool:
        """Tell whether systemd takes it (environ(7))."""
        return self.value is not None and bool(NAME.fullmatch(self.name))


def parse_environment_file(text: str) -> list[Variable]:
    """Return all assignments of a file, those that systemd leaves out, too.

    Nothing is a shell here: no `export`, no variable is replaced. A value ends with its line, unless quotes or a
    backslash carry it on.
    """
    found: list[Variable] = []
    position = 0
    after_open_comment = False
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = 1 + text.count("\n", 0, position)
        written = text[position:end].strip(_BLANKS)
        name, equals, _value_of_line = written.partition("=")
        is_comment = written.startswith(("#", ";"))
        next_line = end + 1
        if equals and not is_comment:
            value, next_line = _value(text, text.index("=", position) + 1)
            variable = Variable(line, name.strip(_BLANKS), value)
        else:
            variable = Variable(line, written, None)
        # Up to some version a backslash carried a comment on (252), later it does not (257).
        if written and not is_comment and (variable.is_valid or not after_open_comment):
            found.append(variable)
        after_open_comment = written.endswith("\\") and (is_comment or (after_open_comment and not variable.is_valid))
        position = next_line
    return found


def _value(text: str, position: int) -> tuple[str, int]:
    """Return the value that begins at a position, and where the next line begins."""
    value, quote = "", ""
    # Quotes count at the beginning and after others, blanks only within a value.
    at_start, kept = True, 0
    while position < len(text):
        char = text[position]
        position += 1
        if quote:
            if char == quote:
                quote, at_start, kept = "", True, len(value)
            elif char == "\\" and quote == '"':
                value += _between_quotes(text[position : position + 1])
                position += 1
            else:
                value += char
        elif char == "\n":
            break
        elif char == "\\":
            value += text[position : position + 1].replace("\n", "")
            position += 1
            at_start, kept = False, len(value)
        elif at_start and char in "'\"":
            quote = char
        elif not at_start or char not in _BLANKS:
            value += char
            at_start = False
    return value[:kept] + value[kept:].rstrip(_BLANKS), position


def _between_quotes(escaped: str) -> str:
    """Return what a backslash and the character after it mean between double quotes."""
    if escaped == "\n":
        return ""
    return escaped if escaped and escaped in _ESCAPED else f"\\{escaped}"
