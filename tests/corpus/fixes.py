# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the advice of findings as a person would: the job as it is after that."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

# These name a word of the command, a line of a file, or the job itself.
_SKIPPED = (
    "unexpanded-variable",
    "unset-variable",
    "specifier",
    "control-character",
    "invalid-name",
    "bad-interpreter",
)
_OF_A_COMMAND = ("shell-syntax", "date-format", "unknown-specifier", "relative-command")
_FIELDS = re.compile(r"(?:write|set|use) `([^`]+)`")
_LIST = re.compile(r"write (\[.*\])$")
_QUOTED = re.compile(r'write "((?:[^"\\]|\\.)*)"(?:$|[,:;])')
_PLAIN = re.compile(r"write ([^\"`\[].*)$")
_NO_VALUE = ("%% for", "absolute path")


def fixed(job: Mapping[str, Any], finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the job after its finding was fixed as the finding says; None where that is more than a value."""
    fix, field = finding["fix"], finding["field"]
    if finding["code"] in _SKIPPED or finding["value"] is None:
        return None
    fields = _FIELDS.match(fix)
    given = yaml.safe_load(fields.group(1)) if fields and "..." not in fields.group(1) else None
    if isinstance(given, dict):
        return with_fields(job, finding, given)
    if fix == "remove it" or fix.startswith("remove it:"):
        return without(job, field)
    value = value_of(fix, finding["code"])
    if value is None:
        return None
    if finding["code"] == "unknown-field":
        return {**without(job, field), value: job[field]} if field in job and value not in job else None
    after = with_value(job, finding, value)
    return None if after == job else after


def value_of(fix: str, code: str) -> Any:
    """Return the value that a finding says to write; None when it says none."""
    found = _LIST.match(fix)
    if found:
        return yaml.safe_load(found.group(1))
    found = _QUOTED.match(fix)
    found = found or (_PLAIN.match(fix) if code in _OF_A_COMMAND else None)
    return found.group(1) if found and not any(one in fix for one in _NO_VALUE) else None


def with_fields(job: Mapping[str, Any], finding: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the job with fields: `set` adds them, `write` and `use` put them in the place of the one at fault."""
    rest = re.search(r", and write (.*)$", finding["fix"])
    kept = dict(job) if finding["fix"].startswith("set") else without(job, finding["field"])
    return {**kept, **given, **({"command": rest.group(1)} if rest else {})}


def without(job: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the job without a field, or a directive of a raw dictionary."""
    name, _dot, key = field.partition(".")
    rest = {one: value for one, value in job.items() if one != name}
    if key and isinstance(job.get(name), dict):
        rest[name] = {one: value for one, value in job[name].items() if one != key}
    return rest


def with_value(job: Mapping[str, Any], finding: Mapping[str, Any], value: Any) -> dict[str, Any] | None:
    """Return the job with another value in the place of the one at fault."""
    name, _dot, key = finding["field"].partition(".")
    where = job.get(name)
    if key:
        return {**job, name: {**where, key: value}} if isinstance(where, dict) and key in where else None
    if name not in job:
        return None
    old = as_text(finding["value"])
    if isinstance(where, list) and name == "schedule":
        return {**job, name: [value if one == old else one for one in where]}
    if name == "command" and finding["code"].startswith("missing-"):
        # Of a command the program is named, or the script.
        if isinstance(where, list):
            return {**job, name: [value if one == old else one for one in where]}
        return {**job, name: where.replace(old, value, 1)} if isinstance(where, str) else None
    return {**job, name: value}


def as_text(shown: str) -> str:
    """Return a value that a finding shows in quotes."""
    return str(json.loads(shown)) if shown.startswith('"') and shown.endswith('"') else shown
