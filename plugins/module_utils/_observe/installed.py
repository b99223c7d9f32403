# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs on a host as their unit files stand: found by their owner mark, or among all timers; read-only."""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starters_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import masked_value
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_rules import rules_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import SUFFIXES, limited
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    UnitText,
    marked_secrets,
    owner_of,
)

# The key of the owner section in which a playbook says that it has changed a unit, until the next apply.
CHANGED_KEY = "Changed"
LIMITS = ("CPU", "IO", "Limit", "Memory", "Nice", "OOM", "Tasks")


class InstalledJob(NamedTuple):
    """A job as its files stand: names of its units, their files and where these are, and whose it is."""

    name: str
    service_name: str
    timer: FileState
    service: FileState
    paths: tuple[str, str]
    owner: str

    @property
    def units(self) -> tuple[str, str]:
        """The names of its two units."""
        return self.service_name, f"{self.name}.timer"


def is_whole(pair: InstalledJob) -> bool:
    """Tell whether all units of a job are ordinary files; what other jobs start has no timer."""
    timed = starters_of(pair.service.text) is None
    return pair.service.kind == "file" and pair.timer.kind == ("file" if timed else "absent")


def followers_of(name: str, pairs: Mapping[str, InstalledJob]) -> list[str]:
    """Return the jobs that a job starts."""
    return sorted(pair.name for pair in pairs.values() if name in (starters_of(pair.service.text) or ()))


def readable_file(path: str) -> FileState:
    """Return what stands at a path; what this user may not read is known by name alone."""
    try:
        return file_state(path)
    except OSError:
        return FileState("other")


def readable_units(directory: str) -> dict[str, FileState]:
    """Return the services and timers of a directory, as far as this user may read them."""
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(SUFFIXES))
    except OSError:
        return {}
    return limited(directory, ((name, readable_file(os.path.join(directory, name))) for name in names))


def own_pairs(directory: str, uid: int | None = None) -> dict[str, InstalledJob]:
    """Return the jobs that carry an owner mark, by name; half a pair is one, too.

    uid: whose files count alone. The directory of an account may be a link to that of the system.
    """
    files = readable_units(directory)
    if uid is not None:
        files = {name: file for name, file in files.items() if file.uid == uid}
    marks = {name: owner_of(file.text) for name, file in files.items()}
    found = {}
    for mark in (mark for mark in marks.values() if mark):
        service, timer = f"{mark.job}.service", f"{mark.job}.timer"
        # What a job has beside its pair carries the mark as well.
        if any(marks.get(unit) for unit in (service, timer)):
            found[mark.job] = InstalledJob(
                mark.job,
                service,
                files.get(timer, NO_FILE),
                files.get(service, NO_FILE),
                (os.path.join(directory, service), os.path.join(directory, timer)),
                mark.owner,
            )
    return found


def foreign_pairs(unit_path: list[str], timers: Iterable[str], known: Iterable[str]) -> dict[str, InstalledJob]:
    """Return the timers that systemd holds and that are not ours."""
    where: dict[str, str] = {}
    for directory in unit_path:
        with contextlib.suppress(OSError):
            for name in os.listdir(directory):
                where.setdefault(name, os.path.join(directory, name))
    found = {}
    for unit in sorted(timers):
        name = unit[: -len(".timer")]
        if name in known:
            continue
        timer = followed(where.get(unit, ""))
        text = UnitText(timer.text)
        service = text.last("Timer", "Unit", f"{name}.service")
        # An instance of a template has the file of the template.
        path = where.get(service) or where.get(re.sub(r"@[^.]*\.", "@.", service), "")
        found[name] = InstalledJob(name, service, timer, followed(path), (path, where.get(unit, "")), "")
    return found


def followed(path: str) -> FileState:
    """Return the file at a path; distributions have links to files of theirs."""
    return readable_file(os.path.realpath(path) if os.path.realpath(path) != "/dev/null" else path) if path else NO_FILE


def declared(pair: InstalledJob) -> dict[str, Any]:
    """Return what the unit files say of the job, without secrets."""
    service, timer = UnitText(pair.service.text), UnitText(pair.timer.text)
    marks = marked_secrets(service)
    starters = starters_of(pair.service.text)
    return {
        "name": pair.name,
        "owner": pair.owner or None,
        "unit_files": {"service": pair.paths[0], "timer": pair.paths[1]},
        "description": service.last("Unit", "Description"),
        "command": [masked_value("ExecStart", one, marks) for one in service.values("Service", "ExecStart")],
        "user": service.last("Service", "User", "root"),
        "working_directory": service.last("Service", "WorkingDirectory"),
        "schedule": timer_unit.calendars(pair.timer.text),
        "triggers": [
            {"directive": key, "value": value}
            for key, value in timer_unit.triggers(pair.timer.text)
            if key not in ("OnCalendar", "Unit") and value
        ],
        "triggered_by": None if starters is None else list(starters),
        "persistent": timer_unit.is_persistent(pair.timer.text),
        "accuracy": timer.last("Timer", "AccuracySec", "1min"),
        "jitter": timer.last("Timer", "RandomizedDelaySec"),
        "timeout": service.last("Service", "TimeoutStartSec"),
        "limits": [f"{key}={value}" for key, value in limits_of(service)],
        **rules_of(service, timer),
    }


def limits_of(service: UnitText) -> list[tuple[str, str]]:
    """Return the directives that limit what the job may take, with their values; the last one of each holds."""
    keys = [one.key for one in service.assignments if one.section == "Service" and one.key.startswith(LIMITS)]
    return [(key, service.last("Service", key)) for key in dict.fromkeys(keys)]
