# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of root in the unit of a job: each has an environment of its own, and what the loader obeys is taken out."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.request import as_written
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starting_others
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import (
    UNSET,
    as_root,
    guarded,
    is_ours,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import Skip, with_skip, without_skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import request_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

WITH_ROOT = {
    "gate": wanted(concurrency="forbid"),
    "group": wanted(concurrency={"group": "g"}),
    "record": wanted(schedule="2999-01-01 00:00:00"),
    "chain": wanted()._replace(followed=True),
    "ping": wanted(heartbeat={"url": "https://example.com", "start": True}),
}
KEYS = ("ExecCondition", "ExecStartPre", "ExecStopPost")


@pytest.mark.parametrize("name", WITH_ROOT)
def test_root_gets_nothing_of_the_jobs_environment(name: str) -> None:
    (job,) = as_written(request_of(WITH_ROOT[name])).jobs
    service = UnitText(job.service)
    commands = [value for key in KEYS for value in service.values("Service", key) if "+" in value[:2]]
    assert commands
    assert all(is_ours(value) for value in commands)
    assert service.values("Service", "UnsetEnvironment") == [UNSET]


def test_a_job_without_a_command_of_root_keeps_all_variables() -> None:
    (job,) = as_written(request_of(wanted(retries=3))).jobs
    assert "UnsetEnvironment" not in job.service


def test_a_run_that_is_skipped_by_hand_is_guarded_and_leaves_nothing() -> None:
    for job in (wanted(), wanted(concurrency="forbid")):
        skipping = with_skip(job.service, job.name, Skip(1, 0))
        assert UNSET in UnitText(skipping).values("Service", "UnsetEnvironment")
        assert is_ours(UnitText(skipping).values("Service", "ExecCondition")[0])
        assert without_skip(skipping) == job.service


def test_it_is_said_once() -> None:
    text = f"[Service]\nExecStopPost=-{as_root('/bin/true')}\nExecStart=/bin/true\n"
    assert guarded(text) == guarded(guarded(text))
    assert guarded("[Service]\nExecStart=+/bin/true\n") == "[Service]\nExecStart=+/bin/true\n"


def test_the_manager_of_an_account_is_found_by_a_variable() -> None:
    job = starting_others(wanted()._replace(followed=True), "/home/a/.config/systemd/user", Scope("a", home="/home/a"))
    (command,) = UnitText(job.service).values("Service", "ExecStopPost")
    assert command.startswith("-+/bin/sh -c ")
