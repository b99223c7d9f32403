# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a job on the host by its name: among those of the system, and those of user managers."""

from __future__ import annotations

import os
from typing import Callable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import shown
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.unknown_job import UnknownJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import SYSTEM, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import as_account
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.accounts import (
    ONLY_ROOT,
    lingering_accounts,
    look_at_lingering,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.foreign_timer import foreign_timer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import InstalledJob, own_pairs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

# What names the system where an account is asked for.
ROOT = "root"


class Place(NamedTuple):
    """A job, and whose manager has it."""

    pair: InstalledJob
    scope: Scope

    @property
    def shown_name(self) -> str:
        """Return the name as the table of the playbook `status` has it."""
        return self.pair.name if self.scope.is_system else f"{self.scope.account}: {self.pair.name}"


class Places(NamedTuple):
    """The jobs of a host; silent: the accounts that could not be looked at, and why."""

    found: list[Place]
    silent: dict[str, str]


class PlaceError(Exception):
    """It cannot be said which job is meant; the text says why."""


class AccountSilent(PlaceError):
    """The account whose job is asked for cannot be looked at."""


class SeveralJobs(PlaceError):
    """Several managers have a job of that name."""

    def __init__(self, name: str, places: list[Place]) -> None:
        owners = [one.scope.account or ROOT for one in places]
        super().__init__(f"{shown(name)} is a job of {', '.join(owners)}: say whose with -e user={owners[-1]}")


def pairs_of_account(scope: Scope, silent: dict[str, str]) -> dict[str, InstalledJob]:
    """Return the jobs of an account; none when it does not answer, and then why among the silent ones.

    Its files are read as that user: where its links lead is its own affair.
    """
    try:
        found = as_account(scope, lambda: own_pairs(scope.unit_directory, scope.uid))
    except NoAnswer as error:
        silent[scope.account] = f"the process that looks at its jobs {error}"
        return {}
    return {
        name: InstalledJob(job, service, FileState(*timer), FileState(*unit), (paths[0], paths[1]), owner)
        for name, (job, service, timer, unit, paths, owner) in found.items()
    }


def all_places(make_runner: Callable[[], Runner], unit_directory: str, account: str = "") -> Places:
    """Return all jobs of the host; those of one account if it is given. Those of accounts are for root to see."""
    places = []
    if account in ("", ROOT):
        places = [Place(pair, SYSTEM) for _name, pair in sorted(own_pairs(unit_directory).items())]
    if account == ROOT:
        return Places(places, {})
    if os.geteuid() != 0:
        names = [name for name in lingering_accounts() if account in ("", name)]
        return Places(places, dict.fromkeys(names, ONLY_ROOT))
    looked = look_at_lingering(make_runner, account)
    silent = dict(looked.silent)
    for seen in looked.seen.values():
        pairs = pairs_of_account(seen.scope, silent)
        places += [Place(pair, seen.scope) for _name, pair in sorted(pairs.items())]
    return Places(places, silent)


def find_job(make_runner: Callable[[], Runner], name: str, unit_directory: str, account: str = "") -> Place:
    """Return the job of that name. Raises UnknownJob, PlaceError."""
    everything = all_places(make_runner, unit_directory, account)
    if account in everything.silent:
        raise AccountSilent(f"{account} cannot be looked at: {everything.silent[account]}")
    places = [one for one in everything.found if one.pair.name == name]
    if not places:
        known = {one.pair.name: one for one in everything.found}
        raise UnknownJob(name, known, sorted(everything.silent), foreign_timer(name))
    if len(places) > 1:
        raise SeveralJobs(name, places)
    return places[0]
