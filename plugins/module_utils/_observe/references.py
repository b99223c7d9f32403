# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the units that refer to a timer: they keep it in the memory of PID 1, with its last trigger.

`systemctl show` of each timer would tell it too, and takes seconds for a thousand of them.
"""

from __future__ import annotations

import os
from typing import Collection, Iterable, Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import PRESENT, Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import parse
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState

LARGEST_FILE = 1024 * 1024


def remembered(request: Request, files: Mapping[str, FileState], loaded: Mapping[str, UnitState]) -> list[str]:
    """Return the timers in memory that get other triggers, and that no stamp will keep from running their jobs."""
    found = []
    for job in request.jobs:
        timer = f"{job.name}.timer"
        current = files.get(timer)
        if job.state != PRESENT or timer not in loaded or current is None or current.text == job.timer:
            continue
        if not timer_unit.is_persistent(job.timer) and timer_unit.triggers(current.text) != timer_unit.triggers(
            job.timer
        ):
            found.append(timer)
    return found


def counted(request: Request, files: Mapping[str, FileState], loaded: Mapping[str, UnitState]) -> list[str]:
    """Return the services in memory from whose last run a timer would count that is to be started."""
    found = []
    for job in request.jobs:
        timer, service = f"{job.name}.timer", f"{job.name}.service"
        state = loaded.get(timer)
        current = files.get(timer)
        stays = state is not None and (state.active == "active" or state.is_queued)
        if (
            job.state == PRESENT
            and job.on_reschedule != "run"
            and timer_unit.counts_from_unit(job.timer)
            # Such a timer may wait for the next boot.
            and not timer_unit.boot_spans(job.timer)
            and service in loaded
            and loaded[service].active == "inactive"
            and not (stays and current and timer_unit.triggers(current.text) == timer_unit.triggers(job.timer))
        ):
            found.append(service)
    return found


def references(
    unit_path: Iterable[str], timers: Iterable[str], loaded: Collection[str] | None = None
) -> dict[str, str]:
    """Return timer, or service, to a unit that refers to it; without any free.

    loaded: the services and timers in memory; given, no other service or timer is looked at.
    """
    wanted = set(timers)
    found: dict[str, str] = {}
    for path in unit_texts(unit_path) if wanted else ():
        if loaded is not None and unit_of(path).endswith((".service", ".timer")) and unit_of(path) not in loaded:
            continue
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                text = stream.read(LARGEST_FILE)
        except OSError:
            continue
        for timer in wanted:
            if (
                timer in text
                and unit_of(path) not in (f"{timer.rpartition('.')[0]}{suffix}" for suffix in (".service", ".timer"))
                and refers(text, timer)
            ):
                found.setdefault(timer, unit_of(path))
    return found


def unit_texts(unit_path: Iterable[str]) -> list[str]:
    """Return the paths of unit files and drop-ins in systemd's search path (systemd.unit(5), Unit File Load Path)."""
    found = []
    for directory in dict.fromkeys(os.path.realpath(path) for path in unit_path):
        for name in listing(directory):
            path = os.path.join(directory, name)
            if name.endswith(".d"):
                found += [os.path.join(path, one) for one in listing(path) if one.endswith(".conf")]
            elif not name.endswith((".wants", ".requires")) and os.path.isfile(path):
                found.append(path)
    return found


def listing(directory: str) -> list[str]:
    """Return the names in a directory, none when it cannot be read."""
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def unit_of(path: str) -> str:
    """Return the unit that a file or a drop-in belongs to."""
    folder, name = os.path.split(path)
    return os.path.basename(folder)[: -len(".d")] if folder.endswith(".d") else name


def refers(text: str, timer: str) -> bool:
    """Tell whether a dependency in a unit file names the timer (systemd.unit(5))."""
    return any(found.section in ("Unit", "Install") and timer in found.value.split() for found in parse(text))
