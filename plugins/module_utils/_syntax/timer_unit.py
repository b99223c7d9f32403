# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers questions about a rendered timer (systemd.timer(5)); pure."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
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
# They elapse once after each start; the timer is then rightly "elapsed".
ONE_SHOT_TRIGGERS = (*BOOT_TRIGGERS, "OnActiveSec")
UNIT_TRIGGERS = ("OnUnitActiveSec", "OnUnitInactiveSec")


def triggers(text: str) -> list[tuple[str, str]]:
    """Return what decides when the timer elapses: its triggers, and the unit that they start.

    Accuracy, jitter and persistence only shift an elapse: a reload takes them over, and an elapse that jitter has
    delayed is not lost.
    """
    return [
        (found.key, found.value)
        for found in parse(text)
        if found.section == "Timer" and (found.key.startswith("On") or found.key == "Unit")
    ]


def schedule_text(text: str) -> str:
    """Return the triggers as one text, to tell whether two timers elapse alike."""
    return "\n".join(f"{key}={value}" for key, value in triggers(text))


def elapses_once(text: str) -> bool:
    """Tell whether the timer has only triggers that elapse once."""
    keys = {key for key, value in triggers(text) if key != "Unit" and value}
    return bool(keys) and keys.issubset(ONE_SHOT_TRIGGERS)


def has_times(text: str) -> bool:
    """Tell whether the timer elapses at times, not only when the clock or its zone is set."""
    return any(key not in ("Unit", "OnClockChange", "OnTimezoneChange") and value for key, value in triggers(text))


def counts_from_unit(text: str) -> bool:
    """Tell whether a trigger counts from the last run of the service."""
    return any(key in UNIT_TRIGGERS and value for key, value in triggers(text))


def calendars(text: str) -> list[str]:
    """Return the OnCalendar= expressions of a timer."""
    return values(parse(text), "Timer", "OnCalendar")


def is_persistent(text: str) -> bool:
    """Tell whether a run missed while the host was down is caught up."""
    return is_true(last_value(parse(text), "Timer", "Persistent"))


def boot_triggers(text: str) -> list[str]:
    """Return the spans after boot at which a timer elapses, among other triggers or alone."""
    return [span for key in BOOT_TRIGGERS for span in values(parse(text), "Timer", key)]


def repeat_triggers(text: str) -> list[str]:
    """Return the spans that count from the start of the timer, or from the last run of the service."""
    assignments = parse(text)
    return [span for key in ("OnActiveSec", *UNIT_TRIGGERS) for span in values(assignments, "Timer", key)]


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
