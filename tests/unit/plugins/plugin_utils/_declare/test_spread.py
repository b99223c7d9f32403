# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules are moved by just the offset, or refused; molecule's scenario `semantics` asks systemd the same."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import parse_normalized
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.spread import (
    CannotMove,
    move,
    offset_of,
    seconds_of,
    span_of,
    spread_jobs,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import complete

HOUR = 3600
DAY = 86400
OFFSET = 17 * 60 + 23


@pytest.mark.parametrize(
    ("expression", "offset", "moved"),
    [
        ("hourly", OFFSET, ["*-*-* *:17:23"]),
        ("daily", OFFSET, ["*-*-* 00:17:23"]),
        ("monthly", OFFSET, ["*-*-01 00:17:23"]),
        ("*-*-* *:15:00", OFFSET, ["*-*-* *:32:23"]),
        ("*:50", OFFSET, ["*-*-* *:07:23"]),
        ("*:0/15", OFFSET, ["*-*-* *:02,17,32,47:23"]),
        ("*:*", OFFSET, ["*-*-* *:*:23"]),
        ("Mon *-*-* 08:00:00", OFFSET, ["Mon *-*-* 08:17:23"]),
        ("Mon *-*-* 23:50", 30 * 60, ["Tue *-*-* 00:20:00"]),
        ("Sun 23:50", 30 * 60, ["Mon *-*-* 00:20:00"]),
        ("Fri..Sun 23:30,50", 20 * 60, ["Fri..Sun *-*-* 23:50:00", "Mon,Sat,Sun *-*-* 00:10:00"]),
        ("23:50 Europe/London", 30 * 60, ["*-*-* 00:20:00 Europe/London"]),
        ("*-*-01 23:00", 59 * 60, ["*-*-01 23:59:00"]),
        ("*-*~01 08,20:00 UTC", OFFSET, ["*-*~01 08,20:17:23 UTC"]),
        ("2030-01-05 07:00", OFFSET, ["2030-01-05 07:17:23"]),
        ("01-05 07:00", OFFSET, ["*-01-05 07:17:23"]),
        ("8..10:0/30", 45 * 60, ["*-*-* 08:45:00", "*-*-* 09,10:15,45:00", "*-*-* 11:15:00"]),
        ("Mon..Fri *:00", 20 * 60, ["Mon..Fri *-*-* *:20:00"]),
        ("Sat", 0, ["Sat *-*-* 00:00:00"]),
    ],
)
def test_moved(expression: str, offset: int, moved: list[str]) -> None:
    assert move(expression, offset, HOUR) == moved


@pytest.mark.parametrize(
    ("expression", "reach", "reason", "fix"),
    [
        ("*-*-01 23:01", HOUR, "it could leave its date", "write a time up to 23:00, or a shorter spread"),
        ("*-*-01 *:30", HOUR, "it could leave its date", "write a time up to 23:00, or a shorter spread"),
        ("Mon *-*-01..07 23:30", HOUR, "it could leave its date", "write a time up to 23:00, or a shorter spread"),
        ("*-*-01 00:01", DAY, "it could leave its date", "write a time up to 00:00, or a shorter spread"),
        ("*:*:0/10", HOUR, "it elapses more than once in a minute",
         "take `spread` out, this job is spread already"),
        *[
            (text, HOUR, "its form is not understood", "write it like `Mon *-*-* 08:00:00`")
            for text in ("@1800000000", "25:00", "*/2:00", "1:2:3:4", "08:00 UTC x", "01:02:03.5", "0/0:00")
        ],
    ],
)  # fmt: skip
def test_refused_whatever_the_offset(expression: str, reach: int, reason: str, fix: str) -> None:
    for offset in (0, 1, reach - 1):
        with pytest.raises(CannotMove) as caught:
            move(expression, offset, reach)
        assert (caught.value.reason, caught.value.fix) == (reason, fix)


def elapses(expressions: list[str], start: datetime, days: int) -> set[datetime]:
    found: set[datetime] = set()
    for expression in expressions:
        spec = parse_normalized(expression if expression[0].isalpha() or "-" in expression else f"*-*-* {expression}")
        assert spec is not None, expression
        found.update(spec.between(start, start + timedelta(days)))
    return found


def test_all_elapses_of_a_week_are_moved_by_the_offset() -> None:
    chance = random.Random(7)
    start = datetime(2030, 1, 7)
    for _number in range(150):
        day = chance.choice(["", "Mon ", "Mon..Fri ", "Sat,Sun ", "Wed,Fri,Sun "])
        hour = chance.choice(["*", "23", "00,12", "08..17", "22..23"])
        minute = chance.choice(["00", "59", "00,30", "05..09", "*"])
        reach = chance.choice([HOUR, DAY, 90])
        offset = chance.randrange(reach)
        expression = f"{day}*-*-* {hour}:{minute}:{chance.randrange(60):02d}"
        before = {when + timedelta(seconds=offset) for when in elapses([expression], start, 14)}
        after = elapses(move(expression, offset, reach), start, 14)
        inner = (start + timedelta(1), start + timedelta(13))
        assert {when for when in before if inner[0] <= when < inner[1]} == {
            when for when in after if inner[0] <= when < inner[1]
        }, (expression, offset)


def test_offsets_are_stable_and_even() -> None:
    # Written down: an upgrade must not move the jobs of everybody.
    assert [offset_of("web1", "backup", HOUR), offset_of("web2", "backup", HOUR), offset_of("web1", "report", DAY)] == [
        1267,
        1613,
        83888,
    ]
    minutes = Counter(offset_of(f"host{number}", "upload", HOUR) // 60 for number in range(6000))
    assert len(minutes) == 60
    assert max(minutes.values()) < 150


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("hour", 3600), ("day", 86400), ("30min", 1800), ("1h 30min", 5400), ("90s", 90), ("24h", 86400), ("25h", None)],
)
def test_lengths(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (59, "59s"), (1043, "17min 23s"), (7200, "2h")])
def test_spans(seconds: int, text: str) -> None:
    assert span_of(seconds) == text


def test_jobs() -> None:
    jobs = [complete(spread="hour", schedule=["hourly", "*-*-01 23:30"]), complete(name="plain")]
    findings = spread_jobs(jobs, "web1")
    assert [str(found.reason) for found in findings] == ["cannot be spread: it could leave its date"]
    assert jobs[0]["schedule"] == ["*-*-* *:21:07", "*-*-01 23:30"]
    assert (jobs[0]["spread_offset"], jobs[1]["spread_offset"]) == (1267, None)
