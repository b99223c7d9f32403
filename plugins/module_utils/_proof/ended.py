# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which calendar expressions have elapsed for the last time, with a run of the job for it."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import RunRecord
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import checksum
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.missed_elapses import SEVERAL, grouped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import check_calendars
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner


def ended_expressions(
    runner: Runner, asked: Mapping[str, list[str]], records: Mapping[str, RunRecord]
) -> dict[str, frozenset[str]]:
    """Return job to those of its expressions that do not elapse after the last run of the job. Without records free.

    asked: job to valid expressions. Only those count that the job had when it ran.
    """
    texts = {
        name: [one for one in expressions if checksum(one) in records[name].checksums]
        for name, expressions in asked.items()
        if name in records
    }
    texts = {name: expressions for name, expressions in texts.items() if expressions}
    found: dict[str, frozenset[str]] = {}
    groups = grouped({name: float(records[name].when) for name in texts})
    while groups:
        group = groups.pop()
        oldest = min(records[name].when for name in group)
        alike = all(records[name].when == oldest for name in group)
        count = 1 if alike else SEVERAL
        checked = check_calendars(runner, [one for name in group for one in texts[name]], count=count, base_time=oldest)
        for name in group:
            when = records[name].when
            ended = [one for one in texts[name] if all(elapse <= when for elapse in checked[one].elapses)]
            if not alike and any(len(checked[one].elapses) == SEVERAL for one in ended):
                # Not enough was seen.
                groups.append([name])
            else:
                found[name] = frozenset(ended)
    return found


def is_over(timer: str, ended: frozenset[str]) -> bool:
    """Tell whether a timer has nothing left that it elapses for."""
    left = [value for key, value in timer_unit.triggers(timer) if key != "Unit" and value]
    return bool(left) and ended.issuperset(left) and timer_unit.calendars(timer) == left
