# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`systemd-analyze verify` of staged units under their real names, every diagnostic counted.

The exit status proves nothing: systemd ignores what it does not understand and exits 0. Each line that names
one of our units is a finding; lines about other units of the host are not ours to judge.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import without_quotation
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import marks_of, masked_value
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import field_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.directives import (
    REMOVED,
    fix_unknown,
    fix_value,
    is_timespan,
    parse_directive_types,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.scratch import scratch
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    Assignment,
    UnitText,
    goes_on,
    is_comment,
    owner_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, Runner

MANAGER_PROGRAMS = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")

# Above so many jobs verify is called so many times, side by side: 1,000 jobs take 3 s in one call, 0.7 s in four.
MANY_JOBS = 100
CALLS = 4

NO_TRIGGER = "has no trigger left, so it would never run"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WITH_PATH = re.compile(r"^(?P<path>/.*/(?P<unit>[^/:]+\.(?:service|timer))):(?:(?P<line>\d+):)? (?P<text>.*)$")
_WITH_UNIT = re.compile(r"^(?:Unit )?(?P<unit>\S+\.(?:service|timer)):? (?P<text>.*)$")
_INSTANCE = re.compile(r"@.*(?=\.)")
_UNKNOWN = re.compile(r"^Unknown (?:key|lvalue|key name) '(?P<key>[^']*)' in section '?\[?(?P<section>[^'\]]*)\]?'?")
_UNKNOWN_SECTION = re.compile(r"^Unknown section '(?P<section>[^']*)'")
_NOT_EXECUTABLE = re.compile(r"^Command (?P<command>.+) is not executable: (?P<reason>.*)$")
_NOT_TAKEN = re.compile(r"^Support for option (?P<key>\w+)= has been removed")
_OLD_NAME = re.compile(
    r"(?:uses (?P<key>\w+)=; please use|type (?P<kind>\w+)= is obsolete, replacing by) (?P<instead>\w+)="
)
# What systemd adds once a real reason has been printed.
_CONSEQUENCES = ("has a bad unit file setting", "Unit configuration has fatal error", "Failed to load configuration:")
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
        unit = staged_unit(found.group("unit"), staged) if found else ""
        if found and unit and not found.group("text").startswith(_HARMLESS):
            line = found.groupdict().get("line")
            ours.append(Diagnostic(unit, int(line or 0), found.group("text")))
        elif raw.strip():
            others.append(raw.strip())
    explained = {diagnostic.unit for diagnostic in ours if not _is_consequence(diagnostic)}
    return [d for d in ours if d.unit not in explained or not _is_consequence(d)], others


def staged_unit(unit: str, staged: set[str]) -> str:
    """Return which of the staged units is meant: of a template, verify speaks of an instance (@i, @test_instance)."""
    return next((one for one in (unit, _INSTANCE.sub("@", unit)) if one in staged), "")


def _is_consequence(diagnostic: Diagnostic) -> bool:
    return any(text in diagnostic.text for text in _CONSEQUENCES)


def parse_directives(text: str) -> dict[str, list[str]]:
    """Parse `systemd --dump-configuration-items`: section to the directives that this systemd knows."""
    return {section: list(types) for section, types in parse_directive_types(text).items()}


class Fault(NamedTuple):
    """A message about the value of a directive, or about the unit as a whole: its code, and how to fix it."""

    text: str
    code: str
    fix: str
    place: tuple[str, str] = ("", "")


# Parts of the messages that stand at a line; what is none of these is a value that the tables may know.
AT_A_LINE = (
    Fault("Assignment outside of section", "refused", "write it below a section such as [Service]"),
    Fault("Failed to resolve unit specifiers", "unknown-specifier", "write %% for a per cent sign"),
    Fault("Failed to resolve specifiers", "unknown-specifier", "write %% for a per cent sign"),
    Fault("Neither a valid executable name nor an absolute path", "relative-command", "write the absolute path"),
    Fault("path is not absolute", "invalid-value", "write an absolute path"),
    Fault("Unbalanced quoting", "invalid-command", "close the quotes, or write the command as a list"),
    Fault("Ignoring unknown escape sequences", "invalid-command", "write \\\\ for a backslash"),
    Fault("Failed to parse calendar specification", "invalid-schedule", "see systemd.time(7), Calendar Events"),
    Fault(
        "Failed to add dependency on", "invalid-value", "write the whole name of a unit, such as network-online.target"
    ),
    Fault("Unit type not valid", "invalid-value", "write the whole name of a unit, such as backup.service"),
    Fault("Invalid environment assignment", "invalid-value", "write NAME=value; a name has letters, digits and _"),
    Fault("Standard output type syslog is obsolete", "invalid-value", 'write "journal"'),
)
EXEC_START = ("Service", "ExecStart")
RESTART = ("Service", "Restart")
# Parts of the messages about a unit as a whole, with the directive that is at fault (systemd.service(5)).
ABOUT_A_UNIT = (
    Fault("has no ExecStart=", "missing-field", "add `command`", EXEC_START),
    Fault("lacks both ExecStart=", "missing-field", "add `command`", EXEC_START),
    Fault(
        "more than one ExecStart=",
        "invalid-value",
        "write Type=oneshot, or put the commands into one script",
        ("Service", "Type"),
    ),
    Fault("Restart= set to either always or on-success", "invalid-value", 'write "on-failure", or remove it', RESTART),
    Fault("RestartForceExitStatus= set", "invalid-value", "remove it", ("Service", "RestartForceExitStatus")),
    Fault("ExitType=cgroup set", "invalid-value", "remove it", ("Service", "ExitType")),
    Fault("no D-Bus service name", "missing-field", "write BusName=, or Type=oneshot", ("Service", "BusName")),
    Fault("RuntimeMaxSec= has no effect", "no-effect", "write `timeout` instead", ("Service", "RuntimeMaxSec")),
    Fault("Failed to create", "refused", "install that unit before the job, or correct its name"),
)


def job_of(unit: str, text: str) -> str:
    """Return the job that a unit belongs to: the owner mark says so, also of a further one."""
    mark = owner_of(text)
    return mark.job if mark else unit.rsplit(".", 1)[0]


def finding_of(
    diagnostic: Diagnostic, text: str, version: int, directives: Callable[[], dict[str, list[str]]]
) -> Finding:
    """Turn a diagnostic into a finding; `text` is the unit file, `directives` tells what this systemd knows."""
    job = job_of(diagnostic.unit, text)
    unit = UnitText(text)
    assignment = assignment_at(unit, text, diagnostic.line)
    unknown = _UNKNOWN.match(diagnostic.text)
    if unknown:
        key, section = unknown.group("key"), unknown.group("section")
        code, tail, fix = fix_unknown(key, section, version, directives())
        reason = f"systemd {version} does not know the directive {key}= in [{section}]{tail}"
        return Finding(job, f"{section.lower()}.{key}", assignment.value if assignment else None, reason, fix, code)
    missing = _NOT_EXECUTABLE.match(diagnostic.text)
    if missing:
        return _missing_command(job, unit, missing.group("command"), missing.group("reason"))
    if "Timer unit lacks value setting" in diagnostic.text:
        return Finding(job, "schedule", None, NO_TRIGGER, "add a schedule, `every` or `on_boot`", "no-trigger")
    said = re.sub(r", ignoring\.?(?=:|$)", "", diagnostic.text)
    if assignment and masked_value(assignment.key, assignment.value, marks_of(text)) != assignment.value:
        said = without_quotation(said)
    reason = f"systemd {version} refuses it: {said}"
    if assignment:
        return _at_a_line(job, diagnostic, assignment, reason)
    return _about_a_unit(job, diagnostic, unit, reason)


def assignment_at(unit: UnitText, text: str, line: int) -> Assignment | None:
    """Return what is assigned at a line; systemd names the last one of an assignment that goes on over several."""
    before = [found for found in unit.assignments if found.line <= line]
    if not before:
        return None
    between = text.split("\n")[before[-1].line - 1 : line - 1]
    return before[-1] if all(goes_on(one) or is_comment(one) for one in between) else None


def _about_a_unit(job: str, diagnostic: Diagnostic, unit: UnitText, reason: str) -> Finding:
    """Return the finding about the unit as a whole."""
    if not unit.assignments:
        return Finding(job, diagnostic.unit, None, f"{reason} It is empty", "correct the template", "refused")
    if _UNKNOWN_SECTION.match(diagnostic.text):
        return Finding(job, diagnostic.unit, None, reason, "remove the section", "unknown-section")
    for fault in ABOUT_A_UNIT:
        if fault.text in diagnostic.text:
            field = field_of(*fault.place) if all(fault.place) else diagnostic.unit
            return Finding(job, field, unit.last(*fault.place) or None, reason, fault.fix, fault.code)
    return Finding(job, diagnostic.unit, None, reason, "", "refused")


def _missing_command(job: str, unit: UnitText, command: str, reason: str) -> Finding:
    """Return the finding about a program of any Exec directive; verify does not tell which."""
    keys = [one.key for one in unit.assignments if one.key.startswith("Exec") and command in one.value]
    field = field_of("Service", keys[0]) if keys else "command"
    if "No such file" in reason:
        fix = "install it before the job, or correct the path"
        return Finding(job, field, command, "does not exist on this host", fix, "missing-command")
    if "Is a directory" in reason:
        return Finding(job, field, command, "is a directory", "correct the path", "not-executable")
    return Finding(job, field, command, f"cannot be executed: {reason}", "chmod 0755 it", "not-executable")


def _at_a_line(job: str, diagnostic: Diagnostic, assignment: Assignment, reason: str) -> Finding:
    """Return the finding about a directive of the unit file."""
    section, key, value = assignment.section, assignment.key, assignment.value
    reason = re.sub(rf": {re.escape(value)}$", "", reason)
    # Outside of a section there is no field.
    field = field_of(section, key) if section else diagnostic.unit
    for fault in AT_A_LINE:
        if fault.text in diagnostic.text:
            return Finding(job, field, value, reason, fault.fix, fault.code)
    old = _OLD_NAME.search(diagnostic.text)
    removed = _NOT_TAKEN.match(diagnostic.text)
    if old or removed:
        instead = old.group("instead") if old else REMOVED.get(key, (0, ""))[1]
        return Finding(job, field, value, reason, f"write {instead}=" if instead else "remove it", "unknown-directive")
    code = "invalid-timespan" if is_timespan(section, key) else "invalid-value"
    fix = fix_value(section, key, value)
    if not fix and section == "Service" and key.startswith("Exec"):
        code = "invalid-command"
    elif not fix and key.startswith("SetCredential"):
        fix = "write NAME:VALUE"
    elif not fix and diagnostic.text.startswith("Invalid syntax"):
        fix = "close the quotes"
    return Finding(job, field, value, reason, fix, code)


def read_directives(runner: Runner) -> dict[str, list[str]]:
    """Ask the systemd of this host which directives it knows."""
    for program in MANAGER_PROGRAMS:
        if os.path.exists(program):
            return parse_directives(runner([program, "--dump-configuration-items"]).stdout)
    return {}


def shares(units: Mapping[str, str]) -> list[list[str]]:
    """Divide units among a few calls, those of a job together: the time of one call grows with their number squared."""
    jobs: dict[str, list[str]] = {}
    for unit, text in units.items():
        jobs.setdefault(job_of(unit, text), []).append(unit)
    names = sorted(jobs)
    count = CALLS if len(names) > MANY_JOBS else 1
    # Services first, so that a timer finds its service already loaded.
    return [
        sorted((unit for name in names[first::count] for unit in jobs[name]), key=lambda unit: unit.endswith(".timer"))
        for first in range(count)
    ]


def run_verify(runner: Runner, units: dict[str, str]) -> Completed:
    """Stage the units (name to text) in one private folder and verify them; each call sees the whole folder."""
    with scratch(units) as folder:
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
    # In the order of the jobs, whichever call was quicker or said it.
    place = {job_of(unit, text): number for number, (unit, text) in enumerate(units.items())}
    diagnostics.sort(key=lambda one: place[job_of(one.unit, units[one.unit])])
    cache: list[dict[str, list[str]]] = []

    def directives() -> dict[str, list[str]]:
        if not cache:
            cache.append(read_directives(runner))
        return cache[0]

    findings = [finding_of(found, units[found.unit], version, directives) for found in diagnostics]
    if done.rc != 0 and not findings:
        said = "; ".join(others) or f"exit status {done.rc}"
        reason = f"failed without naming a job: {said}"
        fix = "try it on a unit that the host has already; if that fails too, fix the host first"
        findings.append(Finding("", "systemd-analyze verify", None, reason, fix, "systemd-answer"))
    return findings
