# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a job on the host by its name: among those of the system, and those of user managers."""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._account import as_account, lingering
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import shown
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._lookup import UnknownJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import SYSTEM, FileState, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._pairs import Pair, own_pairs

# What names the system where an account is asked for.
ROOT = "root"


class Place(NamedTuple):
    """A job, and whose manager has it."""

    pair: Pair
    scope: Scope

    @property
    def shown_name(self) -> str:
        """Return the name as the table of the playbook `status` has it."""
        return self.pair.name if self.scope.is_system else f"{self.scope.account}: {self.pair.name}"


class SeveralJobs(Exception):
    """Several managers have a job of that name."""

    def __init__(self, name: str, places: list[Place]) -> None:
        owners = [one.scope.account or ROOT for one in places]
        super().__init__(f"{shown(name)} is a job of {', '.join(owners)}: say whose with -e account={owners[-1]}")


def pairs_of_account(scope: Scope) -> dict[str, Pair]:
    """Return the jobs of an account. Its files are read as that user: where its links lead is its own affair."""
    found = as_account(scope, lambda: own_pairs(scope.unit_directory)) or {}
    return {
        name: Pair(job, service, FileState(*timer), FileState(*unit), (paths[0], paths[1]), owner)
        for name, (job, service, timer, unit, paths, owner) in found.items()
    }


def all_places(unit_directory: str, account: str = "") -> list[Place]:
    """Return all jobs of the host; those of one account if it is given. Those of accounts are for root to see."""
    places = []
    if account in ("", ROOT):
        places = [Place(pair, SYSTEM) for _name, pair in sorted(own_pairs(unit_directory).items())]
    for scope in lingering() if os.geteuid() == 0 else []:
        if account in ("", scope.account):
            places += [Place(pair, scope) for _name, pair in sorted(pairs_of_account(scope).items())]
    return places


def find_job(name: str, unit_directory: str, account: str = "") -> Place:
    """Return the job of that name. Raises UnknownJob, SeveralJobs."""
    everything = all_places(unit_directory, account)
    places = [one for one in everything if one.pair.name == name]
    if not places:
        raise UnknownJob(name, {one.pair.name: one for one in everything})
    if len(places) > 1:
        raise SeveralJobs(name, places)
    return places[0]
