# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the clocks of a time zone change next, asked of the C library: Python 3.8 has no zoneinfo, minimal ones neither.

systemd asks the same library with the same names (systemd.time(7)), so both see the same clocks.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import Iterator, NamedTuple

DAY = 86400
# One year has both changes; a few zones suspend theirs for Ramadan, which wanders by eleven days.
HORIZON_DAYS = 400


class ClockChange(NamedTuple):
    """A change of the offset to UTC. at: Unix seconds of its first moment; before, after: offsets in seconds."""

    at: int
    before: int
    after: int


@contextmanager
def clock_of(zone: str) -> Iterator[None]:
    """Let this process live in a zone for a while; an empty text is the zone of the host (tzset(3))."""
    outside = os.environ.pop("TZ", None)
    try:
        if zone:
            os.environ["TZ"] = f":{zone}"
        time.tzset()
        yield
    finally:
        os.environ.pop("TZ", None)
        if outside is not None:
            os.environ["TZ"] = outside
        time.tzset()


def offset_at(moment: int) -> int:
    """Return the offset to UTC in seconds in the zone of this process."""
    return time.localtime(moment).tm_gmtoff


def next_change(zone: str, now: float) -> ClockChange | None:
    """Return the next change of the offset to UTC within 400 days; None without one.

    The C library takes an unknown zone for UTC, which has none.
    """
    if "\0" in zone:
        return None
    with clock_of(zone):
        start = int(now)
        before = offset_at(start)
        for early in range(start, start + HORIZON_DAYS * DAY, DAY):
            if offset_at(early + DAY) != before:
                at = first_other(early, early + DAY, before)
                return ClockChange(at, before, offset_at(at))
    return None


def first_other(early: int, late: int, offset: int) -> int:
    """Return the first moment that has not this offset any more: early still has it, late has not (bisection)."""
    while late - early > 1:
        middle = (early + late) // 2
        if offset_at(middle) == offset:
            early = middle
        else:
            late = middle
    return late
