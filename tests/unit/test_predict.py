# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which change of a schedule would run a job at once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import Observed, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan import goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._predict import (
    parse_activations,
    predict_runs,
    rescheduled,
    runs_since_boot,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.samples import (
    RUNNING_VERSIONS,
    STOPPED,
    UNIT_DIRECTORY,
    answer,
    empty_host,
    host_with,
    wanted,
)

HOUR = 3600


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_activations(version: int) -> None:
    text = answer(version, "pid1-activations").stdout
    found = parse_activations(text, 1000.0)
    # Neither one that is stopped nor one that does not exist.
    assert list(found) == ["waiting.timer", "repeating.timer"]
    microseconds = [int(line.split("=")[1]) for line in text.splitlines() if line.startswith("Active")]
    assert found["waiting.timer"] == 1000.0 + microseconds[0] / 1e6


def test_no_activations() -> None:
    assert parse_activations("", 0.0) == parse_activations("Id=a.timer\nActiveEnterTimestampMonotonic=\n", 0.0) == {}


def fail(**fields: Any) -> WantedJob:
    """Return a job that refuses to run at once."""
    return wanted(on_reschedule="fail", **fields)


OLD = wanted()


@pytest.mark.parametrize(
    ("job", "observed", "asked"),
    [
        (fail(schedule="Tue 09:00"), host_with(OLD), True),
        (fail(timezone="Europe/London"), host_with(OLD), True),
        (fail(), host_with(OLD), False),
        (fail(command="/bin/false"), host_with(OLD), False),
        (wanted(schedule="Tue 09:00"), host_with(OLD), False),
        (wanted(schedule="Tue 09:00", on_reschedule="run"), host_with(OLD), False),
        (fail(schedule="Tue 09:00", state="suspended"), host_with(OLD), False),
        (fail(schedule="Tue 09:00"), empty_host(), False),
        (fail(schedule="Tue 09:00"), host_with(OLD, timer=STOPPED), False),
    ],
)
def test_who_is_asked(job: WantedJob, observed: Observed, asked: bool) -> None:
    assert rescheduled([job], observed) == ([job] if asked else [])


class Systemd:
    """A runner that knows when timers became active, and says that every expression elapses at one time."""

    def __init__(self, active_for: float, elapse_in: float) -> None:
        now = int(time.time())
        # Of the machine that runs the test: the prediction reads the same clock.
        self.since_boot = int((time.clock_gettime(time.CLOCK_MONOTONIC) - active_for) * 1e6)
        self.elapse = time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(now + elapse_in))
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str]) -> Completed:
        self.calls.append(argv)
        if argv[0] == "systemctl":
            units = [name for name in argv if name.endswith(".timer")]
            blocks = [f"Id={unit}\nActiveEnterTimestampMonotonic={self.since_boot}\n" for unit in units]
            return Completed(0, "\n".join(blocks), "")
        expressions = argv[argv.index("--") + 1 :]
        blocks = [f"Normalized form: {one}\n    Next elapse: {self.elapse}\n" for one in expressions]
        return Completed(0, "\n".join(blocks), "")

    def base(self) -> float:
        """Return the base time of the last calendar call."""
        return float(next(word for word in self.calls[-1] if word.startswith("--base-time=@")).split("@")[1])


def running(*jobs: WantedJob, last: float = 0.0) -> Observed:
    """Return a host that has these jobs armed. In a container its own age differs from the clock that it reads."""
    names = [f"{job.name}.timer" for job in jobs]
    return host_with(*jobs)._replace(uptime=1.0, last_trigger=dict.fromkeys(names, last))


def test_an_elapse_between_activation_and_now_is_refused() -> None:
    systemd = Systemd(active_for=10, elapse_in=-5)
    found = predict_runs(systemd, [fail(schedule="Tue 09:00")], running(OLD))
    assert [(one.job, one.field, one.value) for one in found] == [("backup", "schedule", "Tue 09:00")]
    assert "would run the job at once, for the elapse of 20" in found[0].reason
    assert "skip or run" in found[0].mend
    assert abs(systemd.base() - (time.time() - 10)) < 5
    assert found[0].code == "runs-at-once"


def test_an_elapse_that_lies_ahead_is_fine() -> None:
    assert predict_runs(Systemd(2 * HOUR, elapse_in=HOUR), [fail(schedule="Tue 09:00")], running(OLD)) == []


def test_a_timer_that_has_triggered_counts_from_then() -> None:
    systemd = Systemd(active_for=9 * HOUR, elapse_in=-1)
    last = time.time() - HOUR
    assert len(predict_runs(systemd, [fail(schedule="Tue 09:00")], running(OLD, last=last))) == 1
    assert systemd.base() == int(last)


def test_nobody_to_ask_for_costs_nothing() -> None:
    systemd = Systemd(HOUR, -1)
    assert predict_runs(systemd, [wanted(schedule="Tue 09:00")], running(OLD)) == []
    assert systemd.calls == []


def test_one_call_for_all_that_count_from_the_same_time() -> None:
    systemd = Systemd(active_for=10, elapse_in=-5)
    old = [wanted(name=f"job{number}") for number in range(20)]
    new = [fail(name=job.name, schedule=["Tue 09:00", "Wed 09:00"]) for job in old]
    found = predict_runs(systemd, new, running(*old))
    assert [one.job for one in found] == [job.name for job in old]
    assert len(systemd.calls) == 2


# Times after boot that have gone by: the host has been up for an hour.

SPANS: dict[str, int | None] = {"5min": 300 * 10**6, "2h": 7200 * 10**6, "1h": 3600 * 10**6}


def since_boot(job: WantedJob, observed: Observed) -> list[tuple[str, str, Any]]:
    """Return what is found against the plan of one job."""
    goals = [goal_of(job, observed, SPANS)]
    plan = make_plan(goals, observed, UNIT_DIRECTORY)
    started = {item for step in plan.steps if step.kind == "start" for item in step.items}
    return [(one.job, one.field, one.value) for one in runs_since_boot(goals, started, observed, SPANS)]


REPEATING = {"schedule": None, "on_boot": "5min", "every": "1h"}


@pytest.mark.parametrize(
    ("job", "refused"),
    [
        (wanted(**REPEATING), True),
        (wanted(schedule=None, on_boot="2h", every="1h"), False),
        (wanted(**REPEATING, on_reschedule="run"), False),
        (wanted(**REPEATING, state="suspended"), False),
        (wanted(schedule=None, on_boot="5min"), False),
        (wanted(schedule="daily", on_boot="5min"), False),
        (wanted(schedule="daily", on_boot="5min", persistent=False), True),
        (wanted(), False),
    ],
)
def test_a_time_after_boot_that_has_gone_by(job: WantedJob, refused: bool) -> None:
    assert since_boot(job, empty_host()) == ([("backup", "on_boot", "5min")] if refused else [])


def test_a_timer_that_is_armed_already_is_not_refused() -> None:
    job = wanted(**REPEATING)
    assert since_boot(job, host_with(job, stamp=False)) == []
