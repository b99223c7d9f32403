# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runs are under way, and which files they use; pure."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import folder_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import (
    NOT_ACTIVE,
    UnitState,
    is_under_way,
)


def with_runs(observed: Observed, units: Mapping[str, UnitState]) -> Observed:
    """Return what was observed with the runs that are under way by now. units: those in memory by now."""
    services = [unit for unit in {**observed.files, **observed.units} if unit.endswith(".service")]
    news = {
        unit: units.get(unit, NOT_ACTIVE)
        for unit in services
        if is_under_way(unit[: -len(".service")], units) != is_under_way(unit[: -len(".service")], observed.units)
    }
    return observed._replace(units={**observed.units, **news}) if news else observed


def folder_in_use(job: str, observed: Observed) -> str:
    """Return the folder whose files a run under way, or one that was not cleaned up after, has; empty for none."""
    pin = observed.pins.get(job)
    if pin:
        return folder_of(pin.service)
    state = observed.files.get(f"{job}.service")
    return folder_of(state.text) if state and is_under_way(job, observed.units) else ""
