# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The weekdays and the date of a calendar expression, fixed (systemd.time(7), Calendar Events)."""

from __future__ import annotations

import datetime
import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.spelling import meant, one_slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_field import field
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import WEEKDAYS

FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Names that are slips, or of another language; a slip from these and from the right ones is found.
OTHER_DAYS = {
    **dict(zip(FULL_NAMES, WEEKDAYS)),
    "weds": "Wed",
    "wensday": "Wed",  # codespell:ignore
    "montag": "Mon",
    "dienstag": "Tue",
    "mittwoch": "Wed",
    "donnerstag": "Thu",
    "freitag": "Fri",
    "samstag": "Sat",
    "sonntag": "Sun",
}
DAY_WORDS = {
    "daily": "",
    "everyday": "",
    "weekday": "Mon..Fri",
    "weekdays": "Mon..Fri",
    "workday": "Mon..Fri",
    "workdays": "Mon..Fri",
    "weekend": "Sat,Sun",
    "weekends": "Sat,Sun",
}
_DATE = re.compile(r"(?:(\*|[\d.,/]+)-)?([^-~]+)([-~])([^-~]+)")
_DAYS_WITH_DASH = re.compile(r"\*-\*-(\d{1,2})-(\d{1,2})")
_YEAR_FIRST = re.compile(r"(\d{4})([./])(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")


def weekday(name: str) -> str | None:
    """Return the name of a weekday, from Mon or Monday itself, its beginning, its plural or a slip."""
    if name in FULL_NAMES or name.capitalize() in WEEKDAYS:
        return name.capitalize()
    swapped = [day for day in WEEKDAYS if sorted(name) == sorted(day.lower()) and one_slip(name, day.lower())]
    begun = [day for day, right in zip(WEEKDAYS, FULL_NAMES) if len(name) > 1 and f"{right}s".startswith(name)]
    return (swapped + begun)[0] if swapped or begun else meant(name, OTHER_DAYS)


def days_of(word: str) -> str | None:
    """Return weekdays, an empty text for every day; a range over Sunday becomes a list."""
    simple = meant(word, DAY_WORDS)
    if simple is not None:
        return simple
    members = []
    for member in word.strip(",").split(","):
        names = [weekday(name) for name in member.rstrip(".").split("..")]
        if len(names) > 2 or not all(names):
            return None
        numbers = [WEEKDAYS.index(name[:3]) for name in names if name]
        if numbers[0] > numbers[-1]:
            members += [*WEEKDAYS[numbers[0] :], *WEEKDAYS[: numbers[-1] + 1]]
        else:
            members.append("..".join(name for name in names if name))
    return ",".join(dict.fromkeys(members))


def is_date(word: str) -> bool:
    """Tell whether a word without a colon is a date rather than a time."""
    return bool(_YEAR_LAST.fullmatch(word) or _YEAR_FIRST.fullmatch(word) or re.search("[-~]", word))


def date_of(word: str) -> str | None:
    """Return a date as year-month-day; one with the year last only if the day can be told from the month."""
    match = _YEAR_FIRST.fullmatch(word)
    if match:
        return real_date(int(match.group(1)), int(match.group(3)), int(match.group(4)))
    match = _YEAR_LAST.fullmatch(word)
    if match:
        month, day = sorted((int(match.group(1)), int(match.group(3))))
        return real_date(int(match.group(4)), month, day) if day > 12 or day == month else None
    match = _DATE.fullmatch(_DAYS_WITH_DASH.sub(r"*-*-\1..\2", word))
    if not match:
        return None
    year, month_text, dash, day_text = match.groups()
    month_field, day_field = field(month_text, 1, 12), field(day_text, 1, 31)
    if month_field is None or day_field is None:
        return None
    return f"{year}-{month_field}{dash}{day_field}" if year else f"{month_field}{dash}{day_field}"


def real_date(year: int, month: int, day: int) -> str | None:
    """Return a date if the calendar has it."""
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None
