# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`systemd-analyze verify` of staged units under their real names, every diagnostic counted.

The exit status proves nothing: systemd ignores what it does not understand and exits 0. Each line that names
one of our units is a finding; lines about other units of the host are not ours to judge.
"""

from __future__ import annotations

import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding, nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Completed, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import Assignment, parse

MANAGER_PROGRAMS = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")

# Above so many jobs verify is called so many times, side by side: 1,000 jobs take 3 s in one call, 0.7 s in four.
MANY_JOBS = 100
CALLS = 4

FIELDS = {
    ("Unit", "Description"): "description",
    ("Service", "ExecStart"): "command",
    ("Service", "WorkingDirectory"): "working_directory",
    ("Service", "User"): "user",
    ("Service", "Group"): "group",
    ("Service", "StandardOutput"): "output",
    ("Service", "StandardError"): "output",
    ("Service", "Environment"): "environment",
    ("Service", "EnvironmentFile"): "environment_file",
    ("Timer", "OnCalendar"): "schedule",
    ("Timer", "OnBootSec"): "on_boot",
    ("Timer", "OnActiveSec"): "every",
    ("Timer", "OnUnitActiveSec"): "every",
    ("Timer", "AccuracySec"): "accuracy",
    ("Timer", "RandomizedDelaySec"): "jitter",
}

NO_TRIGGER = "has no trigger left, so it would never run"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WITH_PATH = re.compile(r"^(?P<path>/.*/(?P<unit>[^/:]+\.(?:service|timer))):(?:(?P<line>\d+):)? (?P<text>.*)$")
_WITH_UNIT = re.compile(r"^(?:Unit )?(?P<unit>\S+\.(?:service|timer)):? (?P<text>.*)$")
_UNKNOWN = re.compile(r"^Unknown (?:key|lvalue|key name) '(?P<key>[^']*)' in section '?\[?(?P<section>[^'\]]*)\]?'?")
_UNKNOWN_SECTION = re.compile(r"^Unknown section '(?P<section>[^']*)'")
_NOT_EXECUTABLE = re.compile(r"^Command (?P<command>.+) is not executable: (?P<reason>.*)$")
# What systemd adds once a real reason has been printed.
_CONSEQUENCES = ("has a bad unit file setting", "Unit configuration has fatal error")


# A job may run as nobody, or share a user; systemd warns, and it works.
_HARMLESS = "Special user nobody configured"


class Diagnostic(NamedTuple):
    """One line of verify about one of our units; `line` is 0 when systemd gives none."""

    unit: str
    line: int
    text: str


def parse_verify(stderr: str, staged: set[str]) -> tuple[list[Diagnostic], list[str]]:
    """Return the diagnostics about staged units, and the lines about anything else."""
    ours: list[Diagnostic] = []
    others: list[str] = []
    for raw in _COLOUR.sub("", stderr).split("\n"):
        found = _WITH_PATH.match(raw) or _WITH_UNIT.match(raw)
        if found and found.group("unit") in staged and not found.group("text").startswith(_HARMLESS):
            line = found.groupdict().get("line")
            ours.append(Diagnostic(found.group("unit"), int(line or 0), found.group("text")))
        elif raw.strip():
            others.append(raw.strip())
    explained = {diagnostic.unit for diagnostic in ours if not _is_consequence(diagnostic)}
    return [d for d in ours if d.unit not in explained or not _is_consequence(d)], others


def _is_consequence(diagnostic: Diagnostic) -> bool:
    return any(text in diagnostic.text for text in _CONSEQUENCES)


def parse_directives(text: str) -> dict[str, list[str]]:
    """Parse `systemd --dump-configuration-items`: section to the directives that this systemd knows."""
    known: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            known.setdefault(section, []).append(line.split("=", 1)[0])
    return known


def field_of(assignment: Assignment) -> str:
    """Return the job field that a directive comes from; another directive can only come from a raw dictionary."""
    name = FIELDS.get((assignment.section, assignment.key))
    return name or f"{assignment.section.lower()}.{assignment.key}"


def finding_of(
    diagnostic: Diagnostic, text: str, version: int, directives: Callable[[], dict[str, list[str]]]
) -> Finding:
    """Turn a diagnostic into a finding; `text` is the unit file, `directives` tells what this systemd knows."""
    job = diagnostic.unit.rsplit(".", 1)[0]
    at_line = {found.line: found for found in parse(text)}
    assignment = at_line.get(diagnostic.line)
    unknown = _UNKNOWN.match(diagnostic.text)
    if unknown:
        key, section = unknown.group("key"), unknown.group("section")
        return Finding(
            job,
            f"{section.lower()}.{key}",
            assignment.value if assignment else None,
            f"systemd {version} does not know the directive {key}= in [{section}]",
            _mend_directive(key, section, directives()),
        )
    missing = _NOT_EXECUTABLE.match(diagnostic.text)
    if missing:
        absent = "No such file" in missing.group("reason")
        reason = "does not exist on this host" if absent else f"cannot be executed: {missing.group('reason')}"
        return Finding(
            job,
            "command",
            missing.group("command"),
            reason,
            "install it before the job, or correct the path",
            environment=True,
        )
    if "Timer unit lacks value setting" in diagnostic.text:
        return Finding(job, "schedule", None, NO_TRIGGER, "add a schedule, `every` or `on_boot`")
    reason = re.sub(r", ignoring(?=:|$)", "", diagnostic.text)
    if assignment:
        reason = re.sub(rf": {re.escape(assignment.value)}$", "", reason)
        return Finding(job, field_of(assignment), assignment.value, f"systemd {version} refuses it: {reason}", "")
    section_name = _UNKNOWN_SECTION.match(diagnostic.text)
    mend = "remove the section" if section_name else ""
    return Finding(job, diagnostic.unit, None, f"systemd {version} refuses it: {reason}", mend)


def _mend_directive(key: str, section: str, known: dict[str, list[str]]) -> str:
    homes = [name for name in ("Unit", "Service", "Timer", "Install") if key in known.get(name, [])]
    if homes:
        return f"it belongs to [{homes[0]}]: write it under `{homes[0].lower()}`"
    meant = nearest(key, known.get(section, []))
    return f"write {meant}=" if meant else "remove it, or upgrade systemd on this host"


def read_directives(runner: Runner) -> dict[str, list[str]]:
    """Ask the systemd of this host which directives it knows."""
    for program in MANAGER_PROGRAMS:
        if os.path.exists(program):
            return parse_directives(runner([program, "--dump-configuration-items"]).stdout)
    return {}


def shares(units: Iterable[str]) -> list[list[str]]:
    """Divide units among a few calls, pairs together: the time of one call grows with the square of its units."""
    jobs: dict[str, list[str]] = {}
    for unit in units:
        jobs.setdefault(unit.rsplit(".", 1)[0], []).append(unit)
    names = sorted(jobs)
    count = CALLS if len(names) > MANY_JOBS else 1
    # Services first, so that a timer finds its service already loaded.
    return [
        sorted((unit for name in names[first::count] for unit in jobs[name]), key=lambda unit: unit.endswith(".timer"))
        for first in range(count)
    ]


def run_verify(runner: Runner, units: dict[str, str]) -> Completed:
    """Stage the units (name to text) in one private folder and verify them; each call sees the whole folder."""
    with tempfile.TemporaryDirectory(prefix="systemd-timers-proof-") as folder:
        for name, text in units.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
        # Manual pages are not looked up: slow.
        command = ["systemd-analyze", "verify", "--man=no"]
        calls = [[*command, *(os.path.join(folder, unit) for unit in share)] for share in shares(units)]
        with ThreadPoolExecutor(len(calls)) as pool:
            done = list(pool.map(runner, calls))
    return Completed(max(one.rc for one in done), "", "".join(one.stderr for one in done))


def verify(runner: Runner, units: dict[str, str], version: int) -> list[Finding]:
    """Return what systemd says against the units; an empty mapping costs nothing."""
    if not units:
        return []
    done = run_verify(runner, units)
    diagnostics, others = parse_verify(done.stderr, set(units))
    cache: list[dict[str, list[str]]] = []

    def directives() -> dict[str, list[str]]:
        if not cache:
            cache.append(read_directives(runner))
        return cache[0]

    findings = [finding_of(found, units[found.unit], version, directives) for found in diagnostics]
    if done.rc != 0 and not findings:
        said = "; ".join(others) or f"exit status {done.rc}"
        findings.append(Finding("", "systemd-analyze verify", None, f"failed without naming a job: {said}"))
    return findings
