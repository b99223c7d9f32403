# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rendered units back as systemd does, and compares them with what the job's fields mean; pure.

Every value was checked before it was rendered. This is the second look: a line that no field means is never written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    OWNER_SECTION,
    contents,
    goes_on,
    is_comment,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import quote

# Section and directive to values.
Meant = dict[tuple[str, str], list[str]]

SCALARS = {
    ("Unit", "Description"): "description",
    ("Service", "WorkingDirectory"): "working_directory",
    ("Service", "Group"): "group",
    ("Service", "StandardOutput"): "output",
    ("Service", "StandardError"): "output",
}
# They are written as they are: a time span has no specifiers.
SPANS = {
    ("Service", "TimeoutStartSec"): "timeout",
    ("Service", "TimeoutStopSec"): "kill_after",
}
TIMER_SPANS = {
    ("Timer", "OnBootSec"): "on_boot",
    ("Timer", "OnUnitActiveSec"): "every",
    ("Timer", "OnUnitInactiveSec"): "every_after",
    ("Timer", "AccuracySec"): "accuracy",
    ("Timer", "RandomizedDelaySec"): "jitter",
}


def meant_of_service(job: Mapping[str, Any]) -> Meant:
    """Return what the service of a job is meant to say. job: as the templates take it."""
    meant: Meant = {key: _given(job[field]) for key, field in SCALARS.items()}
    meant.update({key: _given(job[field], str) for key, field in SPANS.items()})
    meant["Service", "Type"] = ["oneshot"]
    meant["Service", "ExecStart"] = [job["helpers"].command] if job["helpers"].command else []
    meant["Service", "User"] = _given(job["user"]) if job["scope"] == "system" else []
    meant["Service", "Environment"] = [quote.assignment(*one) for one in job["environment"].items()]
    meant["Service", "EnvironmentFile"] = [quote.plain(path) for path in job["environment_files"]]
    for section, lines in (("Unit", job["unit_lines"]), ("Service", job["service_lines"])):
        for key in dict(lines):
            meant[section, key] = [value for name, value in lines if name == key]
    for section in ("Unit", "Service", "Install"):
        meant.update(_raw(section, job[section.lower()]))
    for line in job["helpers"].lines:
        key, value = line.split("=", 1)
        meant["Service", key] = [*meant.get(("Service", key), []), value]
    return meant


def meant_of_timer(job: Mapping[str, Any]) -> Meant:
    """Return what the timer of a job is meant to say."""
    meant: Meant = {key: _given(job[field], str) for key, field in TIMER_SPANS.items()}
    meant["Timer", "OnActiveSec"] = _given(job["every"] or job["every_after"], str)
    meant["Unit", "Description"] = _given(job["timer_description"])
    meant["Timer", "OnCalendar"] = list(job["expressions"])
    meant["Timer", "Unit"] = [job["helpers"].starts]
    meant["Install", "WantedBy"] = ["timers.target"]
    return {**meant, **_raw("Timer", job["timer"])}


def _given(value: Any, written: Callable[[Any], str] = quote.plain) -> list[str]:
    return [written(value)] if value else []


def _raw(section: str, raw: Mapping[str, Sequence[str] | None] | None) -> Meant:
    return {(section, key): list(values or []) for key, values in (raw or {}).items()}


def why_not_ours(text: str, mark: Mapping[str, str]) -> str:
    """Return why a unit does not carry the owner section that it is to have, and only that; empty when it does."""
    found = [(key, value) for section, key, value in contents(text) if section == OWNER_SECTION]
    if found != list(mark.items()):
        return f"would not have the section [{OWNER_SECTION}] that it is to have"
    return "would hold a line that no field means" if "\r" in text or "\0" in text else ""


def why_not_as_meant(text: str, meant: Meant, sections: Collection[str]) -> str:
    """Return in what a unit of our own template differs from what was meant, without a value; empty when it does not.

    sections: which it may have, beside the owner section.
    """
    lines = text.split("\n")
    heads = {line.strip()[1:-1] for line in lines if line.strip().startswith("[") and line.strip().endswith("]")}
    more = sorted(heads.difference(sections, (OWNER_SECTION,)))
    if more:
        return f"would have a section that no field means: {', '.join(more)}"
    if any(goes_on(line) for line in lines if not is_comment(line)):
        return "would hold a line that goes on in the next"
    found: Meant = {}
    for section, key, value in contents(text):
        found.setdefault((section, key), []).append(value)
    wrong = [key for key, values in meant.items() if found.get(key, []) != [value.strip() for value in values]]
    return f"would not say what was meant of {wrong[0][1]}=" if wrong else ""
