# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a job is skipped manually: a condition in its service, which holds from one elapse up to the next; pure.

The times stand in the unit file, so it is so after a reboot, too. That the run was skipped is noted in the state folder
of the job: then the condition lets every run begin.
"""

from __future__ import annotations

import datetime
import os
from typing import Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import STATE_DIRECTORY
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import UNSET, UNSET_KEY, as_root
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import OWNER_SECTION, UnitText

# The key of the owner section that holds both times.
SKIP_KEY = "Skips"
FOREVER = "-"
MARK = "skipped-"
# ExecCondition= takes 1 to 254 for "skip this run" (systemd.service(5)).
START = "ExecCondition=" + as_root("/bin/sh -c 'PATH=/usr/bin:/bin; umask 077; now=$$(date +%%s); ")
GUARD = f"{UNSET_KEY}{UNSET}"
SCRIPT = (
    '[ "$$now" -ge {elapse} ]{before} && mkdir -p {folder} && '
    'mkdir {folder}/{mark} && echo "skipped the run of {words}, as requested" && exit 113; exit 0'
)


class Skip(NamedTuple):
    """Which run is skipped: the first that begins from `elapse` on and before `until` (Unix time, 0: no end)."""

    elapse: int
    until: int

    @property
    def mark(self) -> str:
        """What lies in the state folder of the job once the run was skipped."""
        return f"{MARK}{self.elapse}"

    def is_pending(self, now: float, marks: Iterable[str]) -> bool:
        """Tell whether the run is still to come. marks: what lies in the state folder."""
        return self.mark not in marks and (not self.until or now < self.until)


def words(elapse: int) -> str:
    """Return a time as people read it."""
    return iso8601(elapse).replace("T", " ")


def lines_of(job: str, skip: Skip) -> tuple[str, str]:
    """Return the line of the service, and that of the owner section."""
    before = f' && [ "$$now" -lt {skip.until} ]' if skip.until else ""
    folder = os.path.join(STATE_DIRECTORY, job)
    script = SCRIPT.format(elapse=skip.elapse, before=before, folder=folder, mark=skip.mark, words=words(skip.elapse))
    until = iso8601(skip.until) if skip.until else FOREVER
    return f"{START}{script}'", f"{SKIP_KEY}={iso8601(skip.elapse)} {until}"


def skip_of(service: str) -> Skip | None:
    """Return which run a service skips."""
    if SKIP_KEY not in service:
        return None
    try:
        elapse, until = map(moment, UnitText(service).last(OWNER_SECTION, SKIP_KEY).split())
    except ValueError:
        return None
    return Skip(elapse, until)


def moment(text: str) -> int:
    """Return a time of the unit file (Unix time)."""
    return 0 if text == FOREVER else int(datetime.datetime.fromisoformat(text).timestamp())


def without_skip(service: str) -> str:
    """Return a service that skips no run."""
    if SKIP_KEY not in service:
        return service
    # Not what lines_of() would give now: the host may have got another time zone.
    lines: list[str] = []
    ours = False
    for line in service.split("\n"):
        # The guard that came with the condition; a program beside the job has its own.
        before, ours = ours, line.startswith(START)
        if not ours and not line.startswith(f"{SKIP_KEY}=") and not (before and line == GUARD):
            lines.append(line)
    return "\n".join(lines)


def with_skip(service: str, job: str, skip: Skip) -> str:
    """Return a service that skips this run, and no other. It is the first condition: what is skipped takes no place."""
    condition, note = lines_of(job, skip)
    heads = {"[Service]": [condition, GUARD], f"[{OWNER_SECTION}]": [note]}
    lines = []
    for line in without_skip(service).split("\n"):
        lines += [line, *heads.get(line, [])]
    return "\n".join(lines)
