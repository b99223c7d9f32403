# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be told of a run of a job: how it ended, when, and what it wrote to the journal."""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import subprocess
import time
import uuid
from typing import Any, Mapping, NamedTuple, Sequence

# The one place of it on hosts with and without a merged /usr.
SYSTEMCTL = "/bin/systemctl"
PROPERTIES = (
    "InvocationID,Result,ExecMainCode,ExecMainStatus,ExecStart,ActiveState,Job,"
    "ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,"
    "InactiveExitTimestampMonotonic,InactiveEnterTimestampMonotonic"
)
FIELDS = "--output-fields=MESSAGE,_SYSTEMD_INVOCATION_ID"
LINES_OF_OTHERS = 1000
# How late a line of a run may reach the journal.
LATE_SECONDS = 5.0
MOST_COMPLAINTS = 10
CALL_SECONDS = 10.0
LONGEST_LINE = 2000
# waitid(2), as systemd tells it in ExecMainCode=.
EXITED, KILLED, DUMPED = "1", "2", "3"
HIDDEN = "(secret)"
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class Ended(NamedTuple):
    """How a run ended: systemd's word for it (Result=), and exit status or signal of its program, where it has one."""

    result: str
    exit_status: int | None = None
    signal: str | None = None

    @property
    def words(self) -> str:
        """Return how a run that is no success ended, in words."""
        known = {
            "timeout": "its time limit was over",
            "oom-kill": "out of memory",
            "resources": "systemd could not start it (resources)",
        }
        if self.signal and self.result not in known:
            return f"killed by SIG{self.signal}" + (", core dumped" if self.result == "core-dump" else "")
        if self.result == "exit-code":
            program = f"exit status {self.exit_status}" if self.exit_status else ""
            return program or "a command before or after its program failed"
        return known.get(self.result, self.result)


class Run(NamedTuple):
    """A run of a job; the times are Unix time, None when nobody knows."""

    invocation: str
    ended: Ended
    began_at: float | None = None
    ended_at: float | None = None


def called(argv: Sequence[str], seconds: float = CALL_SECONDS) -> str:
    """Return what a program prints, an empty text when it fails or takes too long."""
    try:
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def show(unit: str) -> list[tuple[str, str]]:
    """Return what systemd says of a unit; a property may come several times."""
    text = called([SYSTEMCTL, "show", f"--property={PROPERTIES}", "--", unit])
    return [(name, value) for name, equals, value in (line.partition("=") for line in text.splitlines()) if equals]


def notify_unit(job: str, instance: str) -> str:
    """Return the unit that tells of a job. The `@` of a job such as backup@db1 would end the template's name."""
    return f"{job}-notify".replace("@", r"\x40") + f"@{instance}.service"


def signal_name(text: str) -> str:
    """Return the name of a signal without SIG, of a number or a name."""
    try:
        return signal.Signals(int(text)).name[3:]
    except ValueError:
        return text


def ended_by_monitor(environment: Mapping[str, str]) -> Ended:
    """Read how a run ended from what systemd 251 and newer gives to the units of OnFailure= and OnSuccess=."""
    code, status = environment.get("MONITOR_EXIT_CODE", ""), environment.get("MONITOR_EXIT_STATUS", "")
    result = environment["MONITOR_SERVICE_RESULT"]
    if code == "exited" and status.isdigit():
        return Ended(result, exit_status=int(status))
    return Ended(result, signal=signal_name(status) if code in ("killed", "dumped") and status else None)


def ended_by_properties(properties: Mapping[str, str]) -> Ended:
    """Read how the last run ended from the properties of its unit."""
    code, status = properties.get("ExecMainCode", ""), properties.get("ExecMainStatus", "0")
    result = properties.get("Result", "")
    if code == EXITED:
        return Ended(result, exit_status=int(status))
    return Ended(result, signal=signal_name(status) if code in (KILLED, DUMPED) else None)


def times(shown: Sequence[tuple[str, str]], unix_zero: float) -> tuple[float | None, float | None]:
    """Return when the last run began and ended. `unix_zero`: when the monotonic clock stood at zero (Unix time).

    The times of the program leave out the wait for other jobs before it. With several commands they are only those of
    the last one.
    """
    properties = dict(shown)
    several = sum(1 for name, _value in shown if name == "ExecStart") > 1

    def pick(of_program: str, of_unit: str) -> float | None:
        names = (of_unit,) if several else (of_program, of_unit)
        found = (int(properties.get(f"{name}TimestampMonotonic") or 0) for name in names)
        when = next((one for one in found if one), 0)
        return unix_zero + when / 1e6 if when else None

    began = pick("ExecMainStart", "InactiveExit")
    ended = pick("ExecMainExit", "InactiveEnter")
    return began, ended if began is None or ended is None or ended >= began else None


def find_run(job: str, environment: Mapping[str, str], over: bool = False) -> Run | None:
    """Return the run that this process is to tell of, None when systemd knows of none. over: only one that is over."""
    shown = show(f"{job}.service")
    properties = dict(shown)
    if over and properties.get("ActiveState") not in ("inactive", "failed"):
        return None
    monitored = environment.get("MONITOR_INVOCATION_ID", "")
    invocation = monitored or properties.get("InvocationID", "")
    if not re.fullmatch(r"[0-9a-f]{32}", invocation):
        return None
    began = ended = None
    # Meanwhile the next run may have begun, or systemd has forgotten the unit.
    if properties.get("InvocationID") == invocation:
        began, ended = times(shown, time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))
    how = ended_by_monitor(environment) if monitored else ended_by_properties(properties)
    return Run(invocation, how, began, ended)


def journal_entries(matches: Sequence[str], *options: str) -> list[dict[str, Any]]:
    """Return entries of the journal."""
    argv = ["journalctl", "--quiet", "--all", "--no-pager", "--output=json", FIELDS, *options]
    # One object for each line.
    return [json.loads(line) for line in called([*argv, *matches]).splitlines() if line.startswith("{")]


def times_by_journal(invocation: str) -> tuple[float | None, float | None]:
    """Return when a run began and ended by what systemd wrote of it."""
    found = journal_entries([f"INVOCATION_ID={invocation}", "_PID=1"])
    when = [int(entry["__REALTIME_TIMESTAMP"]) / 1e6 for entry in found if "__REALTIME_TIMESTAMP" in entry]
    return (when[0], when[-1]) if len(when) > 1 else (None, None)


def text_of(message: object) -> str:
    """Return a message of the journal, which is a list of bytes when it is not UTF-8, or holds control characters."""
    if isinstance(message, list):
        try:
            return bytes(message).decode("utf-8", "replace")
        except (TypeError, ValueError):
            return ""
    return message if isinstance(message, str) else ""


def masked(text: str, secrets: Sequence[str]) -> str:
    """Return a text without secrets: the longest first, so that none is left in part."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def plain(text: str) -> str:
    """Return a line without colours and control characters, and not too long."""
    text = _CONTROL.sub(" ", _ESCAPES.sub("", text)).rstrip()
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}..."


def nameless(job: str, run: Run, count: int) -> list[dict[str, Any]]:
    """Return entries of a run that name none: on a busy host the last ones reach the journal when the run is over."""
    if run.began_at is None:
        return []
    options = (f"--since=@{int(run.began_at)}", f"--lines={count + LINES_OF_OTHERS}")
    return nameless_of(journal_entries([f"_SYSTEMD_UNIT={job}.service"], *options), run)


def nameless_of(entries: Sequence[dict[str, Any]], run: Run) -> list[dict[str, Any]]:
    """Return which entries name no run, and are by their time of this one: another may follow at once."""
    began = run.began_at or 0.0
    until = float("inf") if run.ended_at is None else run.ended_at + LATE_SECONDS
    unnamed = [entry for entry in entries if "_SYSTEMD_INVOCATION_ID" not in entry]
    return [entry for entry in unnamed if began <= int(entry.get("__REALTIME_TIMESTAMP") or 0) / 1e6 <= until]


def journal_lines(job: str, run: Run, count: int, secrets: Sequence[str]) -> list[str]:
    """Return the last lines of a run, and what systemd itself complained of in it, in the order of their times."""
    if not count:
        return []
    # What is on its way must have arrived.
    called(["journalctl", "--sync"], CALL_SECONDS / 2)
    own = journal_entries([f"_SYSTEMD_INVOCATION_ID={run.invocation}"], f"--lines={count}")
    own = sorted([*own, *nameless(job, run, count)], key=when_written)[-count:]
    # A process of any user can write INVOCATION_ID=, so only PID 1 is believed.
    matches = [f"INVOCATION_ID={run.invocation}", "_PID=1"]
    complaints = journal_entries(matches, f"--lines={MOST_COMPLAINTS}", "--priority=notice")
    texts = (text_of(entry.get("MESSAGE")) for entry in sorted([*own, *complaints], key=when_written))
    lines = [plain(line) for text in texts for line in masked(text, secrets).split("\n")]
    return lines[-(count + MOST_COMPLAINTS) :]


def when_written(entry: Mapping[str, Any]) -> int:
    """Return when an entry of the journal was written, in microseconds."""
    return int(entry.get("__REALTIME_TIMESTAMP") or 0)


def duration_words(seconds: float) -> str:
    """Return a length of time as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def iso(when: float | None) -> str | None:
    """Return a time as in ISO 8601, in UTC."""
    if when is None:
        return None
    return datetime.datetime.fromtimestamp(when, datetime.timezone.utc).isoformat(timespec="milliseconds")


def summary(event: str, host: str, job: str, ended: Ended) -> str:
    """Return the notice in one line: `[web1] backup failed: exit status 3`."""
    if event == "test":
        return f"[{host}] {job}: a test of its notices"
    return f"[{host}] {job} " + ("succeeded" if event == "success" else f"failed: {ended.words}")


def facts_of(event: str, job: str, run: Run) -> dict[str, Any]:
    """Return all that is told of a run but its lines; this is what a webhook gets."""
    host = os.uname().nodename
    known = run.began_at is not None and run.ended_at is not None
    return {
        # The same for each attempt to tell of it; each test is a notice of its own.
        "id": f"{event}-{uuid.uuid4().hex if event == 'test' else run.invocation}",
        "event": event,
        "summary": summary(event, host, job, run.ended),
        "host": host,
        "job": job,
        "unit": f"{job}.service",
        "result": run.ended.result,
        "exit_status": run.ended.exit_status,
        "signal": run.ended.signal,
        "started": iso(run.began_at),
        "ended": iso(run.ended_at),
        "duration": round((run.ended_at or 0) - (run.began_at or 0), 3) if known else None,
        "invocation_id": run.invocation,
    }


def as_text(facts: Mapping[str, Any]) -> str:
    """Return the notice for people."""
    how = f"exit status {facts['exit_status']}" if facts["exit_status"] is not None else None
    how = f"SIG{facts['signal']}" if facts["signal"] else how
    took = None if facts["duration"] is None else duration_words(facts["duration"])
    rows = {
        "Job": facts["job"],
        "Host": facts["host"],
        "Result": facts["result"] + (f", {how}" if how else ""),
        "Started": facts["started"],
        "Ended": facts["ended"],
        "Duration": took,
    }
    lines = [f"{facts['summary']}", "", *(f"{name + ':':<10}{value}" for name, value in rows.items() if value)]
    if facts["lines"]:
        lines += ["", f"The last {len(facts['lines'])} lines of this run in the journal:", ""]
        lines += [f"  {line}" for line in facts["lines"]]
    lines += ["", f"All of it: journalctl --all _SYSTEMD_INVOCATION_ID={facts['invocation_id']}", ""]
    return "\n".join(lines)
