# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last look before the first change: is everything still as observed, and can be written."""

from __future__ import annotations

import os
from typing import Iterator

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan

FILE_STEPS = ("install", "correct", "delete", "install_file", "correct_file", "delete_file")
LINK_STEPS = ("unlink", "link", "unlink_again", "link_again")


def obstacles(unit_directory: str, plan: Plan, observed: Observed) -> list[str]:
    """Return what keeps the plan from being executed: foreign changes since the proof, folders that are read-only."""
    files = [name for step in plan.steps if step.kind in FILE_STEPS for name in step.items]
    return [*foreign_changes(unit_directory, files, observed), *read_only(unit_directory, link_folders(plan))]


def unwritable(unit_directory: str, plan: Plan) -> list[Finding]:
    """Return a finding for each folder of links that the plan cannot write: check mode has to say so, too."""
    return [
        Finding("", "timer_unit_directory", unit_directory, reason, "", "unit-directory")
        for reason in read_only(unit_directory, link_folders(plan))
    ]


def link_folders(plan: Plan) -> set[str]:
    """Return the folders in which the plan makes or removes links."""
    return {os.path.dirname(name) for step in plan.steps if step.kind in LINK_STEPS for name in step.items}


def foreign_changes(unit_directory: str, files: list[str], observed: Observed) -> Iterator[str]:
    """Yield each unit file that somebody has changed since it was read."""
    for name in dict.fromkeys(files):
        path = os.path.join(unit_directory, name)
        now, then = file_state(path), observed.files.get(name, NO_FILE)
        # To remove what a killed run has left changes the time of files that it had kept.
        if observed.leftover:
            now = now._replace(changed_at=then.changed_at)
        if now != then:
            yield f"{path} was changed by somebody else during the proof; look at it, and run again"


def read_only(unit_directory: str, folders: set[str]) -> Iterator[str]:
    """Yield each folder of links that cannot be written: a step would fail there half way."""
    for folder in sorted(folders):
        path = os.path.join(unit_directory, folder)
        if os.path.isdir(path) and not os.access(path, os.W_OK | os.X_OK):
            yield f"{path} cannot be written; remount the file system for writing, or see lsattr"
