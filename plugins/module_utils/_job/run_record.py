# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the last run, which only a job keeps that has a last elapse: else nobody could tell whether it ran.

What systemd remembers is no record of a run: the stamp of a timer and its last trigger change when a timer is armed,
too. The service writes the record itself, as root and before anything of the job's own: one line in the state folder of
the job, which is removed with the job. When the run has ended, it adds how: what PID 1 knows of that is gone after a
boot, and a run that is cut off with the host has no result.
"""

from __future__ import annotations

import hashlib
import os
import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    ABSENT,
    RunRecord,
    Scope,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import (
    INVOCATION,
    RESULT,
    as_root,
    end_of_service,
    escaped,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit

INVOCATION_LENGTH = 32
# The first command of the service. `-`: a full disk does not keep the job from running.
SCRIPT = (
    'PATH=/usr/bin:/bin; umask 077; mkdir -p "$$1" && echo "$$2 $$(date +%%s) $$3 $$INVOCATION_ID" > "$$1/ran.new" && '
    '{ sync "$$1/ran.new" || true; } && mv -f "$$1/ran.new" "$$1/ran"'
)
# The last one: a command after the run that fails makes the run fail, and this one is not reached. A job that is
# renamed while it runs has taken the record with it.
END_SCRIPT = (
    'PATH=/usr/bin:/bin; umask 077; for file in "$$1/ran" "$${1%%/*}"/*/ran; do '
    '{ read -r owner when sums run < "$$file"; } 2>/dev/null && [ "$$run" = "$$INVOCATION_ID" ] && '
    'echo "$$owner $$when $$sums $$SERVICE_RESULT" > "$$file.new" && { sync "$$file.new" || true; } && '
    'mv -f "$$file.new" "$$file" && break; done'
)
START = "ExecStartPre=-" + as_root(f"/bin/sh -c '{SCRIPT}' record ", INVOCATION)
END = "ExecStopPost=-" + as_root(f"/bin/sh -c '{END_SCRIPT}' record ", INVOCATION, RESULT)
RESET = "ExecStartPre="
SECTION = "[Service]"
_RUN = re.compile(r"[0-9a-f]{32}|[a-z-]*")

_DATE = re.compile(r"(?P<years>[0-9.,/*]+)-[0-9.,/*]+[-~][0-9.,/*]+(?:T.*)?")
_EPOCH = re.compile(r"@\d.*")


def has_last_elapse(expression: str) -> bool:
    """Tell whether a calendar expression elapses for the last time one day: its years have an end (systemd.time(7))."""
    if _EPOCH.fullmatch(expression):
        return True
    dates = filter(None, map(_DATE.fullmatch, expression.split()))
    # A step without an end goes on for ever: 2027/2.
    return any(
        "*" not in date.group("years")
        and all("/" not in years or ".." in years for years in date.group("years").split(","))
        for date in dates
    )


def checksum(expression: str) -> str:
    """Return what stands for an expression in a record."""
    return hashlib.sha256(expression.encode()).hexdigest()[:12]


def checksums_of(service: str) -> list[str]:
    """Return the checksums that a service writes into its record."""
    lines = [line for line in service.split("\n") if line.startswith(START)]
    return lines[0].rsplit(" ", 1)[1].split(",") if lines else []


def lines_of(name: str, owner: str, scope: Scope, checksums: list[str]) -> tuple[str, str]:
    """Return the lines of the service that write the record, when the run begins and when it has ended."""
    # A home directory may hold characters that have a meaning there.
    folder = escaped(os.path.join(scope.state_directory, name))
    return f'{START}"{folder}" {owner} {",".join(checksums)}', f'{END}"{folder}"'


def recording(job: WantedJob, owner: str, scope: Scope) -> WantedJob:
    """Return a job that keeps a record if it has a last elapse, and else does not."""
    if job.state == ABSENT:
        return job
    expressions = [one for one in timer_unit.calendars(job.timer) if has_last_elapse(one)]
    # A job that gets another date manually has run, too, when it has run for that one.
    known = [*checksums_of(job.service), *map(checksum, expressions)]
    lines = [line for line in job.service.split("\n") if not line.startswith(START)]
    place = max((number for number, line in enumerate(lines) if line in (RESET, SECTION)), default=None)
    if not expressions or place is None:
        return job._replace(service="\n".join(line for line in lines if not line.startswith(END)))
    begin, end = lines_of(job.name, owner, scope, list(dict.fromkeys(known)))
    lines.insert(place + 1, begin)
    if end not in lines:
        lines.insert(end_of_service(lines), end)
    return job._replace(service="\n".join(lines))


def parse_record(text: str) -> RunRecord | None:
    """Return what a record says, None for one that is broken."""
    words = text.split()
    if len(words) not in (3, 4) or not words[1].isdigit() or not _RUN.fullmatch("".join(words[3:])):
        return None
    # The invocation stands in the place of the result as long as there is none.
    result = words[3] if len(words) == 4 and len(words[3]) != INVOCATION_LENGTH else ""
    return RunRecord(words[0], int(words[1]), frozenset(words[2].split(",")), result)
