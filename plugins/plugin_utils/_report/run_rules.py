# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in words how a job runs: its time limits, attempts, what becomes of an overlap, its group; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNITS = ((86400, "d"), (3600, "h"), (60, "min"))
OVERLAP = {
    "queue": "while it runs, further elapses start it once more, after that run",
    "forbid": "an elapse while it runs is skipped",
    "replace": "an elapse while it runs stops that run and starts it anew",
}
# A directive that limits a job, to what it means; others stand as they are.
LIMITS = {
    "CPUQuota": "{} of a processor",
    "CPUWeight": "a weight of {} (100 is usual) when processors are scarce",
    "IOSchedulingClass": "disks in the class {}",
    "IOWeight": "a weight of {} (100 is usual) when disks are busy",
    "LimitFSIZE": "files of at most {}",
    "LimitNOFILE": "at most {} open files in each process",
    "MemoryHigh": "slowed down above {} of memory",
    "MemoryMax": "killed above {} of memory",
    "MemorySwapMax": "at most {} of swap space",
    "Nice": "niceness {}",
    "TasksMax": "at most {} processes and threads",
}
_SECONDS = re.compile(r"(\d+(?:\.\d+)?) ?s?")


def exact(seconds: float) -> str:
    """Return a time span whole: `1h 30min`, `90s` is `1min 30s`."""
    parts, left = [], seconds
    for size, unit in UNITS:
        number, left = divmod(left, size)
        parts += [f"{number:.0f}{unit}"] if number else []
    if left or not parts:
        parts.append(f"{left:g}s")
    return " ".join(parts)


def written(span: str) -> str:
    """Return a time span of a unit as people read it; one that is not mere seconds stands as it is."""
    found = _SECONDS.fullmatch(span)
    return exact(float(found[1])) if found else span


def timeout_words(job: Mapping[str, Any]) -> str:
    """Return how long a job may run: each attempt, and all of them together."""
    each, whole = job["attempt_timeout"], written(job["timeout"])
    if each is None:
        return whole
    if not job["retries"]:
        # Beside it stands what the program needs to end it, and the wait of a group.
        return exact(each)
    return f"{exact(each)} for each attempt" + (f", {whole} for all of them together" if whole else "")


def retries_words(job: Mapping[str, Any]) -> str:
    """Return how often a job is tried, with which pauses; nothing for one that is tried once."""
    found = job["retries"]
    if not found:
        return ""
    grows = found["backoff"] != 1 and found["attempts"] > 2
    longer = (
        f", each further one {found['backoff']:g} times as long, at most {exact(found['max_delay'])}" if grows else ""
    )
    return f"{found['attempts']} attempts, with a pause of {exact(found['delay'])} between them{longer}"


def overlap_words(job: Mapping[str, Any]) -> str:
    """Return what becomes of an elapse while the job still runs."""
    return OVERLAP[job["concurrency"]["policy"]]


def group_words(job: Mapping[str, Any]) -> str:
    """Return which jobs wait for each other; nothing for a job of no group."""
    found = job["concurrency"]
    if not found["group"]:
        return ""
    wait = f"; a run that has waited for {exact(found['group_wait'])} has failed" if found["group_wait"] else ""
    return f"{found['group']}, of which {found['group_limit']} may run at a time{wait}"


def limits_words(job: Mapping[str, Any]) -> list[str]:
    """Return what a job may take at most, each limit in words."""
    found = [(one, *one.split("=", 1)) for one in job["limits"]]
    return [LIMITS[key].format(value) if key in LIMITS else whole for whole, key, value in found]


def deadline_words(job: Mapping[str, Any]) -> str:
    """Return when a late run is skipped; nothing when none is."""
    late = job["starting_deadline"]
    return f"a run that would begin more than {exact(late)} late is skipped" if late else ""
