# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An apply does not remove most of the jobs of a declaration, unless that was said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.prune_limit import Pruning, check_pruning
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("gone", "installed", "limit", "allowed"),
    [
        (0, 0, None, True),
        (3, 3, None, True),
        (4, 8, None, True),
        (4, 7, None, False),
        (4, 4, None, False),
        (50, 100, None, True),
        (51, 100, None, False),
        (51, 100, 51, True),
        (51, 100, 50, False),
        # Said, it holds for a few as well.
        (1, 100, 0, False),
        (0, 100, 0, True),
    ],
)
def test_how_many_may_go(gone: int, installed: int, limit: int | None, allowed: bool) -> None:
    found = check_pruning(Pruning([f"job{number}" for number in range(gone)], installed, "default"), limit)
    assert (found == []) == allowed
    for one in found:
        assert (one.field, one.code) == ("timer_prune", "prune-limit")
        assert f"removes {gone} of the {installed} jobs of timer_owner default: job0" in one.reason
        assert one.fix.endswith(f"set timer_prune_limit to {gone}")


NAMES = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_most_jobs_stay_until_it_is_said(host: FakeHost, check_mode: bool) -> None:
    host.converge(*(wanted(name=name) for name in NAMES))
    before = host.picture()
    outcome = host.converge(wanted(name="a"), prune=True, check_mode=check_mode)
    (error,) = outcome.errors
    assert error.reason.startswith("removes 4 of the 5 jobs of timer_owner default: b, c, d, e; ")
    assert host.picture() == before
    said = host.converge(wanted(name="a"), prune=True, prune_limit=4, check_mode=check_mode)
    assert said.errors == []
    assert said.result["pruned"] == ["b", "c", "d", "e"]
    # One line, before all else.
    first = said.result["diff"][0]
    assert first == {"prepared": "timer_prune removes 4 of the 5 jobs of timer_owner default: b, c, d, e\n"}
    assert (host.picture() == before) == check_mode


def test_all_that_is_wrong_is_said_at_once(host: FakeHost) -> None:
    host.converge(*(wanted(name=name) for name in NAMES))
    outcome = host.converge(wanted(name="a", command="./true"), prune=True)
    assert {error.code for error in outcome.errors} == {"prune-limit", "relative-command"}


def test_a_new_job_is_not_counted_among_those_that_are_installed(host: FakeHost) -> None:
    host.converge(*(wanted(name=name) for name in NAMES))
    # Two of five: a list of other jobs altogether.
    assert host.converge(*(wanted(name=name) for name in "vwxyz"), prune=True).errors[0].code == "prune-limit"
    assert host.converge(*(wanted(name=name) for name in "abcvw"), prune=True).errors == []
