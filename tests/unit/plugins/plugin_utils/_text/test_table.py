# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of jobs that the playbooks end with (timer_table)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import (
    HEAD,
    done_words,
    job_rows,
    state_words,
    summary_lines,
    table,
)


def row(**fields: Any) -> dict[str, Any]:
    """A job as the module returns it."""
    return {
        "name": "backup",
        "state": "present",
        "active": "active (waiting)",
        "armed": "now",
        "schedule_text": "every Monday at 08:00",
        "next_elapse": "2026-11-30T08:00:00+00:00",
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "armed"),
        ({"runs_now": False}, "armed"),
        ({"runs_now": True}, "armed, runs now"),
        ({"skipped_elapse": "2026-11-30T08:00:00+00:00"}, "armed, skips next run"),
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
    jobs = {
        "web1": [row(), row(name="sync", next_elapse=None)],
        "web2": [row(schedule_text="", actions=["install", "arm"])],
    }
    lines = table(HEAD, job_rows(jobs), limit=10)
    assert lines == [
        "HOST  JOB     SCHEDULE               NEXT ELAPSE                STATE  DONE",
        "web1  backup  every Monday at 08:00  2026-11-30 08:00:00+00:00  armed  -",
        "      sync    every Monday at 08:00  -                          armed  -",
        "web2  backup  -                      2026-11-30 08:00:00+00:00  armed  install, arm",
    ]


def test_long_cells_are_cut_and_rows_beyond_the_limit_counted() -> None:
    jobs = {"web1": [row(schedule_text="x" * 99) for _number in range(7)]}
    lines = table(HEAD, job_rows(jobs), limit=5, width=80)
    assert len(lines) == 1 + 5 + 1
    assert lines[-1] == "... and 2 more"
    assert max(len(line) for line in lines) <= 80
    assert "xxx..." in lines[1]


def test_without_a_terminal_nothing_is_cut_and_on_a_narrow_one_no_time() -> None:
    jobs = {"web1": [row(schedule_text="x" * 99)]}
    assert "x" * 99 in table(HEAD, job_rows(jobs), limit=5)[1]
    for width in (20, 50, 80):
        assert "2026-11-30 08:00:00+00:00" in table(HEAD, job_rows(jobs), limit=5, width=width)[1]


def test_check_mode_shows_nothing_of_before_the_change() -> None:
    jobs = {
        "web1": [
            row(actions=["update", "reschedule"]),
            row(name="gone", state="absent", actions=["remove"]),
            row(name="new", armed="no", next_elapse=None, actions=["install", "arm"], runs_now=True),
            row(name="same", actions=[]),
            row(name="files", actions=["update", "install notifier.py", "install notify.json"]),
        ]
    }
    assert [cells[3:] for cells in job_rows(jobs, check_mode=True)] == [
        ["-", "to be armed", "update, reschedule"],
        ["-", "to be absent", "remove"],
        ["-", "to be armed, to run at once", "install, arm"],
        ["2026-11-30 08:00:00+00:00", "armed", "-"],
        ["-", "to be armed", "update, 2 files"],
    ]


def test_what_was_done_in_a_line_for_each_host() -> None:
    done = [row(name="a", actions=["install", "arm"]), row(name="b", actions=["install"]), row(name="c", actions=[])]
    more = [row(name="x", actions=["remove"]), *(row(name=f"u{n}", actions=["update"]) for n in range(6))]
    jobs = {"web1": done, "web2": done, "db": more, "old": [row(actions=[])]}
    assert summary_lines(jobs) == [
        "web1, web2: 2 new: a, b",
        "db: 6 changed, 1 removed: u0, u1, u2, u3, u4 and 2 more",
        "old: nothing to do",
    ]
    assert summary_lines({"web1": done, "old": []}, check_mode=True) == [
        "web1: would be 2 new: a, b", "old: nothing to do",
    ]  # fmt: skip


def test_only_files_are_counted_as_files() -> None:
    actions = [
        "remove",
        "disarm",
        "let its run finish",
        "remove its stamp",
        "install run.sh",
        "remove credential-token",
    ]
    assert done_words(actions) == "remove, disarm, let its run finish, remove its stamp, 2 files"
