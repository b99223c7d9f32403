# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in words how a run ended, from what systemd keeps of it (systemd.exec(5), Process Exit Codes); pure."""

from __future__ import annotations

import signal

SUCCESS = "success"
# Exit statuses that systemd itself gives when it cannot start the program.
BEFORE_THE_PROGRAM = {
    200: "cannot change to its working directory",
    202: "its files could not be opened",
    203: "its program cannot be executed",
    205: "a limit cannot be set",
    208: "its standard input cannot be set up",
    209: "its standard output cannot be set up",
    216: "its group cannot be set",
    217: "its user cannot be set",
    218: "its capabilities cannot be set",
    226: "its file system cannot be set up",
    233: "its runtime directory cannot be made",
    237: "its keyring cannot be set up",
    238: "its state directory cannot be made",
    239: "its cache directory cannot be made",
    240: "its log directory cannot be made",
    241: "its configuration directory cannot be made",
    243: "its credentials cannot be set up",
}
RESULTS = {
    "timeout": "timed out",
    "watchdog": "the watchdog timed out",
    "start-limit-hit": "was started too often",
    "resources": "systemd could not start it: a file or another resource is missing",
    "oom-kill": "was killed because memory ran out",
    "exec-condition": "was skipped, its ExecCondition= said so",
    "protocol": "did not behave as its service type says",
    "core-dump": "crashed",
    "dependency": "did not start, a unit that it needs failed",
    "skipped": "did not start, a condition of its unit was not met",
    "canceled": "was cancelled before it started",
}
# Nothing is wrong with a job that ends like this.
GOOD_RESULTS = (SUCCESS, "exec-condition", "skipped")


def signal_name(number: int) -> str:
    """Return SIGKILL for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def words(result: str, exit_status: int | None = None, signal_number: int | None = None) -> str:
    """Return how a run ended: `exit status 3`, `killed by SIGKILL`, `timed out`."""
    if result in ("signal", "core-dump") and signal_number:
        return f"{'crashed with' if result == 'core-dump' else 'killed by'} {signal_name(signal_number)}"
    if result == "exit-code" and exit_status is not None:
        why = BEFORE_THE_PROGRAM.get(exit_status)
        return f"exit status {exit_status}" + (f" ({why})" if why else "")
    if not result:
        return "still running"
    return RESULTS.get(result, result)


def skipped_by_hand(when: str) -> str:
    """Return which run is skipped because somebody has asked for that."""
    return f"the run of {when} is skipped, and no other; `resume` takes that back"


def short_words(result: str, exit_status: int | None = None, signal_number: int | None = None) -> str:
    """Return the same for a narrow column: `ok`, `exit 3`, `SIGKILL`, `timeout`."""
    if result == SUCCESS:
        return "ok"
    if result in ("signal", "core-dump") and signal_number:
        return signal_name(signal_number)
    if result == "exit-code" and exit_status is not None:
        return f"exit {exit_status}"
    return {"start-limit-hit": "limit", "exec-condition": "skipped", "": "-"}.get(result, result)
