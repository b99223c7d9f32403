# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completes a job with defaults, and checks what its fields mean together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare import user_scope
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.attempt_rules import refusals
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.unknown_field import meant_field

COMMAND_FIELDS = ("command", "script", "commands")
TRIGGER_FIELDS = ("schedule", "every", "every_after", "on_boot")
# They let the rest of a job be proved whose command or schedule is missing or wrong; it is never applied.
STAND_IN_COMMAND = "/bin/true"
FIX_TRIGGERED = "remove one of the two: what other jobs start has no timer"


class StandIn(str):
    """What stands for a field that is missing."""

    __slots__ = ()


STAND_IN_SCHEDULE = StandIn("daily")


def lacks_schedule(job: Mapping[str, Any]) -> bool:
    """Tell whether something stands for the schedule of a job that has none."""
    return any(isinstance(one, StandIn) for one in job["schedule"] or [])


# What else has to fit together in a complete job.
Rule = Callable[[Mapping[str, Any]], "list[Finding]"]


def no_command(name: str, variable: str, meant: str) -> Finding:
    """Return the finding for a job without a command. variable, meant: see `stray_names`, empty for other jobs."""
    fix = "add the command that the job runs, or a script"
    reason = f"is missing, and no list but {variable} has this job" if variable else "is missing"
    return Finding(
        name,
        "command",
        None,
        reason,
        f'write the name "{meant}" to change that job, or {fix}' if meant else fix,
        "missing-field",
    )


def _check_triggers(job: dict[str, Any], told: set[str]) -> list[Finding]:
    """Return what is wrong with that which starts a job; put in what lets the rest be proved."""
    name, findings = job["name"], []
    raw_triggers = [f"timer.{key}" for key, value in (job["timer"] or {}).items() if key.startswith("On") and value]
    triggers = [*(field for field in TRIGGER_FIELDS if job[field]), *raw_triggers]
    if job["triggered_by"] is not None:
        given = job["triggered_by"]
        for field in triggers:
            reason = f"stands beside {field}"
            findings.append(Finding(name, "triggered_by", given, reason, FIX_TRIGGERED, "invalid-declaration"))
    elif not triggers:
        if not told.intersection((*TRIGGER_FIELDS, "triggered_by")):
            fix = 'add one, for example `schedule: "*-*-* 04:00:00"` (or `every`, or `on_boot`)'
            reason = "is missing, so the job would never run"
            findings.append(Finding(name, "schedule", None, reason, fix, "missing-field"))
        job["schedule"] = [STAND_IN_SCHEDULE]
    if job["every"] and job["every_after"]:
        reason, fix = "stands beside every, and only one of them counts from the last run", "remove one of them"
        findings.append(Finding(name, "every_after", job["every_after"], reason, fix, "invalid-declaration"))
    return findings


def with_defaults(fields: Mapping[str, Any], on_reschedule: str) -> dict[str, Any]:
    """Return a job with every field; what a field holds is the job's own."""
    job = {name: field.default for name, field in FIELDS.items()}
    job.update({name: value for name, value in fields.items() if value is not None})
    job["on_reschedule"] = job["on_reschedule"] or on_reschedule
    job["description"] = job["description"] or job["name"]
    job["accept"] = job["accept"] or []
    job["secrets"] = job["secrets"] or []
    for field in ("environment", "limits", "conditions"):
        job[field] = {name: value for name, value in (job[field] or {}).items() if value is not None}
    # The text of a source is put in later.
    job["credentials"] = {name: dict(one) for name, one in (job["credentials"] or {}).items() if one is not None}
    for field in ("script", "environment_file"):
        if isinstance(job[field], Mapping):
            job[field] = dict(job[field])
    return job


def lacks_command(job: Mapping[str, Any]) -> bool:
    """Tell whether nothing says what a job runs."""
    return not any(job[field] for field in COMMAND_FIELDS) and not (job["service"] or {}).get("ExecStart")


def _check_commands(job: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each field beyond the first that says what a job runs."""
    first, *others = [field for field in COMMAND_FIELDS if job[field]] or [""]
    reason, fix = f"stands beside {first}, and a job runs one of them", "remove one of them"
    return [Finding(job["name"], field, None, reason, fix, "invalid-declaration") for field in others]


def _check_need_of_schedule(job: Mapping[str, Any], own: Mapping[str, Any]) -> list[Finding]:
    """Return the fields of the job's own that do nothing without a schedule. Those of timer_defaults are for others."""
    reason, fix = "has no schedule that it applies to", "add a schedule, or remove the field"
    return [
        Finding(job["name"], field, job[field], reason, fix, "invalid-value")
        for field in ("timezone", "spread")
        if own.get(field) and not job["schedule"]
    ]


def complete(
    fields: Mapping[str, Any],
    own: Mapping[str, Any],
    on_reschedule: str,
    findings: list[Finding],
    stray: Mapping[str, tuple[str, str]],
    *,
    rules: Sequence[Rule],
) -> dict[str, Any]:
    """Return a job with every field, defaults filled in, after checking what fields mean together.

    own: the fields without those of timer_defaults. findings: what was found before, and gets what is found here.
    stray: see `stray_names` of jobs. rules: what else the job has to obey.
    """
    job = with_defaults(fields, on_reschedule)
    findings.extend(user_scope.refusals(job))
    if job["state"] == "absent":
        return job
    name = job["name"]
    about = [finding for finding in findings if finding.job in (name, "timer_defaults")]
    # A field with a typing error is not missing as well.
    told = {finding.field for finding in about} | {meant_field(finding.field) for finding in about}
    findings.extend(_check_commands(job))
    if lacks_command(job):
        job["command"] = STAND_IN_COMMAND
        if not told.intersection(COMMAND_FIELDS):
            variable, meant = stray.get(name, ("", ""))
            findings.append(no_command(name, variable, meant))
            # Of a misspelt name there is no more to say.
            told |= {*TRIGGER_FIELDS} if meant else set()
    findings.extend(_check_triggers(job, told))
    if "schedule" not in told:
        findings.extend(_check_need_of_schedule(job, own))
    findings.extend(found for rule in (refusals, *rules) for found in rule(job) if found.field not in told)
    return job
