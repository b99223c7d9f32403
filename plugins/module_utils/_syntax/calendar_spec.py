# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normalized form of a calendar expression, as systemd-analyze(1) prints it, taken apart (systemd.time(7)).

What a checker has to know of a schedule without asking systemd again: which days, which times, how far apart.
All of it is wall-clock time. What is not understood is None, and then nobody claims anything.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import re
from typing import NamedTuple, Sequence

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_WEEKDAY = frozenset(range(7))
YEARS = range(1970, 2200)  # MIN_YEAR and MAX_YEAR of systemd's calendarspec.c
MONTHS = range(1, 13)
HOURS = range(24)
SIXTY = range(60)
SECOND = 1_000_000  # seconds may have a fraction, so they are counted in microseconds
DAY = 86400 * SECOND
# A step of microseconds has millions of values; nobody needs them, and a thousand such jobs would cost memory.
MOST_VALUES = 10_000
# Leap days are at most eight years apart.
HORIZON_YEARS = 9
LAST_OF_TILDE = 28  # systemd refuses ~29

_FORM = re.compile(
    r"(?:(?P<weekdays>[A-Z][a-z]{2}[A-Za-z.,]*) )?"
    r"(?P<years>[^\s~-]+)-(?P<months>[^\s~-]+)(?P<days>[-~][^\s~-]+) "
    r"(?P<hours>[^\s:]+):(?P<minutes>[^\s:]+):(?P<seconds>[^\s:]+)"
    r"(?: (?P<zone>[A-Za-z0-9_+/-]+))?"
)
_PART = re.compile(r"(\d+(?:\.\d{6})?)(?:\.\.(\d+(?:\.\d{6})?))?(?:/(\d+(?:\.\d{6})?))?")


class Part(NamedTuple):
    """One member of a list: `first..last/step`; last is None for an open end, step 0 for a single value."""

    first: int
    last: int | None
    step: int

    def values(self, end: int) -> range:
        """Return the values up to and with `end`."""
        last = self.last if self.last is not None else end if self.step else self.first
        return range(self.first, min(last, end) + 1, self.step or 1)


class Dates(NamedTuple):
    """The days of a schedule. days: as written, with the `-` or `~` before them."""

    weekdays: frozenset[int]
    years: Sequence[int]
    months: Sequence[int]
    days: str

    def matches(self, date: datetime.date) -> bool:
        """Tell whether the schedule has this day."""
        return (
            date.weekday() in self.weekdays
            and date.year in self.years
            and date.month in self.months
            and date.day in self.days_of(date.year, date.month)
        )

    def days_of(self, year: int, month: int) -> tuple[int, ...]:
        """Return the days of a month, whatever their weekday."""
        return days_of_month(self.days, calendar.monthrange(year, month)[1]) or ()

    @property
    def every_day(self) -> bool:
        """Tell whether it is every day."""
        return self == EVERY_DAY


EVERY_DAY = Dates(EVERY_WEEKDAY, YEARS, MONTHS, "-*")


class CalendarSpec(NamedTuple):
    """A calendar expression. All lists ascend; seconds are in microseconds; zone is empty for that of the host.

    open_hours: whether the hours hold a step without an end, such as `00/2`.
    """

    dates: Dates
    hours: Sequence[int]
    minutes: Sequence[int]
    seconds: Sequence[int]
    zone: str
    open_hours: bool = False

    def matches_date(self, date: datetime.date) -> bool:
        """Tell whether it elapses on this day, clock changes aside."""
        return self.dates.matches(date)

    @property
    def every_hour(self) -> bool:
        """Tell whether it elapses in each hour of its days."""
        return len(self.hours) == len(HOURS)

    def times(self, first_hour: int = 0, last_hour: int = 23) -> list[datetime.time]:
        """Return the times of a day, or those in some of its hours; the time within the second is left out."""
        seconds = sorted({second // SECOND for second in self.seconds})
        return [
            datetime.time(hour, minute, second)
            for hour in self.hours
            if first_hour <= hour <= last_hour
            for minute in self.minutes
            for second in seconds
        ]

    def between(self, start: datetime.datetime, end: datetime.datetime) -> list[datetime.datetime]:
        """Return its wall-clock moments from start on and before end, clock changes aside."""
        found = []
        for number in range((end.date() - start.date()).days + 1):
            date = start.date() + datetime.timedelta(number)
            if self.matches_date(date):
                first = start.hour if date == start.date() else 0
                last = end.hour if date == end.date() else 23
                found += [datetime.datetime.combine(date, time) for time in self.times(first, last)]
        return [moment for moment in found if start <= moment < end]


@functools.lru_cache(maxsize=4096)
def parse_normalized(text: str) -> CalendarSpec | None:
    """Return the parts of `[Dow] YYYY-MM-DD HH:MM:SS [ZONE]` (systemd.time(7), Calendar Events), or None."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    weekdays = weekdays_of(match.group("weekdays"))
    years = values(match.group("years"), YEARS)
    months = values(match.group("months"), MONTHS)
    days = match.group("days")
    hours = values(match.group("hours"), HOURS)
    minutes = values(match.group("minutes"), SIXTY)
    seconds = seconds_of(match.group("seconds"))
    if not (weekdays and years and months and days_of_month(days, 31) and hours and minutes and seconds):
        return None
    dates = Dates(weekdays, years, months, days)
    return CalendarSpec(dates, hours, minutes, seconds, match.group("zone") or "", has_open_step(match.group("hours")))


def has_open_step(text: str) -> bool:
    """Tell whether a member of the list is a step without an end."""
    return any("/" in member and ".." not in member for member in text.split(","))


def parts(text: str, scale: int = 1) -> list[Part] | None:
    """Return the members of a comma-separated list, or None; a range has the step 1 unless it names another."""
    found = []
    for member in text.split(","):
        match = _PART.fullmatch(member)
        if match is None or (scale == 1 and "." in member.replace("..", "")):
            return None
        first, last, step = (None if one is None else round(float(one) * scale) for one in match.groups())
        if first is None or step == 0:
            return None
        found.append(Part(first, last, step or (0 if last is None else scale)))
    return found


@functools.lru_cache(maxsize=4096)
def values(text: str, bounds: range) -> Sequence[int] | None:
    """Return the values of years, months, hours or minutes in ascending order, or None when some are out of bounds."""
    if text == "*":
        return bounds
    members = parts(text)
    if members is None or any(one not in bounds for part in members for one in (part.first, part.last or part.first)):
        return None
    return tuple(sorted({value for part in members for value in part.values(bounds[-1])}))


@functools.lru_cache(maxsize=4096)
def seconds_of(text: str) -> Sequence[int] | None:
    """Return the seconds in microseconds; a star is each whole second."""
    members = parts("00/1" if text == "*" else text, SECOND)
    if members is None:
        return None
    ranges = [part.values(60 * SECOND - 1) for part in members]
    if not all(ranges) or sum(len(one) for one in ranges) > MOST_VALUES:
        return None
    return tuple(sorted(set().union(*ranges)))


@functools.lru_cache(maxsize=4096)
def days_of_month(text: str, length: int) -> tuple[int, ...] | None:
    """Return the days of a month of this length; `~` counts from its end, `~01` is its last day (systemd.time(7))."""
    if text[1:] == "*":
        return tuple(range(1, length + 1)) if text[0] == "-" else None
    from_end = text[0] == "~"
    highest = LAST_OF_TILDE if from_end else 31
    members = parts(text[1:])
    if members is None or any(
        not 1 <= one <= highest for part in members for one in (part.first, part.last or part.first)
    ):
        return None
    if from_end:
        members = [counted_back(part, length) for part in members]
    return tuple(sorted({day for part in members for day in part.values(length)}))


def counted_back(part: Part, length: int) -> Part:
    """Return a member of a `~` list as days from the start: the steps go forward, from the earlier day on."""
    first = length + 1 - part.first
    if part.last is None:
        return Part(first, None, part.step)
    return Part(length + 1 - part.last, first, part.step)


@functools.lru_cache(maxsize=256)
def weekdays_of(text: str | None) -> frozenset[int] | None:
    """Return the weekdays of `Mon,Wed..Fri`, Monday being 0; all of them without a text."""
    if text is None:
        return EVERY_WEEKDAY
    found: set[int] = set()
    for member in text.split(","):
        names = member.split("..")
        if len(names) > 2 or any(name not in WEEKDAYS for name in names):
            return None
        found.update(range(WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1]) + 1))
    return frozenset(found)


def smallest_gap(ascending: Sequence[int]) -> int | None:
    """Return the smallest difference of two neighbours."""
    return min((later - earlier for earlier, later in zip(ascending, ascending[1:])), default=None)


@functools.lru_cache(maxsize=1024)
def days_apart(dates: Dates, today: datetime.date) -> int | None:
    """Return the smallest number of days from one to the next; None for at most one in the years ahead."""
    if dates.every_day:
        return 1
    smallest = None
    earlier = None
    for year in range(today.year, today.year + HORIZON_YEARS):
        for month in dates.months if year in dates.years else ():
            start = datetime.date(year, month, 1).toordinal() - 1
            for day in dates.days_of(year, month):
                number = start + day  # day 1 of datetime was a Monday
                if (number - 1) % 7 not in dates.weekdays or number < today.toordinal():
                    continue
                if earlier is not None and (smallest is None or number - earlier < smallest):
                    smallest = number - earlier
                    if smallest == 1:
                        return 1
                earlier = number
    return smallest


def shortest_interval(spec: CalendarSpec, today: datetime.date) -> float | None:
    """Return the shortest wall-clock time between two elapses in seconds; None when there is none in the years ahead.

    Only neighbours count: the next second of a minute, else the next minute, else the next hour, else the next day.
    """
    seconds, minutes, hours = spec.seconds, spec.minutes, spec.hours
    within_minute = seconds[-1] - seconds[0]
    within_hour = (minutes[-1] - minutes[0]) * 60 * SECOND + within_minute
    within_day = (hours[-1] - hours[0]) * 3600 * SECOND + within_hour
    second, minute, hour = smallest_gap(seconds), smallest_gap(minutes), smallest_gap(hours)
    day = days_apart(spec.dates, today)
    found = [
        second,
        minute and minute * 60 * SECOND - within_minute,
        hour and hour * 3600 * SECOND - within_hour,
        day and day * DAY - within_day,
    ]
    shortest = min((gap for gap in found if gap is not None), default=None)
    return None if shortest is None else shortest / SECOND
