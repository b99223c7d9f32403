# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One field of a date or a time of day, as people and cron write it, to systemd.time(7), Calendar Events.

It takes lists, ranges with dots or a dash, steps without a start, and ranges over the end of the field.
"""

from __future__ import annotations

import re

_MEMBER = re.compile(r"([0-9]{1,2})(?:(?:\.{2,3}|-)([0-9]{1,2}))?(?:/([0-9]{1,2}))?")


def field(text: str, first: int, last: int) -> str | None:
    """Return the list of a field, with `..` for ranges, a start for each step, and no range over its end."""
    members = [member_of(member, first, last) for member in text.split(",")]
    return None if None in members else ",".join(member for member in members if member)


def member_of(text: str, first: int, last: int) -> str | None:
    """Return one member of a list: `*`, a number, a range or a step (systemd.time(7), Calendar Events)."""
    text = re.sub(r"^\*?/", f"{first:02d}/", text)
    match = _MEMBER.fullmatch(text)
    if text == "*" or not match:
        return text if text == "*" else None
    start, end = int(match.group(1)), int(match.group(2) or last)
    # systemd refuses a step that leads over the end at once.
    possible = match.group(3) is None or 0 < int(match.group(3)) <= end - start
    if not possible or not first <= start <= last or not first <= end <= last:
        return None
    return over_the_end(start, end, first, last) if start > end else re.sub(r"-|\.{2,3}", "..", text)


def over_the_end(start: int, end: int, first: int, last: int) -> str:
    """Return a range that goes over the end of its field, which systemd does not know, as a list."""
    numbers = [*range(start, last + 1), *range(first, end + 1)]
    if len(numbers) <= 6:
        return ",".join(f"{number:02d}" for number in numbers)
    return f"{start:02d}..{last:02d},{first:02d}..{end:02d}"
