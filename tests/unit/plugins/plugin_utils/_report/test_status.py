# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read: tables that fit a terminal, times in words, and nothing that steers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.log_files import (
    LogFileError,
    last_lines,
    newest,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run import (
    change_lines,
    log_lines,
    shown_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.status import (
    HEAD,
    NO_JOBS,
    SHRINK,
    cells,
    detail_lines,
    status_lines,
    triggers_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import (
    relative,
    size_words,
    span_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import fitted

NOW = "2027-02-01T08:00:00+01:00"
RUN = {"start": "2027-02-01T07:30:00+01:00", "duration": 1.26, "result": "exit-code", "exit_status": 3, "signal": None}


def job(**fields: Any) -> dict[str, Any]:
    found = {
        "name": "backup", "schedule": ["Mon 08:00"], "triggers": [], "activity": "armed", "last_run": RUN,
        "next_run": "2027-02-08T08:00:00+01:00", "skipped_elapse": None, "health": "failing",
        "reason": "last run: exit status 3", "fix": "look", "failed_notices": [],
    }  # fmt: skip
    return {**found, **fields}


def test_a_table_for_each_host() -> None:
    result = {"time": NOW, "jobs": [job(), job(name="sync", health="ok", last_run=None)]}
    lines = [
        line.text for line in status_lines({"web1": result, "web2": {"time": NOW, "jobs": [], "counts": {"ok": 0}}}, 10)
    ]
    assert lines == [
        "web1  (2 jobs: 1 failing, 1 ok)",
        "JOB     SCHEDULE               STATE  LAST RUN    RESULT  TOOK   NEXT RUN  HEALTH",
        "backup  every Monday at 08:00  armed  30 min ago  exit 3  1.3 s  in 7 d    failing",
        "sync    every Monday at 08:00  armed  -           -       -      in 7 d    ok",
        "  backup: failing: last run: exit status 3; look",
        "",
        "web2  (0 jobs)",
        "",
        f"no job found on web2{NO_JOBS}",
    ]


def test_accounts_that_were_not_looked_at_are_named() -> None:
    why = "only root can look at its jobs"
    unseen = [{"user": "alice", "reason": why}, {"user": "bob", "reason": why}, {"user": "carol", "reason": "is slow"}]
    lines = [
        line.text for line in status_lines({"web1": {"time": NOW, "jobs": [], "counts": {}, "unseen": unseen}}, 10)
    ]
    assert lines == [
        "web1  (0 jobs)",
        f"  not looked at: jobs of alice, bob: {why}",
        "  not looked at: jobs of carol: is slow",
    ]


def test_a_run_that_is_skipped_by_hand_is_told() -> None:
    found = job(health="ok", skipped_elapse="2027-02-08T08:00:00+01:00")
    lines = [line.text for line in status_lines({"web1": {"time": NOW, "jobs": [found]}}, 10)]
    assert "  skips  30 min ago" in lines[2]
    assert lines[3] == (
        "  backup: the run of 2027-02-08 08:00:00+01:00 is skipped, and no other; `resume` takes that back"
    )


def test_rows_beyond_the_limit_are_counted_and_their_faults_still_told() -> None:
    result = {"time": NOW, "jobs": [job(name=f"job{number}") for number in range(7)]}
    lines = [line.text for line in status_lines({"web1": result}, 5)]
    assert "... and 2 more" in lines
    assert any(line.startswith("  job6: failing") for line in lines)


@given(st.text("abc ", max_size=250), st.text("abc", min_size=1, max_size=250))
def test_the_table_fits_a_terminal(schedule: str, name: str) -> None:
    row = cells(job(name=name, schedule=[schedule], activity="suspended", health="never-ran"), NOW)
    assert max(len(line) for line in fitted([HEAD, row], 100, SHRINK)) <= 100


def test_other_triggers_in_words() -> None:
    triggers = [
        {"directive": "OnBootSec", "value": "5min"},
        {"directive": "OnActiveSec", "value": "1h"},
        {"directive": "OnUnitActiveSec", "value": "1h"},
        {"directive": "OnClockChange", "value": "yes"},
    ]
    assert triggers_words(job(schedule=[], triggers=triggers)) == "5min after boot and every hour and OnClockChange=yes"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.013, "13 ms"), (1.26, "1.3 s"), (59.6, "60 s"), (120, "2 min"), (7200, "2 h"), (400000, "5 d")],
)
def test_spans(seconds: float | None, text: str) -> None:
    assert span_words(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, "-"),
        (NOW, "now"),
        ("2027-02-01T07:59:55+01:00", "5 s ago"),
        ("2027-02-01T07:00:00+00:00", "now"),
        ("2027-02-01T10:00:00+01:00", "in 2 h"),
    ],
)
def test_relative_times(moment: str | None, text: str) -> None:
    assert relative(moment, NOW) == text


def test_sizes() -> None:
    assert [size_words(number) for number in (None, 0, 1023, 1536, 5 << 30)] == [
        "-", "0 B", "1023 B", "1.5 KiB", "5.0 GiB",
    ]  # fmt: skip


def test_notices_that_did_not_arrive_are_told() -> None:
    lost = [{"time": "2027-02-01T07:31:00+01:00", "event": "failure", "invocation_id": "1" * 32}]
    result = {"time": NOW, "jobs": [job(health="ok", failed_notices=lost)], "counts": {"ok": 1}}
    assert status_lines({"web1": result}, 10)[-1].text == (
        "  backup: 1 notice did not arrive whole, the last of 2027-02-01 07:31:00+01:00; `logs -e job=backup` shows why"
    )


def test_hosts_with_nothing_of_what_was_asked_for_are_named_together() -> None:
    none = {"time": NOW, "jobs": [], "counts": {"ok": 3, "failing": 0}}
    some = {"time": NOW, "jobs": [job()], "counts": {"ok": 3, "failing": 1}}
    lines = [line.text for line in status_lines({"web1": none, "web2": some, "web3": none}, 10)]
    assert lines[0] == "web2  (1 job: 1 failing)"
    assert lines[-2:] == ["", "nothing of that on web1, web3"]


def test_lines_of_a_job_and_of_systemd() -> None:
    lines = [{"text": "a", "by_systemd": False}, {"text": "Finished x.", "by_systemd": True}]
    assert shown_lines("web1", lines) == ["web1 | a", "web1 | (Finished x.)"]


def test_log_files(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"one\ntwo\n\xff\n")
    (tmp_path / "link.log").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    assert [one["name"] for one in newest(str(tmp_path))] == ["a.log"]
    assert last_lines(str(tmp_path), "a.log", 2) == ["two", "\ufffd"]
    for name in ("link.log", "folder", "../a.log", "", "not-there"):
        with pytest.raises(LogFileError):
            last_lines(str(tmp_path), name, 2)
    with pytest.raises(LogFileError, match="log_directory"):
        newest(str(tmp_path / "none"))


def test_a_change_and_what_would_be_one() -> None:
    row = {"name": "a", "actions": ["update"], "state": "present", "next_run": None, "proof_warnings": [],
           "active": "active (waiting)", "armed": "now", "skipped_elapse": None}  # fmt: skip
    results = {"web1": {**row, "hint": "it lasts"}}
    done = [shown.text.split() for shown in change_lines(results, check_mode=False)]
    assert done[:2] == [["HOST", "JOB", "DONE", "STATE", "NEXT", "RUN"], ["web1", "a", "update", "armed", "-"]]
    assert change_lines(results, check_mode=True)[0].text.split()[2:4] == ["WOULD", "DO"]


def test_a_file_that_is_empty() -> None:
    line = {"time": NOW, "job": "a", "priority": "info", "text": "x", "by_systemd": False}
    result = {"lines": [line], "files": [], "file": "/srv/logs/a.log", "file_lines": []}
    shown = [one.text for one in log_lines({"web1": result}, several_jobs=False)]
    assert shown == ["web1:", "  end of /srv/logs/a.log:", "    (it is empty)"]


@pytest.mark.parametrize("readable", [False, True])
def test_what_is_not_seen_without_root_is_said_once(readable: bool) -> None:
    result = {"time": NOW, "history_readable": readable, "jobs": [job(health="ok")]}
    lines = [line.text for line in status_lines({"web1": result, "web2": result}, 10)]
    said = [line for line in lines if "notices that did not arrive" in line]
    assert len(said) == (0 if readable else 1)
    assert readable or lines[-1] == said[0]


DETAILS: dict[str, Any] = {
    "description": "Backup", "last_trigger": None, "command": ["/bin/true"], "user": "root", "working_directory": "",
    "timer_state": "active (waiting)", "enabled": True, "service_state": "inactive (dead)", "persistent": True,
    "accuracy": "1s", "jitter": "", "timeout": "", "attempt_timeout": None, "retries": None, "starting_deadline": None,
    "concurrency": {"policy": "queue", "group": None, "group_limit": None, "group_wait": None}, "limits": [],
    "notified": [], "owner": "default", "unit_files": {"service": "/s", "timer": "/t"}, "drift": [], "last_run": None,
}  # fmt: skip


@pytest.mark.parametrize(("width", "result"), [(None, "whole"), (200, "whole"), (60, "cut")])
def test_the_runs_of_a_job_have_the_width_of_the_terminal(width: int | None, result: str) -> None:
    text = "exit status 3, in command 2 of 3, /usr/bin/rsync"
    run = {**RUN, "result_text": text, "cpu": None, "memory": None}
    found = {"web1": {"time": NOW, "jobs": [job(**DETAILS, runs=[run])], "history_readable": True}}
    lines = [line.text for line in detail_lines(found, width)]
    assert lines[0] == "backup on web1"
    assert (text in lines[-1]) == (result == "whole")
    assert width is None or len(lines[-1]) <= width
