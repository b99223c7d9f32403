# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules in plain English: the words themselves, and that they say what systemd does."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar, parse_calendars
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import (
    DAYS,
    MONTHS,
    SHORTHANDS,
    describe,
    schedule_text,
    spoken_pause,
    spoken_timespan,
    title_words,
)

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
VERSIONS = [247, 252, 257, 262]

WORDS = {
    # The four jobs and the shorthands.
    "Mon *-*-* 08:00:00": "every Monday at 08:00",
    "Fri *-*-* 19:00:00": "every Friday at 19:00",
    "*-*-* *:15:00": "every hour at :15",
    "*-*-* *:00:00": "every hour on the hour",
    "minutely": "every minute",
    "hourly": "every hour on the hour",
    "daily": "every day at 00:00",
    "weekly": "every Monday at 00:00",
    "monthly": "on the first day of every month at 00:00",
    "quarterly": "on the first day of January, April, July and October at 00:00",
    "semiannually": "on the first day of January and July at 00:00",
    "yearly": "every year on 1 January at 00:00",
    "annually": "every year on 1 January at 00:00",
    "Daily": "every day at 00:00",
    # Times of day.
    "08:00": "every day at 08:00",
    "8:5": "every day at 08:05",
    "20:30": "every day at 20:30",
    "08:00:30": "every day at 08:00:30",
    "8,12:00": "every day at 08:00 and 12:00",
    "8,12:00,30": "every day at 08:00, 08:30, 12:00 and 12:30",
    "0/6:15": "every day at 00:15, 06:15, 12:15 and 18:15",
    "0/2:00": "every 2 hours from 00:00 to 22:00",
    "9..17:00": "every hour from 09:00 to 17:00",
    "9:0/15": "every 15 minutes from 09:00 to 09:45",
    "9..17:0/15": "every 15 minutes from 09:00 to 17:45",
    "8:*": "every minute from 08:00 to 08:59",
    # Minutes and seconds.
    "*:15": "every hour at :15",
    "*:15,45": "every hour at :15 and :45",
    "*:15:30": "every hour at :15:30",
    "*:0/15": "every 15 minutes",
    "*:00,30": "every 30 minutes",
    "*:5/20": "every hour at :05, :25 and :45",
    "*:*": "every minute",
    "*:*:30": "every minute at second 30",
    "*:*:0/10": "every 10 seconds",
    "*:*:*": "every second",
    # Days of the week.
    "Mon": "every Monday at 00:00",
    "Mon 08:00": "every Monday at 08:00",
    "mon,FRIDAY 08:00": "every Monday and Friday at 08:00",
    "Mon..Fri 09:00": "every Monday to Friday at 09:00",
    "Mon-Fri 10:00": "every Monday to Friday at 10:00",
    "Sat,Sun": "every Saturday and Sunday at 00:00",
    "Mon,Wed,Fri 06:30": "every Monday, Wednesday and Friday at 06:30",
    "Mon..Wed,Sat 06:30": "every Monday, Tuesday, Wednesday and Saturday at 06:30",
    "Mon *:0/15": "every 15 minutes, every Monday",
    "Mon..Fri *:30": "every hour at :30, every Monday to Friday",
    "Mon..Sun 10:00": "every day at 10:00",
    # Days of the month and of the year.
    "*-*-01": "on the first day of every month at 00:00",
    "*-*-15 06:00": "on day 15 of every month at 06:00",
    "*-*-1,15": "on days 1 and 15 of every month at 00:00",
    "*-*-1..5": "on days 1 to 5 of every month at 00:00",
    "*-*~01": "on the last day of every month at 00:00",
    "*-*~1 23:00": "on the last day of every month at 23:00",
    "*-02~01": "on the last day of February at 00:00",
    "*-01-01 00:00:00": "every year on 1 January at 00:00",
    "12-24 18:00": "every year on 24 December at 18:00",
    "*-3,9-31": None,
    "*-1,3-31": "on day 31 of January and March at 00:00",
    "*-1,7-* 10:00": "every day in January and July at 10:00",
    "Mon *-1-* 10:00": "every Monday in January at 10:00",
    "Sat *-*-1..7 18:00": "on the first Saturday of every month at 18:00",
    "Tue *-*-8..14 18:00": "on the second Tuesday of every month at 18:00",
    "2027-06-01 12:00": "on 1 June 2027 at 12:00",
    # Zones.
    "Mon 08:00 Europe/Berlin": "every Monday at 08:00 Europe/Berlin",
    "hourly UTC": "every hour on the hour UTC",
    "Mon  08:00": "every Monday at 08:00",
    # No exact words, or no expression at all.
    "*-*-31": None,
    "*-02-29": None,
    "*-02-30": None,
    "2027-02-30": None,
    "2027-*-01": None,
    "2027..2028-01-01": None,
    "Mon 2027-06-01": None,
    "Fri *-*-13": None,
    "Mon *-*~07/1": None,
    "Mon,Tue *-*-1..7": None,
    "*:0/7": None,
    "0/5:00": None,
    "*-*-1/7": None,
    "01:02:03.5": None,
    "8:0..30": None,
    "8:00:0,30": None,
    "Sat..Tue 10:00": None,
    "24:00": None,
    "10:60": None,
    "*/2:00": None,
    "*:0/0": None,
    "*:10..5": None,
    "*-13-01": None,
    "08:00 CET": None,
    "08:00 daily": None,
    "daily 08:00": None,
    "@1900000000": None,
    "*/5 * * * *": None,
    " daily": None,
    "daily ": None,
    "bad": None,
    "höurly": None,
    "\u0660\u0668:\u0660\u0660": None,
    "UTC": None,
    "": None,
}


@pytest.mark.parametrize(("expression", "words"), WORDS.items())
def test_words(expression: str, words: str | None) -> None:
    assert schedule_text(expression) == words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("Mon *-*-* 08:00:00", "every Monday at 08:00 AM"),
        ("Mon 20:30", "every Monday at 08:30 PM"),
        ("00:00", "every day at 12:00 AM"),
        ("12:00", "every day at 12:00 PM"),
        ("12:00:05", "every day at 12:00:05 PM"),
        ("9..17:00", "every hour from 09:00 AM to 05:00 PM"),
        ("*:15", "every hour at :15"),
    ],
)
def test_twelve_hours(expression: str, words: str) -> None:
    assert schedule_text(expression, clock=12) == words


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("every Monday at 08:00 AM", "Every Monday at 08:00 AM"),
        ("every hour at :15", "Every Hour at :15"),
        ("every hour on the hour", "Every Hour on the Hour"),
        ("on the first day of every month at 00:00", "On the First Day of Every Month at 00:00"),
        ("every day in January and July at 10:00", "Every Day in January and July at 10:00"),
        ("every day at 08:00 Europe/Berlin", "Every Day at 08:00 Europe/Berlin"),
        ("", ""),
    ],
)
def test_title(words: str, title: str) -> None:
    assert title_words(words) == title


def test_describe() -> None:
    assert describe(["Mon 08:00"]) == "every Monday at 08:00"
    assert describe(["20:30", "Sun"], clock=12) == "every day at 08:30 PM and every Sunday at 12:00 AM"
    assert describe(["daily", "*-*-31"]) == "every day at 00:00 and *-*-31"
    assert describe([]) == ""


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("15min", "every 15 minutes"),
        ("1h", "every hour"),
        ("90", "every 90 seconds"),
        ("2 weeks", "every 2 weeks"),
        ("1M", "every month"),
        ("1m", "every minute"),
        ("1h 30min", "every 1h 30min"),
        ("500ms", "every 500ms"),
        ("1 15min", "every 1 15min"),
    ],
)
def test_spoken_timespan(span: str, words: str) -> None:
    assert spoken_timespan(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("20s", "20 seconds after each run"),
        ("1h", "1 hour after each run"),
        ("1h 30min", "1h 30min after each run"),
    ],
)
def test_spoken_pause(span: str, words: str) -> None:
    assert spoken_pause(span) == words


@given(st.text())
def test_any_text_is_safe(text: str) -> None:
    words = schedule_text(text)
    assert words is None or words.startswith(("every ", "on "))


# Words say what systemd does: every word of a schedule is held against the elapses that systemd computed.


def captured(version: int) -> list[Calendar]:
    """Return the random expressions that systemd accepted, each with its next 12 elapses in UTC."""
    text = (FIXTURES / f"systemd-{version}" / "calendar-random.yml").read_text("utf-8")
    answer = yaml.safe_load(text)
    expressions = answer["command"][answer["command"].index("--") + 1 :]
    done = Completed(answer["rc"], answer["stdout"], answer["stderr"])
    return [item for item in parse_calendars(expressions, done) if item.elapses]


def holds(words: str, moments: list[datetime]) -> bool:
    """Tell whether the elapses keep what the words promise."""
    gaps = {later - earlier for earlier, later in itertools.pairwise(moments)}
    promises = []
    days = {number for number, day in enumerate(DAYS) if day in words}
    if match := re.search(r"(\w+day) to (\w+day)", words):
        days = set(range(DAYS.index(match.group(1)), DAYS.index(match.group(2)) + 1))
    if days:
        promises.append({moment.weekday() for moment in moments} <= days)
    months = {number for number, month in enumerate(MONTHS, 1) if re.search(rf"\b{month}\b", words)}
    if months:
        promises.append({moment.month for moment in moments} <= months)
    times = re.findall(r"(?<![\d:])(\d\d):(\d\d)(?::(\d\d))?", words)
    if times and " from " not in words:
        promised = {tuple(int(part or 0) for part in time) for time in times}
        promises.append({(m.hour, m.minute, m.second) for m in moments} <= promised)
    elif times:
        ends = [tuple(int(part or 0) for part in time) for time in times]
        promises.append(all(ends[0] <= (m.hour, m.minute, m.second) <= ends[1] for m in moments))
    minutes = {int(minute) for minute in re.findall(r"(?<!\d):(\d\d)", words)}
    if minutes:
        promises.append({moment.minute for moment in moments} <= minutes)
    if match := re.search(r"every (\d+) (minute|hour|second)s", words):
        unit = {"second": 1, "minute": 60, "hour": 3600}[match.group(2)]
        promises.append(min(gaps).total_seconds() == int(match.group(1)) * unit)
    if match := re.search(r"\bdays? ((?:\d+(?:, | and | to )?)+)", words):
        numbers = [int(number) for number in re.findall(r"\d+", match.group(1))]
        allowed = range(numbers[0], numbers[1] + 1) if " to " in match.group(1) else numbers
        promises.append({moment.day for moment in moments} <= set(allowed))
    if "first day" in words:
        promises.append({moment.day for moment in moments} == {1})
    return bool(promises) and all(promises)


@pytest.mark.parametrize("version", VERSIONS)
def test_words_say_what_systemd_does(version: int) -> None:
    said = 0
    for item in captured(version):
        words = schedule_text(item.expression)
        assert words in (None, schedule_text(item.normalized)), item.expression
        if words and words != "every minute":
            said += 1
            moments = [datetime.fromtimestamp(epoch, UTC) for epoch in item.elapses]
            assert holds(words, moments), (item.expression, words)
    assert said >= 40


@pytest.mark.parametrize("shorthand", SHORTHANDS)
def test_a_shorthand_means_its_long_form(shorthand: str) -> None:
    assert schedule_text(shorthand) == schedule_text(SHORTHANDS[shorthand])


# Words are exact: two schedules that mean something else never share their words.

Spec = tuple[frozenset[int], ...]


def field(every: range) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """Return a field of an expression, and by construction the values that it matches."""
    values = st.sets(st.sampled_from(every), min_size=1, max_size=4).map(
        lambda found: (",".join(f"{value:02d}" for value in sorted(found)), frozenset(found))
    )
    ranges = st.tuples(st.sampled_from(every), st.sampled_from(every)).map(
        lambda ends: (f"{min(ends)}..{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    steps = st.sampled_from([2, 3, 5, 6, 10, 15]).map(
        lambda step: (f"{every[0]}/{step}", frozenset(range(every[0], every[-1] + 1, step)))
    )
    return st.one_of(st.just(("*", frozenset(every))), values, ranges, steps)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, Spec]:
    """Return an expression and what it means: weekdays, months, days, hours, minutes, seconds."""
    weekdays = draw(st.one_of(st.just(set(range(7))), st.sets(st.integers(0, 6), min_size=1)))
    drawn = [draw(field(every)) for every in (range(1, 13), range(1, 32), range(24), range(60), range(60))]
    (month, months), (day, days), (hour, hours), (minute, minutes), (second, seconds) = drawn
    if draw(st.booleans()):
        second, seconds = "00", frozenset([0])
    if draw(st.booleans()):
        month, months, day, days = "*", frozenset(range(1, 13)), "*", frozenset(range(1, 32))
    names = "" if len(weekdays) == 7 else ",".join(DAYS[number][:3] for number in sorted(weekdays)) + " "
    text = f"{names}*-{month}-{day} {hour}:{minute}:{second}"
    return text, (frozenset(weekdays), months, days, hours, minutes, seconds)


SEEN: dict[str, tuple[str, Spec]] = {}


@given(schedules())
def test_equal_words_mean_equal_schedules(schedule: tuple[str, Spec]) -> None:
    expression, meaning = schedule
    for clock in (24, 12):
        words = schedule_text(expression, clock)
        if words:
            other, same = SEEN.setdefault(words, schedule)
            assert same == meaning, (words, expression, other)
