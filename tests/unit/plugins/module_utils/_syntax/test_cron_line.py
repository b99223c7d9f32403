# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of cron as calendar expressions, and that real systemd runs them when cron does."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import parse_normalized
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.cron_line import MACROS, calendar_of_cron
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fixes import (
    CRON,
    NO_CRON,
    VERSIONS,
    YEARLY,
    judged_calendars,
)

FIVE_FIELDS = [line for line in CRON if line.count(" ") == 4]


@pytest.mark.parametrize("line", [*FIVE_FIELDS, *(line for line in CRON if line in MACROS)])
def test_a_line_becomes_one_expression(line: str) -> None:
    assert calendar_of_cron(line) == CRON[line][0]


def test_every_macro_is_tested() -> None:
    assert set(MACROS) <= {*CRON, *YEARLY}
    assert [calendar_of_cron(macro) for macro in YEARLY] == ["yearly", "yearly"]


def test_blanks_and_tabs_are_one_thing_to_cron() -> None:
    assert calendar_of_cron(" 0\t4  * * MON ") == "Mon *-*-* 04:00:00"


@pytest.mark.parametrize(
    "line", [*NO_CRON, "", "daily", "@wekly", "@Daily", "0 4 * *", "0 4 * * *\n", "0 4 * *\u00a0*"]
)
def test_what_is_no_line_or_more_than_one_expression_is_nothing(line: str) -> None:
    assert calendar_of_cron(line) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("line", CRON)
def test_lines_of_cron_run_when_cron_runs_them(version: int, line: str) -> None:
    expression, fires = CRON[line]
    found = judged_calendars(version)[expression].elapses
    assert [datetime.datetime.fromtimestamp(one, datetime.UTC).strftime("%m-%d %H:%M") for one in found] == fires


def cron_values(text: str, first: int, last: int) -> set[int]:
    """Return the numbers of a field of cron; names are replaced before."""
    found: set[int] = set()
    for member in text.split(","):
        numbers, _slash, step = member.partition("/")
        start, _dash, end = numbers.replace("*", f"{first}-{last}").partition("-")
        found.update(range(int(start), int(end or start) + 1, int(step or 1)))
    return found


@pytest.mark.parametrize("line", FIVE_FIELDS)
def test_lines_of_cron_have_the_same_days_and_times(line: str) -> None:
    plain = line.lower()
    for name, digits in (("fri-sun", "5-7"), ("sun-tue", "0-2"), ("feb", "2"), ("apr", "4")):
        plain = plain.replace(name, digits)
    minutes, hours, days, months, weekdays = plain.split()
    spec = parse_normalized(judged_calendars(252)[CRON[line][0]].normalized)
    assert spec is not None
    assert set(spec.minutes) == cron_values(minutes, 0, 59)
    assert set(spec.hours) == cron_values(hours, 0, 23)
    assert list(spec.seconds) == [0]
    for number in range(800):
        date = datetime.date(2027, 1, 1) + datetime.timedelta(number)
        runs = (
            date.month in cron_values(months, 1, 12)
            and date.day in cron_values(days, 1, 31)
            and date.isoweekday() % 7 in {value % 7 for value in cron_values(weekdays, 0, 6)}
        )
        assert spec.matches_date(date) == runs, date


@given(st.text() | st.lists(st.text("0123456789*/-,montuewdfrisa", min_size=1, max_size=6), min_size=5).map(" ".join))
def test_any_text_at_all(line: str) -> None:
    found = calendar_of_cron(line)
    assert found is None or (found.strip() == found and found.isascii() and found.isprintable())
