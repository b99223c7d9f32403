# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads unit file text the way systemd does (systemd.syntax(7)), as far as this collection needs it."""

from __future__ import annotations

import functools
from typing import Iterable, NamedTuple

OWNER_SECTION = "X-Ansible"


class Assignment(NamedTuple):
    """One `key=value` of a unit file; `line` counts from 1."""

    section: str
    key: str
    value: str
    line: int


class Owner(NamedTuple):
    """The mark in a unit file that says which declaration manages it."""

    owner: str
    job: str


# Plan, proof and prediction look at the same texts; nobody changes what they get.
@functools.lru_cache(maxsize=8192)
def parse(text: str) -> list[Assignment]:
    """Return the assignments of a unit file in order. Comments and what is no assignment are left out."""
    found: list[Assignment] = []
    section = ""
    pending = ""
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        if is_comment(line):
            continue
        if not pending:
            start = number
        if goes_on(line):
            pending += line[:-1] + " "
            continue
        logical = (pending + line).strip()
        pending = ""
        if logical.startswith("[") and logical.endswith("]"):
            section = logical[1:-1]
        elif "=" in logical:
            key, value = logical.split("=", 1)
            found.append(Assignment(section, key.strip(), value.strip(), start))
    return found


def contents(text: str) -> list[tuple[str, str, str]]:
    """Return section, key and value of each assignment, in order: what a text is compared by."""
    return [(found.section, found.key, found.value) for found in parse(text)]


class UnitText:
    """A unit file, parsed once for many questions."""

    def __init__(self, text: str) -> None:
        self.assignments = parse(text)
        self._values: dict[tuple[str, str], list[str]] = {}
        for assignment in self.assignments:
            found = self._values.setdefault((assignment.section, assignment.key), [])
            if assignment.value:
                found.append(assignment.value)
            else:
                found.clear()

    def values(self, section: str, key: str) -> list[str]:
        """Return what a list directive holds in the end, see `values`."""
        return self._values.get((section, key), [])

    def last(self, section: str, key: str, default: str = "") -> str:
        """Return what a scalar directive holds in the end: the last assignment wins."""
        found = self.values(section, key)
        return found[-1] if found else default


def is_comment(line: str) -> bool:
    """Tell whether a line is a comment, also between the lines of an assignment (systemd.syntax(7))."""
    return line.strip().startswith(("#", ";"))


def goes_on(line: str) -> bool:
    """Tell whether a line is joined with the next: it ends in an odd number of backslashes."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def values(assignments: Iterable[Assignment], section: str, key: str) -> list[str]:
    """Return what a list directive holds in the end: an empty assignment resets it (systemd.syntax(7))."""
    result: list[str] = []
    for assignment in assignments:
        if assignment.section == section and assignment.key == key:
            if assignment.value:
                result.append(assignment.value)
            else:
                result.clear()
    return result


def last_value(assignments: Iterable[Assignment], section: str, key: str, default: str = "") -> str:
    """Return what a scalar directive holds in the end: the last assignment wins."""
    found = values(assignments, section, key)
    return found[-1] if found else default


def is_true(value: str) -> bool:
    """Tell whether systemd reads the value as true (systemd.syntax(7), boolean arguments)."""
    return value.lower() in ("1", "yes", "y", "true", "t", "on")


def owner_of(text: str) -> Owner | None:
    """Return the owner mark of a unit file, or None for a file that is not ours."""
    if f"[{OWNER_SECTION}]" not in text:
        return None
    assignments = parse(text)
    owner = last_value(assignments, OWNER_SECTION, "Owner")
    job = last_value(assignments, OWNER_SECTION, "Job")
    return Owner(owner, job) if owner and job else None


def marked_secrets(unit: UnitText) -> frozenset[str]:
    """Return the variables that the job's field `secrets` names; the unit file holds the names beside the owner."""
    return frozenset(name for value in unit.values(OWNER_SECTION, "Secrets") for name in value.split())
