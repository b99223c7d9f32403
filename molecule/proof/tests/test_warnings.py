# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings stop nothing: the jobs are applied, and each warning is shown once for each host."""

from __future__ import annotations

import pytest
from harness import is_armed, snapshot

OWNER = {"timer_owner": "warnings"}
NAMES = [f"warned-{number}" for number in range(8)]
ALIKE = [{"name": name, "schedule": "hourly", "command": "/bin/true", "jitter": "2h"} for name in NAMES]
ALONE = {"name": "warned-secret", "schedule": "daily", "command": "/bin/true", "environment": {"API_TOKEN": "x1y2z3"}}
ACCEPTING = {**ALONE, "name": "warned-accepting", "accept": "secret-in-environment"}
JOBS = [*ALIKE, ALONE, ACCEPTING]
TOGETHER = (
    "warned-0, warned-1, warned-2, warned-3, warned-4 and 3 more: "
    'jitter "2h": is as long as the time between two runs (1h): '
)


def shown(run):
    return " ".join(run.output.split())


@pytest.fixture(scope="module")
def checked(site, host):
    before = snapshot(host)
    run = site.apply(JOBS, "--check", **OWNER)
    assert snapshot(host) == before
    return run


@pytest.fixture(scope="module")
def applied(site, checked):  # noqa: ARG001
    return site.apply(JOBS, **OWNER)


def test_the_jobs_are_armed(applied, host):
    assert sorted(applied.actions()) == sorted(job["name"] for job in JOBS)
    assert all(is_armed(host, job["name"]) for job in JOBS)


def test_each_warning_is_shown_once(applied, machine):
    said = shown(applied)
    assert said.count(f"{machine}: {TOGETHER}") == 1
    assert said.count(f"{machine}: warned-secret: environment: API_TOKEN looks like a secret, ") == 1
    before_the_table = said.split("HOST JOB SCHEDULE", maxsplit=1)[0]
    assert "warned-5" not in before_the_table.replace("warned-5.", "").split("PLAY RECAP", maxsplit=1)[0]
    assert "warned-accepting" not in before_the_table
    assert "x1y2z3" not in said


def test_warnings_are_counted(applied):
    assert applied.result["finding_counts"] == {"errors": 0, "warnings": 9, "accepted": 1}
    severities = {one["job"]: one["severity"] for one in applied.result["findings"]}
    assert severities == {**dict.fromkeys([*NAMES, "warned-secret"], "warning"), "warned-accepting": "accepted"}
    assert {row["name"]: row["warnings"] for row in applied.result["proof"]} == {
        **dict.fromkeys([*NAMES, "warned-secret"], 1),
        "warned-accepting": 0,
    }


def test_check_mode_finds_the_same(checked, applied):
    assert checked.result["findings"] == applied.result["findings"]
    assert checked.result["finding_counts"] == applied.result["finding_counts"]


def test_they_are_found_again_when_nothing_has_changed(site, applied):
    run = site.apply(JOBS, **OWNER)
    assert not run.result["changed"]
    assert run.result["findings"] == applied.result["findings"]
