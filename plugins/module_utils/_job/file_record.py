# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service records of the files that its job has beside the pair; pure.

Nothing else beside a pair is ever deleted: somebody may keep files of their own in the folder of a job, or copy its
units together with their marks.
"""

from __future__ import annotations

import os
import re
from typing import Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    NOTIFY_SETTINGS,
    OTHER_DIRECTORY,
    JobFile,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import OWNER_SECTION, parse

SCRIPT = "script"
# Keys of the owner section. That of the files is in each service that names the folder of the job, also when none is of
# the job: one without it that does was written before there were records.
FOLDER, FILES, UNITS = "Folder", "Files", "Units"
PROGRAMS = frozenset(
    (
        "attempts.py",
        "gate.py",
        "job_group.py",
        "job_journal.py",
        "job_trigger.py",
        "notifier.py",
        "notice_channels.py",
        "notice_facts.py",
        "notice_formats.py",
        "private_directory.py",
        "rotate_logs.py",
    )
)
_KNOWN = frozenset((SCRIPT, "secrets", "environment", NOTIFY_SETTINGS)) | PROGRAMS
_KNOWN_NAME = re.compile(r"credential-[A-Za-z0-9_.-]+")


class Record(NamedTuple):
    """What a job has beside its pair: the folder of its files (empty for none), their names, further units."""

    folder: str
    files: tuple[str, ...]
    units: tuple[str, ...]

    def paths(self) -> list[str]:
        """Return the paths of the files."""
        return [os.path.join(self.folder, name) for name in self.files]


def record_lines(files: Iterable[JobFile], folder: str, service: str) -> str:
    """Return the lines of the owner section that record files. folder: of the job; service: its text without them."""
    names = [one.name for one in files]
    inside = sorted(os.path.basename(name) for name in names if os.path.isabs(name))
    units = sorted(name for name in names if not os.path.isabs(name))
    lines = [f"{FOLDER}={folder}"] if inside else []
    lines += [f"{FILES}={' '.join(inside)}"] if names or names_folder(service, folder) else []
    lines += [f"{UNITS}={' '.join(units)}"] if units else []
    return "".join(f"{line}\n" for line in lines)


def names_folder(text: str, folder: str) -> bool:
    """Tell whether a unit file names a file in the folder of its job."""
    return f"{folder}/" in text


def record_of(service: str, job: str) -> Record | None:
    """Return what a service of ours records; None when there is no record."""
    found = {one.key: one.value for one in parse(service) if one.section == OWNER_SECTION}
    if FILES not in found:
        return None
    folder = found.get(FOLDER, "")
    # A record that somebody has edited cannot reach beyond a folder of the job's own name.
    if not os.path.isabs(folder) or os.path.normpath(folder) != folder or os.path.basename(folder) != job:
        folder = ""
    files = [name for name in found[FILES].split() if folder and "/" not in name and name not in (".", "..")]
    return Record(folder, tuple(files), tuple(found.get(UNITS, "").split()))


def usual_folders(files_directory: str, job: str) -> tuple[str, str]:
    """Return the folders that the files of a job can be in, by its declaration (`_plan/file_places`)."""
    return os.path.join(files_directory, job), os.path.join(files_directory, OTHER_DIRECTORY, job)


def further_units(job: str) -> tuple[str, str]:
    """Return the names of the units that a job may have beside its pair."""
    return f"{job}-replace.service", f"{job}-notify@.service".replace("@", r"\x40", job.count("@"))


def is_known(name: str) -> bool:
    """Tell whether a file in a job's folder has a name that this collection gives."""
    return name in _KNOWN or bool(_KNOWN_NAME.fullmatch(name))
