# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar expressions and time spans, judged from what real versions of systemd answered."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import calendar
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    Calendar,
    CalendarError,
    Timespan,
    check_calendars,
    check_timespans,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, ProgramMissing

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
VERSIONS = [247, 252, 257, 262]
WINTER = 1801000000  # 2027-01-26 21:46:40 UTC


class Replay:
    """A runner that answers exactly the captured commands, and counts them."""

    def __init__(self, version: int, *names: str) -> None:
        self.answers = [load(version, name) for name in names]
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str]) -> Completed:
        self.calls.append(argv)
        for answer in self.answers:
            if answer["command"] == argv:
                return Completed(answer["rc"], answer["stdout"], answer["stderr"])
        raise AssertionError(f"not captured: {argv}")


def load(version: int, name: str) -> dict[str, Any]:
    """Return a captured answer."""
    loaded: dict[str, Any] = yaml.safe_load((FIXTURES / f"systemd-{version}" / f"{name}.yml").read_text("utf-8"))
    return loaded


def arguments(version: int, name: str) -> list[str]:
    """Return the expressions of a captured call."""
    command: list[str] = load(version, name)["command"]
    return command[command.index("--") + 1 :]


def check(version: int, name: str, count: int = 1, base_time: int | None = WINTER) -> dict[str, Calendar]:
    """Judge the expressions of a captured call, which must be the only one."""
    runner = Replay(version, name)
    found = check_calendars(runner, arguments(version, name), count, base_time)
    assert len(runner.calls) == 1
    return found


def epochs(*times: str) -> list[int]:
    """Return ISO 8601 times as Unix seconds."""
    return [int(datetime.fromisoformat(text).timestamp()) for text in times]


def utc(*times: str) -> list[int]:
    """Return `2027-01-27 00:00` in UTC as Unix seconds."""
    return epochs(*(f"{text}+00:00" for text in times))


# Worked out from systemd.time(7): expression, normalized form, the first elapses after 2027-01-26 21:46:40 UTC.
IN_UTC = [
    ("minutely", "*-*-* *:*:00", utc("2027-01-26 21:47", "2027-01-26 21:48", "2027-01-26 21:49")),
    ("hourly", "*-*-* *:00:00", utc("2027-01-26 22:00", "2027-01-26 23:00", "2027-01-27 00:00")),
    ("daily", "*-*-* 00:00:00", utc("2027-01-27 00:00", "2027-01-28 00:00", "2027-01-29 00:00")),
    ("weekly", "Mon *-*-* 00:00:00", utc("2027-02-01 00:00", "2027-02-08 00:00", "2027-02-15 00:00")),
    ("monthly", "*-*-01 00:00:00", utc("2027-02-01 00:00", "2027-03-01 00:00", "2027-04-01 00:00")),
    ("quarterly", "*-01,04,07,10-01 00:00:00", utc("2027-04-01 00:00", "2027-07-01 00:00", "2027-10-01 00:00")),
    ("semiannually", "*-01,07-01 00:00:00", utc("2027-07-01 00:00", "2028-01-01 00:00", "2028-07-01 00:00")),
    ("yearly", "*-01-01 00:00:00", utc("2028-01-01 00:00", "2029-01-01 00:00", "2030-01-01 00:00")),
    ("annually", "*-01-01 00:00:00", utc("2028-01-01 00:00", "2029-01-01 00:00", "2030-01-01 00:00")),
    ("Mon *-*-* 08:00:00", "Mon *-*-* 08:00:00", utc("2027-02-01 08:00", "2027-02-08 08:00", "2027-02-15 08:00")),
    ("Fri *-*-* 19:00:00", "Fri *-*-* 19:00:00", utc("2027-01-29 19:00", "2027-02-05 19:00", "2027-02-12 19:00")),
    ("*-*-* *:15:00", "*-*-* *:15:00", utc("2027-01-26 22:15", "2027-01-26 23:15", "2027-01-27 00:15")),
    ("*-*-* *:00:00", "*-*-* *:00:00", utc("2027-01-26 22:00", "2027-01-26 23:00", "2027-01-27 00:00")),
    ("Mon..Fri 09:00", "Mon..Fri *-*-* 09:00:00", utc("2027-01-27 09:00", "2027-01-28 09:00", "2027-01-29 09:00")),
    ("Mon-Fri 10:00", "Mon..Fri *-*-* 10:00:00", utc("2027-01-27 10:00", "2027-01-28 10:00", "2027-01-29 10:00")),
    (
        "mon,WED,Friday 08:30",
        "Mon,Wed,Fri *-*-* 08:30:00",
        utc("2027-01-27 08:30", "2027-01-29 08:30", "2027-02-01 08:30"),
    ),
    ("Sat,Sun", "Sat,Sun *-*-* 00:00:00", utc("2027-01-30 00:00", "2027-01-31 00:00", "2027-02-06 00:00")),
    ("08:00", "*-*-* 08:00:00", utc("2027-01-27 08:00", "2027-01-28 08:00", "2027-01-29 08:00")),
    ("*:15", "*-*-* *:15:00", utc("2027-01-26 22:15", "2027-01-26 23:15", "2027-01-27 00:15")),
    ("*:0/15", "*-*-* *:00/15:00", utc("2027-01-26 22:00", "2027-01-26 22:15", "2027-01-26 22:30")),
    ("*:5/20", "*-*-* *:05/20:00", utc("2027-01-26 22:05", "2027-01-26 22:25", "2027-01-26 22:45")),
    ("0/6:30", "*-*-* 00/6:30:00", utc("2027-01-27 00:30", "2027-01-27 06:30", "2027-01-27 12:30")),
    ("8..10:00", "*-*-* 08..10:00:00", utc("2027-01-27 08:00", "2027-01-27 09:00", "2027-01-27 10:00")),
    ("9,12,17:00", "*-*-* 09,12,17:00:00", utc("2027-01-27 09:00", "2027-01-27 12:00", "2027-01-27 17:00")),
    ("*:*:0/20", "*-*-* *:*:00/20", utc("2027-01-26 21:47:00", "2027-01-26 21:47:20", "2027-01-26 21:47:40")),
    (
        "*-*-* 01:02:03.5",
        "*-*-* 01:02:03.500000",
        utc("2027-01-27 01:02:03", "2027-01-28 01:02:03", "2027-01-29 01:02:03"),
    ),
    ("*-*-01", "*-*-01 00:00:00", utc("2027-02-01 00:00", "2027-03-01 00:00", "2027-04-01 00:00")),
    ("*-*-1,15 06:00", "*-*-01,15 06:00:00", utc("2027-02-01 06:00", "2027-02-15 06:00", "2027-03-01 06:00")),
    ("*-*~01", "*-*~01 00:00:00", utc("2027-01-31 00:00", "2027-02-28 00:00", "2027-03-31 00:00")),
    ("Mon *-*~07/1 10:00", "Mon *-*~07/1 10:00:00", utc("2027-02-22 10:00", "2027-03-29 10:00", "2027-04-26 10:00")),
    (
        "Sat *-*-1..7 18:00",
        "Sat *-*-01..07 18:00:00",
        utc("2027-02-06 18:00", "2027-03-06 18:00", "2027-04-03 18:00"),
    ),
    ("*-02-29", "*-02-29 00:00:00", utc("2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00")),
    ("*-01,07-01", "*-01,07-01 00:00:00", utc("2027-07-01 00:00", "2028-01-01 00:00", "2028-07-01 00:00")),
    ("2027-06-01 12:00", "2027-06-01 12:00:00", utc("2027-06-01 12:00")),
    (
        "2027..2028-*-24 18:00",
        "2027..2028-*-24 18:00:00",
        utc("2027-02-24 18:00", "2027-03-24 18:00", "2027-04-24 18:00"),
    ),
    ("Mon 2027-*-1", "Mon 2027-*-01 00:00:00", utc("2027-02-01 00:00", "2027-03-01 00:00", "2027-11-01 00:00")),
    ("@1900000000", "2030-03-17 17:46:40 UTC", [1900000000]),
    ("daily UTC", "*-*-* 00:00:00 UTC", utc("2027-01-27 00:00", "2027-01-28 00:00", "2027-01-29 00:00")),
    (
        "Mon *-*-* 08:00:00 UTC",
        "Mon *-*-* 08:00:00 UTC",
        utc("2027-02-01 08:00", "2027-02-08 08:00", "2027-02-15 08:00"),
    ),
    (
        "Mon 08:00 America/New_York",
        "Mon *-*-* 08:00:00 America/New_York",
        utc("2027-02-01 13:00", "2027-02-08 13:00", "2027-02-15 13:00"),
    ),
    (
        "06:00 Asia/Kathmandu",
        "*-*-* 06:00:00 Asia/Kathmandu",
        utc("2027-01-27 00:15", "2027-01-28 00:15", "2027-01-29 00:15"),
    ),
    ("Mon  10:00", "Mon *-*-* 10:00:00", utc("2027-02-01 10:00", "2027-02-08 10:00", "2027-02-15 10:00")),
    ("00:00:00", "*-*-* 00:00:00", utc("2027-01-27 00:00", "2027-01-28 00:00", "2027-01-29 00:00")),
]
# The host's zone decides, except where the expression names one.
IN_BERLIN = {
    "daily": epochs("2027-01-27T00:00+01:00", "2027-01-28T00:00+01:00", "2027-01-29T00:00+01:00"),
    "Mon *-*-* 08:00:00": epochs("2027-02-01T08:00+01:00", "2027-02-08T08:00+01:00", "2027-02-15T08:00+01:00"),
    "Mon *-*-* 08:00:00 UTC": utc("2027-02-01 08:00", "2027-02-08 08:00", "2027-02-15 08:00"),
    "quarterly": epochs("2027-04-01T00:00+02:00", "2027-07-01T00:00+02:00", "2027-10-01T00:00+02:00"),
    "Mon 08:00 America/New_York": utc("2027-02-01 13:00", "2027-02-08 13:00", "2027-02-15 13:00"),
    "*:15": utc("2027-01-26 22:15", "2027-01-26 23:15", "2027-01-27 00:15"),
    "2027-06-01 12:00": utc("2027-06-01 10:00"),
    "@1900000000": [1900000000],
}
IN_KATHMANDU = {
    "daily": utc("2027-01-27 18:15", "2027-01-28 18:15", "2027-01-29 18:15"),
    "*:15": utc("2027-01-26 22:30", "2027-01-26 23:30", "2027-01-27 00:30"),
    "06:00 Asia/Kathmandu": utc("2027-01-27 00:15", "2027-01-28 00:15", "2027-01-29 00:15"),
    "daily UTC": utc("2027-01-27 00:00", "2027-01-28 00:00", "2027-01-29 00:00"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("expression", "normalized", "elapses"), IN_UTC, ids=[case[0] for case in IN_UTC])
def test_good_expressions(version: int, expression: str, normalized: str, elapses: list[int]) -> None:
    found = check(version, "calendar-utc", count=3)[expression]
    assert found == Calendar(expression, True, normalized, elapses, "")
    assert found.fires


def test_every_good_expression_is_worked_out() -> None:
    assert [case[0] for case in IN_UTC] == arguments(252, "calendar-utc")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "zone", "expression", "elapses"),
    [("calendar-berlin", "Europe/Berlin", *case) for case in IN_BERLIN.items()]
    + [("calendar-kathmandu", "Asia/Kathmandu", *case) for case in IN_KATHMANDU.items()],
)
def test_the_zone_of_the_host(version: int, name: str, zone: str, expression: str, elapses: list[int]) -> None:
    assert load(version, name)["zone"] == zone
    assert check(version, name, count=3)[expression].elapses == elapses


@pytest.mark.parametrize("version", VERSIONS)
def test_zones_at_the_meridian_with_and_without_summer_time(version: int) -> None:
    midnights = utc("2027-01-27 00:00", "2027-01-28 00:00")
    assert check(version, "calendar-greenwich", count=2)["daily"].elapses == midnights
    assert check(version, "calendar-london", count=2)["daily"].elapses == midnights


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("expression", ["*-02-30", "2020-01-01", "1999-12-31 23:59", "Mon 2020-01-06"])
def test_never_is_valid_but_has_a_reason(version: int, expression: str) -> None:
    found = check(version, "calendar-never")[expression]
    assert (found.valid, found.elapses, found.fires) == (True, [], False)
    assert "never fires" in found.reason


@pytest.mark.parametrize("version", VERSIONS)
def test_a_past_date_fires_after_a_base_time_before_it(version: int) -> None:
    found = check(version, "calendar-past-base", count=3, base_time=1500000000)["2020-01-01"]
    assert found.elapses == utc("2020-01-01 00:00")
    assert found.reason == ""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("expression", arguments(252, "calendar-bad"))
def test_bad_expressions(version: int, expression: str) -> None:
    found = check(version, "calendar-bad")[expression]
    assert (found.valid, found.normalized, found.elapses) == (False, "", [])
    assert found.reason.startswith("is not a valid calendar expression (systemd: ")
    assert "\x1b" not in found.reason


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("15min", "it is a time span"),
        ("now", "it is a point in time"),
        ("5", "quoted in YAML"),
        ("*:0/0", "Numerical result out of range"),
        ("*/5 * * * *", "looks like cron"),
        ("@daily", "looks like cron"),
        ("24:00", "midnight is 00:00"),
        ("*/2:00", "a step needs a start"),
        ("Sat..Tue 10:00", "cannot go over Sunday"),
        (" daily", "blanks"),
        ("daily ", "blanks"),
    ],
)
def test_hints(version: int, expression: str, hint: str) -> None:
    assert hint in check(version, "calendar-bad")[expression].reason


@pytest.mark.parametrize("version", VERSIONS)
def test_hints_stay_with_their_expression(version: int) -> None:
    found = check(version, "calendar-mixed")
    assert [item.valid for item in found.values()] == [False, True, False, True, True, False]
    assert [item.fires for item in found.values()] == [False, True, False, False, True, False]
    assert ["time span" in item.reason for item in found.values()] == [False, False, True, False, False, False]
    assert ["point in time" in item.reason for item in found.values()] == [False, False, False, False, False, True]
    assert found["daily"].elapses == epochs("2027-01-27T00:00+01:00")
    assert found["hourly"].elapses == utc("2027-01-26 22:00")


@pytest.mark.parametrize("version", VERSIONS)
def test_one_bad_expression_alone(version: int) -> None:
    assert not check(version, "calendar-one-bad", base_time=None)["bad"].valid


@pytest.mark.parametrize("version", VERSIONS)
def test_spring_leaves_out_the_hour_that_does_not_exist(version: int) -> None:
    found = check(version, "calendar-spring", count=8, base_time=1806191999)
    assert found["02:30"].elapses[:2] == epochs("2027-03-29T02:30+02:00", "2027-03-30T02:30+02:00")
    assert found["Sun 02:30"].elapses[0] == epochs("2027-04-04T02:30+02:00")[0]
    assert found["*-*-* 02:30 UTC"].elapses[0] == utc("2027-03-28 02:30")[0]
    hours = found["hourly"].elapses
    assert hours[:3] == epochs("2027-03-28T01:00+01:00", "2027-03-28T03:00+02:00", "2027-03-28T04:00+02:00")


@pytest.mark.parametrize("version", VERSIONS)
def test_autumn_leaves_out_one_of_the_two_equal_hours(version: int) -> None:
    found = check(version, "calendar-autumn", count=8, base_time=1824933599)
    gaps = [later - earlier for earlier, later in itertools.pairwise(found["*:0/30"].elapses)]
    assert set(gaps) == {1800, 5400}
    assert gaps.count(5400) == 1
    assert len(set(found["hourly"].elapses)) == 8


@pytest.mark.parametrize("version", VERSIONS)
def test_a_midnight_that_does_not_exist(version: int) -> None:
    found = check(version, "calendar-egypt", count=3, base_time=1808956800)
    assert found["daily"].elapses[0] == epochs("2027-05-01T00:00+03:00")[0]
    assert found["Fri 00:00"].elapses[0] == epochs("2027-05-07T00:00+03:00")[0]


@pytest.mark.parametrize("version", [252, 257])
def test_a_schedule_that_systemd_loses_at_a_midnight_that_does_not_exist(version: int) -> None:
    found = check(version, "calendar-lost", base_time=1808956800 + 21 * 3600)
    lost = found["0/2:30 Africa/Cairo"]
    assert (lost.valid, lost.fires) == (True, False)
    assert lost.reason == "is valid but never fires: systemd loses its next elapse at a change of the clocks"
    assert found["daily"].fires
    assert not found["25:00"].valid


def test_systemd_247_misses_the_start_of_an_open_step() -> None:
    minutes = {
        version: {datetime.fromtimestamp(epoch).minute for epoch in found["*:0/7"].elapses}
        for version in VERSIONS
        for found in [check(version, "calendar-steps", count=6)]
    }
    assert 0 not in minutes[247]
    assert all(0 in minutes[version] for version in VERSIONS if version > 247)


@pytest.mark.parametrize("version", VERSIONS)
def test_many_random_expressions_pair_with_their_answers(version: int) -> None:
    expressions = arguments(version, "calendar-random")
    found = check(version, "calendar-random", count=12)
    assert list(found) == list(dict.fromkeys(expressions))
    for item in found.values():
        assert item.valid == bool(item.normalized)
        assert item.elapses == sorted(item.elapses)
        assert all(epoch > WINTER for epoch in item.elapses)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("daily\nUser=x", "line break"),
        ("a\tb", "control character"),
        ("a\0b", "control character"),
        ("a\x7fb", "control character"),
        ("a\x9bb", "control character"),
        ("\udcff", "UTF-8"),
        ("1" * 3000, "longer than"),
    ],
)
def test_refused_without_asking_systemd(text: str, reason: str) -> None:
    runner = Replay(252)
    assert reason in check_calendars(runner, [text])[text].reason
    assert reason in check_timespans(runner, [text])[text].reason
    assert runner.calls == []


def test_refused_ones_do_not_reach_systemd_with_the_others() -> None:
    runner = Replay(252, "calendar-one-bad")
    found = check_calendars(runner, ["", "bad", "a\nb", "bad"])
    assert list(found) == ["", "bad", "a\nb"]
    assert runner.calls == [["systemd-analyze", "calendar", "--", "bad"]]


def test_nothing_asked_nothing_run() -> None:
    runner = Replay(252)
    assert check_calendars(runner, []) == {}
    assert check_timespans(runner, []) == {}
    assert runner.calls == []


@pytest.mark.parametrize(
    "answer",
    [
        Completed(1, "", "systemd-analyze: unrecognized option '--base-time=@1'\n"),
        Completed(0, "", ""),
        Completed(-11, "Normalized form: *-*-* 00:00:00\n    Next elapse: never\n", ""),
        Completed(0, "Normalized form: a\n\nNormalized form: b\n\nNormalized form: c\n", ""),
        Completed(0, "  Original form: other\nNormalized form: x\n    Next elapse: never\n\n", ""),
        Completed(0, "nonsense\n\nnonsense\n", ""),
    ],
)
def test_an_answer_that_is_not_understood_is_an_error(answer: Completed) -> None:
    with pytest.raises(CalendarError, match="unexpected answer"):
        check_calendars(lambda _argv: answer, ["daily", "hourly"])


def test_a_missing_program_is_passed_on() -> None:
    def runner(argv: list[str]) -> Completed:
        raise ProgramMissing(argv[0])

    with pytest.raises(ProgramMissing, match="systemd-analyze is not installed"):
        check_calendars(runner, ["daily"])


SPANS = {
    "15min": 900_000_000,
    "1h": 3_600_000_000,
    "1h 30min": 5_400_000_000,
    "5": 5_000_000,
    "0": 0,
    ".5": 500_000,
    "1.5s": 1_500_000,
    "500ms": 500_000,
    "2us": 2,
    "1M": 2_629_800_000_000,
    "1m": 60_000_000,
    "2 weeks": 1_209_600_000_000,
    "1y": 31_557_600_000_000,
    "infinity": None,
    " 5": 5_000_000,
}


@pytest.mark.parametrize("version", VERSIONS)
def test_good_time_spans_cost_one_call(version: int) -> None:
    runner = Replay(version, "timespan-good")
    found = check_timespans(runner, SPANS)
    assert {text: item.microseconds for text, item in found.items()} == SPANS
    assert all(item.valid and not item.reason for item in found.values())
    assert len(runner.calls) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_bad_time_spans_cost_three_calls(version: int) -> None:
    asked = arguments(version, "timespan-bad")
    answers = [load(version, name) for name in ("timespan-bad", "timespan-sorting", "timespan-good", "timespan-greek")]
    replies = iter([*answers[:2], answers[2] if version == 247 else answers[3]])
    calls = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        answer = next(replies)
        assert argv == answer["command"]
        return Completed(answer["rc"], answer["stdout"], answer["stderr"])

    found = check_timespans(runner, asked)
    greek = "5\u03bcs"
    bad = ["bad", "-5", "daily", "1:00", "99999999999999y", "tomorrow", "5 parsecs", "18446744073709551615us"]
    assert len(calls) == 3
    assert {text: item.microseconds for text, item in found.items() if item.valid and text != greek} == SPANS
    assert found[greek].valid == (version > 247)
    assert [text for text, item in found.items() if not item.valid and text != greek] == bad
    assert "calendar expression" in found["daily"].reason
    assert "point in time" in found["tomorrow"].reason


def test_the_timespan_verb_stops_at_the_first_bad_argument() -> None:
    """Why three calls: should a version of systemd go on, this design can become simpler."""
    for version in VERSIONS:
        answer = load(version, "timespan-bad")
        assert answer["rc"] == 1
        assert "infinity" not in answer["stdout"]


def test_only_bad_time_spans_need_no_values() -> None:
    def runner(argv: list[str]) -> Completed:
        verb = "calendar specification" if "calendar" in argv else "time span"
        return Completed(1, "", f"Failed to parse {verb} 'bad': Invalid argument\n")

    assert check_timespans(runner, ["bad"]) == {
        "bad": Timespan("bad", False, None, "is not a valid time span (systemd: Invalid argument)")
    }


def test_time_spans_that_never_evaluate_are_an_error() -> None:
    hint = "Hint: this expression is a valid timespan. Use 'systemd-analyze timespan \"5\"' instead?\n"
    failed = "Failed to parse calendar specification '5': Invalid argument\n" + hint
    with pytest.raises(CalendarError):
        check_timespans(lambda _argv: Completed(1, "", failed), ["5"])


@pytest.mark.parametrize("version", VERSIONS)
def test_version(version: int) -> None:
    assert calendar.systemd_version(Replay(version, "version")) == version
    assert calendar.require_version(Replay(version, "version")) == version


@pytest.mark.parametrize(("said", "shown"), [("systemd 246 (246.1)\n", "found 246"), ("", "found none")])
def test_old_or_unknown_versions_are_refused(said: str, shown: str) -> None:
    with pytest.raises(CalendarError, match=shown):
        calendar.require_version(lambda _argv: Completed(0, said, ""))
