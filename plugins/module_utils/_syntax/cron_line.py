# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a line of cron runs its job, as an expression for OnCalendar: the time of crontab(5) to that of systemd.time(7).

`calendar_of_cron()` never changes when the job runs: what one expression cannot say is None. @reboot has no time.
"""

from __future__ import annotations

import re
from typing import Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_field import member_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import WEEKDAYS

# Words of crontab(5), EXTENSIONS; its week starts on Sunday, that of systemd on Monday. @reboot has no time.
MACROS = {
    "@hourly": "hourly",
    "@daily": "daily",
    "@midnight": "daily",
    "@weekly": "Sun *-*-* 00:00:00",
    "@monthly": "monthly",
    "@yearly": "yearly",
    "@annually": "yearly",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTHS, start=1)}
_WEEKDAY_NUMBERS = {day.lower(): (number + 1) % 7 for number, day in enumerate(WEEKDAYS)}
_BLANKS = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"[0-9]{1,2}")
_STEP = re.compile(r"\*/([0-9]{1,2})")
_RANGE = re.compile(r"(\w+)-(\w+)(?:/([0-9]{1,2}))?")


def calendar_of_cron(schedule: str) -> str | None:
    """Return a macro or the five fields of crontab(5) as one expression; None if they are none, or need two of them."""
    if schedule in MACROS:
        return MACROS[schedule]
    fields = _BLANKS.split(schedule.strip(" \t").lower())
    # If neither field of the days starts with a star, cron runs the job on the days of either.
    if len(fields) != 5 or not (fields[2].startswith("*") or fields[4].startswith("*")):
        return None
    minutes, hours = cron_field(fields[0], 0, 59), cron_field(fields[1], 0, 23)
    days, month = cron_field(fields[2], 1, 31), cron_field(fields[3], 1, 12, _MONTH_NUMBERS)
    weekdays = cron_weekdays(fields[4])
    if minutes is None or hours is None or days is None or month is None or weekdays is None:
        return None
    if (weekdays, month, days, hours) == ("", "*", "*", "*"):
        return f"*:{minutes}"
    return f"{weekdays} *-{month}-{days} {hours}:{minutes}:00".lstrip()


def cron_field(text: str, first: int, last: int, names: Mapping[str, int] | None = None) -> str | None:
    """Return one field of crontab(5) in the notation of systemd.time(7)."""
    members = [cron_member(member, first, last, names or {}) for member in text.split(",")]
    if None in members or ("*" in members and len(members) > 1):
        return None
    return ",".join(member for member in members if member)


def cron_member(text: str, first: int, last: int, names: Mapping[str, int]) -> str | None:
    """Return one member of a field of cron: `*`, `*/n`, a number or a name, `a-b` or `a-b/n`, but not `a/n`."""
    if text in ("*", "*/1"):
        return "*"
    if text.startswith("*"):
        return member_of(text, first, last)
    start, dash, rest = text.partition("-")
    end, slash, step = rest.partition("/")
    numbers = [cron_number(number, names) for number in ((start, end) if dash else (start,))]
    if any(number is None or not first <= number <= last for number in numbers):
        return None
    shown = [f"{number:02d}" for number in numbers]
    if len(shown) == 1 or shown[0] >= shown[1]:
        return shown[0] if len(shown) == 1 else None
    return member_of(f"{shown[0]}..{shown[1]}{slash}{step}", first, last)


def cron_number(text: str, names: Mapping[str, int]) -> int | None:
    """Return a number of cron, or that of a name."""
    return int(text) if _NUMBER.fullmatch(text) else names.get(text)


def cron_weekdays(text: str) -> str | None:
    """Return the weekdays of cron, 0 and 7 are Sunday; empty for all of them."""
    found: set[int] = set()
    for member in text.split(","):
        match = _RANGE.fullmatch(member)
        start, end, step = match.groups() if match else (member, member, None)
        if member == "*" or _STEP.fullmatch(member):
            start, end, step = "0", "6", member[2:]
        first, last = cron_number(start, _WEEKDAY_NUMBERS), cron_number(end, _WEEKDAY_NUMBERS)
        if last == 0 and first:
            last = 7
        if first is None or last is None or not first <= last <= 7 or not int(step or 1):
            return None
        found.update((number - 1) % 7 for number in range(first, last + 1, int(step or 1)))
    return "" if len(found) == 7 else runs(sorted(found))


def runs(numbers: list[int]) -> str:
    """Return weekdays as a list, three or more in a row as a range."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    shown = []
    for part in parts:
        names = [WEEKDAYS[number] for number in part]
        shown += names if len(names) < 3 else [f"{names[0]}..{names[-1]}"]
    return ",".join(shown)
