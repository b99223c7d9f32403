# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of what the next clock change does to a schedule in local time (systemd.time(7), Calendar Events).

Measured with systemd 252 and 257, and captured of 247 and 262 too: a time that the clocks jump over does not elapse
that day, and one that comes twice elapses at the first.

Measured with 252 and 257 only: it elapses at the second when systemd looks for the next elapse in between, as it does
after a boot or after a run that jitter delayed. And a step of hours without an end, such as 00/2, breaks when the
clocks jump over midnight: once the last run of the day before is over, systemd finds no further one ("Resource deadlock
avoided"), and the timer stays elapsed (timer_enter_waiting() of systemd's timer.c; read, not measured).
"""

from __future__ import annotations

import datetime
from typing import Callable, NamedTuple, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import (
    CalendarSpec,
    parse_normalized,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.clock_change import ClockChange

EPOCH = datetime.datetime(1970, 1, 1)
MOST_TIMES = 3
STOPS = "where systemd loses a schedule with an open step of hours: the timer would stop for good"
END_THE_STEP = "give the step an end, as in 00..23/2"


class Window(NamedTuple):
    """The local times that a clock change leaves out, or lets come twice: from start on and before end."""

    start: datetime.datetime
    end: datetime.datetime
    skipped: bool


def check_clock_change(
    job: ProofJob, calendars: dict[str, Calendar], change_of: Callable[[str], ClockChange | None]
) -> list[Finding]:
    """Warn of local times that the next clock change skips or repeats."""
    findings = []
    for expression in job.timer.values("Timer", "OnCalendar"):
        judged = calendars[expression]
        spec = parse_normalized(judged.normalized) if judged.fires else None
        change = change_of(spec.zone) if spec and is_concerned(spec) else None
        if spec is None or change is None:
            continue
        window = window_of(change)
        moments = spec.between(window.start, window.end)
        stops = is_stopped(spec, window)
        if moments or stops:
            reason = clocks(spec.zone, window) + (STOPS if stops else outcome(window, moments))
            utc = in_utc(judged.normalized, spec, change.before)
            written = f'write it in UTC ("{utc}")' if utc else "write it in UTC"
            fix = f"{written}, or {END_THE_STEP if stops else elsewhere(window)}"
            findings.append(job.finding("clock-change", "schedule", expression, reason, fix))
    return findings


def is_concerned(spec: CalendarSpec) -> bool:
    """Tell whether a clock change can take a run away, as far as one can know.

    A job of each hour has its run an hour later anyway. A zone of capitals only may be an abbreviation of the host's
    own, such as CET: then systemd elapses only while that one holds.
    """
    return not spec.every_hour and not spec.zone.isupper()


def window_of(change: ClockChange) -> Window:
    """Return the local times between the two readings of the clock at the moment of the change."""
    old = EPOCH + datetime.timedelta(seconds=change.at + change.before)
    new = EPOCH + datetime.timedelta(seconds=change.at + change.after)
    return Window(min(old, new), max(old, new), new > old)


def is_stopped(spec: CalendarSpec, window: Window) -> bool:
    """Tell whether systemd finds no elapse any more after the day before a midnight that is left out."""
    at_midnight = window.skipped and window.start.time() == datetime.time()
    day_before = window.start.date() - datetime.timedelta(1)
    return at_midnight and spec.open_hours and 23 not in spec.hours and spec.matches_date(day_before)


def clocks(zone: str, window: Window) -> str:
    """Return what the clocks do, when and where."""
    date = window.start.date()
    where = f"in {zone}" if zone else "of this host"
    start, end = clock(window.start, date), clock(window.end, date)
    way = f"forward from {start} to {end}" if window.skipped else f"back from {end} to {start}"
    return f"on {date} the clocks {where} go {way}, "


def outcome(window: Window, moments: Sequence[datetime.datetime]) -> str:
    """Return what happens to these times."""
    times = listed([clock(moment, window.start.date()) for moment in moments])
    several = len(moments) > 1
    if window.skipped:
        return f"so the {'runs' if several else 'run'} of {times} {'are' if several else 'is'} left out"
    return (
        f"so {times} {'come' if several else 'comes'} twice: systemd runs the job the first time, "
        "and after a jitter or a boot the second time too"
    )


def elsewhere(window: Window) -> str:
    """Return which times are safe: those beside the window are not, the other change of the year may take them."""
    length = window.end - window.start
    start, end = (window.start - length, window.end) if window.skipped else (window.start, window.end + length)
    return f"choose a time outside {start:%H:%M} to {end:%H:%M}"


def in_utc(normalized: str, spec: CalendarSpec, offset: int) -> str:
    """Return the expression that elapses in UTC as this one does now; empty where its days would become others."""
    local = normalized[: -len(spec.zone) - 1] if spec.zone else normalized
    dates, times = local.rsplit(" ", 1)
    minutes, seconds = times.split(":")[1:]
    moved, rest = divmod(spec.minutes[0] * 60 - offset, 3600)
    if offset % 3600:
        if len(spec.minutes) > 1 or offset % 60:
            return ""
        minutes = f"{rest // 60:02}"
    hours = [hour + moved for hour in spec.hours]
    if not spec.dates.every_day and not 0 <= min(hours) <= max(hours) < 24:
        return ""
    return f"{dates} {','.join(f'{hour:02}' for hour in sorted(hour % 24 for hour in hours))}:{minutes}:{seconds} UTC"


def clock(moment: datetime.datetime, date: datetime.date) -> str:
    """Return a time of day; the midnight after that day is 24:00."""
    if moment.date() > date and moment.time() == datetime.time():
        return "24:00"
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def listed(times: list[str]) -> str:
    """Return a few times in words, or the first and the last of many."""
    if len(times) > MOST_TIMES:
        return f"{times[0]} to {times[-1]}"
    return " and ".join([", ".join(times[:-1]), times[-1]] if len(times) > 1 else times)
