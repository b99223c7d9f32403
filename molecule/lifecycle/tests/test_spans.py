# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that count from boot or from their last run: they do start, they repeat, and none runs at once."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from harness import active_since, recorder, runs, show, wait_until

OWNER = {"timer_owner": "spans"}
JOBS = [
    {"name": "every-two", "every": "2s", "accuracy": "100ms", "command": recorder("every-two")},
    # There is a pause after each run, however long it takes.
    {"name": "after-two", "every_after": "2s", "accuracy": "100ms", "command": recorder("after-two", "sleep 2")},
    {"name": "every-hour", "every": "1h", "command": recorder("every-hour")},
    # Long past, and the host is not booted anew.
    {"name": "boot-long-ago", "on_boot": "1s", "command": recorder("boot-long-ago")},
    {"name": "boot-in-a-week", "on_boot": "1w", "command": recorder("boot-in-a-week")},
    # The boot is long past, and the job goes on all the same; it does not begin at once.
    {
        "name": "boot-and-five",
        "on_boot": "1s",
        "every": "5s",
        "accuracy": "100ms",
        "command": recorder("boot-and-five"),
    },
    {"name": "boot-and-hour", "on_boot": "1s", "every": "1h", "command": recorder("boot-and-hour")},
]
QUIET = ("every-hour", "boot-long-ago", "boot-in-a-week", "boot-and-hour")


def tell(site, host):
    run = site.apply(JOBS, **OWNER)
    wait_until(lambda: len(runs(host, "every-two")) >= 3, 40, "every-two has run three times")
    wait_until(lambda: len(runs(host, "after-two")) >= 3, 60, "after-two has run three times")
    wait_until(lambda: len(runs(host, "boot-and-five")) >= 2, 60, "boot-and-five has run twice")
    return run


@pytest.fixture
def applied(stories, machine):
    return stories[machine].result()


def test_a_job_with_every_starts_and_repeats(applied, host):
    assert applied.rows()["every-two"]["active"].startswith("active")
    when = runs(host, "every-two")
    assert all(later - earlier > 1.5 for earlier, later in pairwise(when))


def test_a_job_with_every_after_counts_from_the_end_of_its_run(applied, host):
    assert applied.rows()["after-two"]["active"].startswith("active")
    assert applied.rows()["after-two"]["schedule_text"] == "2 seconds after each run"
    when = runs(host, "after-two")
    assert all(later - earlier > 3.5 for earlier, later in pairwise(when))


@pytest.mark.parametrize("name", QUIET)
def test_the_others_do_not_run_at_once(applied, host, name):  # noqa: ARG001
    assert runs(host, name) == []


def test_a_job_with_every_and_a_boot_long_ago_begins_after_its_span_and_repeats(applied, host):
    assert applied.rows()["boot-and-five"]["armed"] == applied.rows()["boot-and-hour"]["armed"] == "now"
    first, second = runs(host, "boot-and-five")[:2]
    # The clocks of host and test are those of one kernel.
    started = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + active_since(host, "boot-and-five.timer") / 1e6
    assert first - started > 4.5
    assert second - first > 4.5
    assert show(host, "boot-and-hour.timer", "SubState") == {"SubState": "waiting"}


def test_what_counts_from_a_boot_long_ago_waits_for_the_next(applied, host):
    expected = {"ActiveState": "inactive", "UnitFileState": "enabled"}
    assert show(host, "boot-long-ago.timer", *expected) == expected
    assert "armed at next boot" in applied.output


def test_what_counts_from_boot_and_lies_ahead_is_armed(applied, host):  # noqa: ARG001
    expected = {"ActiveState": "active", "SubState": "waiting", "UnitFileState": "enabled"}
    assert show(host, "boot-in-a-week.timer", *expected) == expected


def test_a_second_run_and_an_edit_of_the_service_leave_the_timers_alone(applied, site, host):  # noqa: ARG001
    assert not site.apply(JOBS, **OWNER).result["changed"]
    since = {job["name"]: active_since(host, f"{job['name']}.timer") for job in JOBS}
    edited = site.apply([{**job, "service": {"Nice": 5}} for job in JOBS], **OWNER)
    assert set(edited.actions()) == set(since)
    assert {name: active_since(host, f"{name}.timer") for name in since} == since
    assert all(runs(host, name) == [] for name in QUIET)
    before = len(runs(host, "every-two"))
    wait_until(lambda: len(runs(host, "every-two")) > before, 20, "every-two goes on")


def test_a_longer_span_does_not_run_the_job_at_once(applied, site, host):  # noqa: ARG001
    """The last two seconds are over many times; an hour begins now."""
    site.apply([{**job, "service": {"Nice": 5}, "every": "1h"} for job in JOBS if "every" in job], **OWNER)
    before = runs(host, "every-two")
    assert show(host, "every-two.timer", "ActiveState", "SubState") == {"ActiveState": "active", "SubState": "waiting"}
    host.check_output("sleep 3")
    assert runs(host, "every-two") == before
