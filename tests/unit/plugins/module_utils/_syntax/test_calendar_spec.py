# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normalized calendar expressions, read as real versions of systemd elapse by them."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import (
    WEEKDAYS,
    CalendarSpec,
    parse_normalized,
    shortest_interval,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar, parse_calendars
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import FIXTURES

TODAY = date(2026, 11, 25)
DAY = 86400
VERSIONS = (247, 252, 257, 262)


def spec_of(text: str) -> CalendarSpec:
    """Return an expression that has to be understood."""
    found = parse_normalized(text)
    assert found is not None, text
    return found


def interval(text: str) -> float | None:
    """Return the shortest interval of an expression."""
    return shortest_interval(spec_of(text), TODAY)


@cache
def captured(version: int) -> list[tuple[str, int | None, Calendar]]:
    """Return zone of the host, base time and answer of each valid expression that was captured of a version."""
    found = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted((FIXTURES / f"systemd-{version}").glob("calendar-*.yml")):
        answer = yaml.load(path.read_text("utf-8"), Loader=loader)
        command = answer["command"]
        base = next((int(word.split("@")[1]) for word in command if word.startswith("--base-time")), None)
        done = Completed(answer["rc"], answer["stdout"], answer["stderr"])
        judged = parse_calendars(command[command.index("--") + 1 :], done)
        found += [(answer["zone"], base, one) for one in judged if one.normalized]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_captured_form_is_understood(version: int) -> None:
    forms = {one.normalized for _zone, _base, one in captured(version)}
    assert len(forms) > 100
    assert [form for form in forms if parse_normalized(form) is None] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_really_elapsed_is_in_the_schedule(version: int) -> None:
    for host, _base, one in captured(version):
        spec = spec_of(one.normalized)
        times = set(spec.times())
        for elapse in one.elapses:
            local = datetime.fromtimestamp(elapse, ZoneInfo(spec.zone or host))
            assert spec.matches_date(local.date()), (one.normalized, local)
            assert local.time() in times, (one.normalized, local)


def utc(epoch: int) -> datetime:
    """Return Unix seconds as wall-clock time in UTC."""
    return datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None)


# 247 leaves out the start of an open step (test_calendar.py), so it elapses less often than the manual says.
@pytest.mark.parametrize("version", [252, 257, 262])
def test_nothing_elapses_beside_it(version: int) -> None:
    compared = 0
    for host, base, one in captured(version):
        spec = spec_of(one.normalized)
        if (spec.zone or host) == "UTC" and base and one.elapses:
            compared += 1
            # The base time itself does not count, the last elapse does.
            found = spec.between(utc(base + 1), utc(one.elapses[-1] + 1))
            assert found == [utc(elapse) for elapse in one.elapses], one.normalized
    assert compared > 100


@pytest.mark.parametrize("version", VERSIONS)
def test_no_real_interval_is_shorter(version: int) -> None:
    compared = 0
    for host, base, one in captured(version):
        spec = spec_of(one.normalized)
        shortest = shortest_interval(spec, utc(base or 0).date())
        zone = ZoneInfo(spec.zone or host)
        walls = [datetime.fromtimestamp(elapse, zone).replace(tzinfo=None) for elapse in one.elapses]
        for earlier, later in itertools.pairwise(walls):
            compared += 1
            assert shortest is not None, one.normalized
            assert shortest <= (later - earlier).total_seconds(), one.normalized
    assert compared > 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("*-*-* *:00/15:00", 900),
        ("*-*-* *:*:*", 1),
        ("*-*-* *:*:00", 60),
        ("*-*-* *:00:00", 3600),
        ("*-*-* 00:00:00", DAY),
        ("*-*-* 00:00:00 UTC", DAY),
        ("*-*-* 02,23:00:00", 3 * 3600),
        ("Mon *-*-* 02,23:00:00", 21 * 3600),
        ("*-*-* 00,23:59:00", 3600),
        ("*-*-* *:01,59:00", 120),
        ("*-*-* *:*:01,58", 3),
        ("*-*-* *:00/7:00", 240),
        ("*-*-* 00..10/5:00:00", 5 * 3600),
        ("*-*-* *:*:00/0.500000", 0.5),
        ("*-*-* *:*:00.500000,01", 0.5),
        ("*-*-* 01:02:03.500000", DAY),
        ("Mon *-*-* 08:00:00", 7 * DAY),
        ("Mon,Wed *-*-* 08:00:00", 2 * DAY),
        ("Sat,Sun *-*-* 08:00:00", DAY),
        ("Mon..Fri *-*-* 08,20:00:00", 12 * 3600),
        ("*-*-01 00:00:00", 28 * DAY),
        ("*-*-01,31 00:00:00", DAY),
        ("*-*~01 00:00:00", 28 * DAY),
        ("*-02~01,03 00:00:00", 2 * DAY),
        ("*-01,07-01 00:00:00", 181 * DAY),
        ("*-01-01 00:00:00", 365 * DAY),
        ("Fri *-*-13 00:00:00", 91 * DAY),
        ("*-02-29 00:00:00", 1461 * DAY),
        ("2027..2028-01-01 00:00:00", 365 * DAY),
        ("2027-06-01 08,20:00:00", 12 * 3600),
        ("2027-06-01 00:00:00", None),
        ("2020..2027-06-01 00:00:00", None),
        ("2020-*-* 00:00:00", None),
        ("*-02-30 00:00:00", None),
    ],
)
def test_shortest_intervals(text: str, seconds: float | None) -> None:
    assert interval(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily",
        "02:30",
        "*-*-* 02:30",
        "*-*-* 24:00:00",
        "*-*-* 02:60:00",
        "*-*-* 02:30:60",
        "*-*-* 2.500000:30:00",
        "*-*-* 02:30:00/0",
        "*-*-* 02:00/x:00",
        "*-*-* 05..02:30:00",
        "*-13-* 00:00:00",
        "*-*-32 00:00:00",
        "*-*-00 00:00:00",
        "*-*~29 00:00:00",
        "*-*~* 00:00:00",
        "1969-*-* 00:00:00",
        "Mun *-*-* 00:00:00",
        "Mon..Wed..Fri *-*-* 00:00:00",
        "Fri..Mon *-*-* 00:00:00",
        "*-*-* 00:00:00 Europe/Berlin UTC",
        "*-*-* 00:00:00\n",
        "*-*-* *:*:00/0.000001",
    ],
)
def test_what_is_not_understood(text: str) -> None:
    assert parse_normalized(text) is None


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("*-02~03 00:00:00", ["2027-02-26", "2028-02-27"], ["2027-02-03", "2028-02-26", "2027-03-29"]),
        ("*-02~01..07/3 00:00:00", ["2027-02-22", "2027-02-25", "2027-02-28"], ["2027-02-21", "2027-02-24"]),
        ("Mon *-*~07/1 00:00:00", ["2027-02-22", "2027-03-29"], ["2027-02-15", "2027-03-22", "2027-03-30"]),
        ("2027/2-*-* 00:00:00", ["2027-01-01", "2029-12-31"], ["2028-01-01", "2026-01-01"]),
        ("*-*-01/30 00:00:00", ["2027-02-01", "2027-03-31"], ["2027-02-28", "2027-03-30"]),
        ("Mon,Wed..Fri *-*-* 00:00:00", ["2026-11-25", "2026-11-23"], ["2026-11-24", "2026-11-28", "2026-11-29"]),
        ("*-03..06/3,12-* 00:00:00", ["2027-03-01", "2027-06-30", "2027-12-01"], ["2027-04-01", "2027-09-01"]),
    ],
)
def test_days(text: str, yes: list[str], no: list[str]) -> None:
    spec = spec_of(text)
    assert [day for day in [*yes, *no] if spec.matches_date(date.fromisoformat(day))] == yes


def test_times_of_a_day() -> None:
    spec = spec_of("*-*-* 08..10/2:15,45:03.500000 Europe/Berlin")
    assert [f"{one}" for one in spec.times()] == ["08:15:03", "08:45:03", "10:15:03", "10:45:03"]
    assert [f"{one}" for one in spec.times(9, 23)] == ["10:15:03", "10:45:03"]
    assert spec.zone == "Europe/Berlin"
    assert not spec.every_hour
    assert spec_of("*-*-* *:15:00").every_hour
    assert spec_of("*-*-* 00/1:15:00").every_hour


def test_moments_over_midnight() -> None:
    spec = spec_of("Fri,Sat *-*-* 00/6:30:00")
    found = spec.between(datetime(2026, 11, 26, 18), datetime(2026, 11, 27, 6, 30))
    assert found == [datetime(2026, 11, 27, 0, 30)]


def test_a_thousand_cost_next_to_nothing() -> None:
    texts = [f"{WEEKDAYS[hour % 7]} *-*-* {hour:02}:{minute:02}:00" for hour in range(20) for minute in range(50)]
    start = time.perf_counter()
    assert {interval(text) for text in texts} == {7 * DAY}
    # It takes about 10 ms; the rest is for a busy machine.
    assert time.perf_counter() - start < 0.3


@st.composite
def components(draw: st.DrawFn, last: int) -> tuple[str, frozenset[int]]:
    """Draw a component up to `last`, and what it means."""
    first = draw(st.integers(0, last))
    end = draw(st.integers(first, last))
    step = draw(st.integers(1, last))
    chosen = draw(st.sets(st.integers(0, last), min_size=1, max_size=4))
    return draw(
        st.sampled_from(
            [
                ("*", frozenset(range(last + 1))),
                (f"{first:02}", frozenset([first])),
                (f"{first:02}..{end:02}", frozenset(range(first, end + 1))),
                (f"{first:02}/{step}", frozenset(range(first, last + 1, step))),
                (f"{first:02}..{end:02}/{step}", frozenset(range(first, end + 1, step))),
                (",".join(f"{one:02}" for one in sorted(chosen)), frozenset(chosen)),
            ]
        )
    )


@given(components(23), components(59), st.sampled_from(["00", "30"]), st.sets(st.integers(0, 6), max_size=6))
def test_intervals_as_brute_force_finds_them(
    hours: tuple[str, frozenset[int]], minutes: tuple[str, frozenset[int]], second: str, weekdays: set[int]
) -> None:
    days = ",".join(WEEKDAYS[one] for one in sorted(weekdays))
    text = f"{days} *-*-* {hours[0]}:{minutes[0]}:{second}".lstrip()
    monday = date(2027, 2, 1)
    moments = [
        number * 1440 + hour * 60 + minute
        for number in range(14)
        if not weekdays or (monday + timedelta(number)).weekday() in weekdays
        for hour in sorted(hours[1])
        for minute in sorted(minutes[1])
    ]
    assert interval(text) == 60 * min(later - earlier for earlier, later in itertools.pairwise(moments))
