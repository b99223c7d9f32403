# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two uses of the role with one owner mark are seen, and what is said of jobs that are declared no more."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.uses import (
    check_uses,
    declared_before,
    orphan_advice,
)


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c"]])
def test_the_same_jobs_again_are_no_second_use(names: list[str]) -> None:
    assert check_uses("default", names, ["a", "b"], True) == []
    assert check_uses("default", names, [], True) == []


def test_a_second_use_with_other_jobs_names_the_owner() -> None:
    (error,) = check_uses("default", ["c"], ["a", "b"], True)
    assert line(error) == (
        'timer_owner "default": stands for a, b too, declared by an earlier use of the role in this run '
        "and not by this one; timer_prune would remove what the other has installed; give each use a timer_owner "
        "of its own, or declare all jobs in one [owner-used-twice]"
    )
    (warning,) = check_uses("default", ["b", "c"], ["a", "b"], False)
    assert warning.severity == "warning"
    assert "stands for a too" in warning.reason
    assert "timer_prune" not in warning.reason


@pytest.mark.parametrize("result", [None, {}, {"skipped": True}, {"declared": None}, "text"])
def test_what_an_earlier_task_has_left_may_be_anything(result: Any) -> None:
    assert declared_before(result) == {}


def test_orphans() -> None:
    assert orphan_advice([], True, []) == ""
    assert orphan_advice(["a"], True, ["a"]) == ""
    assert orphan_advice(["a", "b"], True, ["a"]).startswith(
        "b: installed by this declaration, but no longer declared;"
    )
    nothing = orphan_advice(["a"], False, [])
    assert nothing.endswith("so none is removed; `timer_jobs: []` says that there are none")
