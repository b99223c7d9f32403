# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that the steps on the target hand to each other: wanted, observed, steps, outcome."""

from __future__ import annotations

import os
from typing import NamedTuple

PRESENT = "present"
SUSPENDED = "suspended"
ABSENT = "absent"

FILES_DIRECTORY = "/etc/dotmobi.systemd_timers"
# There: a job's files go here while a run that is under way uses those in the place of old.
OTHER_DIRECTORY = ".other"
# Where the programs beside a job keep what outlives a boot (roles/timer/files/gate.py).
STATE_DIRECTORY = "/var/lib/dotmobi.systemd_timers"
# There: the record of a job's last run (`run_record`).
RECORD = "ran"
# In it, in the place of the result of a run: somebody has seen that it has failed.
ACKNOWLEDGED = "acknowledged"
# And that an apply has begun to install a job that it is to run then.
FIRST_RUN = "first-run"
# In a job's folder: whom its notifier tells, and how.
NOTIFY_SETTINGS = "notify.json"
FILE_MODE = 0o644
OTHERS_READ = 0o044


class Scope(NamedTuple):
    """Whose manager gets the units: PID 1, or the user manager of an account (systemd.unit(5), Unit File Load Path)."""

    account: str = ""
    uid: int = 0
    gid: int = 0
    home: str = ""

    @property
    def is_system(self) -> bool:
        """Tell whether it is PID 1."""
        return not self.account

    @property
    def unit_directory(self) -> str:
        """Return where an account has its units."""
        return os.path.join(self.home, ".config/systemd/user")

    @property
    def files_directory(self) -> str:
        """Return where an account has the files of its jobs."""
        return os.path.join(self.home, ".config", os.path.basename(FILES_DIRECTORY))

    @property
    def stamp_directory(self) -> str:
        """Return where its manager keeps the stamps of persistent timers (systemd.timer(5))."""
        return os.path.join(self.home, ".local/share/systemd/timers")

    @property
    def state_directory(self) -> str:
        """Return where the folders of jobs are that outlive a boot."""
        return (
            os.path.join(self.home, ".local/share", os.path.basename(STATE_DIRECTORY))
            if self.account
            else STATE_DIRECTORY
        )

    @property
    def runtime_directory(self) -> str:
        """Return XDG_RUNTIME_DIR, which is there while its manager runs (pam_systemd(8))."""
        return f"/run/user/{self.uid}"

    @property
    def socket(self) -> str:
        """Return the socket of its manager."""
        return os.path.join(self.runtime_directory, "systemd/private")


SYSTEM = Scope()
# What the controller writes in the place of a home directory, which it does not know.
HOME_MARK = "/@home:{}@"


class Request(NamedTuple):
    """What the controller asks for: rendered jobs and how to treat them.

    keep_skips: a run that somebody has asked to skip manually is skipped still. So it is for a whole declaration, which
    also forgets the runs of jobs that are gone from it. prune_limit: how many jobs may be pruned; None: any number up
    to half of them. elsewhere: names of jobs that are declared for other managers of the host: what this one has of
    them, it gives up. is_forecast: what the host lacks may be there when the apply is done in earnest.
    """

    jobs: list[WantedJob]
    owner: str
    prune: bool
    proof: str
    unit_directory: str
    log_directory: str
    files_directory: str = FILES_DIRECTORY
    keep_skips: bool = False
    scope: Scope = SYSTEM
    prune_limit: int | None = None
    elsewhere: frozenset[str] = frozenset()
    is_forecast: bool = False

    def folder_of(self, job: str) -> str:
        """Return the folder that holds the files of a job."""
        return os.path.join(self.files_directory, job)


class JobFile(NamedTuple):
    """A file that a job has beside its pair: root's, with this mode.

    name: its path in the job's folder, absolute; or the name of one more unit. is_program: a program of this
    collection, of which nobody wants to see a diff.
    """

    name: str
    text: str
    mode: int = FILE_MODE
    is_program: bool = False


class WantedJob(NamedTuple):
    """One job as declared; the two texts are the unit files, empty when the state is absent.

    accept: codes of findings that the job accepts. renamed_from: its former name. take_over_from: the owner mark of the
    declaration that it is taken from. on_remove: what becomes of a run that is under way when it is removed.
    files: what it has beside the pair. account: whose user manager gets the units, empty for the system. hardening: the
    name of its sandbox. after_last_run: whether it is kept or removed once its last elapse has run.
    followed: whether other jobs are started when it has succeeded. run_on_install: whether it runs when it is new,
    None for not known: the job is taken as it stands on the host.
    """

    name: str
    state: str
    on_reschedule: str
    service: str
    timer: str
    accept: tuple[str, ...] = ()
    renamed_from: str = ""
    take_over_from: str = ""
    on_remove: str = "finish"
    files: tuple[JobFile, ...] = ()
    account: str = ""
    hardening: str = "none"
    after_last_run: str = "keep"
    followed: bool = False
    run_on_install: bool | None = False

    def units(self) -> dict[str, str]:
        """Return the texts of all its units: the pair, and further ones."""
        pair = {f"{self.name}.service": self.service, f"{self.name}.timer": self.timer}
        if self.service and not self.timer:
            # Only other jobs start it, or somebody manually.
            del pair[f"{self.name}.timer"]
        return {**pair, **{one.name: one.text for one in self.files if not os.path.isabs(one.name)}}


class RunRecord(NamedTuple):
    """When the last run of a job has begun (Unix time); who declared the job, and checksums of its expressions.

    result: how the run has ended, in systemd's word (systemd.exec(5), SERVICE_RESULT); empty when it has not, as when a
    boot has interrupted it.
    """

    owner: str
    when: int
    checksums: frozenset[str]
    result: str = ""

    @property
    def ended_well(self) -> bool:
        """Tell whether the run has succeeded, or somebody has seen that it has not."""
        return self.result in ("success", ACKNOWLEDGED)


class MissedElapse(NamedTuple):
    """An elapse that has passed, and that systemd would catch up by running the job at once (Unix time).

    made_up: the apply lets it, because a killed run had stopped the timer before.
    """

    expression: str
    elapse: float
    made_up: bool = False
