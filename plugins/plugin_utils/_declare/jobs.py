# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merges the layers of declarations into one list of complete jobs; every fault names job and field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, nearest
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.attempt_rules import other_limits
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.chains import check_chains
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.field import check_field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import kind_of
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.complete import (
    COMMAND_FIELDS,
    Rule,
    complete,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS, HIDDEN_KINDS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.unknown_field import fix_field

MERGED_KINDS = (
    *("environment", "directives", "credentials", "limits", "conditions", "retries", "concurrency", "notice"),
    "heartbeat",
)

FIX_LIST = "write `- name: ...` for each job"
FIX_TEXT = f'{FIX_LIST}; of a text that holds a list, make one: "{{{{ TEXT | from_yaml }}}}"'
FIX_JOB = "write `name: ...` and the job's other fields"
FIX_TWICE = "rename or remove one of them"
FIX_RENAME = "write the name that this job had before, and remove that one from the lists"


class Merged(NamedTuple):
    """Complete jobs in order of first mention, and what is wrong with the declarations."""

    jobs: list[dict[str, Any]]
    findings: list[Finding]


def merge_jobs(
    layers: Mapping[str, Any],
    defaults: Any,
    on_reschedule: str,
    earlier: Iterable[Finding] = (),
    rules: Sequence[Rule] = (),
) -> Merged:
    """Merge `layers` (variable name to list of jobs, the later over the earlier) over `defaults`.

    earlier: what was found before; a field that it names is not missing as well. rules: what else each job has to obey.
    """
    findings = list(earlier)
    base = _check_entry("timer_defaults", defaults or {}, findings, allowed=[n for n in FIELDS if n != "name"])
    declared: dict[str, dict[str, Any]] = {}
    lists: dict[str, list[str]] = {}
    for variable, entries in layers.items():
        for name, fields in _check_layer(variable, entries, findings):
            declared[name] = overlay(declared.get(name, {}), fields)
            lists.setdefault(name, []).append(variable)
    stray = stray_names(lists, declared)
    jobs = [complete(overlay(base, own), own, on_reschedule, findings, stray, rules=rules) for own in declared.values()]
    return Merged(jobs, [*findings, *_check_renames(jobs), *other_limits(jobs), *check_chains(jobs)])


def stray_names(
    lists: Mapping[str, list[str]], declared: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[str, str]]:
    """Return jobs without a command that only one list has, which is not the first: to that list and the nearest name.

    lists: job to the lists that it is in. Their entry was most likely meant for a job of another list.
    """
    first = next((names[0] for names in lists.values()), "")
    whole = [name for name, own in declared.items() if any(own.get(field) for field in COMMAND_FIELDS)]
    return {
        name: (variables[0], nearest(name, whole))
        for name, variables in lists.items()
        if len(variables) == 1 and variables[0] != first and name not in whole and whole
    }


def _check_renames(jobs: list[dict[str, Any]]) -> list[Finding]:
    """Refuse former names that are declared still, or that two jobs claim."""
    findings = []
    names = {job["name"] for job in jobs}
    claimed: dict[str, str] = {}
    for job in jobs:
        former = job["renamed_from"]
        if not former:
            continue
        first = claimed.setdefault(former, job["name"])
        reason = "is the name of a job that is declared still" if former in names else ""
        if first != job["name"]:
            reason = f"is the former name of {first} too"
        if reason:
            findings.append(Finding(job["name"], "renamed_from", former, reason, FIX_RENAME, "invalid-declaration"))
    return findings


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Put fields over others: dictionaries key by key, everything else as a whole; null takes a field out."""
    merged = dict(below)
    for name, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(name), Mapping) and FIELDS[name].kind in MERGED_KINDS:
            merged[name] = {**merged[name], **value}
        else:
            merged[name] = value
    return merged


def _check_layer(variable: str, entries: Any, findings: list[Finding]) -> list[tuple[str, dict[str, Any]]]:
    if entries is None:
        return []
    if not isinstance(entries, (list, tuple)):
        fix = FIX_TEXT if isinstance(entries, str) else FIX_LIST
        reason = f"is {kind_of(entries)}, not a list of jobs"
        findings.append(Finding("", variable, entries, reason, fix, "invalid-declaration"))
        return []
    checked = []
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):
        place = f"{variable}, entry {number}"
        if not isinstance(entry, Mapping):
            findings.append(Finding("", place, entry, "is not a job", FIX_JOB, "invalid-declaration"))
            continue
        name = entry.get("name")
        if name is None:
            fix = "add `name:`, it names the units"
            if f"{place}, name" not in {finding.field for finding in findings}:
                findings.append(Finding("", place, None, "has no name", fix, "missing-field"))
            _check_entry(place, entry, findings)
            continue
        fields = _check_entry(str(name), entry, findings)
        if "name" not in fields:
            continue
        first = seen.setdefault(fields["name"], number)
        if first != number:
            reason = f"is declared twice in {variable}, by entries {first} and {number}"
            findings.append(Finding(fields["name"], "name", name, reason, FIX_TWICE, "duplicate-name"))
            continue
        checked.append((fields["name"], fields))
    return checked


def _check_entry(job: str, entry: Any, findings: list[Finding], allowed: list[str] | None = None) -> dict[str, Any]:
    """Return the good fields of one entry; what is wrong with the others goes to `findings`."""
    known = list(FIELDS) if allowed is None else allowed
    if not isinstance(entry, Mapping):
        fix = "write fields and values"
        findings.append(Finding("", job, entry, "is not a dictionary", fix, "invalid-declaration"))
        return {}
    good: dict[str, Any] = {}
    for field, value in entry.items():
        if field not in known:
            fix = fix_field(str(field), entry, known)
            findings.append(Finding(job, str(field), value, "is not a field of a job", fix, "unknown-field"))
        elif value is None:
            good[field] = None
        else:
            try:
                good[field] = check_field(field, value)
            except BadValue as error:
                hidden = FIELDS[field].kind in HIDDEN_KINDS and not (field == "environment_file" and is_path(value))
                told = None if hidden else value
                faults = (error, *error.more)
                findings.extend(Finding(job, field, told, one.reason, one.fix, one.code) for one in faults)
    return good


def is_path(value: Any) -> bool:
    """Tell whether the value of environment_file is meant as a path."""
    return not isinstance(value, Mapping)
