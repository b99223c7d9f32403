# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes lists of jobs out of the role's variables, and templates them field by field; pure but for what templates.

Ansible templates the arguments of a task as a whole: one undefined variable, and nobody learns in which job it is, or
what else is wrong. Here it is a finding of that job and field, and all others are judged.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import is_list
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import (
    FIELDS,
    HIDDEN_KINDS,
    RAW_FIELDS,
)

# The lists, each over the one before; those with the prefix come after the first, in the order of their names.
LISTS = ("timer_jobs", "timer_group_jobs", "timer_host_jobs")
# No result is registered by such a name: `timer_jobs_info` is a usual one.
LIST_PREFIX = "timer_jobs_of_"
DEFAULTS = "timer_defaults"

# A job has one of them, and hardly anything else has.
JOB_FIELDS = {"schedule", "every", "every_after", "on_boot", "command", "commands", "script"}

# Returns the value of a template; raises any exception. Gives OMITTED for what is to be left out.
Template = Callable[[Any], Any]
OMITTED = object()

_MARKS = ("{{", "{%", "{#")
# Lists that are put together without anything else: each of them is looked at by itself.
_SUM = re.compile(r"\s*\{\{\s*(\w+(?:\s*\+\s*\w+)*)\s*\}\}\s*")


class Declared(NamedTuple):
    """What the variables hold: variable to list of jobs, the fields for all jobs, and which templates are broken."""

    layers: dict[str, Any]
    defaults: Any
    findings: list[Finding]


class Broken(Exception):
    """A template that gives no value: why, in one line."""


def list_variables(names: Mapping[str, Any]) -> list[str]:
    """Return the variables that hold lists of jobs, in the order in which they are put over each other."""
    further = sorted(name for name in names if name.startswith(LIST_PREFIX))
    return [LISTS[0], *further, *LISTS[1:]]


def read_variables(variables: Mapping[str, Any], template: Template) -> Declared:
    """Return what is declared. variables: as they stand, not templated."""
    findings: list[Finding] = []
    reader = _Reader(variables, template, findings)
    layers = {name: reader.jobs(name) for name in list_variables(variables)}
    defaults = reader.entry(DEFAULTS, reader.resolved(DEFAULTS))
    return Declared(layers, None if defaults is OMITTED else defaults, findings)


def unread_lists(variables: Mapping[str, Any], known: Collection[str]) -> list[Finding]:
    """Warn of what looks like a list of jobs and is not read: a misspelt name, or a list that nobody takes in.

    known: all variables of the role. Where a list is put together by a template, that may read any of them.
    """
    lists = list_variables(variables)
    if any(isinstance(variables.get(name), str) for name in lists):
        return []
    found = []
    for name, value in variables.items():
        if not str(name).startswith("timer_") or name in (*known, *lists) or not is_list(value) or not value:
            continue
        if all(isinstance(entry, Mapping) and "name" in entry and JOB_FIELDS & set(entry) for entry in value):
            further = LIST_PREFIX + re.sub(r"^timer_(?:jobs?_?)?", "", name)
            meant = difflib.get_close_matches(name, lists, n=1, cutoff=0.85)
            fix = f"write {meant[0]}" if meant else f"write {further}, which is merged with {LISTS[0]}"
            reason = "looks like a list of jobs, and is not read"
            found.append(Finding("", name, None, reason, fix, "unread-list"))
    return found


class _Reader:
    def __init__(self, variables: Mapping[str, Any], template: Template, findings: list[Finding]) -> None:
        self.variables = variables
        self.template = template
        self.findings = findings

    def resolved(self, variable: str, seen: tuple[str, ...] = ()) -> Any:
        """Return a variable with as little templated as can be: a list or dictionary keeps its templates."""
        raw = self.variables.get(variable)
        if not isinstance(raw, str) or variable in seen:
            return raw
        found = _SUM.fullmatch(raw)
        names = re.split(r"\s*\+\s*", found.group(1)) if found else []
        if names and all(name in self.variables for name in names):
            parts = [self.resolved(name, (*seen, variable)) for name in names]
            if len(parts) == 1 and not isinstance(parts[0], str):
                return parts[0]
            if all(is_list(part) for part in parts):
                return [entry for part in parts for entry in part]
        return self.value("", variable, raw)

    def jobs(self, variable: str) -> Any:
        """Return a list of jobs, the fields of each templated."""
        entries = self.resolved(variable)
        if entries is OMITTED:
            return None
        if not is_list(entries):
            return entries
        found = [self.entry(f"{variable}, entry {number}", entry) for number, entry in enumerate(entries, 1)]
        return [entry for entry in found if entry is not OMITTED]

    def entry(self, place: str, raw: Any) -> Any:
        """Return one job, what is broken left out; or the fields for all jobs."""
        if isinstance(raw, str):
            raw = self.value("", place, raw)
        if not isinstance(raw, Mapping):
            return raw
        name = raw.get("name")
        if name is not None and has_template(name):
            name = self.value("", f"{place}, name", name)
            # Whatever it is called, it is not one of the others.
            raw = {**raw, "name": name} if name is not OMITTED else {k: v for k, v in raw.items() if k != "name"}
        job = str(name) if name not in (None, OMITTED) else place
        found = {field: self.value(job, str(field), value) for field, value in raw.items()}
        return {field: value for field, value in found.items() if value is not OMITTED}

    def value(self, job: str, field: str, raw: Any) -> Any:
        """Return a value; what is broken is a finding, and left out."""
        if not has_template(raw):
            return raw
        try:
            found = self.template(raw)
            return _as_texts(raw, found) if field in ("environment", *RAW_FIELDS) else found
        except Broken as error:
            where = f", in {origin_of(raw)}" if origin_of(raw) else ""
            reason = f"cannot be templated{where}: {error}"
            fix = "define what is missing, or correct the template"
            self.findings.append(Finding(job, field, _shown(field, raw), reason, fix, "broken-template"))
            return OMITTED


def why_no_value(error: Exception) -> str:
    """Return in one line why a template gives no value."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    # ansible-core before 2.19 repeats the template, in which a secret may stand, and says some things twice.
    line = line.partition(". String: ")[0]
    head, _dot, tail = line.partition(". ")
    return (head if head == tail else line).rstrip(".")


def has_template(value: Any) -> bool:
    """Tell whether a value may hold a template, or is one that has to be decrypted."""
    if isinstance(value, str):
        return any(mark in value for mark in _MARKS)
    if is_encrypted(value):
        return True
    if isinstance(value, Mapping):
        return any(has_template(key) or has_template(item) for key, item in value.items())
    if is_list(value):
        return any(has_template(item) for item in value)
    return False


def is_encrypted(value: Any) -> bool:
    """Tell whether a value is one of Ansible Vault (`!vault`): it is no text before it is decrypted."""
    return bool(getattr(value, "__ENCRYPTED__", False)) or type(value).__name__ == "EncryptedString"


def _as_texts(raw: Any, found: Any) -> Any:
    """Return a dictionary in which a number that a template gives is its digits: `"{{ port }}"` is in quotes."""
    if isinstance(raw, Mapping) and isinstance(found, Mapping):
        return {key: _as_texts(raw.get(key), item) for key, item in found.items()}
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    return str(found) if isinstance(raw, str) and is_number else found


def _shown(field: str, raw: Any) -> str | None:
    """Return a template as it is written. What stands beside it may be secret where the field's value may be."""
    hidden = field in FIELDS and FIELDS[field].kind in HIDDEN_KINDS
    return str(raw) if isinstance(raw, str) and not hidden else None


def origin_of(value: Any) -> str:
    """Return the file and line that a value comes from, as far as Ansible knows it."""
    position = getattr(value, "ansible_pos", None)  # ansible-core before 2.19
    if position:
        return f"{position[0]}:{position[1]}"
    try:
        from ansible._internal._datatag._tags import Origin  # noqa: PLC0415  ansible-core 2.19 and newer
    except ImportError:
        return ""
    tag = Origin.get_tag(value)
    return f"{tag.path}:{tag.line_num}" if tag is not None and tag.path and tag.line_num else ""
