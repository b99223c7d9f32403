# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what stands on the host: files, links, the memory of PID 1. Changes nothing.

Three calls of systemctl, whatever the number of jobs: JSON lists are far cheaper than `systemctl show`
of every unit, which works out the enablement of each one anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Collection, Iterable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import is_edited
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import further_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILE_MODE, Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import paths_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import read_records
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
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import (
    NOT_ACTIVE,
    Manager,
    UnitState,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

STAMP_DIRECTORY = "/var/lib/systemd/timers"
SUFFIXES = (".service", ".timer")
CONTAINER_FILE = "/run/systemd/container"
# All unit files of a directory together: 5,000 jobs have a fifth of it.
LARGEST_UNIT_DIRECTORY = 64 * 1024 * 1024

MANAGER_COMMAND = [
    "systemctl",
    "show",
    "--property=Version,UnitPath,SystemState",
    "--property=UnitsLoadTimestampMonotonic,UnitsLoadStartTimestampMonotonic,UserspaceTimestampMonotonic",
]
MEMORY_COMMAND = ["systemctl", "show", "--property=Id,LastTriggerUSec,InactiveExitTimestampMonotonic"]
UNREAD_COMMAND = ["systemctl", "show", "--property=Id,NeedDaemonReload"]
UNITS_COMMAND = ["systemctl", "list-units", "--all", "--type=service,timer", "--output=json", "--no-pager"]
TIMERS_COMMAND = ["systemctl", "list-timers", "--all", "--output=json", "--no-pager"]


class ObserveError(Exception):
    """The host cannot be read; the text says why."""


def parse_manager(text: str, boot_time: float) -> Manager:
    """Parse `systemctl show` of the manager; `boot_time` is when the monotonic clock stood at zero (Unix time)."""
    properties = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    digits = properties.get("Version", "").split(".")[0].split("-")[0].split("~")[0].strip("v")
    loaded_at = None
    # systemd 247 to 249 do not tell when they last reloaded: then only the marker of a killed run speaks.
    if "UnitsLoadTimestampMonotonic" in properties:
        reloaded = int(properties["UnitsLoadTimestampMonotonic"] or 0)
        started = int(properties.get("UnitsLoadStartTimestampMonotonic") or 0)
        if reloaded or started:
            loaded_at = boot_time + (reloaded or started) / 1e6
    return Manager(
        int(digits) if digits.isdigit() else 0,
        properties.get("UnitPath", "").split(),
        loaded_at,
        int(properties.get("UserspaceTimestampMonotonic") or 0) / 1e6,
        properties.get("SystemState") in ("initializing", "starting"),
        # In the words of systemctl, see `_account`.
        properties.get("SystemState") != "offline",
    )


def parse_units(text: str) -> dict[str, UnitState]:
    """Parse `systemctl list-units --output=json`."""
    return {
        # The key is missing as long as no unit has a job.
        row["unit"]: UnitState(row["load"], row["active"], row["sub"], row.get("job") or "")
        for row in json.loads(text or "[]")
    }


def parse_timers(text: str) -> dict[str, tuple[float, float]]:
    """Parse `systemctl list-timers --output=json`: timer to (next, last) in Unix seconds, 0 for none.

    Only `next` and `last` can be trusted: `left` and `passed` are wrong in 252 and 257.
    """
    return {
        row["unit"]: ((row.get("next") or 0) / 1e6, (row.get("last") or 0) / 1e6) for row in json.loads(text or "[]")
    }


def unit_files(directory: str) -> dict[str, FileState]:
    """Return every service and timer file in a unit directory."""
    try:
        names = [name for name in os.listdir(directory) if name.endswith(SUFFIXES)]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return limited(directory, ((name, file_state(os.path.join(directory, name))) for name in sorted(names)))


def limited(directory: str, files: Iterable[tuple[str, FileState]]) -> dict[str, FileState]:
    """Return files as they are read, but not more than can be kept: their text is held. Raises ObserveError."""
    found = {}
    left = LARGEST_UNIT_DIRECTORY
    for name, state in files:
        left -= len(state.text)
        if left < 0:
            raise ObserveError(f"{directory} holds more than {LARGEST_UNIT_DIRECTORY // 2**20} MiB of unit files")
        found[name] = state
    return found


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
    """Return the jobs whose timers a killed run has stopped, and since when (nanoseconds): what was due is made up for.

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


def enablement_links(directory: str) -> dict[str, dict[str, str]]:
    """Return unit name to {path of the link below the directory: what it points to}."""
    links: dict[str, dict[str, str]] = {}
    try:
        folders = [name for name in os.listdir(directory) if name.endswith((".wants", ".requires"))]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    for folder in sorted(folders):
        path = os.path.join(directory, folder)
        if os.path.islink(path) or not os.path.isdir(path):
            continue
        for name in os.listdir(path):
            if name.endswith(SUFFIXES) and os.path.islink(os.path.join(path, name)):
                links.setdefault(name, {})[f"{folder}/{name}"] = os.readlink(os.path.join(path, name))
    return links


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


class Directories(NamedTuple):
    """What systemd's search path for units holds: wanted units outside our directory, drop-ins of them, all names."""

    elsewhere: dict[str, str]
    drop_ins: dict[str, list[str]]
    names: set[str]


def read_directories(
    unit_path: list[str], unit_directory: str, wanted: Iterable[str], ours: Collection[str] = ()
) -> Directories:
    """Look through systemd's search path (systemd.unit(5), Unit File Load Path), each directory once.

    ours: paths of units elsewhere that are ours.
    """
    units = set(wanted)
    found = Directories({}, {}, set())
    home = os.path.realpath(unit_directory)
    for directory in dict.fromkeys(os.path.realpath(path) for path in unit_path):
        try:
            names = set(os.listdir(directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        found.names.update(names)
        if directory != home:
            for path in (os.path.join(directory, name) for name in units.intersection(names)):
                if path not in ours:
                    found.elsewhere.setdefault(os.path.basename(path), path)
        # A file of an instance's own name takes it away from the template.
        for name in (one for one in units if "@" in one and template_of(one) in names):
            found.elsewhere.setdefault(name, os.path.join(directory, template_of(name)))
        for unit, folder in drop_in_folders(units, names):
            path = os.path.join(directory, folder)
            files = sorted(file for file in os.listdir(path) if file.endswith(".conf")) if os.path.isdir(path) else []
            found.drop_ins.setdefault(unit, []).extend(os.path.join(path, file) for file in files)
    return found


def template_of(unit: str) -> str:
    """Return the template that an instance would be made from: backup@.service of backup@db1.service."""
    return f"{unit.partition('@')[0]}@.{unit.rpartition('.')[2]}"


def drop_in_folders(units: Iterable[str], names: Iterable[str]) -> list[tuple[str, str]]:
    """Return unit and folder, of those that systemd reads drop-ins of the unit from (systemd.unit(5)).

    For a-b.service these are a-b.service.d and a-.service.d; service.d, which is for all services, is left out.
    For an instance a@b.service these are a@b.service.d and a@.service.d.
    """
    folders = {name for name in names if name.endswith(".d")}
    if not folders:
        return []
    found = []
    for unit in units:
        stem, _dot, suffix = unit.rpartition(".")
        prefix, at, instance = stem.partition("@")
        starts = [*(prefix[: place + 1] for place, letter in enumerate(prefix[:-1]) if letter == "-"), prefix]
        stems = [one + end for one in starts for end in ((at, at + instance) if at else ("",))]
        found += [(unit, f"{one}.{suffix}.d") for one in stems if f"{one}.{suffix}.d" in folders]
    return found


def parse_blocks(text: str) -> list[dict[str, str]]:
    """Parse `systemctl show` of several units: the properties of each, in order."""
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n")]


class Memory(NamedTuple):
    """What systemd remembers of a unit: that it was active, or ran, and that it has elapsed."""

    ran: bool
    elapsed: bool


def parse_memories(text: str) -> dict[str, Memory]:
    """Parse `systemctl show` of several units."""
    return {
        one["Id"]: Memory(
            one.get("InactiveExitTimestampMonotonic", "0") not in ("", "0"),
            one.get("LastTriggerUSec", "") not in ("", "0", "n/a"),
        )
        for one in parse_blocks(text)
        if "Id" in one
    }


def unread_units(runner: Runner, suspects: Iterable[str]) -> frozenset[str]:
    """Return which of these units in memory PID 1 has to read anew; without suspects free.

    systemd compares times of the same file, where a comparison with its last reload would trust a clock that may have
    been set meanwhile.
    """
    units = sorted(suspects)
    if not units:
        return frozenset()
    found = parse_blocks(_call(runner, [*UNREAD_COMMAND, "--", *units]))
    return frozenset(one["Id"] for one in found if one.get("NeedDaemonReload") == "yes")


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


def _call(runner: Runner, argv: list[str]) -> str:
    done = runner(argv)
    if done.rc != 0:
        raise ObserveError(f"{' '.join(argv[:2])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def observe_units(runner: Runner) -> dict[str, UnitState]:
    """Return the services and timers in the memory of PID 1."""
    return parse_units(_call(runner, UNITS_COMMAND))


def observe_timers(runner: Runner) -> dict[str, tuple[float, float]]:
    """Return next elapse and last trigger of every timer in memory."""
    return parse_timers(_call(runner, TIMERS_COMMAND))


def observe_manager(runner: Runner) -> Manager:
    """Return what PID 1 says of itself."""
    return parse_manager(_call(runner, MANAGER_COMMAND), time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))


def uptime(manager: Manager) -> float:
    """Return the seconds that OnBootSec= counts; in a container they begin with its own start (systemd.timer(5))."""
    if not manager.running and os.path.exists(CONTAINER_FILE):
        return 0.0
    since_boot = time.clock_gettime(time.CLOCK_MONOTONIC)
    return since_boot - manager.started if os.path.exists(CONTAINER_FILE) else since_boot


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
