# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which change would run a job at once, and what becomes of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import MissedElapse, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.start_check import runs_since_boot
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.missed_elapses import (
    MOST_CALLS,
    SEVERAL,
    bases,
    grouped,
    parse_activations,
    predict,
    refusals,
    would_count,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import shown_time
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import (
    RUNNING_VERSIONS,
    STOPPED,
    UNIT_DIRECTORY,
    answer,
    empty_host,
    host_with,
    suspended_host,
    wanted,
)

HOUR = 3600
SPANS: dict[str, int | None] = {"1s": 10**6, "5min": 300 * 10**6, "2h": 7200 * 10**6, "1h": 3600 * 10**6}


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
TUESDAY = wanted(schedule="Tue 09:00")


@pytest.mark.parametrize(
    ("job", "observed", "counts"),
    [
        (TUESDAY, host_with(OLD), True),
        (wanted(timezone="Europe/London"), host_with(OLD), True),
        (OLD, host_with(OLD), False),
        (wanted(command="/bin/false"), host_with(OLD), False),
        (wanted(accuracy="1min"), host_with(OLD), False),
        (wanted(schedule="Tue 09:00", state="suspended"), host_with(OLD), False),
        # It is started: systemd looks at the stamp.
        (OLD, suspended_host(OLD), True),
        (OLD, host_with(OLD, timer=STOPPED), True),
        (OLD, empty_host(), True),
    ],
)
def test_for_whom_systemd_looks_back(job: WantedJob, observed: Observed, counts: bool) -> None:
    assert would_count(job, observed) is counts


class Systemd:
    """A runner that knows when timers became active, and when expressions elapse: all of them at the same times."""

    def __init__(self, active_for: float, *elapses: float) -> None:
        self.now = int(time.time())
        # Of the machine that runs the test: the prediction reads the same clock.
        self.since_boot = int((time.clock_gettime(time.CLOCK_MONOTONIC) - active_for) * 1e6)
        self.elapses = sorted(self.now + int(elapse) for elapse in elapses)
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str]) -> Completed:
        self.calls.append(argv)
        if argv[0] == "systemctl":
            units = [name for name in argv if name.endswith(".timer")]
            blocks = [f"Id={unit}\nActiveEnterTimestampMonotonic={self.since_boot}\n" for unit in units]
            return Completed(0, "\n".join(blocks), "")
        options = dict(word[2:].split("=") for word in argv if word.startswith("--") and "=" in word)
        count = int(options.get("iterations", 1))
        following = [when for when in self.elapses if when > int(options["base-time"][1:])][:count]
        labels = ["Next elapse", *(f"Iter. #{number}" for number in range(2, count + 1))]
        lines = [f"{label}: {shown_time(when)}\n" for label, when in zip(labels, following, strict=False)]
        blocks = [f"Normalized form: {one}\n" + "".join(lines) for one in argv[argv.index("--") + 1 :]]
        return Completed(0, "\n".join(blocks), "")

    def calendar_calls(self) -> list[tuple[int, int, list[str]]]:
        """Return age of the base time, number of elapses and expressions of each call."""
        found = []
        for argv in self.calls:
            if argv[0] == "systemd-analyze":
                options = dict(word[2:].split("=") for word in argv if word.startswith("--") and "=" in word)
                age = self.now - int(options["base-time"][1:])
                found.append((age, int(options.get("iterations", 1)), argv[argv.index("--") + 1 :]))
        return found


def running(*jobs: WantedJob, last: float = 0.0) -> Observed:
    """Return a host that has these jobs armed. In a container its own age differs from the clock that it reads."""
    names = [f"{job.name}.timer" for job in jobs]
    return host_with(*jobs)._replace(uptime=1.0, last_trigger=dict.fromkeys(names, last))


def stamped(observed: Observed, age: float) -> Observed:
    """Return the host with a stamp of that age."""
    return observed._replace(stamps={"backup.timer": int((time.time() - age) * 1e9)})


def ago(systemd: Systemd, surprise: MissedElapse) -> int:
    """Return how long ago an elapse was."""
    return systemd.now - int(surprise.elapse)


def test_an_elapse_between_activation_and_now() -> None:
    systemd = Systemd(10, -20, -5, HOUR)
    found = predict(systemd, [TUESDAY], running(OLD), {})
    assert found == {"backup": MissedElapse("Tue 09:00", systemd.now - 5)}
    ((age, count, expressions),) = systemd.calendar_calls()
    assert abs(age - 10) <= 1
    assert (count, expressions) == (1, ["Tue 09:00"])


def test_an_elapse_that_lies_ahead_or_before_is_none() -> None:
    assert predict(Systemd(2 * HOUR, HOUR), [TUESDAY], running(OLD), {}) == {}
    assert predict(Systemd(2 * HOUR, -3 * HOUR, HOUR), [TUESDAY], running(OLD), {}) == {}


def test_a_timer_that_has_triggered_counts_from_then() -> None:
    systemd = Systemd(9 * HOUR, -2 * HOUR, -1)
    last = systemd.now - HOUR
    assert ago(systemd, predict(systemd, [TUESDAY], running(OLD, last=last), {})["backup"]) == 1
    assert [age for age, _count, _expressions in systemd.calendar_calls()] == [HOUR]
    # Nobody is asked when it became active.
    assert len(systemd.calls) == 1


@pytest.mark.parametrize("observed", [suspended_host(OLD), host_with(OLD, timer=STOPPED), empty_host()])
def test_a_job_that_is_resumed_or_comes_back_counts_from_its_stamp(observed: Observed) -> None:
    systemd = Systemd(1, -3 * HOUR, -HOUR)
    found = predict(systemd, [OLD], stamped(observed, 2 * HOUR), {})
    assert ago(systemd, found["backup"]) == HOUR
    assert predict(Systemd(1, -3 * HOUR), [OLD], stamped(observed, 2 * HOUR), {}) == {}


def test_a_stamp_is_nothing_to_a_timer_that_is_not_persistent() -> None:
    off = wanted(persistent=False)
    systemd = Systemd(1, -HOUR)
    assert predict(systemd, [off], stamped(suspended_host(off), 2 * HOUR), {}) == {}
    assert systemd.calls == []


def test_a_stopped_timer_in_memory_counts_from_the_later_of_trigger_and_stamp() -> None:
    systemd = Systemd(1, -HOUR)
    observed = host_with(OLD, timer=STOPPED)._replace(last_trigger={"backup.timer": systemd.now - 3 * HOUR})
    assert bases(systemd, [OLD], stamped(observed, 2 * HOUR))["backup"] == pytest.approx(systemd.now - 2 * HOUR, abs=2)
    observed = stamped(observed, 4 * HOUR)
    assert bases(systemd, [OLD], observed) == {"backup": systemd.now - 3 * HOUR}


def test_a_new_job_has_no_past() -> None:
    systemd = Systemd(1, -HOUR)
    assert predict(systemd, [OLD], empty_host(), {}) == {}
    assert systemd.calls == []


def test_nobody_to_ask_for_costs_nothing() -> None:
    systemd = Systemd(HOUR, -1)
    assert predict(systemd, [OLD, wanted(name="b", state="suspended")], running(OLD), {}) == {}
    assert systemd.calls == []


def test_the_first_of_several_elapses_is_told() -> None:
    systemd = Systemd(10, -8, -5)
    job = wanted(schedule=["Tue 09:00", "Wed 09:00"])
    assert ago(systemd, predict(systemd, [job], running(OLD), {})["backup"]) == 8


def test_one_call_for_all_that_count_from_the_same_time() -> None:
    systemd = Systemd(10, -5)
    old = [wanted(name=f"job{number}") for number in range(20)]
    new = [wanted(name=job.name, schedule=["Tue 09:00", "Wed 09:00"]) for job in old]
    found = predict(systemd, new, running(*old), {})
    assert list(found) == [job.name for job in old]
    assert len(systemd.calls) == 2


# Many different bases share a few calls.


@pytest.mark.parametrize("number", [1, MOST_CALLS - 1, MOST_CALLS, MOST_CALLS + 1, 100, 1000])
def test_a_few_groups_hold_every_job_once_and_in_order(number: int) -> None:
    found = {f"job{one}": 1000.0 + one * 10 for one in reversed(range(number))}
    groups = grouped(found)
    assert len(groups) <= MOST_CALLS
    assert [name for group in groups for name in group] == [f"job{one}" for one in range(number)]
    assert all(len(group) == 1 for group in groups) == (number <= MOST_CALLS)


def test_jobs_of_one_base_share_a_group() -> None:
    assert grouped({"a": 2.9, "b": 1.0, "c": 2.1}) == [["b"], ["a", "c"]]
    assert grouped({}) == []


def test_jobs_of_a_shared_call_have_their_own_bases() -> None:
    """Twenty jobs have run one minute after the other; a new schedule has elapsed after half of them."""
    systemd = Systemd(1, -630, HOUR)
    old = [wanted(name=f"job{number:02}") for number in range(20)]
    last = {f"job{number:02}.timer": systemd.now - 60.0 * (20 - number) for number in range(20)}
    observed = running(*old)._replace(last_trigger=last)
    found = predict(systemd, [wanted(name=job.name, schedule="Tue 09:00") for job in old], observed, {})
    assert sorted(found) == [f"job{number:02}" for number in range(10)]
    assert {one.elapse for one in found.values()} == {systemd.now - 630}
    calls = systemd.calendar_calls()
    assert len(calls) <= MOST_CALLS
    assert {count for _age, count, _expressions in calls} == {SEVERAL}


def test_a_frequent_schedule_of_a_shared_call_is_seen_too() -> None:
    systemd = Systemd(1, *(-60.0 * number for number in range(1, 3000)))
    old = [wanted(name=f"job{number:02}") for number in range(20)]
    last = {f"job{number:02}.timer": systemd.now - 3600.0 * (20 - number) for number in range(20)}
    observed = running(*old)._replace(last_trigger=last)
    found = predict(systemd, [wanted(name=job.name, schedule="minutely") for job in old], observed, {})
    assert sorted(found) == [job.name for job in old]


# Time spans.

EVERY = wanted(schedule=None, every="1h")
OFTEN = wanted(schedule=None, every="5min")


def test_a_shorter_interval_has_gone_by_since_the_last_run() -> None:
    systemd = Systemd(HOUR)
    found = predict(systemd, [OFTEN], running(EVERY, last=systemd.now - 600), SPANS)
    assert found["backup"].expression == "5min"
    assert ago(systemd, found["backup"]) == 300
    assert predict(systemd, [OFTEN], running(EVERY, last=systemd.now - 60), SPANS) == {}


def test_a_shorter_interval_has_gone_by_since_the_activation() -> None:
    systemd = Systemd(600)
    assert abs(ago(systemd, predict(systemd, [OFTEN], running(EVERY), SPANS)["backup"]) - 300) <= 1
    assert predict(Systemd(60), [OFTEN], running(EVERY), SPANS) == {}


def test_an_interval_begins_anew_at_a_start() -> None:
    assert predict(Systemd(1), [OFTEN], suspended_host(EVERY, stamp=False), SPANS) == {}


def test_infinity_has_never_gone_by() -> None:
    job = wanted(schedule=None, every="infinity")
    assert predict(Systemd(600), [job], running(EVERY), {"infinity": None}) == {}


@pytest.mark.parametrize(("span", "passed"), [("5min", True), ("2h", False)])
def test_a_span_after_boot_counts_where_the_timer_is_started(span: str, passed: bool) -> None:
    """The host has been up for an hour."""
    job = wanted(schedule=None, on_boot=span)
    found = predict(Systemd(1), [job], empty_host(), SPANS)
    assert bool(found) is passed
    if passed:
        assert found["backup"].expression == "5min"
        assert found["backup"].elapse == pytest.approx(time.time() - 3300, abs=5)


def test_of_calendar_and_span_the_calendar_is_told() -> None:
    """Both have passed; it is one run."""
    systemd = Systemd(1, -10)
    job = wanted(schedule="Tue 09:00", every="5min")
    found = predict(systemd, [job], running(OLD, last=systemd.now - 600), SPANS)
    assert found == {"backup": MissedElapse("Tue 09:00", systemd.now - 10)}


# What is refused, and what is told.

PASSED = {"backup": MissedElapse("Tue 09:00", 1801468800.0)}
HELD = {"backup.timer": "other.service"}


def test_a_job_that_is_not_to_run_at_once_is_refused() -> None:
    (found,) = refusals([fail(schedule="Tue 09:00")], running(OLD), PASSED)
    assert (found.job, found.field, found.value, found.code) == ("backup", "schedule", "Tue 09:00", "runs-at-once")
    when = iso8601(1801468800)
    reason = f"the change would run the job at once, for the elapse of {when}, and on_reschedule is fail"
    assert found.reason == reason
    assert "skip or run" in found.fix


def test_a_job_that_is_referred_to_and_not_to_run_is_refused() -> None:
    """systemd cannot forget the last run of its timer, and no stamp holds it."""
    (found,) = refusals([TUESDAY], running(OLD)._replace(referenced=HELD), PASSED)
    assert (found.job, found.field, found.value, found.code) == ("backup", "schedule", "Tue 09:00", "runs-at-once")
    assert "other.service refers to the timer, so that systemd cannot forget its last run" in found.reason
    assert found.fix == "take the reference away, set persistent to true, or set on_reschedule to run"


@pytest.mark.parametrize(
    ("job", "observed", "surprises"),
    [
        (TUESDAY, running(OLD), PASSED),
        (wanted(schedule="Tue 09:00", on_reschedule="run"), running(OLD), PASSED),
        (wanted(schedule="Tue 09:00", on_reschedule="run"), running(OLD)._replace(referenced=HELD), PASSED),
        (fail(schedule="Tue 09:00"), running(OLD), {}),
        (TUESDAY, running(OLD)._replace(referenced=HELD), {}),
        # It is stopped already: the apply looks whether systemd forgets it.
        (TUESDAY, host_with(OLD, timer=STOPPED)._replace(referenced=HELD), PASSED),
    ],
)
def test_what_is_not_refused(job: WantedJob, observed: Observed, surprises: dict[str, MissedElapse]) -> None:
    assert refusals([job], observed, surprises) == []


def test_an_interval_of_a_timer_that_is_referred_to_is_refused_too() -> None:
    surprises = {"backup": MissedElapse("5min", 1801468800.0)}
    assert len(refusals([OFTEN], running(EVERY)._replace(referenced=HELD), surprises)) == 1


# Times after boot that have passed: the host has been up for an hour.


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
        (wanted(**REPEATING), False),
        (wanted(**REPEATING, timer={"Persistent": None}), True),
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
