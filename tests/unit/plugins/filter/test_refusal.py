# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter refusal: names that are given by mistake. What it says of words that are left over: test_commands.py."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.filter.refusal import FilterModule

refusal_filter = FilterModule().filters()["refusal"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("helth", "health"),
        ("Health", "health"),
        ("ownre", "owner"),
        ("jbo", "job"),
        ("timer_host", "timer_hosts"),
        ("timer_unit_dir", ""),
        ("timer_prunne", "timer_prune"),
        ("timer_jobs_of_web", ""),
        # Of people's own.
        ("application", ""),
        ("ansible_user", ""),
        ("env", ""),
        ("jobs_of_mine", ""),
    ],
)
def test_a_name_is_refused_only_when_it_is_near(name: str, meant: str) -> None:
    said = refusal_filter(["job", "health", "owner"], [], {name: "x"})
    assert said == (f"-e {name}: no variable of this playbook; did you mean {meant}?" if meant else "")


def test_all_mistakes_are_told_at_once() -> None:
    given = {"helth": "failing", "ownre": "a", "_raw_params": "b"}
    assert len(refusal_filter(["health", "owner"], ["owner"], given).splitlines()) == 3


def test_without_a_command_line_nothing_is_refused() -> None:
    assert refusal_filter(["health"]) == ""
