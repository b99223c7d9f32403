# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules in local time beside a clock change; what systemd does was measured with 252 and 257."""

from __future__ import annotations

from datetime import datetime

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.clock_change import (
    check_clock_change,
    in_utc,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import parse_normalized
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.clock_change import (
    ClockChange,
    next_change,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import job_view

WINTER = datetime.fromisoformat("2026-11-25T12:00+00:00").timestamp()
SUMMER = datetime.fromisoformat("2027-07-01T12:00+00:00").timestamp()
HEAD = "backup: warning: schedule "


def told(
    schedule: str | list[str], now: float = WINTER, host: str = "UTC", elapses: tuple[int, ...] = (1,)
) -> list[str]:
    """Return what is told of expressions in the normalized form, on a host in a zone."""
    job = job_view(schedule=schedule)
    calendars = {one: Calendar(one, True, one, list(elapses), "") for one in job.timer.values("Timer", "OnCalendar")}
    found = check_clock_change(job, calendars, lambda zone: next_change(zone or host, now))
    return [line(one) for one in found]


BERLIN = "in Europe/Berlin"
NEW_YORK = "in America/New_York"
HOWE = "in Australia/Lord_Howe"
CAIRO = "in Africa/Cairo"
OFTEN = "systemd runs the job the first time, and after a jitter or a boot the second time too"


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        (
            "*-*-* 02:30:00 Europe/Berlin",
            WINTER,
            (
                f"on 2027-03-28 the clocks {BERLIN} go forward from 02:00 to 03:00, so the run of 02:30 is left out; "
                'write it in UTC ("*-*-* 01:30:00 UTC"), or choose a time outside 01:00 to 03:00'
            ),
        ),
        (
            "*-*-* 02:30:00 Europe/Berlin",
            SUMMER,
            (
                f"on 2027-10-31 the clocks {BERLIN} go back from 03:00 to 02:00, so 02:30 comes twice: {OFTEN}; "
                'write it in UTC ("*-*-* 00:30:00 UTC"), or choose a time outside 02:00 to 04:00'
            ),
        ),
        (
            "*-*-* 01,02:15:00 America/New_York",
            WINTER,
            (
                f"on 2027-03-14 the clocks {NEW_YORK} go forward from 02:00 to 03:00, so the run of 02:15 is left out; "
                'write it in UTC ("*-*-* 06,07:15:00 UTC"), or choose a time outside 01:00 to 03:00'
            ),
        ),
        (
            "*-*-* 01,02:15:00 America/New_York",
            SUMMER,
            (
                f"on 2027-11-07 the clocks {NEW_YORK} go back from 02:00 to 01:00, so 01:15 comes twice: {OFTEN}; "
                'write it in UTC ("*-*-* 05,06:15:00 UTC"), or choose a time outside 01:00 to 03:00'
            ),
        ),
        (
            "*-*-* 02:15:00 Australia/Lord_Howe",
            SUMMER,
            (
                f"on 2027-10-03 the clocks {HOWE} go forward from 02:00 to 02:30, so the run of 02:15 is left out; "
                'write it in UTC ("*-*-* 15:45:00 UTC"), or choose a time outside 01:30 to 02:30'
            ),
        ),
        (
            "*-*-* 01:40,50:05 Australia/Lord_Howe",
            WINTER,
            (
                f"on 2027-04-04 the clocks {HOWE} go back from 02:00 to 01:30, so 01:40:05 and 01:50:05 come twice: "
                f'{OFTEN}; write it in UTC ("*-*-* 14:40,50:05 UTC"), or choose a time outside 01:30 to 02:30'
            ),
        ),
        (
            "*-*-* 00:00:00 Africa/Cairo",
            WINTER,
            (
                f"on 2027-04-30 the clocks {CAIRO} go forward from 00:00 to 01:00, so the run of 00:00 is left out; "
                'write it in UTC ("*-*-* 22:00:00 UTC"), or choose a time outside 23:00 to 01:00'
            ),
        ),
        (
            "Fri *-*-* 00:00:00 Africa/Cairo",
            WINTER,
            (
                f"on 2027-04-30 the clocks {CAIRO} go forward from 00:00 to 01:00, so the run of 00:00 is left out; "
                "write it in UTC, or choose a time outside 23:00 to 01:00"
            ),
        ),
        (
            "*-*-* 23:30:00 Africa/Cairo",
            SUMMER,
            (
                f"on 2027-10-28 the clocks {CAIRO} go back from 24:00 to 23:00, so 23:30 comes twice: {OFTEN}; "
                'write it in UTC ("*-*-* 20:30:00 UTC"), or choose a time outside 23:00 to 01:00'
            ),
        ),
        (
            "Sun *-*-* 00..04:00/20:00 Europe/Berlin",
            WINTER,
            (
                f"on 2027-03-28 the clocks {BERLIN} go forward from 02:00 to 03:00, so the runs of 02:00, 02:20 and "
                "02:40 are left out; write it in UTC, or choose a time outside 01:00 to 03:00"
            ),
        ),
        (
            "*-*-* 02:*:00 Europe/Berlin",
            WINTER,
            (
                f"on 2027-03-28 the clocks {BERLIN} go forward from 02:00 to 03:00, so the runs of 02:00 to 02:59 are "
                'left out; write it in UTC ("*-*-* 01:*:00 UTC"), or choose a time outside 01:00 to 03:00'
            ),
        ),
    ],
)
def test_times_that_a_clock_change_takes_or_repeats(schedule: str, now: float, expected: str) -> None:
    assert told(schedule, now) == [f'{HEAD}"{schedule}": {expected} [clock-change]']


STOP = "where systemd loses a schedule with an open step of hours: the timer would stop for good"


@pytest.mark.parametrize(
    ("schedule", "now", "stops"),
    [
        # Measured with 252 and 257: all 72 steps from 0..7 by 2..12 break, unless 23 is one of their hours.
        ("*-*-* 00/2:30:00 Africa/Cairo", WINTER, True),
        ("*-*-* 02/6:30:00 Africa/Cairo", WINTER, True),
        ("*-*-* 05,07/3:00:00 Africa/Cairo", WINTER, True),
        ("*-*-* 05/6:30:00 Africa/Cairo", WINTER, False),
        ("*-*-* 00..23/2:30:00 Africa/Cairo", WINTER, False),
        ("Mon *-*-* 00/2:30:00 Africa/Cairo", WINTER, False),
        ("*-*-* 00/2:30:00 Africa/Cairo", SUMMER, False),
        ("*-*-* 00/2:30:00 Europe/Berlin", WINTER, False),
    ],
)
def test_an_open_step_of_hours_does_not_survive_a_midnight_that_is_left_out(
    schedule: str, now: float, stops: bool
) -> None:
    assert (STOP in "".join(told(schedule, now))) == stops


def test_the_stop_is_explained() -> None:
    assert told("*-*-* 02/6:30:00 Africa/Cairo") == [
        (
            f'{HEAD}"*-*-* 02/6:30:00 Africa/Cairo": on 2027-04-30 the clocks {CAIRO} go forward from 00:00 to 01:00, '
            f'{STOP}; write it in UTC ("*-*-* 00,06,12,18:30:00 UTC"), or give the step an end, as in 00..23/2 '
            "[clock-change]"
        )
    ]


def test_the_zone_of_the_host() -> None:
    (found,) = told("*-*-* 02:30:00", host="Europe/Berlin")
    assert "on 2027-03-28 the clocks of this host go forward from 02:00 to 03:00" in found
    assert '"*-*-* 01:30:00 UTC"' in found
    assert told("*-*-* 02:30:00", host="UTC") == []


@pytest.mark.parametrize("now", [WINTER, SUMMER])
@pytest.mark.parametrize(
    "schedule",
    [
        "*-*-* *:15:00 Europe/Berlin",
        "*-*-* *:00/30:00 Europe/Berlin",
        "Sun *-*-* 00/1:15:00 Europe/Berlin",
        "*-*-* 03:30:00 Europe/Berlin",
        "*-*-* 03:00:00 Europe/Berlin",
        "*-*-* 01:59:59 Europe/Berlin",
        "Mon..Sat *-*-* 02:30:00 Europe/Berlin",
        "*-*-01..24 02:30:00 Europe/Berlin",
        "2028-*-* 02:30:00 Europe/Berlin",
        "*-*-* 02:30:00 UTC",
        "*-*-* 02:30:00 Asia/Tokyo",
        # As the normalized form has it, this may be the winter time of the host and not the zone of that name.
        "*-*-* 02:30:00 CET",
        "not understood",
    ],
)
def test_schedules_that_lose_nothing(schedule: str, now: float) -> None:
    assert told(schedule, now, host="Europe/Berlin") == []


def test_only_the_very_next_change_counts() -> None:
    first_hour = "*-*-* 01:15:00 America/New_York"
    assert told(first_hour, WINTER) == []
    assert len(told(first_hour, SUMMER)) == 1


def test_each_expression_is_judged() -> None:
    both = ["*-*-* 02:30:00 Europe/Berlin", "*-*-* 12:00:00", "*-*-* 02:45:00 Europe/Berlin"]
    assert [found.split('"')[1] for found in told(both)] == [both[0], both[2]]


def test_what_never_elapses_has_its_own_finding() -> None:
    assert told("2027-03-28 02:30:00 Europe/Berlin", elapses=()) == []


def test_each_zone_is_asked_only_when_it_matters() -> None:
    asked = []

    def change_of(zone: str) -> ClockChange | None:
        asked.append(zone)
        return None

    expressions = ["*-*-* 02:30:00", "*-*-* 02:30:00 UTC", "*-*-* *:30:00 Asia/Tokyo", "*-*-* 02:30:00 Asia/Tokyo"]
    job = job_view(schedule=expressions)
    assert check_clock_change(job, {one: Calendar(one, True, one, [1], "") for one in expressions}, change_of) == []
    assert asked == ["", "Asia/Tokyo"]


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("Sun *-*-* 02:30:00 Europe/Berlin", 3600, "Sun *-*-* 01:30:00 UTC"),
        ("*-03-28 02:00/5:30.500000", 7200, "*-03-28 00:00/5:30.500000 UTC"),
        ("*-*-* 01,23:30:00", -3600, "*-*-* 00,02:30:00 UTC"),
        ("*-*-01 01:30:00", 7200, ""),
        ("*-*-01 23:30:00", -3600, ""),
        ("*-*-* 02:15:00", 37800, "*-*-* 15:45:00 UTC"),
        ("*-*-* 02:15,20:00", 37800, ""),
        ("*-*-* 00..02:15:00", -12600, "*-*-* 03,04,05:45:00 UTC"),
    ],
)
def test_the_same_in_utc(text: str, offset: int, expected: str) -> None:
    spec = parse_normalized(text)
    assert spec is not None
    assert in_utc(text, spec, offset) == expected
