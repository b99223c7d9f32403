# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a text harmless for the terminal that shows it; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

# Controls (escape sequences begin with one), formats (they turn the direction of writing), halves of characters (bytes
# that are no UTF-8), ends of lines and paragraphs.
STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str) -> str:
    """Return a text as one line without what would steer the terminal; that is shown as its escape."""
    if text.isprintable():
        return text
    return "".join(escaped(one) if one != "\t" and unicodedata.category(one) in STEERING else one for one in text)


def escaped(character: str) -> str:
    """Return a character as Python writes it in a text: `\\x1b`, `\\u202e`."""
    return character.encode("unicode_escape").decode("ascii")


def printable_diff(difference: Any) -> Any:
    """Return a diff as modules return it, with harmless lines."""
    if not isinstance(difference, Mapping):
        return difference
    return {
        key: "\n".join(printable_lines(text)) if isinstance(text, str) else text for key, text in difference.items()
    }


def printable_lines(text: str) -> list[str]:
    """Return the lines of a message; only a line feed ends one."""
    return [printable(line) for line in text.split("\n")]
