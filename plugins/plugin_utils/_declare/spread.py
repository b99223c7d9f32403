# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves the schedules of a job by a time that is another one on each host, and always the same (systemd.time(7)).

The time of day is moved, exactly, or the expression is refused. Whether it is refused depends on the declaration alone,
never on the host: else a job would be good on one host and bad on the next.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import DAYS, SHORTHANDS

DAY = 86400
WORDS = {"hour": 3600, "day": DAY}
UNITS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hr": 3600, "d": DAY}
SHORT_DAYS = [day[:3] for day in DAYS]

_SPAN = re.compile(r"(?:[0-9]+ *[a-z]+ *)+")
_SPAN_PART = re.compile(r"([0-9]+) *([a-z]+)")
_DATE = re.compile(r"[0-9*.,/]+(?:[-~][0-9*.,/]+){1,2}")
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_WEEKDAYS = re.compile(rf"{_WEEKDAY}(?:(?:,|\.\.|-){_WEEKDAY})*", re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*")
_MEMBER = re.compile(r"([0-9]{1,2})(?:\.\.([0-9]{1,2}))?(?:/([0-9]{1,2}))?")
EVERY_DATE = "*-*-*"


class CannotMove(Exception):
    """Why an expression cannot be moved, and the fix."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


class _Times(NamedTuple):
    """An expression: weekdays, date and zone as written, hours and minutes that match, the second."""

    weekdays: str
    date: str
    hours: list[int]
    minutes: list[int]
    second: int
    zone: str


def seconds_of(spread: str) -> int | None:
    """Return how far a spread reaches, in seconds; None for what is none."""
    if spread in WORDS:
        return WORDS[spread]
    if not _SPAN.fullmatch(spread):
        return None
    parts = _SPAN_PART.findall(spread)
    if any(unit not in UNITS for _number, unit in parts):
        return None
    found = sum(int(number) * UNITS[unit] for number, unit in parts)
    return found if 1 < found <= DAY else None


def span_of(seconds: int) -> str:
    """Return seconds as a time span: `17min 23s`."""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def offset_of(host: str, job: str, reach: int) -> int:
    """Return by how many seconds a job is moved on a host: less than `reach`, spread evenly."""
    digest = hashlib.sha256(f"{host}\0{job}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % reach


def spread_jobs(jobs: Iterable[dict[str, Any]], host: str) -> list[Finding]:
    """Move the schedules of the jobs with a `spread`, and note by how much; return what cannot be moved."""
    findings = []
    for job in jobs:
        job["spread_offset"] = None
        reach = seconds_of(job["spread"]) if job["spread"] else None
        if reach is None or not job["schedule"] or job["state"] == "absent":
            continue
        job["spread_offset"] = offset_of(host, job["name"], reach)
        moved = []
        for expression in job["schedule"]:
            try:
                moved += move(expression, job["spread_offset"], reach)
            except CannotMove as error:
                reason = f"cannot be spread: {error.reason}"
                findings.append(Finding(job["name"], "schedule", expression, reason, error.fix, "invalid-value"))
                moved.append(expression)
        job["schedule"] = moved
    return findings


def move(expression: str, offset: int, reach: int) -> list[str]:
    """Return the expressions that elapse just `offset` seconds after the given one. Raises CannotMove."""
    times = _taken_apart(expression)
    moments = [hour * 3600 + minute * 60 + times.second for hour in times.hours for minute in times.minutes]
    if times.date == EVERY_DATE and not times.weekdays:
        return _written(times, "", [(moment + offset) % DAY for moment in moments])
    if times.date == EVERY_DATE:
        same = [moment + offset for moment in moments if moment + offset < DAY]
        following = [moment + offset - DAY for moment in moments if moment + offset >= DAY]
        return _written(times, times.weekdays, same) + _written(times, _following(times.weekdays), following)
    if moments[-1] + reach > DAY:
        latest = max(DAY - reach, 0)
        fix = f"write a time up to {latest // 3600:02d}:{latest // 60 % 60:02d}, or a shorter spread"
        raise CannotMove("it could leave its date", fix)
    return _written(times, times.weekdays, [moment + offset for moment in moments])


def _taken_apart(expression: str) -> _Times:
    words = expression.split()
    if words and words[0].lower() in SHORTHANDS:
        words = SHORTHANDS[words[0].lower()].split() + words[1:]
    weekdays = words.pop(0) if words and _WEEKDAYS.fullmatch(words[0]) else ""
    date = words.pop(0) if words and _DATE.fullmatch(words[0]) else ""
    time = words.pop(0) if words and ":" in words[0] else ""
    zone = words.pop(0) if words and _ZONE.fullmatch(words[0]) else ""
    if words or not (weekdays or date or time):
        raise _unclear()
    parts = [*(time or "00:00:00").split(":"), "0"][:3]
    if len(parts) != 3 or time.count(":") > 2:
        raise _unclear()
    hours, minutes, seconds = _values(parts[0], 24), _values(parts[1], 60), _values(parts[2], 60)
    if len(seconds) > 1:
        raise CannotMove("it elapses more than once in a minute", "take `spread` out, this job is spread already")
    return _Times(weekdays, _plain_date(date), hours, minutes, seconds[0], zone)


def _plain_date(date: str) -> str:
    """Return a date with all three parts, `*-*-*` for every day however it is written."""
    return f"*-{date}" if date and len(re.findall("[-~]", date)) == 1 else date or EVERY_DATE


def _unclear() -> CannotMove:
    return CannotMove("its form is not understood", "write it like `Mon *-*-* 08:00:00`")


def _values(text: str, size: int) -> list[int]:
    """Return what one part of a time of day matches, ascending."""
    if text == "*":
        return list(range(size))
    found: set[int] = set()
    for member in text.split(","):
        match = _MEMBER.fullmatch(member)
        if not match:
            raise _unclear()
        first, last, step = (int(number) if number else None for number in match.groups())
        end = last if last is not None else size - 1 if step else first
        values = range(first or 0, (end or 0) + 1, step or 1) if step != 0 else range(0)
        if not values or values[-1] >= size:
            raise _unclear()
        found.update(values)
    return sorted(found)


def _following(weekdays: str) -> str:
    """Return the days after these days of the week."""
    found: set[int] = set()
    for member in weekdays.split(","):
        first, _dots, last = member.replace("..", "-").partition("-")
        start = SHORT_DAYS.index(first[:3].title())
        end = SHORT_DAYS.index((last or first)[:3].title())
        if start > end:
            raise _unclear()
        found.update((day + 1) % 7 for day in range(start, end + 1))
    return ",".join(SHORT_DAYS[day] for day in sorted(found))


def _written(times: _Times, weekdays: str, moments: Sequence[int]) -> list[str]:
    """Return expressions for moments of a day, all at the same second; hours with the same minutes share one."""
    minutes: dict[int, list[int]] = {}
    for moment in sorted(moments):
        minutes.setdefault(moment // 3600, []).append(moment // 60 % 60)
    hours: dict[tuple[int, ...], list[int]] = {}
    for hour, found in minutes.items():
        hours.setdefault(tuple(found), []).append(hour)
    ends = [weekdays, times.date, times.zone]
    return [
        " ".join(
            part for part in (*ends[:2], f"{_list(of, 24)}:{_list(at, 60)}:{moments[0] % 60:02d}", ends[2]) if part
        )
        for at, of in hours.items()
    ]


def _list(values: Sequence[int], size: int) -> str:
    """Return ascending numbers as a list with ranges, or `*` for all."""
    if len(values) == size:
        return "*"
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    members = []
    for run in runs:
        members += [f"{run[0]:02d}..{run[-1]:02d}"] if len(run) > 2 else [f"{value:02d}" for value in run]
    return ",".join(members)
