# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads directories of unit files: units, links that enable them, drop-ins (systemd.unit(5), Unit File Load Path)."""

from __future__ import annotations

import os
from typing import Collection, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import ObserveError

SUFFIXES = (".service", ".timer")
# All unit files of a directory together: 5,000 jobs have a fifth of it.
LARGEST_UNIT_DIRECTORY = 64 * 1024 * 1024


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
