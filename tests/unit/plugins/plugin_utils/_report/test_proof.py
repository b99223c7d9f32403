# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof has found, as people and programs get it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.proof import (
    as_data,
    counted,
    counts,
    message,
    proof_table,
    rows_of_jobs,
    together,
    verdict,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import some_of

ERROR = Finding("a", "command", "/x", "does not exist", "install it", "missing-command")
OTHER = Finding("b", "user", "x", "does not exist", "create it", "missing-user")
MILD = Finding("a", "name", None, "is changed", "look", "drop-in")
HOST = Finding("", "systemd", "239", "is too old", "upgrade", "systemd-too-old")


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([ERROR], "1 error in 1 job"),
        ([ERROR, OTHER], "2 errors in 2 jobs"),
        ([ERROR, MILD], "1 error and 1 warning in 1 job"),
        ([HOST], "1 error"),
        ([ERROR._replace(kind="warning"), MILD], "2 warnings in 1 job"),
    ],
)
def test_counted(findings: list[Finding], expected: str) -> None:
    assert counted(findings) == expected


def test_message() -> None:
    assert message("web1", [HOST, ERROR]).split("\n") == [
        "web1: 2 errors in 1 job, nothing was changed on this host:",
        '  systemd "239": is too old; upgrade [systemd-too-old]',
        '  a: command "/x": does not exist; install it [missing-command]',
    ]


def test_message_of_a_host_that_lacks_something() -> None:
    head, *lines, hint = message("web1", [ERROR, OTHER, MILD]).split("\n")
    assert head == "web1: 2 errors and 1 warning in 2 jobs, nothing was changed on this host:"
    assert len(lines) == 3
    assert "`timer_proof: warn`" in hint


def test_the_same_of_several_jobs_is_said_once() -> None:
    many = [MILD._replace(job=f"job{number}") for number in range(8)]
    different = MILD._replace(job="z", reason="is gone")
    assert [one.job for one in together([*many, different])] == ["job0, job1, job2, job3, job4 and 3 more", "z"]
    lists = [MILD._replace(job=name, value=["x"]) for name in "ab"]
    assert together(lists) == [MILD._replace(job="a, b", value=["x"])]


def test_named() -> None:
    assert some_of(["a", "b"]) == "a, b"
    assert some_of(list("abcdefg")) == "a, b, c, d, e and 2 more"


def data(findings: list[Finding], accepted: list[Finding]) -> list[dict[str, Any]]:
    """Return findings as the module returns them."""
    return as_data(findings, accepted)


def test_as_data() -> None:
    found = data([ERROR, MILD], [OTHER])
    assert found[0] == {
        "job": "a",
        "field": "command",
        "value": '"/x"',
        "reason": "does not exist",
        "fix": "install it",
        "code": "missing-command",
        "severity": "environment",
        "message": 'a: command "/x": does not exist; install it [missing-command]',
    }
    assert [one["severity"] for one in found] == ["environment", "warning", "accepted"]
    assert found[1]["value"] is None
    assert counts(found) == {"errors": 1, "warnings": 1, "accepted": 1}
    assert rows_of_jobs({"a": "daily", "c": ""}, found) == [
        {"name": "a", "schedule_text": "daily", "errors": 1, "warnings": 1, "accepted": 0},
        {"name": "c", "schedule_text": "", "errors": 0, "warnings": 0, "accepted": 0},
    ]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0, 0, 0), "ok"),
        ((0, 0, 2), "ok, 2 accepted"),
        ((1, 0, 1), "1 error"),
        ((2, 1, 0), "2 errors, 1 warning"),
        ((0, 3, 0), "3 warnings"),
    ],
)
def test_verdict(numbers: tuple[int, int, int], expected: str) -> None:
    assert verdict(dict(zip(("errors", "warnings", "accepted"), numbers, strict=True))) == expected


def result_of(findings: list[Finding], accepted: list[Finding], words: dict[str, str]) -> dict[str, Any]:
    """Return what timer_jobs returns of a proof."""
    found = data(findings, accepted)
    return {"findings": found, "finding_counts": counts(found), "proof": rows_of_jobs(words, found)}


def test_the_table_of_a_fleet() -> None:
    words = {"a": "every day at 08:00", "b": ""}
    bad = result_of([ERROR, MILD], [OTHER], words)
    results = {"web1": bad, "web2": bad, "db": result_of([], [], words), "old": result_of([HOST], [], words)}
    assert proof_table(results, 60, ["off"]) == [
        "HOST  JOB         SCHEDULE            PROOF",
        "web1  a           every day at 08:00  1 error, 1 warning",
        "      b           -                   ok, 1 accepted",
        "web2  a           every day at 08:00  1 error, 1 warning",
        "      b           -                   ok, 1 accepted",
        "db    a           every day at 08:00  ok",
        "      b           -                   ok",
        "old   (the host)  -                   1 error",
        "      a           every day at 08:00  not proved",
        "      b           -                   not proved",
        "off   (the host)  -                   failed, see above",
        "",
        "web1, web2:",
        '  a: command "/x": does not exist; install it [missing-command]',
        "  a: warning: name: is changed; look [drop-in]",
        "",
        "old:",
        '  systemd "239": is too old; upgrade [systemd-too-old]',
        "",
        "4 hosts: 3 errors, 2 warnings; 1 host failed",
    ]
