# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retries, concurrency and commands of a job as they are meant, defaults filled in; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULTS = {"attempts": 1, "delay": 10.0, "backoff": 1.0, "max_delay": 3600.0}
GROUP_DEFAULTS = {"policy": "queue", "group": "", "group_limit": 1, "group_wait": 3600.0}


def retries_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the retries of a job, defaults filled in. A delay that is longer than the longest is meant so."""
    given = {name: value for name, value in (job["retries"] or {}).items() if value is not None}
    found = {**DEFAULTS, **given}
    found["max_delay"] = max(found["max_delay"], found["delay"])
    return found


def concurrency_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the concurrency of a job, defaults filled in."""
    return {
        **GROUP_DEFAULTS,
        **{name: value for name, value in (job["concurrency"] or {}).items() if value is not None},
    }


def commands_of(job: Mapping[str, Any]) -> list[str | list[str]]:
    """Return what a job runs, one after the other: `commands`, or the one command."""
    return list(job["commands"] or ([job["command"]] if job["command"] else []))


def makes_attempts(job: Mapping[str, Any]) -> bool:
    """Tell whether a program makes the attempts.

    A time limit in a group needs it too: TimeoutStartSec= counts for each command of a unit, so it would end the wait.
    Several commands have one time limit together, and a program that says which one has failed.
    """
    return (
        retries_of(job)["attempts"] > 1
        or len(commands_of(job)) > 1
        or bool(concurrency_of(job)["group"] and job.get("timeout"))
    )


def raw(job: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of a raw directive of [Service]."""
    return list((job["service"] or {}).get(name) or [])
