# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that jobs have written, as real journals have them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.journal_lines import (
    MOST_LINES,
    SLACK,
    Window,
    command,
    parse_lines,
    read_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import OF_PID_1, Source
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import capture

NAME = "journal-user"
SERVICE = "quick.service"
WRITTEN = ("quick-user", "done", "bad")


@pytest.fixture(params=[252, 257])
def journal(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what a journal has of a job of a user manager whose processes end at once."""
    return capture(request.param, NAME)


def test_the_call_is_the_captured_one(journal: dict[str, Any]) -> None:
    assert command([SERVICE], [], 1000, Source(journal["uid"])) == journal["command"]


def test_lines_whose_process_was_gone_are_found(journal: dict[str, Any]) -> None:
    entries = [json.loads(one) for one in journal["stdout"].splitlines()]
    # Else nothing is tested here.
    assert any("_SYSTEMD_USER_UNIT" not in entry and entry["MESSAGE"] == "quick-user" for entry in entries)
    found = parse_lines(journal["stdout"], Source(journal["uid"]))
    assert {line.service for line in found} == {SERVICE}
    by_job = Counter(line.text for line in found if not line.by_systemd)
    assert by_job == dict.fromkeys(WRITTEN, journal["runs"])


def test_each_is_a_line_of_its_run(journal: dict[str, Any]) -> None:
    found = parse_lines(journal["stdout"], Source(journal["uid"]))
    starts = [line for line in found if line.by_systemd and line.text.startswith("Starting ")]
    ends = [line for line in found if line.by_systemd and line.text.startswith("Finished ")]
    assert len(starts) == len(ends) == journal["runs"]
    middle = len(starts) // 2
    # Runs follow one another at once here, within the time that the journal may be late.
    window = Window(SERVICE, [starts[middle].invocation_id], starts[middle].time + SLACK, ends[middle].time - SLACK)
    held = [line.text for line in found if window.holds(line)]
    assert [text for text in held if text in WRITTEN] == list(WRITTEN)


def test_lines_of_others_with_the_same_identifier_are_left_out() -> None:
    others = [
        {"MESSAGE": "of a session", "SYSLOG_IDENTIFIER": "a", "_SYSTEMD_UNIT": "session-1.scope"},
        {"MESSAGE": "of another unit", "SYSLOG_IDENTIFIER": "a", "_SYSTEMD_USER_UNIT": "b.service"},
        {"MESSAGE": "its own", "SYSLOG_IDENTIFIER": "a"},
        {"MESSAGE": "its last", "SYSLOG_IDENTIFIER": "a", "_SYSTEMD_USER_UNIT": "a.service"},
    ]
    asked: list[str] = []

    def journal(argv: list[str]) -> Completed:
        asked.extend(argv)
        return Completed(0, "\n".join(map(json.dumps, others)), "")

    assert [line.text for line in read_lines(journal, ["a.service"], [], 5, Source(1000))] == ["its own", "its last"]
    assert [line.text for line in read_lines(journal, ["a.service"], [], 1, Source(1000))] == ["its last"]
    # The lines of others must not take the place of its own.
    assert f"--lines={MOST_LINES}" in asked


@pytest.mark.parametrize(
    ("fields", "source", "service"),
    [
        ({"SYSLOG_IDENTIFIER": "a", "_SYSTEMD_USER_UNIT": "b.service"}, Source(1000), "b.service"),
        # A process of a session, whose unit is known.
        ({"SYSLOG_IDENTIFIER": "a", "_SYSTEMD_UNIT": "session-1.scope"}, Source(1000), ""),
        # For a service of the system, the journal knows the unit of each stream: the identifier says nothing.
        ({"SYSLOG_IDENTIFIER": "a"}, OF_PID_1, ""),
        ({}, Source(1000), ""),
    ],
)
def test_the_identifier_counts_only_where_nothing_else_is_known(
    fields: dict[str, str], source: Source, service: str
) -> None:
    (line,) = parse_lines(json.dumps({"MESSAGE": "x", **fields}), source)
    assert line.service == service
