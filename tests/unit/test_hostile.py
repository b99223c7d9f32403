# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile jobs, rendered: what the scenario round_trip tries on real systemd, as far as it shows without one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import unit_file
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import notify
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile import (
    RAW,
    TEXTS,
    Bad,
    Job,
    drafts,
    hostile_jobs,
    refused_jobs,
    report,
    run_of,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile_units import (
    assignments,
    difference,
    rendered,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.systemd_syntax import read_unit

COUNT = 300


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    return hostile_jobs(COUNT)


@pytest.fixture(scope="module")
def bad() -> list[Bad]:
    return refused_jobs(COUNT)


def test_a_seed_gives_the_same_jobs_again() -> None:
    assert run_of(drafts, "7") == run_of(drafts, "7")
    assert run_of(drafts, "7") != run_of(drafts, "8")


def test_jobs_say_what_is_declared_and_nothing_else(jobs: list[Job]) -> None:
    installed = [job for job in jobs if job.installed]
    units = rendered([job.declaration for job in installed])
    for job, pair in zip(installed, units, strict=True):
        for (kind, expected), text in zip(assignments(job).items(), pair, strict=True):
            assert difference(expected, text) is None, report(job, kind=kind)


def test_the_comparison_sees_what_a_smuggled_line_would_do(jobs: list[Job]) -> None:
    for job in jobs[:20]:
        if job.installed:
            service, timer = rendered([job.declaration])[0]
            expected = assignments(job)
            evil = service.replace("[Service]\n", "[Service]\nUser=nobody\n", 1)
            assert difference(expected["service"], evil) == ([], [("Service", "User", "nobody")])
            lost = timer.replace("WantedBy=timers.target\n", "")
            assert difference(expected["timer"], lost) == ([("Install", "WantedBy", "timers.target")], [])


def test_no_job_changes_another(jobs: list[Job]) -> None:
    """A job gives the same text alone as among all the others."""
    together = rendered([job.declaration for job in jobs if job.installed])
    assert together == [rendered([job.declaration])[0] for job in jobs if job.installed]


def test_our_own_reader_agrees(jobs: list[Job]) -> None:
    for job in jobs:
        if job.installed:
            for text in rendered([job.declaration])[0]:
                owner = unit_file.owner_of(text)
                assert owner == unit_file.Owner("round-trip", job.name), report(job)


def test_findings_name_bad_jobs_only(jobs: list[Job], bad: list[Bad]) -> None:
    good = [job.declaration for job in jobs]
    mixed = [*good[::2], *(job.declaration for job in bad), *good[1::2]]
    merged = merge_jobs({"timer_jobs": mixed}, {}, "skip", rules=[notify.refusals])
    names = {job.name for job in bad}
    assert {finding.job for finding in merged.findings} <= names
    # The host has to judge the others.
    assert len({finding.job for finding in merged.findings}) > len(names) / 2
    alone = merge_jobs({"timer_jobs": good}, {}, "skip", rules=[notify.refusals])
    mine = {job["name"] for job in good}
    assert sorted((job for job in merged.jobs if job["name"] in mine), key=str) == sorted(alone.jobs, key=str)


def lines_of(declaration: dict[str, Any]) -> list[list[tuple[str, str]]]:
    return [[line[:2] for line in read_unit(text)] for text in rendered([declaration])[0]]


def test_what_only_the_host_can_refuse_adds_no_line(bad: list[Bad]) -> None:
    """A bad value that passes on the controller gives the lines that a good one gives."""
    named = {
        finding.job
        for finding in merge_jobs(
            {"timer_jobs": [job.declaration for job in bad]}, {}, "skip", rules=[notify.refusals]
        ).findings
    }
    passed = [job for job in bad if job.name not in named and job.field in (*TEXTS, *RAW)]
    assert passed
    for job in passed:
        value = job.declaration[job.field]
        good = TEXTS[job.field] if job.field in TEXTS else dict.fromkeys(value, "x")
        if isinstance(value, list) and job.field == "schedule":
            good = [good] * len(value)
        assert lines_of(job.declaration) == lines_of({**job.declaration, job.field: good}), report(job)
