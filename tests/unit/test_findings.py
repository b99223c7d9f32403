# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import (
    Finding,
    grouped,
    line,
    nearest,
    shown,
)


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (
            Finding("backup", "schedule", "dayly", "is bad", "write daily"),
            'backup: schedule "dayly": is bad; write daily',
        ),
        (Finding("backup", "schedule", None, "is missing"), "backup: schedule: is missing"),
        (Finding("", "systemd", "239", "is too old"), 'systemd "239": is too old'),
        (Finding("backup", "", "x", "is bad"), 'backup: "x": is bad'),
        (Finding("backup", "command", ["a", 1], "is bad"), 'backup: command ["a", 1]: is bad'),
        (Finding("backup", "persistent", False, "is bad"), "backup: persistent false: is bad"),
        (Finding("backup", "user", "", "is empty"), 'backup: user "": is empty'),
    ],
)
def test_line(finding: Finding, expected: str) -> None:
    assert line(finding) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\nb\tc", r'"a\nb\tc"'),
        ('say "hi"', r'"say \"hi\""'),
        ("é", '"é"'),
        ({"a": None}, '{"a": null}'),
        ({1, 2}, '"{1, 2}"'),
        ("x" * 121, '"' + "x" * 120 + '..."'),
        (["x" * 200], '["' + "x" * 118 + "..."),
    ],
)
def test_shown(value: Any, expected: str) -> None:
    assert shown(value) == expected


@given(st.text())
def test_a_finding_is_one_line(text: str) -> None:
    assert "\n" not in line(Finding("job", "field", text, "reason"))
    assert "\x1b" not in shown(text)


def test_grouped_by_job_as_first_met_the_host_first_and_each_once() -> None:
    a1, b, a2 = Finding("a", "x", 1, "r"), Finding("b", "x", 1, "r"), Finding("a", "y", 1, "r")
    host = Finding("", "z", None, "r")
    assert grouped([b, a1, b, host, a2, a1]) == [host, b, a1, a2]
    assert grouped([]) == []


def test_different_values_are_different_findings() -> None:
    assert len(grouped([Finding("a", "x", "1", "r"), Finding("a", "x", 1, "r"), Finding("a", "x", "1", "s")])) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shedule", "schedule"),
        ("Schedule", "schedule"),
        ("working-directory", "working_directory"),
        ("workingdirectory", "working_directory"),
        ("zzz", ""),
    ],
)
def test_nearest(name: str, expected: str) -> None:
    assert nearest(name, ["schedule", "working_directory", "user"]) == expected


def test_nearest_of_nothing() -> None:
    assert nearest("a", []) == ""
