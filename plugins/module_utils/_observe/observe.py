# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what stands on the host: files, links, the memory of PID 1. Changes nothing.

Three calls of systemctl, whatever the number of jobs: JSON lists are far cheaper than `systemctl show`
of every unit, which works out the enablement of each one anew.
"""

from __future__ import annotations

import contextlib
import os
from typing import Iterable, Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import is_edited
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import further_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILE_MODE, Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import paths_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.first_run_note import read_notes
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import (
    NO_FILE,
    FileState,
    Observed,
    Pin,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.own_files import OwnFiles, own_files
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.pins import find_pins
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.references import (
    counted,
    references,
    remembered,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.run_records import read_records
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import (
    SUFFIXES,
    enablement_links,
    read_directories,
    unit_files,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import (
    NOT_ACTIVE,
    Manager,
    UnitState,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    observe_timers,
    observe_units,
    unread_units,
    uptime,
)

STAMP_DIRECTORY = "/var/lib/systemd/timers"


def owned_jobs(files: Mapping[str, FileState], owner: str) -> set[str]:
    """Return the jobs of an owner: those of its units. A copy under another name makes none."""
    found = set()
    for unit, state in files.items():
        mark = owner_of(state.text)
        if mark is None or mark.owner != owner:
            continue
        is_further = unit in further_units(mark.job) and f"/{mark.job}/" in state.text and not is_edited(state.text)
        if is_further or unit in [mark.job + suffix for suffix in SUFFIXES]:
            found.add(mark.job)
    return found


def cut_off(
    jobs: Iterable[WantedJob], marked: Mapping[str, marker.Mark], loaded: Mapping[str, UnitState]
) -> dict[str, int]:
    """Return the jobs whose timers a killed run has stopped, and since when (nanoseconds): what was due is caught up.

    Only by a schedule that the run had to do with. A job that gets yet another one, or that was not active before, is
    treated as in any other apply.
    """
    return {
        job.name: marked[job.name].since
        for job in jobs
        if job.name in marked
        and loaded.get(f"{job.name}.timer", NOT_ACTIVE).active == "inactive"
        and not loaded.get(f"{job.name}.timer", NOT_ACTIVE).is_queued
        and timer_unit.schedule_text(job.timer) in marked[job.name].schedules
    }


def stamp_path(timer: str) -> str:
    """Return where systemd keeps the last trigger of a persistent timer (systemd.timer(5), Persistent=)."""
    return os.path.join(STAMP_DIRECTORY, f"stamp-{timer}")


def observe_stamps() -> dict[str, int]:
    """Return timer to the time of its stamp (nanoseconds)."""
    try:
        with os.scandir(STAMP_DIRECTORY) as entries:
            return {
                entry.name[len("stamp-") :]: entry.stat(follow_symlinks=False).st_mtime_ns
                for entry in entries
                if entry.name.startswith("stamp-") and entry.is_file(follow_symlinks=False)
            }
    except (FileNotFoundError, NotADirectoryError):
        return {}


def state_folders(directory: str) -> dict[str, list[str]]:
    """Return job to the names of what lies in its state folder; only its owner can see it."""
    found: dict[str, list[str]] = {}
    with contextlib.suppress(OSError):
        for job in os.listdir(directory):
            with contextlib.suppress(OSError):
                found[job] = sorted(os.listdir(os.path.join(directory, job)))
    return found


def odd_stamps(names: Iterable[str]) -> list[tuple[str, str, FileState]]:
    """Return the stamps of these jobs that are no ordinary files: job, path, what stands there."""
    found = [(name, stamp_path(f"{name}.timer")) for name in names]
    states = [(name, path, file_state(path)) for name, path in found]
    return [(name, path, state) for name, path, state in states if state.kind not in ("absent", "file")]


def suspects(files: Mapping[str, float], loaded: Iterable[str], manager: Manager, dirty: Iterable[str]) -> set[str]:
    """Return the units in memory that may have changed since PID 1 read them: by the clock, or by a killed run.

    `files`: unit to when its file changed (Unix time).
    """
    killed = {name + suffix for name in dirty for suffix in SUFFIXES}
    newer = {unit for unit, when in files.items() if manager.loaded_at is not None and when > manager.loaded_at}
    return (newer | killed).intersection(loaded)


def stale_units(
    runner: Runner,
    files: Mapping[str, FileState],
    loaded: Iterable[str],
    manager: Manager,
    dirty: Iterable[str],
    *,
    ids: tuple[int, int] = (0, 0),
) -> frozenset[str]:
    """Return the units of which PID 1 may hold another text than the disk.

    A file that was edited and put back with its old times is none that systemd asks to reload. Its change shows in the
    time of the inode alone, as that of owner or mode does; what is still wrong with these tells them apart.
    """
    asked = suspects({unit: state.changed_at for unit, state in files.items()}, loaded, manager, dirty)
    put_back = {
        unit
        for unit, state in files.items()
        if unit in asked
        and manager.loaded_at is not None
        and state.changed_at > manager.loaded_at
        and (state.mode, state.uid, state.gid) == (FILE_MODE, *ids)
    }
    return unread_units(runner, asked - put_back) | put_back


def without_pinned(own: OwnFiles, units: Mapping[str, FileState], pins: Mapping[str, Pin]) -> OwnFiles:
    """Return what jobs have beside their pairs, less what a run under way alone still has: that goes with its pin."""
    extras, foreign = dict(own.extras), dict(own.foreign)
    for job, pin in pins.items():
        of_run = set(paths_of(pin.service)).difference(paths_of(units.get(f"{job}.service", NO_FILE).text))
        for found in (extras, foreign):
            found[job] = [path for path in found.get(job, []) if path not in of_run]
    return own._replace(
        extras={job: found for job, found in extras.items() if found},
        foreign={job: found for job, found in foreign.items() if found},
    )


def observe(runner: Runner, request: Request, manager: Manager) -> Observed:
    """Read everything that proof and plan need."""
    names = {job.name for job in request.jobs} | {job.renamed_from for job in request.jobs if job.renamed_from}
    everything = unit_files(request.unit_directory)
    orphans = owned_jobs(everything, request.owner) - names
    noted = marker.noted_files(request.unit_directory, request.owner)
    # What a killed run has removed but for its files, when a reboot has taken the marker away.
    begun = {os.path.basename(os.path.dirname(one)) for one in noted if os.path.isabs(one)}
    gone = {name for name in begun if all(f"{name}{suffix}" not in everything for suffix in SUFFIXES)}
    dirty = sorted(gone.union(marker.interrupted_jobs(request.owner, names)))
    timers = observe_timers(runner)
    loaded = observe_units(runner)
    pins = find_pins(request, names.union(orphans, dirty), loaded) if manager.running else {}
    units = {name + suffix for name in names.union(orphans, dirty, pins) for suffix in SUFFIXES}
    ours = {path for pin in pins.values() for path in pin.files}
    directories = read_directories(manager.unit_path, request.unit_directory, units, ours)
    owners = {request.owner, *(job.take_over_from for job in request.jobs)}
    own = own_files(request, everything, names.union(orphans, dirty), owners, noted)
    own = without_pinned(own, everything, pins)
    further = {unit for found in own.extras.values() for unit in found if not os.path.isabs(unit)}
    further.update(unit for job in request.jobs for unit in job.units())
    present = {unit: everything[unit] for unit in units if unit in everything}
    records = read_records(request.scope.state_directory)
    states = state_folders(request.scope.state_directory)
    first_runs = read_notes(request.scope.state_directory, states)
    left = {**{name: record.owner for name, record in records.items()}, **first_runs}
    for job in (job for job in request.jobs if job.renamed_from in records):
        records.setdefault(job.name, records[job.renamed_from])
    return Observed(
        manager=manager,
        files={
            **{name: everything.get(name, NO_FILE) for name in units.union(further)},
            **own.files,
        },
        links={name: found for name, found in enablement_links(request.unit_directory).items() if name in units},
        units={name: state for name, state in loaded.items() if name in units},
        next_elapse={name: times[0] for name, times in timers.items() if name in units},
        last_trigger={name: times[1] for name, times in timers.items() if name in units},
        stamps={name: when for name, when in observe_stamps().items() if name in units},
        elsewhere=directories.elsewhere,
        drop_ins=directories.drop_ins,
        host_units=frozenset(directories.names).union(n for n, state in loaded.items() if state.load != "not-found"),
        stale=stale_units(runner, present, loaded, manager, dirty, ids=(request.scope.uid, request.scope.gid)),
        referenced={
            **references(manager.unit_path, remembered(request, everything, loaded)),
            **references(manager.unit_path, counted(request, everything, loaded), loaded),
        },
        orphans=sorted(orphans),
        dirty=dirty,
        marked=cut_off(request.jobs, marker.marked_jobs(), loaded),
        leftover=bool(noted)
        or any(marker.is_leftover(place, request.owner) for place in (request.unit_directory, request.files_directory)),
        uptime=uptime(manager),
        log_directory_exists=not request.log_directory or os.path.isdir(request.log_directory),
        extras=own.extras,
        folders=own.folders,
        foreign=own.foreign,
        noted=noted,
        states=states,
        records=records,
        forgotten=sorted(
            name
            for name, owner in left.items()
            if owner == request.owner
            and name not in names
            and not any(f"{name}{suffix}" in everything for suffix in SUFFIXES)
        ),
        pins=pins,
        first_runs=first_runs,
    )
