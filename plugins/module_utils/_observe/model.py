# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is found to be before anything on it changes; pure."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import RunRecord
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState


class FileState(NamedTuple):
    """A path of the unit directory as found; `kind` is absent, file, symlink or other."""

    kind: str = "absent"
    text: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    changed_at: float = 0.0
    target: str = ""


NO_FILE = FileState()


def is_mask(state: FileState) -> bool:
    """Tell whether a unit file masks its unit (systemctl(1), mask): a link to /dev/null, or an empty file."""
    is_link = state.kind == "symlink" and state.target == "/dev/null"
    return is_link or (state.kind == "file" and not state.text)


class Pin(NamedTuple):
    """What holds the units of a run under way as they were when it began, as found (`_job/pin`).

    service: the text of the service that the run has. units: pinned unit to its text. files: path to what stands there,
    of all parts of the pin. waiting: the unit that cleans up after the run is in memory.
    """

    service: str
    units: dict[str, str]
    files: dict[str, FileState]
    waiting: bool


class Observed(NamedTuple):
    """Everything that the host says before anything on it changes.

    files: unit name to file, of every declared or marked pair; path to file, of what such a job has or is to have in
    its folder. extras: job to the names in `files` that are its own beside its pair. folders: job to the folders that
    hold its own files, or did. foreign: job to what is not its own, in such folders or in the place of its further
    units. noted: what a killed run has noted that it touches, beside the pairs. links: unit name to the paths, relative
    to the unit directory, of the links that enable it. units: units in memory. next_elapse, last_trigger: timer to Unix
    time. stamps: timers with a stamp file. elsewhere: unit name to its path in another directory. drop_ins: unit name
    to paths of files that change it. host_units: names of all units of the host. stale: units in memory whose file
    PID 1 has not read yet. referenced: timers that another unit refers to, and that unit. dirty: jobs that a killed run
    left half done. marked: jobs whose timers such a run has stopped, and since when what is due is caught up
    (nanoseconds). states: job to the names of what lies in its state folder. records: job to the record of its last
    run, of jobs that keep one. forgotten: jobs of this declaration of which nothing but that record is left. pins: job
    to its pin, of jobs that were changed or removed while a run was under way. first_runs: jobs that a killed apply was
    to run because they are new, and their owners.
    """

    manager: Manager
    files: dict[str, FileState]
    links: dict[str, dict[str, str]]
    units: dict[str, UnitState]
    next_elapse: dict[str, float]
    last_trigger: dict[str, float]
    stamps: dict[str, int]
    elsewhere: dict[str, str]
    drop_ins: dict[str, list[str]]
    host_units: frozenset[str]
    stale: frozenset[str]
    referenced: dict[str, str]
    orphans: list[str]
    dirty: list[str]
    marked: dict[str, int]
    leftover: bool
    uptime: float
    log_directory_exists: bool
    extras: dict[str, list[str]]
    folders: dict[str, list[str]]
    states: dict[str, list[str]]
    records: dict[str, RunRecord]
    forgotten: list[str]
    foreign: dict[str, list[str]]
    noted: tuple[str, ...]
    pins: dict[str, Pin]
    first_runs: dict[str, str]


def empty_host(manager: Manager) -> Observed:
    """Return a host on which nothing stands yet."""
    return Observed(
        manager=manager,
        files={},
        links={},
        units={},
        next_elapse={},
        last_trigger={},
        stamps={},
        elsewhere={},
        drop_ins={},
        host_units=frozenset(),
        stale=frozenset(),
        referenced={},
        orphans=[],
        dirty=[],
        marked={},
        leftover=False,
        uptime=0.0,
        log_directory_exists=True,
        extras={},
        folders={},
        states={},
        records={},
        forgotten=[],
        foreign={},
        noted=(),
        pins={},
        first_runs={},
    )
