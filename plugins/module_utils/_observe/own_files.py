# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what jobs have beside their pairs, and what in their folders is not theirs. Changes nothing.

Theirs is what the service records, and what an apply that was cut off has noted before it began.
"""

from __future__ import annotations

import os
from typing import Collection, Iterable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import is_edited, is_sealed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import (
    Record,
    further_units,
    is_known,
    names_folder,
    record_of,
    usual_folders,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of


class OwnFiles(NamedTuple):
    """What jobs have beside their pairs.

    files: path to what stands there, of all that is recorded or wanted in a folder. extras: job to the units and paths
    that are its own. folders: job to the folders that hold such files, or did. foreign: job to the units and paths
    that are not its own: in a folder of its name, or in the place of a unit that it has recorded.
    """

    files: dict[str, FileState]
    extras: dict[str, list[str]]
    folders: dict[str, list[str]]
    foreign: dict[str, list[str]]


def is_marked(unit: str, job: str, units: Mapping[str, FileState], owners: Collection[str]) -> bool:
    """Tell whether a unit file carries the mark of this job, by one of these owners."""
    state = units.get(unit, NO_FILE)
    mark = owner_of(state.text) if state.kind == "file" else None
    return mark is not None and mark.job == job and mark.owner in owners


def beside_pair(units: Mapping[str, FileState], owners: Iterable[str], names: Iterable[str]) -> dict[str, list[str]]:
    """Return job to its further units by name and mark, also those that somebody has edited."""
    whose = set(owners)
    found = {name: [unit for unit in further_units(name) if is_marked(unit, name, units, whose)] for name in names}
    return {name: further for name, further in found.items() if further}


def record_on(
    units: Mapping[str, FileState], job: str, owners: Collection[str], folder: str, noted: Iterable[str]
) -> Record:
    """Return what a job has beside its pair by its own record, or by what a run has noted that was cut off."""
    all_units = (f"{job}.service", f"{job}.timer", *further_units(job))
    texts = {unit: units[unit].text for unit in all_units if is_marked(unit, job, units, owners)}
    service = texts.get(f"{job}.service", "")
    found = record_of(service, job)
    if found is None:
        # The service was written before there were records, or somebody has deleted it: the names that are always ours.
        naming = [unit for unit, text in texts.items() if names_folder(text, folder)]
        files = tuple(filter(is_known, listing(folder))) if naming or (texts and not service) else ()
        found = Record(folder if files else "", files, tuple(unit for unit in further_units(job) if unit in naming))
    if service and not is_sealed(service):
        # Who edits a record does not have files of somewhere else deleted by it, and does not hide a unit of the job.
        usual = found.folder in usual_folders(os.path.dirname(folder), job)
        naming = [unit for unit in further_units(job) if names_folder(texts.get(unit, ""), folder)]
        found = found._replace(
            folder=found.folder if usual else "",
            files=found.files if usual else (),
            units=tuple(dict.fromkeys((*found.units, *naming))),
        )
    begun = [one for one in noted if not os.path.isabs(one) and one in further_units(job)]
    return found._replace(units=tuple(dict.fromkeys((*found.units, *begun))))


def listing(folder: str) -> list[str]:
    """Return the names in a job's folder; none when it is missing, or no directory itself."""
    if os.path.islink(folder) or not os.path.isdir(folder):
        return []
    return sorted(os.listdir(folder))


def own_files(
    request: Request,
    units: Mapping[str, FileState],
    names: Iterable[str],
    owners: Collection[str],
    noted: Iterable[str] = (),
) -> OwnFiles:
    """Find what these jobs have beside their pairs. `units`: those of the unit directory. `noted`: by a killed run."""
    wanted = {job.name: {one.name: one.text for one in job.files} for job in request.jobs}
    begun = list(noted)
    found = OwnFiles({}, {}, {}, {})
    for job in sorted(names):
        record = record_on(units, job, owners, request.folder_of(job), begun)
        mine = {*record.paths(), *(one for one in begun if os.path.basename(os.path.dirname(one)) == job)}
        goal = {name: text for name, text in wanted.get(job, {}).items() if os.path.isabs(name)}
        present = [
            os.path.join(folder, name)
            for folder in sorted({os.path.dirname(path) for path in (*mine, *goal)})
            for name in listing(folder)
        ]
        states = {path: file_state(path) for path in present if path in mine or path in goal}
        found.files.update(states)
        own = {
            path
            for path, state in states.items()
            # What is there to the letter has been restored, or put there by a run whose note is lost.
            if (path in mine and state.kind in ("file", "symlink"))
            or (state.kind == "file" and state.text == goal.get(path))
        }
        further = [unit for unit in further_units(job) if is_marked(unit, job, units, owners)]
        # A copy of another unit that keeps its marks and its checksum has a name that is not recorded.
        extras = [unit for unit in further if unit in record.units and not is_edited(units[unit].text)]
        extras += [path for path in present if path in own]
        foreign = [unit for unit in further if unit in record.units and is_edited(units[unit].text)]
        foreign += [path for path in present if path not in own]
        folders = [folder for folder in sorted({os.path.dirname(path) for path in mine}) if is_folder(folder)]
        for place, values in ((found.extras, extras), (found.folders, folders), (found.foreign, foreign)):
            if values:
                place[job] = values
    return found


def is_folder(path: str) -> bool:
    """Tell whether a path is a directory itself."""
    return os.path.isdir(path) and not os.path.islink(path)
