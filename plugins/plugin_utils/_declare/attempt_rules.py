# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does not fit together with retries, concurrency, starting_deadline and skip_next; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import commands_of
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.attempts import (
    commands_of as own_commands,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.attempts import (
    concurrency_of,
    makes_attempts,
    raw,
    retries_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.duration import seconds
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue

SHELL = 'write `[/bin/sh, -c, "..."]`, or a script'
# With them the job does not see its folder.
OTHER_TREES = ("RootDirectory", "RootImage")
NO_RESTARTS = ("no",)

Refusal = tuple[str, Any, str, str]


def refusals(job: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each thing that does not fit together in one job."""
    rules = (_attempts, _retries, _group, _policy, _deadline, _skip, _spans)
    return [
        Finding(job["name"], field, value, reason, fix, "invalid-value")
        for rule in rules
        for field, value, reason, fix in rule(job)
    ]


def _attempts(job: Mapping[str, Any]) -> Iterator[Refusal]:
    """A program that stands before the command needs one plain command."""
    if not makes_attempts(job):
        return
    several = len(own_commands(job)) > 1
    field = "retries" if retries_of(job)["attempts"] > 1 else "commands" if several else "timeout"
    if raw(job, "ExecStart"):
        yield "service.ExecStart", raw(job, "ExecStart"), f"cannot have {field}", "write it as `command`"
    for key in OTHER_TREES:
        if raw(job, key):
            yield f"service.{key}", raw(job, key), f"hides from the job what {field} needs", "remove one of the two"
    for command in own_commands(job):
        if isinstance(command, str):
            yield from _plain_command("commands" if several else "command", command, field)


def _plain_command(place: str, command: str, field: str) -> Iterator[Refusal]:
    found = commands_of(command)
    if len(found) > 1:
        fix = "write each as an entry of its own" if place == "commands" else SHELL
        yield place, command, f"is several commands, which cannot have {field}", fix
    elif found and found[0].prefix:
        reason = f'has the prefix "{found[0].prefix}" before its program, which cannot have {field}'
        yield place, command, reason, "remove the prefix, or write `service: {ExecStart: ...}` without that field"
    elif found and "$" in found[0].path:
        yield place, command, f"has a dollar sign in its program, which cannot have {field}", "write the path"


def _retries(job: Mapping[str, Any]) -> Iterator[Refusal]:
    restart = raw(job, "Restart")
    if retries_of(job)["attempts"] > 1 and restart and restart[-1] not in NO_RESTARTS:
        yield "service.Restart", restart[-1], "repeats what retries repeats already", "remove it"


def _group(job: Mapping[str, Any]) -> Iterator[Refusal]:
    concurrency = concurrency_of(job)
    if concurrency["group"]:
        if raw(job, "TimeoutStartSec"):
            value = raw(job, "TimeoutStartSec")[-1]
            yield "service.TimeoutStartSec", value, "would end the wait in the group too", f"write `timeout: {value}`"
        return
    given = [key for key in ("group_limit", "group_wait") if (job["concurrency"] or {}).get(key) is not None]
    if given:
        yield "concurrency", job["concurrency"], f"has {' and '.join(given)}, and no group", "add the group"


def _policy(job: Mapping[str, Any]) -> Iterator[Refusal]:
    policy = concurrency_of(job)["policy"]
    if policy == "queue":
        return
    if job["triggered_by"] is not None:
        reason = "needs a schedule, and what other jobs start has none"
        yield "concurrency", policy, reason, "remove it, or give jobs a group"
    for field in (field for field in ("every", "every_after") if job[field]):
        reason = f"needs a schedule: `{field}` counts from the last run"
        yield "concurrency", policy, reason, "write a schedule, or remove it"
    unit = (job["timer"] or {}).get("Unit")
    if policy == "replace" and unit:
        yield "timer.Unit", unit[-1], "is for concurrency to set", "remove it, or choose another policy"


def _deadline(job: Mapping[str, Any]) -> Iterator[Refusal]:
    others = [field for field in ("every", "every_after", "on_boot") if job[field]]
    if job["starting_deadline"] and (others or not job["schedule"]):
        reason = "counts from an elapse of a schedule"
        reason += f", and {' and '.join(others)} has none" if others else ", and there is none"
        fix = f"remove it, or {' and '.join(others)}" if others else "add a schedule, or remove it"
        yield "starting_deadline", f"{job['starting_deadline']:g}s", reason, fix


def _skip(job: Mapping[str, Any]) -> Iterator[Refusal]:
    if job["skip_next"] and job["triggered_by"] is not None:
        yield "skip_next", job["skip_next"], "skips a run of a timer, and there is none", "remove it"


def _spans(job: Mapping[str, Any]) -> Iterator[Refusal]:
    """Time spans that our programs get are read here, too."""
    fields = ["timeout", "kill_after"] if makes_attempts(job) else []
    if job["starting_deadline"] or concurrency_of(job)["policy"] == "forbid":
        fields += ["accuracy", "jitter"]
    for field in fields:
        try:
            seconds(job.get(field) or 0)
        except BadValue as error:
            yield field, job[field], error.reason, error.fix


def other_limits(jobs: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Refuse jobs of one group that do not agree on its limit."""
    findings = []
    first: dict[str, tuple[str, int]] = {}
    for job in jobs:
        concurrency = concurrency_of(job)
        group, limit = concurrency["group"], concurrency["group_limit"]
        if not group or job["state"] == "absent":
            continue
        name, expected = first.setdefault(group, (job["name"], limit))
        if limit != expected:
            reason = f"gives the group {group} a limit of {limit}, and {name} one of {expected}"
            fix = "give all jobs of the group the same group_limit"
            findings.append(Finding(job["name"], "concurrency", job["concurrency"], reason, fix, "invalid-value"))
    return findings
