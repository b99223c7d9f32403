# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import (
    Finding,
    grouped,
    line,
    nearest,
    shown,
    slip,
)


def fault(job: str, field: str, value: Any, reason: str, fix: str = "", *, code: str = "invalid-value") -> Finding:
    """Return a finding whose code does not matter."""
    return Finding(job, field, value, reason, fix, code)


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (
            fault("backup", "schedule", "dayly", "is bad", "write daily"),
            'backup: schedule "dayly": is bad; write daily [invalid-value]',
        ),
        (fault("backup", "schedule", None, "is missing"), "backup: schedule: is missing [invalid-value]"),
        (fault("", "systemd", "239", "is too old"), 'systemd "239": is too old [invalid-value]'),
        (fault("backup", "", "x", "is bad"), 'backup: "x": is bad [invalid-value]'),
        (fault("backup", "command", ["a", 1], "is bad"), 'backup: command ["a", 1]: is bad [invalid-value]'),
        (fault("backup", "persistent", False, "is bad"), "backup: persistent false: is bad [invalid-value]"),
        (fault("backup", "user", "", "is empty"), 'backup: user "": is empty [invalid-value]'),
        (
            fault("backup", "name", "x.d", "changes it", "remove it", code="drop-in"),
            'backup: warning: name "x.d": changes it; remove it [drop-in]',
        ),
        (
            fault("backup", "user", "x", "is not there", code="missing-user"),
            'backup: user "x": is not there [missing-user]',
        ),
    ],
)
def test_line(finding: Finding, expected: str) -> None:
    assert line(finding) == expected


def test_a_finding_is_as_grave_as_its_code_unless_it_says_otherwise() -> None:
    missing = fault("a", "user", "x", "r", code="missing-user")
    assert missing.severity == "environment"
    assert missing._replace(kind="warning").severity == "warning"
    assert line(missing._replace(kind="warning")) == 'a: warning: user "x": r [missing-user]'


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
    assert "\n" not in line(fault("job", "field", text, "reason"))
    assert "\x1b" not in shown(text)


def test_grouped_by_job_as_first_met_the_host_first_and_each_once() -> None:
    a1, b, a2 = fault("a", "x", 1, "r"), fault("b", "x", 1, "r"), fault("a", "y", 1, "r")
    host = fault("", "z", None, "r")
    assert grouped([b, a1, b, host, a2, a1]) == [host, b, a1, a2]
    assert grouped([]) == []


def test_errors_come_before_warnings_jobs_with_errors_before_the_others() -> None:
    mild, grave = fault("a", "x", 1, "w", code="drop-in"), fault("a", "y", 1, "e")
    only_mild, other = fault("b", "x", 1, "w", code="drop-in"), fault("c", "x", 1, "e", code="missing-user")
    assert grouped([only_mild, mild, grave, other]) == [grave, mild, other, only_mild]


def test_different_values_are_different_findings() -> None:
    assert len(grouped([fault("a", "x", "1", "r"), fault("a", "x", 1, "r"), fault("a", "x", "1", "s")])) == 3


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


PROGRAMS = ["sync", "reset", "reboot", "perlivp", "python3", "systemd-analyze", "apt", "curl", "pg_dump", "zip"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pyhton3", "python3"),
        ("pythn3", "python3"),
        ("python33", "python3"),
        ("crul", "curl"),
        ("atp", "apt"),
        ("pg-dump", "pg_dump"),
        ("PYTHON3", "python3"),
        ("systmd-analize", "systemd-analyze"),
        # Other programs.
        ("rsync", ""),
        ("restic", ""),
        ("pip", ""),
        ("root", ""),
        ("apt2", "apt"),
        ("python2.7", ""),
        ("bzip", ""),
        ("a", ""),
        ("", ""),
    ],
)
def test_slip(name: str, expected: str) -> None:
    assert slip(name, PROGRAMS) == expected


def test_nearest_of_nothing() -> None:
    assert nearest("a", []) == ""
