# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PID 1 remembers, although nobody would think so, makes no job run, and no due run is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import active_since, daily, is_armed, next_elapse, recorder, runs, soon, unit_property, utc_now, wait_until

OWNER = {"timer_owner": "memory"}
FAR = "*-*-* 00:00:07"
INTERVAL = 20


def job(name, **fields):
    return {"name": name, "command": recorder(name), **fields}


def declared(schedule, accuracy="1s", every=f"{INTERVAL}s"):
    return [
        job("removed-manual", schedule=schedule, persistent=False),
        job("referred-to", schedule=FAR, persistent=False),
        job("refers", schedule=FAR, unit={"After": "referred-to.timer"}),
        {**job("failing", every=every), "command": recorder("failing", "exit 3")},
        job("delayed", schedule=schedule, jitter="30s", accuracy=accuracy),
    ]


@pytest.fixture(scope="module")
def fired(site, host):
    """A host where the interval has elapsed once and its job has failed; returns when the schedule elapsed."""
    due = soon(12)
    site.apply(declared(daily(due)), **OWNER)
    assert utc_now() < due, "this machine is too slow for the test: the schedule passed before the apply was over"
    wait_until(lambda: runs(host, "removed-manual"), 120, "the schedule elapses")
    wait_until(lambda: runs(host, "failing"), 60, "the interval elapses")
    wait_until(lambda: unit_property(host, "failing.service", "ActiveState") == "failed", 20, "the job fails")
    yield due
    # Other tests look at the timers of the whole host, where an interval elapses again and again.
    site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)


def test_a_run_that_jitter_delays_is_not_lost_by_another_edit(site, host, fired):
    if not runs(host, "delayed"):
        site.apply(declared(daily(fired), accuracy="2s"), **OWNER)
    wait_until(lambda: runs(host, "delayed"), 60, "the delayed job runs")
    assert len(runs(host, "delayed")) == 1


def test_a_failed_job_does_not_run_because_its_interval_is_shortened(site, host, fired):
    last = runs(host, "failing")[-1]
    wait_until(lambda: utc_now().timestamp() > last + 4, 20, "more than the new interval goes by")
    run = site.apply(declared(daily(fired), accuracy="2s", every="3s"), **OWNER)
    assert "reschedule" in run.actions()["failing"]
    armed = int(unit_property(host, "failing.timer", "ActiveEnterTimestampMonotonic"))
    started = wait_until(
        lambda: int(unit_property(host, "failing.service", "InactiveExitTimestampMonotonic")), 20, "the job runs"
    )
    # Seen at its first run or a later one: none may come before a whole interval has passed.
    assert started - armed > 2_500_000


def test_a_timer_whose_file_was_removed_by_hand_comes_back_without_a_run(site, host, fired):
    before = runs(host, "removed-manual")
    host.check_output("rm /etc/systemd/system/removed-manual.timer")
    wait_until(lambda: utc_now() > fired + timedelta(seconds=5), 20, "time goes by")
    passed = utc_now() - timedelta(seconds=2)
    jobs = [job("removed-manual", schedule=daily(passed), persistent=False), *declared(FAR)[1:]]
    site.apply(jobs, **OWNER)
    assert is_armed(host, "removed-manual")
    assert runs(host, "removed-manual") == before


def test_a_timer_that_another_unit_keeps_in_memory_is_refused_where_it_would_run(site, host, fired):  # noqa: ARG001
    passed = daily(utc_now() - timedelta(seconds=2))
    jobs = [job("referred-to", schedule=passed, persistent=False), *declared(FAR)[2:]]
    run = site.refuse(jobs, **OWNER)
    assert "refers.service refers to the timer, so that systemd cannot forget its last run; " in run.message
    assert "nothing was changed on this host" in run.message
    assert is_armed(host, "referred-to")
    assert next_elapse(host, "referred-to.timer").strftime("*-*-* %H:%M:%S") == FAR
    assert not runs(host, "referred-to")


def test_where_it_would_not_run_a_reload_does(site, host, fired):  # noqa: ARG001
    since = active_since(host, "referred-to.timer")
    jobs = [job("referred-to", schedule="*-*-* 00:00:09", persistent=False), *declared(FAR)[2:]]
    run = site.apply(jobs, **OWNER)
    assert run.actions()["referred-to"] == ["update", "reschedule"]
    assert active_since(host, "referred-to.timer") == since
    assert next_elapse(host, "referred-to.timer").strftime("*-*-* %H:%M:%S") == "*-*-* 00:00:09"
    assert not runs(host, "referred-to")
