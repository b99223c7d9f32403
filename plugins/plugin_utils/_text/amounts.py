# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and amounts as people read them in a narrow column; pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

GOOD, BAD, DOUBTFUL, PLAIN = "good", "bad", "doubtful", ""


class Shown(NamedTuple):
    """A line that is printed; `mood` decides its colour on a terminal."""

    text: str
    mood: str = PLAIN


def span_words(seconds: float | None) -> str:
    """Return `13 ms`, `1.3 s`, `12 s`, `35 min`, `5 h`, `3 d`."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def whole_words(seconds: float) -> str:
    """Return the same without parts of a second."""
    return span_words(round(seconds)).replace(".0 s", " s")


def relative(moment: str | None, now: str) -> str:
    """Return how long ago a moment was, or how far ahead it lies: `2 h ago`, `in 5 min`."""
    if not moment:
        return "-"
    seconds = (datetime.fromisoformat(moment) - datetime.fromisoformat(now)).total_seconds()
    if abs(seconds) < 1:
        return "now"
    words = whole_words(abs(seconds))
    return f"in {words}" if seconds > 0 else f"{words} ago"


def clock(moment: str | None) -> str:
    """Return a moment without the T: `2027-02-01 08:00:00+01:00`."""
    return (moment or "-").replace("T", " ")


def size_words(number: int | None) -> str:
    """Return `512 B`, `1.5 MiB`."""
    if number is None:
        return "-"
    size = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError
