# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar expressions of systemd.time(7) in plain English. Pure; no expression is judged valid here.

Words are given only when they say exactly what the expression means; everything else has none.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
ORDINALS = {1: "first", 8: "second", 15: "third", 22: "fourth"}
SHORTHANDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00",
    "biannually": "*-01,07-01 00:00:00",
    "bi-annually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "anually": "*-01-01 00:00:00",  # codespell:ignore (systemd takes it too)
}
SPAN_UNITS = {
    "second": ("s", "sec", "second", "seconds", ""),
    "minute": ("m", "min", "minute", "minutes"),
    "hour": ("h", "hr", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "month": ("M", "month", "months"),
    "year": ("y", "year", "years"),
}
SMALL_WORDS = {"and", "at", "from", "in", "of", "on", "the", "to"}
MOST_TIMES = 12

_DATE = re.compile(r"(?:(?P<year>[0-9*.,/]+)-)?(?P<month>[0-9*.,/]+)(?P<mark>[-~])(?P<day>[0-9*.,/]+)")
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]*(?:/[A-Z][A-Za-z0-9_+-]*)+")
_ITEM = re.compile(r"([0-9]{1,2})(?:\.\.([0-9]{1,2}))?(?:/([0-9]{1,2}))?")

EVERY_DAY = list(range(7))
EVERY_MONTH = list(range(1, 13))
EVERY_DATE = list(range(1, 32))
EVERY_HOUR = list(range(24))
EVERY_SIXTY = list(range(60))


class _NoWordsError(Exception):
    """The expression has no exact words, or is none."""


class _Spec(NamedTuple):
    """An expression taken apart: each field is the ascending list of values that match it."""

    weekdays: list[int]
    year: int | None
    months: list[int]
    dates: list[int]
    from_end: bool
    hours: list[int]
    minutes: list[int]
    seconds: list[int]
    zone: str


def schedule_text(expression: str, clock: int = 24) -> str | None:
    """Return an OnCalendar expression in plain English, or None when it cannot be said exactly.

    clock: 24 or 12 hours. `Mon *-*-* 08:00:00` gives "every Monday at 08:00".
    """
    try:
        spec = _parse(expression)
        words = _sentence(spec, clock)
    except _NoWordsError:
        return None
    return f"{words} {spec.zone}" if spec.zone else words


def describe(schedules: Iterable[str], clock: int = 24, style: Callable[[str], str] = str) -> str:
    """Return all schedules of a job in words, joined; one that has no words stands as itself.

    style: applied to the words, for example title_words.
    """
    words = [(schedule_text(expression, clock), expression) for expression in schedules]
    return " and ".join(style(said) if said else expression for said, expression in words)


def title_words(words: str) -> str:
    """Return words as a title: "every hour at :15" gives "Every Hour at :15"."""
    parts = words.split(" ")
    return " ".join(
        part if number and part in SMALL_WORDS else part[:1].upper() + part[1:] for number, part in enumerate(parts)
    )


def spoken_timespan(span: str) -> str:
    """Return the interval of a repeating timer in words: `15min` gives "every 15 minutes"."""
    words = spoken_span(span)
    return f"every {words[2:] if re.fullmatch('1 [a-z]+', words) else words}"


def spoken_pause(span: str) -> str:
    """Return the time between two runs in words: `20s` gives "20 seconds after each run"."""
    return f"{spoken_span(span)} after each run"


def spoken_starters(starters: Iterable[str]) -> str:
    """Return what starts a job without a timer: "after backup or restore"."""
    names = list(starters)
    return f"after {' or '.join(names)}" if names else "when somebody starts it"


def spoken_span(span: str) -> str:
    """Return a plain time span in words, and any other as it is."""
    match = re.fullmatch(r"([0-9]+) *([A-Za-z]*)", span.strip())
    for name, units in SPAN_UNITS.items():
        if match and match.group(2) in units:
            number = int(match.group(1))
            return f"{number} {name}{'s' * (number != 1)}"
    return span


def _parse(expression: str) -> _Spec:
    """Take an expression apart: [weekdays] [date] [time] [zone], in this order."""
    words = re.split(" +", expression)
    if words[0].lower() in SHORTHANDS:
        words = SHORTHANDS[words[0].lower()].split(" ") + words[1:]
    weekdays, year, months, dates, from_end = EVERY_DAY, None, EVERY_MONTH, EVERY_DATE, False
    time = "00:00:00"
    zone = ""
    given = 0
    if words and words[0][:1].isalpha():
        weekdays = _weekdays(words.pop(0))
        given += 1
    date = _DATE.fullmatch(words[0]) if words else None
    if date:
        year, months, dates, from_end = _date(date)
        words.pop(0)
        given += 1
    if words and ":" in words[0]:
        time = words.pop(0)
        given += 1
    if words and _ZONE.fullmatch(words[0]):
        zone = words.pop(0)
    if words or not given:
        raise _NoWordsError
    hours, minutes, seconds = _time(time)
    return _Spec(weekdays, year, months, dates, from_end, hours, minutes, seconds, zone)


def _weekdays(text: str) -> list[int]:
    """Return `Mon..Wed,Sat` as numbers, Monday is 0."""
    names = {name[:length].lower(): number for number, name in enumerate(DAYS) for length in (3, len(name))}
    found: set[int] = set()
    for item in text.lower().split(","):
        ends = re.split(r"\.\.|-", item)
        if len(ends) > 2 or any(end not in names for end in ends):
            raise _NoWordsError
        first, last = names[ends[0]], names[ends[-1]]
        if first > last:
            raise _NoWordsError
        found.update(range(first, last + 1))
    return sorted(found)


def _date(match: re.Match[str]) -> tuple[int | None, list[int], list[int], bool]:
    """Return year (None: every), months, days, and whether days count from the end of the month."""
    year = match.group("year")
    if year not in (None, "*") and not re.fullmatch("[12][0-9]{3}", year):
        raise _NoWordsError
    from_end = match.group("mark") == "~"
    dates = _values(match.group("day"), EVERY_DATE)
    if from_end and dates != [1]:
        raise _NoWordsError
    return (
        None if year in (None, "*") else int(year),
        _values(match.group("month"), EVERY_MONTH),
        dates,
        from_end,
    )


def _time(text: str) -> tuple[list[int], list[int], list[int]]:
    """Return hours, minutes and seconds of `*:0/15` or `08:00:00`."""
    parts = text.split(":")
    if len(parts) == 2:
        parts.append("0")
    if len(parts) != 3:
        raise _NoWordsError
    return _values(parts[0], EVERY_HOUR), _values(parts[1], EVERY_SIXTY), _values(parts[2], EVERY_SIXTY)


def _values(text: str, every: list[int]) -> list[int]:
    """Return the values that one field matches: `*`, or a list of N, N..M, N/step, N..M/step."""
    if text == "*":
        return every
    found: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if not match:
            raise _NoWordsError
        first, last, step = (int(number) if number else None for number in match.groups())
        if first is None or step == 0:
            raise _NoWordsError
        end = every[-1] if last is None and step else first if last is None else last
        end_given = step or last is not None
        values = list(range(first, end + 1, step or 1))
        if not values or first not in every or end not in every or (end_given and len(values) < 2):
            raise _NoWordsError
        # systemd 247 counts an open step on over the end of the field: 0/7 of 60 goes on from 56 to 3 and misses 0.
        size = 28 if every is EVERY_DATE else len(every)
        if step and last is None and values[-1] + step - size > first:
            raise _NoWordsError
        found.update(values)
    return sorted(found)


def _sentence(spec: _Spec, clock: int) -> str:
    """Join days and times: "every Monday at 08:00", "every 15 minutes, every Monday"."""
    days = _days(spec)
    often = _often(spec, clock)
    if often:
        return often if days == "every day" else f"{often}, {days}"
    times = [
        _clock(hour, minute, spec.seconds[0], clock)
        for hour, minute in itertools.product(spec.hours, spec.minutes)
        if len(spec.seconds) == 1
    ]
    if not 0 < len(times) <= MOST_TIMES:
        raise _NoWordsError
    return f"{days} at {_listed(times)}"


def _days(spec: _Spec) -> str:
    """Return the words for weekdays, months and days of the month."""
    if spec.year is not None:
        return _one_day(spec)
    months = _listed([MONTHS[month - 1] for month in spec.months])
    every_month = spec.months == EVERY_MONTH
    if spec.dates == EVERY_DATE:
        words = "every day" if spec.weekdays == EVERY_DAY else f"every {_runs(spec.weekdays, DAYS)}"
        return words if every_month else f"{words} in {months}"
    of_months = "every month" if every_month else months
    if spec.weekdays != EVERY_DAY:
        return f"on the {_nth_weekday(spec)} of {of_months}"
    return "on the last day of " + of_months if spec.from_end else _dates(spec, of_months)


def _one_day(spec: _Spec) -> str:
    """Return the words for one day of one year."""
    if len(spec.months) > 1 or len(spec.dates) > 1 or spec.from_end or spec.weekdays != EVERY_DAY:
        raise _NoWordsError
    try:
        day = datetime.date(spec.year or 0, spec.months[0], spec.dates[0])
    except ValueError as error:
        raise _NoWordsError from error
    return f"on {day.day} {MONTHS[day.month - 1]} {day.year}"


def _nth_weekday(spec: _Spec) -> str:
    """Return the words for one weekday in one of the first four weeks: "first Monday"."""
    first = spec.dates[0]
    in_one_week = spec.dates == list(range(first, first + 7)) and first in ORDINALS
    if len(spec.weekdays) > 1 or spec.from_end or not in_one_week:
        raise _NoWordsError
    return f"{ORDINALS[first]} {DAYS[spec.weekdays[0]]}"


def _dates(spec: _Spec, of_months: str) -> str:
    """Return the words for days of months; every month must have them, or the words would promise too much."""
    if spec.dates[-1] > min(MONTH_LENGTHS[month - 1] for month in spec.months):
        raise _NoWordsError
    if len(spec.dates) == len(spec.months) == 1:
        return f"every year on {spec.dates[0]} {of_months}"
    if spec.dates == [1]:
        return f"on the first day of {of_months}"
    dates = _runs(spec.dates, [str(date) for date in range(32)])
    return f"on {'day' if len(spec.dates) == 1 else 'days'} {dates} of {of_months}"


def _often(spec: _Spec, clock: int) -> str:
    """Return the words for something that happens over and over in a day, or an empty text."""
    if len(spec.seconds) > 1:
        return _every_seconds(spec)
    if spec.hours == EVERY_HOUR:
        return _every_hour(spec.minutes, spec.seconds[0])
    return _some_hours(spec, clock)


def _every_seconds(spec: _Spec) -> str:
    """Return the words for steps of seconds, all day long."""
    step = _step(spec.seconds, 60)
    if not step or spec.minutes != EVERY_SIXTY or spec.hours != EVERY_HOUR:
        raise _NoWordsError
    return "every second" if step == 1 else f"every {step} seconds"


def _every_hour(minutes: list[int], second: int) -> str:
    """Return the words for these minutes of every hour."""
    if minutes == EVERY_SIXTY and second:
        return f"every minute at second {second}"
    step = 0 if second else _step(minutes, 60)
    if step:
        return _every_minutes(step)
    if minutes == [0] and second == 0:
        return "every hour on the hour"
    if len(minutes) > MOST_TIMES:
        raise _NoWordsError
    return f"every hour at {_listed([_minute(minute, second) for minute in minutes])}"


def _some_hours(spec: _Spec, clock: int) -> str:
    """Return the words for steps of minutes or hours in a part of the day, or an empty text."""
    hours, minutes, second = spec.hours, spec.minutes, spec.seconds[0]
    in_a_row = hours == list(range(hours[0], hours[-1] + 1))
    step = 0 if second else _step(minutes, 60)
    often = ""
    if step and in_a_row:
        often = _every_minutes(step)
    elif len(minutes) == 1 and in_a_row and len(hours) > 3:
        often = "every hour"
    elif len(minutes) == 1 and len(hours) > 4 and _step(hours, 24):
        often = f"every {_step(hours, 24)} hours"
    first, last = (_clock(hours[end], minutes[end], second, clock) for end in (0, -1))
    return f"{often} from {first} to {last}" if often else ""


def _every_minutes(step: int) -> str:
    """Return "every minute" or "every 15 minutes"."""
    return "every minute" if step == 1 else f"every {step} minutes"


def _step(values: list[int], size: int) -> int:
    """Return n when the values are 0, n, 2n ... and n divides the size evenly; else 0."""
    step = values[1] if len(values) > 1 and values[0] == 0 else 0
    return step if step and size % step == 0 and values == list(range(0, size, step)) else 0


def _clock(hour: int, minute: int, second: int, clock: int) -> str:
    """Return a time of day: 20:30, or 08:30 PM."""
    seconds = f":{second:02d}" if second else ""
    if clock == 24:
        return f"{hour:02d}:{minute:02d}{seconds}"
    return f"{hour % 12 or 12:02d}:{minute:02d}{seconds} {'AM' if hour < 12 else 'PM'}"


def _minute(minute: int, second: int) -> str:
    """Return a minute of any hour: `:15`."""
    return f":{minute:02d}:{second:02d}" if second else f":{minute:02d}"


def _runs(values: list[int], names: list[str]) -> str:
    """Return names in words, three or more in a row as a range: "Monday to Friday"."""
    if len(values) > 2 and values == list(range(values[0], values[-1] + 1)):
        return f"{names[values[0]]} to {names[values[-1]]}"
    return _listed([names[value] for value in values])


def _listed(items: list[str]) -> str:
    """Return `a, b and c`."""
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]
