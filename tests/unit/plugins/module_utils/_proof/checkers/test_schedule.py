# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a timer elapse: expressions, spans, triggers, and how they go together."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.schedule import (
    check_lengths,
    check_reload_runs,
    check_schedules,
    check_spans,
    check_start_limit,
    check_trigger,
    words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Checker, Context
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar, Timespan
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import NOW, job_view, known

SPANS = {"1s": 1, "2s": 2, "3s": 3, "10s": 10, "5min": 300, "1h": 3600, "2h": 7200, "1d": 86400, "0": 0}
BAD = "is not a valid calendar expression (systemd: Invalid argument)"


def found(checker: Checker, **fields: Any) -> list[Finding]:
    """Return what a checker says of a job; its expressions stand in the normalized form."""
    job = job_view(**fields)
    return checker(job, known(job.wanted, spans=SPANS))


def told(checker: Checker, **fields: Any) -> list[str]:
    """Return the lines of it, without the name of the job."""
    return [line(one).removeprefix("backup: ") for one in found(checker, **fields)]


def judged(schedule: str | list[str], bad: dict[str, str], fixes: dict[str, str] | None = None) -> list[str]:
    """Return what is told of a schedule, some of whose expressions systemd finds bad for a reason; empty: never."""
    job = job_view(schedule=schedule)
    about: Context = known(job.wanted)
    for text, reason in bad.items():
        never = reason.startswith("is valid")
        about.calendars[text] = Calendar(text, never, text if never else "", [], reason)
    return [line(one) for one in check_schedules(job, about._replace(fixes=fixes or {}))]


def test_expressions_that_are_none() -> None:
    assert judged("25:00", {"25:00": BAD}) == [
        f'backup: schedule "25:00": {BAD}; see systemd.time(7), Calendar Events [invalid-schedule]'
    ]
    assert judged("dayly", {"dayly": BAD}, {"dayly": "daily"}) == [
        f'backup: schedule "dayly": {BAD}; write "daily" [invalid-schedule]'
    ]
    assert len(judged(["daily", "25:00"], {"25:00": BAD})) == 1


def test_expressions_that_never_elapse() -> None:
    reason = "is valid but never fires: no such date lies ahead"
    assert judged("*-02-30", {"*-02-30": reason}) == [
        f'backup: schedule "*-02-30": {reason}; correct the date, or set the job\'s state to absent [never-elapses]'
    ]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (
            "daily Europe/Berln",
            (
                'backup: schedule "daily Europe/Berln": the host does not know the time zone Europe/Berln; write '
                '"Europe/Berlin" for "Europe/Berln" [unknown-timezone]'
            ),
        ),
        (
            "daily Mars/Olympus",
            (
                'backup: schedule "daily Mars/Olympus": the host does not know the time zone Mars/Olympus; correct '
                "it, or "
                "install the package tzdata on this host [unknown-timezone]"
            ),
        ),
        ("*:0/70", f'backup: schedule "*:0/70": {BAD}; see systemd.time(7), Calendar Events [invalid-schedule]'),
        (
            "dayly Europe/Berlin",
            f'backup: schedule "dayly Europe/Berlin": {BAD}; see systemd.time(7), Calendar Events [invalid-schedule]',
        ),
    ],
)
def test_time_zones(schedule: str, expected: str) -> None:
    assert judged(schedule, {schedule: BAD}) == [expected]


def test_spans_of_both_units() -> None:
    job = job_view(every="15 minuten", schedule=None, service={"TimeoutStartSec": "soon", "Nice": "5"}, jitter="1h")
    spans = {text: Timespan(text, False, None, "is not a valid time span") for text in ("15 minuten", "soon")}
    spans.update({text: Timespan(text, True, 1) for text in ("1s", "1h")})
    about = known(job.wanted)._replace(spans=spans, span_fixes={"15 minuten": "15min"})
    lines = [line(one) for one in check_spans(job, about)]
    # `every` is written twice, and told once in the end.
    assert sorted(set(lines)) == [
        'backup: every "15 minuten": is not a valid time span; write "15min" [invalid-timespan]',
        (
            'backup: timeout "soon": is not a valid time span; write a span such as 90s, 15min or '
            "1h 30min: "
            "systemd.time(7) [invalid-timespan]"
        ),
    ]


@pytest.mark.parametrize(
    ("timer", "expected"),
    [
        ({"OnUnitActiveSec": "1h"}, "never-starts"),
        ({"OnUnitInactiveSec": "1h"}, "never-starts"),
        ({"OnUnitInactiveSec": "1h", "OnBootSec": "1h"}, None),
        ({"OnClockChange": "yes"}, None),
        ({"OnCalendar": ["daily", ""]}, "no-trigger"),
    ],
)
def test_triggers(timer: dict[str, Any], expected: str | None) -> None:
    findings = found(check_trigger, schedule=None, timer=timer)
    assert [one.code for one in findings] == ([expected] if expected else [])
    assert found(check_trigger) == []
    assert found(check_trigger, schedule=None, every="1h") == []
    assert found(check_trigger, schedule=None, every_after="1h") == []


def test_what_each_reload_runs_again() -> None:
    assert told(check_reload_runs, timer={"OnActiveSec": "3s"}) == [
        (
            'timer.OnActiveSec "3s": makes every reload of systemd run the job again; use `every` or `on_boot`, or set '
            "on_reschedule to run [runs-at-reload]"
        )
    ]
    (allowed,) = found(check_reload_runs, timer={"OnActiveSec": "3s"}, on_reschedule="run")
    assert allowed.severity == "warning"
    assert found(check_reload_runs, schedule=None, every="1h") == []
    assert found(check_reload_runs, schedule=None, every_after="1h") == []


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"schedule": "*-*-* *:*:*"}, 1),
        ({"schedule": "*-*-* *:*:00/3"}, 0),
        ({"schedule": "*-*-* *:*:00"}, 0),
        ({"schedule": None, "every": "1s"}, 1),
        ({"schedule": None, "every": "2s"}, 0),
        ({"schedule": None, "every_after": "1s"}, 1),
        ({"schedule": None, "every": "3s"}, 0),
        ({"schedule": "*-*-* *:*:*", "unit": {"StartLimitIntervalSec": "0"}}, 0),
        ({"schedule": "*-*-* *:*:*", "unit": {"StartLimitBurst": "20"}}, 0),
        ({"schedule": "*-*-* *:*:00/3", "unit": {"StartLimitIntervalSec": "1h"}}, 1),
    ],
)
def test_start_limits(fields: dict[str, Any], count: int) -> None:
    assert [one.code for one in found(check_start_limit, **fields)] == ["start-limit"] * count


def test_the_start_limit_is_explained() -> None:
    assert told(check_start_limit, schedule="*-*-* *:*:*") == [
        (
            'schedule "*-*-* *:*:*": runs the job every 1 s, and systemd refuses more than 5 starts in 10 s, so '
            "runs are lost; set "
            "`unit: {StartLimitIntervalSec: 0}` [start-limit]"
        )
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"schedule": "*-*-* *:15:00", "jitter": "2h"}, [("jitter", "2h")]),
        ({"schedule": "*-*-* *:15:00", "jitter": "1h"}, [("jitter", "1h")]),
        ({"schedule": "*-*-* *:15:00", "jitter": "5min"}, []),
        # The time until the next run begins when this one has ended.
        ({"schedule": None, "every_after": "5min", "timeout": "1h"}, []),
        ({"schedule": None, "every": "5min", "timeout": "1h"}, [("timeout", "1h")]),
        ({"schedule": None, "every_after": "5min", "jitter": "1h"}, [("jitter", "1h")]),
        ({"schedule": "*-*-* *:15:00", "accuracy": "2h"}, [("accuracy", "2h")]),
        ({"schedule": "*-*-* *:15:00", "service": {"TimeoutStartSec": "2h"}}, [("timeout", "2h")]),
        ({"schedule": "*-*-* 08:00:00", "service": {"TimeoutStartSec": "2h"}}, []),
        ({"schedule": "Mon *-*-* 08:00:00", "jitter": "1d"}, []),
        ({"schedule": "*-*-* *:15:00", "service": {"TimeoutStartSec": "0"}}, []),
        ({"schedule": "2027-06-01 00:00:00", "jitter": "1d"}, []),
        ({"schedule": None, "every": "5min", "jitter": "1h"}, [("jitter", "1h")]),
    ],
)
def test_what_is_longer_than_the_time_between_two_runs(fields: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    findings = found(check_lengths, **fields)
    assert [(one.field, one.value) for one in findings] == expected
    assert {one.severity for one in findings} <= {"warning"}


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1, "1s"), (90, "90s"), (120, "2min"), (3600, "1h"), (5400, "90min"), (86400, "1d")]
)
def test_words(seconds: float, expected: str) -> None:
    assert words(seconds) == expected


def test_the_samples_lie_in_the_future() -> None:
    assert NOW > 1800000000
