# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the runs of services: from the journal, and from what PID 1 remembers of the last one.

The journal answers in a fraction of a second whatever its size, because it has an index of messages. `systemctl show`
works out the enablement of each unit, which takes many seconds for a thousand: it is asked only about units of which
the journal does not tell enough.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import SUCCESS
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, Runner

# What PID 1 logs about a unit (sd-messages.h).
STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"
STARTED = "39f53479d3a045ac8e11786248231fbf"
NOT_STARTED = "be02cf6855d2428ba40df7e9d022f03d"
EXITED = "98e322203f7a4ed290d09fe03c09fe15"
FAILED = "d9b373ed55a64feb8242e02dbe79a49c"
DEACTIVATED = "7ad2d189f7e94e70a38c781354912448"
SKIPPED = "0e4284a0caca4bfc81c0bb6786972673"
RESOURCES = "ae8f7b866b0347b9af31fe1c80b127c0"
MESSAGES = (STARTING, STARTED, NOT_STARTED, EXITED, FAILED, DEACTIVATED, SKIPPED, RESOURCES)
# What the program that runs several commands writes when one has failed (roles/timer/files/attempts.py).
OF_COMMAND = "DOTMOBI_FAILED=command"
COMMAND_FIELDS = (
    *("DOTMOBI_JOB", "DOTMOBI_INVOCATION", "DOTMOBI_COMMAND", "DOTMOBI_COMMANDS", "DOTMOBI_PROGRAM"),
    *("_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT"),
)
FIELDS = "MESSAGE_ID,EXIT_CODE,EXIT_STATUS,UNIT_RESULT,JOB_RESULT,CPU_USAGE_NSEC,MEMORY_PEAK,_BOOT_ID"
# The journal finds a few units by name; for many, all messages about runs are read, which is quicker.
MOST_NAMED_UNITS = 40
ENTRIES_OF_A_RUN = 5
MOST_ENTRIES = 20000
# What messages say of the end, where that is the same for all.
ENDS = {STARTED: SUCCESS, DEACTIVATED: SUCCESS, SKIPPED: "exec-condition"}

PROPERTIES = (
    "Id",
    "ActiveState",
    "SubState",
    "Result",
    "ExecMainCode",
    "ExecMainStatus",
    "InvocationID",
    "InactiveExitTimestampMonotonic",
    "InactiveEnterTimestampMonotonic",
    "ExecMainStartTimestampMonotonic",
    "ExecMainExitTimestampMonotonic",
    "CPUUsageNSec",
    "MemoryPeak",
    "ConditionResult",
    "ConditionTimestampMonotonic",
    "Job",
)
SHOW_COMMAND = ["systemctl", "show", f"--property={','.join(PROPERTIES)}"]


class Source(NamedTuple):
    """Whose messages are read in the journal: those of PID 1, or of the user manager of an account (uid).

    See systemd.journal-fields(7): the fields of a user manager have names of their own.
    """

    uid: int = 0

    @property
    def matches(self) -> list[str]:
        """What only its messages have. An account can only pretend to speak of its own units."""
        return [f"_UID={self.uid}"] if self.uid else ["_PID=1"]

    @property
    def unit(self) -> str:
        """The field that names the unit of which the manager speaks."""
        return "USER_UNIT" if self.uid else "UNIT"

    @property
    def invocation(self) -> str:
        """The field that names the run of which the manager speaks."""
        return "USER_INVOCATION_ID" if self.uid else "INVOCATION_ID"


OF_PID_1 = Source()


class RunState(NamedTuple):
    """One run of a job; times are Unix seconds. `result` is systemd's word, empty while it runs.

    exit_status or signal: of the main process, when it is known. cpu: seconds. memory: bytes, the most it had.
    command: which one has failed, of several.
    """

    invocation_id: str
    start: float | None = None
    end: float | None = None
    result: str = ""
    exit_status: int | None = None
    signal: int | None = None
    cpu: float | None = None
    memory: int | None = None
    command: str = ""

    @property
    def duration(self) -> float | None:
        """How long it took, in seconds."""
        return max(0.0, self.end - self.start) if self.start and self.end else None


class History(NamedTuple):
    """Runs of each service, the newest first; `readable` tells whether this user may read the journal."""

    runs: dict[str, list[RunState]]
    readable: bool


def journal_command(services: list[str], runs: int, source: Source = OF_PID_1) -> list[str]:
    """Return the one call that reads the last runs of these services, or so many runs of all services."""
    limit = min(MOST_ENTRIES, max(200, (len(services) or 1) * runs * ENTRIES_OF_A_RUN))
    fields = f"--output-fields={FIELDS},{source.unit},{source.invocation},{','.join(COMMAND_FIELDS)}"
    command = ["journalctl", "--quiet", "--no-pager", "--output=json", fields, f"--lines={limit}"]
    matches = [f"MESSAGE_ID={one}" for one in MESSAGES]
    if len(services) <= MOST_NAMED_UNITS:
        matches += [f"{source.unit}={one}" for one in services]
    of_commands = [OF_COMMAND, *([f"_UID={source.uid}"] if source.uid else [])]
    return [*command, *source.matches, *matches, "+", *of_commands]


def read_history(runner: Runner, services: list[str], runs: int, source: Source = OF_PID_1) -> History:
    """Return the last runs of services that the journal tells of; one call."""
    # root may read it, also when there is nothing in it.
    may_read = os.geteuid() == 0
    if not services or not runs:
        return History({}, readable=may_read)
    try:
        done = runner(journal_command(services, runs, source))
    except ProgramMissing:
        return History({}, readable=False)
    # An ordinary user sees nothing of PID 1; the hint about groups is on standard error, and --quiet hides it.
    found = parse_journal(done.stdout, source)
    return History(
        {unit: of_unit[:runs] for unit, of_unit in found.items() if unit in set(services)},
        readable=done.rc == 0 and (may_read or bool(found)),
    )


def text_of(value: Any) -> str:
    """Return a field of the journal as text: bytes that are no text come as numbers, repeated fields as a list."""
    if isinstance(value, list):
        if all(isinstance(one, int) for one in value):
            return bytes(value).decode("utf-8", "replace")
        return text_of(value[-1]) if value else ""
    return "" if value is None else str(value)


def parse_journal(text: str, source: Source = OF_PID_1) -> dict[str, list[RunState]]:
    """Return service to its runs, the newest first, from messages of its manager as JSON lines."""
    runs: dict[str, dict[str, RunState]] = {}
    commands: dict[str, str] = {}
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "DOTMOBI_PROGRAM" in entry:
            commands.update(failed_command(entry))
            continue
        unit, invocation = text_of(entry.get(source.unit)), text_of(entry.get(source.invocation))
        if not unit or not invocation:
            continue
        of_unit = runs.setdefault(unit, {})
        of_unit[invocation] = with_message(of_unit.get(invocation, RunState(invocation)), entry)
    return {
        unit: sorted(
            (run._replace(command=commands.get(f"{unit} {run.invocation_id}", "")) for run in of_unit.values()),
            key=lambda run: run.start or run.end or 0.0,
            reverse=True,
        )
        for unit, of_unit in runs.items()
    }


def failed_command(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return unit and run to the command that has failed there. A job can only speak of itself."""
    unit = f"{text_of(entry.get('DOTMOBI_JOB'))}.service"
    # The unit is that of the process; it is not known of one that was gone at once.
    if unit not in (text_of(entry.get("_SYSTEMD_USER_UNIT") or entry.get("_SYSTEMD_UNIT")), ".service"):
        return {}
    words = [text_of(entry.get(f"DOTMOBI_{name}")) for name in ("INVOCATION", "COMMAND", "COMMANDS", "PROGRAM")]
    return {f"{unit} {words[0]}": f"{words[1]} of {words[2]}, {words[3]}"}


def with_message(run: RunState, entry: Mapping[str, Any]) -> RunState:
    """Return what is known of a run after one more message."""
    kind = text_of(entry.get("MESSAGE_ID"))
    when = int(text_of(entry.get("__REALTIME_TIMESTAMP")) or 0) / 1e6
    if kind == STARTING:
        return run._replace(start=when)
    if kind in (EXITED, RESOURCES):
        return run._replace(**cause(entry)) if kind == EXITED else run._replace(**resources(run, entry))
    if kind == STARTED and (text_of(entry.get("JOB_RESULT")) != "done" or run.start is None):
        # It is there, and goes on. Of a oneshot, that was started before, it says that it has finished.
        return run._replace(start=run.start or when)
    result = ENDS.get(kind) or text_of(entry.get("UNIT_RESULT" if kind == FAILED else "JOB_RESULT")) or "failed"
    status = 0 if kind == STARTED and run.exit_status is None else run.exit_status
    return run._replace(end=run.end or when, result=run.result or result, exit_status=status)


def cause(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the main process ended."""
    number = whole(entry.get("EXIT_STATUS"))
    return {"exit_status" if text_of(entry.get("EXIT_CODE")) == "exited" else "signal": number}


def resources(run: RunState, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run took."""
    return {
        "cpu": number_of(entry.get("CPU_USAGE_NSEC"), 1e9, run.cpu),
        "memory": whole(entry.get("MEMORY_PEAK"), run.memory),
    }


def number_of(value: Any, scale: float, default: float | None = None) -> float | None:
    """Return a number of systemd's in other units; `[not set]` and the like are none."""
    text = text_of(value)
    # UINT64_MAX stands for none, too.
    return int(text) / scale if text.isdigit() and int(text) < 2**63 else default


def whole(value: Any, default: int | None = None) -> int | None:
    """Return a whole number of systemd's."""
    text = text_of(value)
    return int(text) if text.isdigit() and int(text) < 2**63 else default


class Memory(NamedTuple):
    """What PID 1 remembers of a service: the properties as systemd names them, and its last run."""

    properties: dict[str, str]
    run: RunState | None

    @property
    def running(self) -> bool:
        """Whether a run is under way, or waits to begin."""
        return self.properties.get("ActiveState") in ("activating", "deactivating", "reloading") or (
            self.properties.get("ActiveState") == "active" and self.properties.get("SubState") != "exited"
        )


def boot_offset() -> float:
    """Return when the monotonic clock stood at zero (Unix time)."""
    return time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)


def remembered_run(properties: Mapping[str, str], offset: float) -> RunState | None:
    """Return the last run that PID 1 remembers; None when there was none."""

    def moment(name: str) -> float | None:
        microseconds = int(properties.get(name) or 0)
        return offset + microseconds / 1e6 if microseconds else None

    invocation = properties.get("InvocationID", "")
    start = moment("InactiveExitTimestampMonotonic")
    if not invocation or start is None:
        return None
    active = properties.get("ActiveState", "")
    running = active in ("activating", "deactivating", "reloading", "active") and properties.get("SubState") != "exited"
    end = None if running else moment("InactiveEnterTimestampMonotonic") or moment("ExecMainExitTimestampMonotonic")
    if end is not None and end < start:
        end = moment("ExecMainExitTimestampMonotonic")
    code, status = properties.get("ExecMainCode", "0"), whole(properties.get("ExecMainStatus"))
    return RunState(
        invocation,
        start,
        end,
        "" if running else properties.get("Result", ""),
        exit_status=status if code == "1" else None,
        signal=status if code in ("2", "3") else None,
        cpu=number_of(properties.get("CPUUsageNSec"), 1e9),
        memory=whole(properties.get("MemoryPeak")),
    )


def parse_memory(blocks: Iterable[Mapping[str, str]], offset: float) -> dict[str, Memory]:
    """Return service to what PID 1 remembers of it, from the parsed blocks of SHOW_COMMAND."""
    return {one["Id"]: Memory(dict(one), remembered_run(one, offset)) for one in blocks if one.get("Id")}


def merged(known: RunState | None, more: RunState) -> RunState:
    """Return a run with what two sources tell of it; `more` has the last word."""
    if known is None:
        return more
    told = {key: value for key, value in more._asdict().items() if value not in (None, "")}
    return known._replace(**told)
