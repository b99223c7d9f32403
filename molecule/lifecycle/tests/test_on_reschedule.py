# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A schedule edited to a time that has just passed: refused, or run once, as the user says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import daily, is_armed, recorder, runs, snapshot, utc_now, wait_until

OWNER = {"timer_owner": "on-reschedule"}
FAR = "*-*-* 00:00:07"
NAMES = ("asked-fail", "asked-run")


def declared(schedule, **choices):
    return [
        {"name": name, "schedule": schedule, "command": recorder(name), "on_reschedule": choices.get(name)}
        for name in NAMES
    ]


@pytest.fixture(scope="module")
def passed(site):
    """A time between the activation of the timers and now."""
    site.apply(declared(FAR), **OWNER)
    armed = utc_now()
    wait_until(lambda: utc_now() > armed + timedelta(seconds=4), 10, "time goes by")
    return utc_now() - timedelta(seconds=2)


def test_fail_refuses_naming_job_and_elapse(site, host, passed):
    before = snapshot(host)
    run = site.refuse(declared(daily(passed)), timer_on_reschedule="fail", **OWNER)
    assert snapshot(host).units() == before.units()
    assert snapshot(host).loaded == before.loaded
    assert f"{site.machine}: 2 errors in 2 jobs, nothing was changed on this host" in run.message
    when = passed.strftime("%Y-%m-%dT%H:%M:%S")
    for name in NAMES:
        assert (
            f'{name}: schedule "{daily(passed)}": the change would run the job at once, for the elapse of {when}'
            in (run.message)
        )
        assert not runs(host, name)


def test_fail_says_so_in_check_mode(site, passed):
    run = site.refuse(declared(daily(passed)), "--check", timer_on_reschedule="fail", **OWNER)
    assert "the change would run the job at once" in run.message


def test_fail_lets_other_edits_pass(site, host, passed):  # noqa: ARG001
    site.apply(declared("*-*-* 00:00:08"), timer_on_reschedule="fail", **OWNER)
    assert is_armed(host, "asked-fail")
    assert not runs(host, "asked-fail")


def test_run_lets_it_run_once(site, host, passed):  # noqa: ARG001
    """The field of the job wins over the variable."""
    armed = utc_now()
    wait_until(lambda: utc_now() > armed + timedelta(seconds=4), 10, "time goes by")
    now = daily(utc_now() - timedelta(seconds=2))
    site.apply(declared(now, **{"asked-run": "run", "asked-fail": "skip"}), timer_on_reschedule="fail", **OWNER)
    wait_until(lambda: runs(host, "asked-run"), 20, "asked-run runs")
    site.apply(declared(now, **{"asked-run": "run", "asked-fail": "skip"}), timer_on_reschedule="fail", **OWNER)
    assert len(runs(host, "asked-run")) == 1
    assert not runs(host, "asked-fail")
    assert is_armed(host, "asked-run")
    assert is_armed(host, "asked-fail")
