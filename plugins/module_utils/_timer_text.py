# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers questions about a rendered timer (systemd.timer(5)); pure."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import (
    Assignment,
    is_true,
    last_value,
    parse,
    values,
)

BOOT_TRIGGERS = ("OnBootSec", "OnStartupSec")
OTHER_TRIGGERS = ("OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnClockChange", "OnTimezoneChange")
TIMESPAN_DIRECTIVES = (
    "OnActiveSec",
    "OnBootSec",
    "OnStartupSec",
    "OnUnitActiveSec",
    "OnUnitInactiveSec",
    "AccuracySec",
    "RandomizedDelaySec",
    "RandomizedOffsetSec",
)
SCHEDULING_SECTION = "Timer"


def scheduling(text: str) -> list[tuple[str, str]]:
    """Return what decides when the timer elapses: the assignments of its [Timer] section."""
    return [(found.key, found.value) for found in parse(text) if found.section == SCHEDULING_SECTION]


def calendars(text: str) -> list[str]:
    """Return the OnCalendar= expressions of a timer."""
    return values(parse(text), "Timer", "OnCalendar")


def timespans(text: str) -> list[Assignment]:
    """Return the assignments of a timer that hold a time span."""
    return [found for found in parse(text) if found.section == "Timer" and found.key in TIMESPAN_DIRECTIVES]


def is_persistent(text: str) -> bool:
    """Tell whether a run missed while the host was down is caught up."""
    return is_true(last_value(parse(text), "Timer", "Persistent"))


def boot_triggers(text: str) -> list[str]:
    """Return the spans after boot at which a timer elapses, among other triggers or alone."""
    return [span for key in BOOT_TRIGGERS for span in values(parse(text), "Timer", key)]


def boot_spans(text: str) -> list[str]:
    """Return the spans after boot of a timer that has no other trigger; empty for any other timer."""
    assignments = parse(text)
    if any(values(assignments, "Timer", key) for key in ("OnCalendar", *OTHER_TRIGGERS)):
        return []
    return boot_triggers(text)


def links(name: str, text: str) -> list[str]:
    """Return the links, relative to the unit directory, that enable a timer (systemd.unit(5), [Install])."""
    assignments = parse(text)
    found: list[str] = []
    for key, folder in (("WantedBy", "wants"), ("RequiredBy", "requires")):
        for value in values(assignments, "Install", key):
            found.extend(f"{target}.{folder}/{name}.timer" for target in value.split())
    return found
