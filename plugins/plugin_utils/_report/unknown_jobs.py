# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that were named, and are none: on some hosts, or on all; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.unknown_job import (
    UnknownJob,
    foreign_words,
)

Results = Mapping[str, Mapping[str, Any]]


def without_job(results: Results) -> list[str]:
    """Return the hosts that have nothing of what was named; of a file that was named, the job does not matter."""
    return [
        host
        for host, result in results.items()
        if result.get("unknown") and not result.get("jobs") and not result.get("file")
    ]


def left_out(results: Results) -> str:
    """Return what is said of hosts that do not have the job, when others do; or an empty text."""
    hosts = without_job(results)
    names = dict.fromkeys(one["name"] for host in hosts for one in results[host]["unknown"])
    return f"Note: {', '.join(names)} is not a job on {', '.join(hosts)}." if hosts else ""


def unknown_everywhere(results: Results, silent: bool = False) -> str:
    """Return the error when a job or an account that was named is none on any host, or an empty text.

    silent: whether further hosts have given no answer, or have failed: one of them may have it.
    """
    unknown = [one for result in results.values() for one in result.get("unknown", [])]
    if unknown and not unknown[0]["name"]:
        return str(UnknownJob("", {}))
    if silent:
        return ""
    if all(result.get("unknown_user") for result in results.values()):
        return nowhere([one for result in results.values() for one in result["unknown_user"]], "an account", results)
    if not unknown or len(without_job(results)) < len(results):
        return ""
    return nowhere(unknown, "a job", results)


def nothing_to_remove(results: Results) -> str:
    """Return that a job which is to be removed is not there; an empty text when another was probably meant."""
    unknown = [one for result in results.values() for one in result.get("unknown", [])]
    names = dict.fromkeys(one["name"] for one in unknown)
    unseen = any(result.get("unseen") for result in results.values())
    if not unknown or unseen or any(not one["name"] or one["nearest"] or one.get("foreign") for one in unknown):
        return ""
    return f"{', '.join(names)} is not there on {', '.join(results)}: nothing to do"


def nowhere(unknown: Sequence[Mapping[str, str]], what: str, results: Results) -> str:
    """Return that there is no such thing on any host, and what was probably meant."""
    foreign = [one for one in unknown if one.get("foreign")]
    if foreign:
        return foreign_words(foreign[0]["name"], foreign[0]["foreign"])
    fixes = sorted({one["nearest"] for one in unknown if one["nearest"]})
    fix = f"; did you mean {' or '.join(fixes)}?" if fixes else "; the playbook `status` lists the jobs"
    hosts = "this host" if len(results) == 1 else f"any of {len(results)} hosts"
    accounts = sorted({one["user"] for result in results.values() for one in result.get("unseen", [])})
    unseen = f" (not looked at: jobs of {', '.join(accounts)})" if accounts else ""
    return f"{unknown[0]['name']} is not {what} on {hosts}{fix}{unseen}" if unknown else ""
