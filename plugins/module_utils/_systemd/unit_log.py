# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd itself wrote to the journal about units that it could not start (journalctl(1))."""

from __future__ import annotations

import re
from typing import Iterable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

# With more units the first ones have to do.
MOST_UNITS = 10
# What follows the reason.
_CONSEQUENCES = re.compile(r"Failed with result |Triggering OnFailure= dependencies")


def reasons_of(messages: str, units: Iterable[str]) -> list[str]:
    """Return what the messages say of the units, each unit's own words once, without consequences."""
    found = [text for text in messages.splitlines() if text.partition(": ")[0] in units]
    return list(dict.fromkeys(text for text in found if not _CONSEQUENCES.match(text.partition(": ")[2])))


def why_not_started(runner: Runner, units: list[str], since: float, *, is_system: bool) -> list[str]:
    """Return why units did not start, in systemd's words; nothing where the journal cannot be read."""
    if not units:
        return []
    few = units[:MOST_UNITS]
    if is_system:
        # A message of a moment ago may be on its way still.
        runner(["journalctl", "--sync"])
    match = "--unit" if is_system else "--user-unit"
    command = ["journalctl", "--quiet", "--no-pager", "--output=cat", f"--since=@{since:.0f}"]
    return reasons_of(runner([*command, *(word for unit in few for word in (match, unit))]).stdout, few)
