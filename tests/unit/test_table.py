# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of jobs that the playbooks end with (timer_table)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._table import job_rows, state_words, table


def row(**fields: Any) -> dict[str, Any]:
    """A job as the module returns it."""
    return {
        "name": "backup",
        "state": "present",
        "active": "active (waiting)",
        "armed": "now",
        "schedule_words": "every Monday at 08:00",
        "next_elapse": "2026-11-30T08:00:00+00:00",
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "armed"),
        ({"runs_now": False}, "armed"),
        ({"runs_now": True}, "armed, runs now"),
        ({"skips": "2026-11-30T08:00:00+00:00"}, "armed, skips next run"),
        ({"active": "active (running)"}, "running"),
        ({"active": "active (running)", "runs_now": True}, "running"),
        ({"state": "suspended", "armed": "no", "runs_now": False}, "suspended"),
        ({"active": "inactive (dead)", "armed": "no"}, "not armed yet"),
        ({"active": "inactive (dead)", "armed": "next-boot"}, "armed at next boot"),
        ({"state": "suspended", "active": "inactive (dead)", "armed": "no"}, "suspended"),
        ({"state": "absent", "active": "inactive (dead)", "armed": "no"}, "absent"),
    ],
)
def test_the_state_in_words(fields: dict[str, Any], words: str) -> None:
    assert state_words(row(**fields)) == words


def test_a_host_is_named_once_and_columns_line_up() -> None:
    jobs = {"web1": [row(), row(name="sync", next_elapse=None)], "web2": [row(schedule_words="")]}
    lines = table(["HOST", "JOB", "SCHEDULE", "NEXT ELAPSE", "STATE"], job_rows(jobs), limit=10)
    assert lines == [
        "HOST  JOB     SCHEDULE               NEXT ELAPSE                STATE",
        "web1  backup  every Monday at 08:00  2026-11-30 08:00:00+00:00  armed",
        "      sync    every Monday at 08:00  -                          armed",
        "web2  backup  -                      2026-11-30 08:00:00+00:00  armed",
    ]


def test_long_cells_are_cut_and_rows_beyond_the_limit_counted() -> None:
    jobs = {"web1": [row(schedule_words="x" * 99) for _number in range(7)]}
    lines = table(["HOST", "JOB", "SCHEDULE", "NEXT ELAPSE", "STATE"], job_rows(jobs), limit=5)
    assert len(lines) == 1 + 5 + 1
    assert lines[-1] == "... and 2 more"
    assert max(len(line) for line in lines) <= 100
    assert "xxx..." in lines[1]
