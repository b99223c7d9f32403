# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job is added to others: it alone is installed, nothing runs, one reload."""

from __future__ import annotations

import pytest
from harness import UNIT_DIRECTORY, active_since, is_armed, recorder, reloads, runs, snapshot

OWNER = {"timer_owner": "add"}
FIRST = {"name": "add-first", "schedule": "*-*-* 00:00:07", "command": recorder("add-first")}
SECOND = {
    "name": "add-second",
    "description": "The second",
    "schedule": ["Mon 06:30", "Thu 18:30"],
    "timezone": "Europe/London",
    "command": recorder("add-second"),
}
PAIR = [f"{UNIT_DIRECTORY}/add-second.{kind}" for kind in ("service", "timer")]


@pytest.fixture(scope="module")
def first(site, host):
    site.apply([FIRST], **OWNER)
    return active_since(host, "add-first.timer")


def test_check_mode_shows_exactly_the_two_new_files(site, host, first):  # noqa: ARG001
    before = snapshot(host)
    run = site.apply([FIRST, SECOND], "--check", "--diff", **OWNER)
    assert run.actions() == {"add-second": ["install", "arm", "enable"]}
    assert sorted(diff["after_header"] for diff in run.result["diff"]) == PAIR
    assert snapshot(host) == before


def test_only_the_new_job_is_armed(site, host, first):
    before = reloads(host)
    run = site.apply([FIRST, SECOND], **OWNER)
    assert run.actions() == {"add-second": ["install", "arm", "enable"]}
    assert is_armed(host, "add-second")
    assert is_armed(host, "add-first")
    assert active_since(host, "add-first.timer") == first
    assert reloads(host) == before + 1
    assert not runs(host, "add-first")
    assert not runs(host, "add-second")
    row = run.rows()["add-second"]
    assert row["active"] == "active (waiting)"
    assert row["schedule"] == ["Mon 06:30 Europe/London", "Thu 18:30 Europe/London"]


def test_the_second_run_changes_nothing(site, host, first):  # noqa: ARG001
    before = snapshot(host)
    run = site.apply([FIRST, SECOND], **OWNER)
    assert not run.result["changed"]
    assert run.actions() == {}
    assert snapshot(host) == before
