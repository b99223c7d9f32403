# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the pins on a host: those of given jobs, and those of an owner. Changes nothing."""

from __future__ import annotations

import os
from typing import Iterable, Iterator, Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import (
    Places,
    cleaner_of,
    pin_files,
    pinned_units,
    places_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState, Pin
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState


def places_for(request: Request) -> Places:
    """Return where pins are for a request."""
    return places_of(request.scope, lock.RUN_DIRECTORY, request.files_directory)


def find_pins(request: Request, names: Iterable[str], loaded: Mapping[str, UnitState]) -> dict[str, Pin]:
    """Return job to its pin: of jobs with these names, and of all jobs of the owner. loaded: the units in memory."""
    places = places_for(request)
    known = set(names)
    services: dict[str, str] = {}
    # The pin itself before the copy, which is there for the time after a boot.
    for directory in (places.control, places.kept):
        for service, text in _services(directory):
            mark = owner_of(text)
            if mark and service == f"{mark.job}.service" and (mark.job in known or mark.owner == request.owner):
                services.setdefault(mark.job, text)
    return {job: _pin(job, text, places, loaded) for job, text in services.items()}


def _services(directory: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each service file in a directory."""
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(".service"))
    except OSError:
        return
    for name in names:
        state = file_state(os.path.join(directory, name))
        if state.kind == "file":
            yield name, state.text


def _pin(job: str, service: str, places: Places, loaded: Mapping[str, UnitState]) -> Pin:
    states = {unit: file_state(os.path.join(places.control, unit)) for unit in pinned_units(job)}
    units = {unit: state.text for unit, state in states.items() if state.kind == "file"}
    # After a boot there is none, and no run either: what is left is to clean up.
    units = units if f"{job}.service" in units else {}
    found: dict[str, FileState] = {}
    for one in pin_files(job, {f"{job}.service": service, **units}, (), places):
        found[one.name] = file_state(one.name)
    unit = loaded.get(cleaner_of(job))
    return Pin(service, units, found, unit is not None and unit.load == "loaded")
