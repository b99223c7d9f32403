# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells a stamp of a timer that an apply has set from one that systemd has set when the timer elapsed; pure.

An apply sets the stamp so that a changed schedule does not run its job at once, and systemd takes it for the last
trigger. No job ran then. So an apply gives it a time without parts of a second: systemd's have microseconds.
"""

from __future__ import annotations

SECOND = 1000000000


def set_by_apply(nanoseconds: int) -> int:
    """Return the time that an apply gives to a stamp: never later, so that no elapse of the next moment is lost."""
    return nanoseconds - nanoseconds % SECOND


def is_set_by_apply(moment: float) -> bool:
    """Tell whether a last trigger (Unix time) is one that an apply has set."""
    return bool(moment) and float(moment).is_integer()


def last_trigger(moment: float) -> float:
    """Return when a timer has elapsed last, 0 where nobody knows."""
    return 0.0 if is_set_by_apply(moment) else moment
