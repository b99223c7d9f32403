# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells who is notified of the runs of jobs, and which notices did not arrive. Changes nothing."""

from __future__ import annotations

import json
import os
from typing import Any, Iterable, Mapping
from urllib.parse import urlsplit

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
    FAILED,
    OF_PID_1,
    text_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, Runner

SETTINGS = "notify.json"
EVENTS = ("failure", "success")
HIDDEN = "(secret)"
# Other units fail, too; of all of them, so many failures are looked at.
MOST_FAILURES = 1000
COMMAND = [
    *("journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=UNIT", f"--lines={MOST_FAILURES}"),
    *OF_PID_1.matches,
    f"MESSAGE_ID={FAILED}",
]


def notify_prefix(job: str) -> str:
    """Return how the units begin that tell of the runs of a job."""
    return f"{job}-notify@"


def has_notices(job: str, service: str) -> bool:
    """Tell whether anybody is told of the runs of a job."""
    return notify_prefix(job) in service


def notified(job: str, service: str, files_directory: str) -> list[str]:
    """Return who is notified of a job's runs, as far as this user may read it: `failure: mail to ops@example.com`."""
    text = UnitText(service)
    found = [
        f"{event}: unit {unit}"
        for event, directive in (("failure", "OnFailure"), ("success", "OnSuccess"))
        for value in text.values("Unit", directive)
        for unit in value.split()
        if not unit.startswith(notify_prefix(job))
    ]
    if not has_notices(job, service):
        return found
    try:
        with open(os.path.join(files_directory, job, SETTINGS), encoding="utf-8") as stream:
            return found + channels(json.load(stream))
    except (OSError, ValueError, TypeError, AttributeError):
        return found


def channels(settings: Mapping[str, Any]) -> list[str]:
    """Return the ways that notices go, without secrets."""
    found = []
    for event in EVENTS:
        given = settings.get(event) or {}
        if given.get("mail"):
            found.append(f"{event}: mail to {', '.join(given['mail']['to'])}")
        found += [f"{event}: webhook {host_of(one['url'])}" for one in given.get("webhook") or []]
        if given.get("command"):
            found.append(f"{event}: command {given['command'][0]}")
    if settings.get("heartbeat"):
        found.append(f"heartbeat {host_of(settings['heartbeat']['url'])}")
    return found


def host_of(url: Any) -> str:
    """Return the host of an address: its path may be the secret. Whole addresses can be, too."""
    try:
        return (urlsplit(url).hostname if isinstance(url, str) else None) or HIDDEN
    except ValueError:
        return HIDDEN


def failed_notices(runner: Runner, jobs: Iterable[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Return job to run (invocation id) to the notice of it that did not arrive: one call."""
    names = list(jobs)
    if not names:
        return {}
    try:
        return parse_failures(runner(COMMAND).stdout, names)
    except ProgramMissing:
        return {}


def parse_failures(text: str, jobs: Iterable[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the same from messages of systemd as JSON lines."""
    by_prefix = {notify_prefix(job): job for job in jobs}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        prefix, at, instance = text_of(entry.get("UNIT")).partition("@")
        event, _dash, invocation = instance.partition(".")[0].partition("-")
        job = by_prefix.get(prefix + at)
        if job and invocation and event in EVENTS:
            moment = int(text_of(entry.get("__REALTIME_TIMESTAMP")) or 0) // 1000000
            found.setdefault(job, {})[invocation] = {"event": event, "time": iso8601(moment)}
    return found
