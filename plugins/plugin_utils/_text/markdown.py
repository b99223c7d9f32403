# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes texts into Markdown (CommonMark, with the tables of GitHub) so that they are shown as they are; pure."""

from __future__ import annotations

import re

TICKS = "`"
# Entities where not every renderer knows the backslash before the character.
_SPECIAL = {
    **{character: f"\\{character}" for character in "\\`*_[]|#"},
    **{character: f"&#{ord(character)};" for character in "~$"},
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
}
_BLANKS = re.compile(r"\s+")
# What begins a list where it begins a line.
_LIST = re.compile(r"^(?:([+-])|(\d+)([.)]))(?=\s|$)")


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in _BLANKS.sub(" ", text)).strip()


def plain(text: str) -> str:
    """Return a text for a line or a cell: nothing in it is markup."""
    escaped = "".join(_SPECIAL.get(one, one) for one in one_line(text))
    return _LIST.sub(lambda found: f"{found.group(2) or ''}\\{found.group(1) or found.group(3)}", escaped)


def longest_run(text: str) -> int:
    """Return how many backticks stand in a row at most."""
    return max(map(len, re.findall(f"{TICKS}+", text)), default=0)


def code(text: str) -> str:
    """Return a text as code within a line."""
    line = one_line(text)
    if not line:
        return ""
    ticks = TICKS * (longest_run(line) + 1)
    # Blanks at both ends are taken off again (CommonMark, Code spans).
    pad = " " if line[0] == TICKS or line[-1] == TICKS else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def code_cell(text: str) -> str:
    """Return a text as code within a cell of a table, where a bar needs a backslash even within code."""
    return code(text).replace("|", "\\|")


def block(text: str, language: str = "") -> str:
    """Return a text of several lines as a block of code."""
    fence = TICKS * max(3, longest_run(text) + 1)
    body = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{fence}{language}\n{body}{fence}"
