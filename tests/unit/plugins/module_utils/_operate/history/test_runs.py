# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs are read from the journal and from the memory of PID 1; messages as systemd 252 writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import short_words, words
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
    DEACTIVATED,
    EXITED,
    FAILED,
    MOST_ENTRIES,
    MOST_NAMED_UNITS,
    NOT_STARTED,
    RESOURCES,
    STARTED,
    STARTING,
    RunState,
    journal_command,
    merged,
    parse_journal,
    read_history,
    remembered_run,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed

ONE, TWO = "c3c3ef2df0754a788ccee2f957977eeb", "6b79e2c0419b4eff99d562d82a73e89f"


def entry(kind: str, at: float, invocation: str = ONE, **fields: Any) -> str:
    found = {"MESSAGE_ID": kind, "UNIT": "job.service", "INVOCATION_ID": invocation}
    return json.dumps({**found, "__REALTIME_TIMESTAMP": str(int(at * 1e6)), **fields})


def test_a_run_that_succeeds() -> None:
    lines = [entry(STARTING, 10), entry(DEACTIVATED, 12.5), entry(STARTED, 12.6, JOB_RESULT="done")]
    assert parse_journal("\n".join(lines)) == {"job.service": [RunState(ONE, 10, 12.5, "success", 0)]}


def test_a_run_that_fails_and_one_that_goes_on_the_newest_first() -> None:
    lines = [
        entry(STARTING, 10),
        entry(EXITED, 11, EXIT_CODE="exited", EXIT_STATUS="3"),
        entry(FAILED, 11, UNIT_RESULT="exit-code"),
        entry(NOT_STARTED, 11.1, JOB_RESULT="failed"),
        entry(RESOURCES, 11.2, CPU_USAGE_NSEC="1500000000", MEMORY_PEAK="4096"),
        entry(STARTING, 20, TWO),
    ]
    newest, oldest = parse_journal("\n".join(lines))["job.service"]
    assert oldest == RunState(ONE, 10, 11, "exit-code", 3, None, 1.5, 4096)
    assert oldest.duration == 1
    assert newest == RunState(TWO, 20)
    assert newest.duration is None


def test_a_signal() -> None:
    lines = [entry(EXITED, 11, EXIT_CODE="killed", EXIT_STATUS="9"), entry(FAILED, 11, UNIT_RESULT="signal")]
    (run,) = parse_journal("\n".join(lines))["job.service"]
    assert (run.start, run.result, run.exit_status, run.signal) == (None, "signal", None, 9)


def test_a_service_that_is_there_has_not_ended() -> None:
    (run,) = parse_journal(entry(STARTED, 10, JOB_RESULT="done"))["job.service"]
    assert run == RunState(ONE, 10)
    both = "\n".join([entry(STARTED, 10, JOB_RESULT="done"), entry(DEACTIVATED, 30)])
    assert parse_journal(both)["job.service"] == [RunState(ONE, 10, 30, "success")]


@pytest.mark.parametrize(
    "text", ["", "no json", "{}", entry(STARTING, 1, ""), '{"UNIT": [1, 2], "INVOCATION_ID": null}']
)
def test_what_is_no_message_of_a_run_is_left_out(text: str) -> None:
    assert parse_journal(text) == {}


def test_bytes_that_are_no_text() -> None:
    text = entry(STARTING, 1).replace('"job.service"', json.dumps(list(b"job\xff.service")))
    assert list(parse_journal(text)) == ["job\ufffd.service"]


def test_one_call_with_a_limit_whatever_the_number_of_jobs() -> None:
    calls = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        return Completed(0, "\n".join(entry(STARTING, at, f"{at:032x}") for at in range(1, 9)), "")

    history = read_history(runner, ["job.service", *(f"other{n}.service" for n in range(1000))], 5)
    assert len(calls) == 1
    assert f"--lines={MOST_ENTRIES}" in calls[0]
    assert len(history.runs["job.service"]) == 5
    assert not any(word.startswith("UNIT=") for word in calls[0])
    few = journal_command(["job.service"] * MOST_NAMED_UNITS, 5)
    assert few.count("UNIT=job.service") == MOST_NAMED_UNITS


@pytest.mark.parametrize(("uid", "readable"), [(0, True), (1000, False)])
def test_a_journal_without_runs(monkeypatch: pytest.MonkeyPatch, uid: int, readable: bool) -> None:
    """For root it has none; an ordinary user may not read it."""
    monkeypatch.setattr("os.geteuid", lambda: uid)
    history = read_history(lambda _argv: Completed(0, "", ""), ["job.service"], 5)
    assert history.runs == {}
    assert history.readable == readable


def remembered(**more: str) -> dict[str, str]:
    return {
        "InvocationID": ONE,
        "ActiveState": "inactive",
        "SubState": "dead",
        "Result": "success",
        "ExecMainCode": "1",
        "ExecMainStatus": "0",
        "InactiveExitTimestampMonotonic": "5000000",
        "InactiveEnterTimestampMonotonic": "7000000",
        "CPUUsageNSec": "[not set]",
        "MemoryPeak": "18446744073709551615",
        **more,
    }


def test_what_pid_1_remembers() -> None:
    assert remembered_run(remembered(), 100) == RunState(ONE, 105, 107, "success", 0)
    failed = remembered(ActiveState="failed", Result="signal", ExecMainCode="2", ExecMainStatus="9")
    assert remembered_run(failed, 0) == RunState(ONE, 5, 7, "signal", None, 9)
    going_on = remembered(ActiveState="activating", SubState="start", InactiveEnterTimestampMonotonic="2000000")
    assert remembered_run({**going_on, "ExecMainCode": "0"}, 0) == RunState(ONE, 5)
    assert remembered_run(remembered(InvocationID=""), 0) is None
    assert remembered_run({}, 0) is None


def test_two_sources_of_one_run() -> None:
    assert merged(None, RunState(ONE, 5)) == RunState(ONE, 5)
    journal = RunState(ONE, 5.5, 7.5, "success", 0, None, 1.5, 4096)
    assert merged(journal, RunState(ONE, 5, 7, "exit-code", 3)) == RunState(ONE, 5, 7, "exit-code", 3, None, 1.5, 4096)


@pytest.mark.parametrize(
    ("run", "long", "short"),
    [
        (("success", 0, None), "success", "ok"),
        (("exit-code", 3, None), "exit status 3", "exit 3"),
        (("exit-code", 217, None), "exit status 217 (its user cannot be set)", "exit 217"),
        (("signal", None, 9), "killed by SIGKILL", "SIGKILL"),
        (("signal", None, 63), "killed by signal 63", "signal 63"),
        (("core-dump", None, 11), "crashed with SIGSEGV", "SIGSEGV"),
        (("timeout", None, 15), "timed out", "timeout"),
        (("resources", 0, None), "systemd could not start it: a file or another resource is missing", "resources"),
        (("", None, None), "still running", "-"),
        (("new-in-300", None, None), "new-in-300", "new-in-300"),
    ],
)
def test_results_in_words(run: tuple[str, int | None, int | None], long: str, short: str) -> None:
    assert words(*run) == long
    assert short_words(*run) == short
