from __future__ import annotations


def check_clock_change(view, calendars, now, change_of):
    return []
