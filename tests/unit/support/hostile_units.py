# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the unit files of hostile jobs have to say, written from the documented meaning of the fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import notify
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import render
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile import Job
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import TEMPLATES
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.systemd_syntax import (
    command_line,
    environment,
    read_unit,
    specifiers,
)

OWNER = "round-trip"
Line = tuple[str, str, Any]

# How systemd reads the values of these; it takes all others as they stand.
READERS: dict[str, Callable[[str], Any]] = {
    "Description": specifiers,
    "WorkingDirectory": specifiers,
    "StandardOutput": specifiers,
    "StandardError": specifiers,
    "EnvironmentFile": specifiers,
    "SyslogIdentifier": specifiers,
    "Environment": lambda value: tuple(environment(value)),
}


def rendered(declarations: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return service and timer of each job, rendered as one set; there must be nothing to find."""
    merged = merge_jobs({"timer_jobs": list(declarations)}, {}, "skip", rules=[notify.refusals])
    assert merged.findings == []
    return [render(TEMPLATES, job, OWNER)[:2] for job in merged.jobs]


def assignments(job: Job) -> dict[str, list[Line]]:
    """Return for service and timer the assignments that there have to be, values as systemd reads them."""
    fields = job.declaration
    mark = [("X-Ansible", "Owner", OWNER), ("X-Ansible", "Job", job.name)]
    service = [
        *under("Unit", fields, [("Description", fields.get("description", job.name)), *network(fields)]),
        *under("Service", fields, service_lines(job)),
        *under("Install", fields, []),
    ]
    timer = [
        ("Unit", "Description", f"Runs {fields.get('description', job.name)} "),
        *under("Timer", fields, timer_lines(job)),
        ("Install", "WantedBy", "timers.target"),
    ]
    return {"service": service + mark, "timer": timer + mark}


def network(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    target = "network-online.target"
    return [("After", target), ("Wants", target)] if fields.get("network_online") else []


def service_lines(job: Job) -> list[tuple[str, Any]]:
    fields = job.declaration
    lines: list[tuple[str, Any]] = [("Type", "oneshot")]
    if "command" in fields:
        command = fields["command"]
        # A list is compared as the words that systemd makes of it, a text as it stands.
        lines.append(("ExecStart", tuple(command) if isinstance(command, list) else command))
    if job.directory:
        lines.append(("WorkingDirectory", job.directory))
    if "output" in fields:
        lines += [("StandardOutput", fields["output"]), ("StandardError", fields["output"])]
    lines += [("Environment", ((name, value),)) for name, value in fields.get("environment", {}).items()]
    if "environment_file" in fields:
        lines.append(("EnvironmentFile", fields["environment_file"]))
    return lines


def timer_lines(job: Job) -> list[tuple[str, Any]]:
    fields = job.declaration
    schedules = fields.get("schedule", [])
    schedules = [schedules] if isinstance(schedules, str) else schedules
    zone = f" {fields['timezone']}" if "timezone" in fields else ""
    lines = [("Unit", f"{job.name}.service"), *(("OnCalendar", f"{schedule}{zone}") for schedule in schedules)]
    if "on_boot" in fields:
        lines.append(("OnBootSec", fields["on_boot"]))
    if "every" in fields:
        lines += [("OnActiveSec", fields["every"]), ("OnUnitActiveSec", fields["every"])]
    lines.append(("AccuracySec", fields.get("accuracy", "1s")))
    if "jitter" in fields:
        lines += [("RandomizedDelaySec", fields["jitter"]), ("FixedRandomDelay", "true")]
    if schedules:
        lines.append(("Persistent", "true" if fields.get("persistent", True) else "false"))
    return lines


def under(section: str, fields: Mapping[str, Any], lines: list[tuple[str, Any]]) -> list[Line]:
    """Return the lines of a section with the raw directives over them; they win."""
    raw = fields.get(section.lower(), {})
    found: list[Line] = [(section, key, value) for key, value in lines if key not in raw]
    for key, given in raw.items():
        values = given if isinstance(given, list) else [] if given is None else [given]
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        found += [(section, key, READERS.get(key, str)(text)) for text in texts]
    return found


def difference(expected: list[Line], text: str) -> tuple[list[Line], list[Line]] | None:
    """Return what a unit file lacks and what it has too much; None when it says what it should.

    The description of a timer goes on with when it runs, in words; only its beginning is compared.
    """
    readers = dict(READERS)
    if any(key == "ExecStart" and isinstance(value, tuple) for _section, key, value in expected):
        readers["ExecStart"] = lambda value: tuple(command_line(value))
    if ("Install", "WantedBy", "timers.target") in expected:
        begin = expected[0][2]
        readers["Description"] = lambda value: specifiers(value)[: len(begin)]
    seen = Counter((section, key, readers.get(key, str)(value)) for section, key, value in read_unit(text))
    wanted = Counter(expected)
    return None if seen == wanted else (list((wanted - seen).elements()), list((seen - wanted).elements()))
