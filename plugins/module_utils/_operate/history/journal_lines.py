# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what jobs have written to the journal."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
    OF_PID_1,
    Source,
    text_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

FIELDS = "MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,_SYSTEMD_INVOCATION_ID,SYSLOG_IDENTIFIER"
PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
LONGEST_LINE = 4000
MOST_LINES = 10000
# One pattern finds the notices of all jobs.
MOST_PATTERNS = 40
# The journal has the time when it got a line.
SLACK = 1.0


class Line(NamedTuple):
    """One line of a job, or of systemd about it (`by_systemd`)."""

    time: float
    service: str
    priority: str
    text: str
    by_systemd: bool
    invocation_id: str
    cursor: str


class Window(NamedTuple):
    """The lines of one run, all attempts together: of which service, and when (Unix time, None: it goes on)."""

    service: str
    invocations: list[str]
    start: float
    end: float | None

    def holds(self, line: Line) -> bool:
        """Tell whether a line is of this run.

        A process can be gone before the journal has asked for its invocation id: then the time decides.
        """
        if line.service != self.service:
            return False
        if line.invocation_id:
            return line.invocation_id in self.invocations
        return self.start - SLACK <= line.time and (self.end is None or line.time <= self.end + SLACK)


class JournalError(Exception):
    """The journal cannot be read; the text says why."""


def command(services: list[str], options: list[str], lines: int, source: Source) -> list[str]:
    """Return the call that reads the last lines of services, and what systemd says of them."""
    fields = f"--output-fields={FIELDS},{source.unit},{source.invocation}"
    return [
        *("journalctl", "--quiet", "--no-pager", "--output=json", fields, f"--lines={lines}", *options),
        *(source.matches if source.uid else []),
        *(f"{own_unit(source)}={one}" for one in services),
        *(identifier_matches(services, source) if source.uid else []),
        *("+", *source.matches),
        *(f"{source.unit}={one}" for one in services),
    ]


def identifier_matches(services: list[str], source: Source) -> list[str]:
    """Return what else finds lines of a user manager's services: the identifier that their unit files set."""
    return ["+", *source.matches, "_TRANSPORT=stdout", *(f"SYSLOG_IDENTIFIER={job_of(one)}" for one in services)]


def job_of(service: str) -> str:
    """Return the name of the job that a service runs."""
    return service[: -len(".service")] if service.endswith(".service") else service


def own_unit(source: Source) -> str:
    """Return the field that names the unit of the process that wrote a line."""
    return "_SYSTEMD_USER_UNIT" if source.uid else "_SYSTEMD_UNIT"


def is_by_manager(entry: dict[str, Any], source: Source) -> bool:
    """Tell whether a manager has written a line: PID 1, or what runs in the user manager's own scope."""
    if source.uid:
        return text_of(entry.get("_SYSTEMD_USER_UNIT")) == "init.scope"
    return text_of(entry.get("_PID")) == "1"


def service_of(entry: dict[str, Any], source: Source) -> str:
    """Return the service whose process has written a line.

    The journal asks for the unit of a process when it gets its line. A process of an account can be passed then:
    the journal believes the name of the unit only when a system service's stream bears it. The identifier tells.
    """
    unit = text_of(entry.get(own_unit(source)))
    if unit or not source.uid or text_of(entry.get("_SYSTEMD_UNIT")):
        return unit
    identifier = text_of(entry.get("SYSLOG_IDENTIFIER"))
    return f"{identifier}.service" if identifier else ""


def parse_lines(text: str, source: Source = OF_PID_1) -> list[Line]:
    """Parse lines of JSON; what is no JSON is left out."""
    found = []
    for one in text.splitlines():
        try:
            entry: dict[str, Any] = json.loads(one)
        except ValueError:
            continue
        by_systemd = is_by_manager(entry, source)
        priority = text_of(entry.get("PRIORITY"))
        found.append(
            Line(
                int(text_of(entry.get("__REALTIME_TIMESTAMP")) or 0) / 1e6,
                text_of(entry.get(source.unit)) if by_systemd else service_of(entry, source),
                PRIORITIES[int(priority)] if priority in "01234567" and priority else "info",
                text_of(entry.get("MESSAGE"))[:LONGEST_LINE],
                by_systemd,
                text_of(entry.get(source.invocation if by_systemd else "_SYSTEMD_INVOCATION_ID")),
                text_of(entry.get("__CURSOR")),
            )
        )
    return found


def read_lines(
    runner: Runner, services: list[str], options: list[str], lines: int, source: Source = OF_PID_1
) -> list[Line]:
    """Return the last lines of services, the oldest first. Raises JournalError."""
    # Others of an account can use the same identifier: their lines are left out below.
    done = runner(command(services, options, MOST_LINES if source.uid else lines, source))
    if done.rc != 0:
        raise JournalError(f"journalctl failed: {done.stderr.strip() or done.stdout.strip()}")
    return [line for line in parse_lines(done.stdout, source) if line.service in services][-lines:]


def read_runs(
    runner: Runner, windows: list[Window], options: list[str], lines: int, source: Source = OF_PID_1
) -> list[Line]:
    """Return the last lines of runs, the oldest first; one call. Raises JournalError."""
    if not windows:
        return []
    if not any(one.startswith(("--since=", "--after-cursor=")) for one in options):
        options = [f"--since=@{int(min(window.start for window in windows) - SLACK)}", *options]
    found = read_lines(runner, [window.service for window in windows], options, MOST_LINES, source)
    kept = [line for line in found if any(window.holds(line) for window in windows)]
    return kept[-lines:] if lines else []


def read_notice_lines(runner: Runner, jobs: list[str], options: list[str], lines: int) -> list[Line]:
    """Return what could not be told of runs of jobs, the oldest first; one call.

    Each notice has a unit of its own, so they are found by a pattern.
    """
    patterns = [f"--unit={job}-notify@*" for job in jobs] if len(jobs) <= MOST_PATTERNS else ["--unit=*-notify@*"]
    if not any(one.startswith("--priority=") for one in options):
        options = [*options, "--priority=err"]
    fields = "--output-fields=MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT,_SYSTEMD_INVOCATION_ID"
    # It fails when no unit in the journal has such a name.
    done = runner(
        ["journalctl", "--quiet", "--no-pager", "--output=json", fields, f"--lines={lines}", *options, *patterns]
    )
    found = []
    for line in parse_lines(done.stdout):
        job = line.service.partition("-notify@")[0]
        # What systemd says of those units, that they have failed, says no more than that.
        if job in jobs and not line.by_systemd:
            found.append(line._replace(service=f"{job}.service", by_systemd=True))
    return found


def sync(runner: Runner) -> None:
    """Have the journal write down what it was given; where that cannot be asked for, it does so soon by itself."""
    runner(["journalctl", "--sync"])


def line_data(line: Line) -> dict[str, Any]:
    """Return a line as the modules document it."""
    return {
        "time": iso8601(int(line.time)),
        "job": job_of(line.service),
        "priority": line.priority,
        "text": line.text,
        "by_systemd": line.by_systemd,
    }
