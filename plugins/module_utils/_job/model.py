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
# There: the record of a job's last run (`_run_record`).
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

    keep_skips: a run that somebody has asked to skip by hand is skipped still. So it is for a whole declaration, which
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
            # Only other jobs start it, or somebody by hand.
            del pair[f"{self.name}.timer"]
        return {**pair, **{one.name: one.text for one in self.files if not os.path.isabs(one.name)}}


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


class UnitState(NamedTuple):
    """A unit in the memory of PID 1, in the words of `systemctl list-units`; `job` is what it waits to do."""

    load: str
    active: str
    sub: str
    job: str = ""

    @property
    def is_queued(self) -> bool:
        """Tell whether it is about to start, and waits for others: of the boot, or for the clock to be set."""
        return self.active == "inactive" and self.job == "start"

    @property
    def is_stoppable(self) -> bool:
        """Tell whether it is active, or will be."""
        return self.active in ("active", "activating", "reloading") or self.is_queued


NOT_ACTIVE = UnitState("not-found", "inactive", "dead")


class Manager(NamedTuple):
    """PID 1: its version, where it looks for units, when it last read them (Unix time, None: unknown).

    started: when it started, on the monotonic clock, in seconds. booting: whether the host is still on its way up.
    running: False for the manager of an account that the apply is to start.
    """

    version: int
    unit_path: list[str]
    loaded_at: float | None
    started: float = 0.0
    booting: bool = False
    running: bool = True


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


class Pin(NamedTuple):
    """What holds the units of a run under way as they were when it began, as found (`_pin`).

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
    left half done. marked: jobs whose timers such a run has stopped, and since when what is due is made up for
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


class Step(NamedTuple):
    """One step of the plan: what to do, and to which units, files or links, all in one go."""

    kind: str
    items: list[str]


class Diff(NamedTuple):
    """A unit file before and after, for `--diff`."""

    path: str
    before: str
    after: str


class JobChange(NamedTuple):
    """What the plan does to one job: `actions` in plain words, empty when nothing."""

    name: str
    state: str
    actions: list[str]
    diffs: list[Diff]


class Surprise(NamedTuple):
    """An elapse that has gone by, and that systemd would make up for by running the job at once (Unix time).

    made_up: the apply lets it, because a killed run had stopped the timer before.
    """

    expression: str
    elapse: float
    made_up: bool = False


class Goal(NamedTuple):
    """How a pair is to stand: texts (None: no file), links of the timer, armed or not, started by this apply or not.

    `lets_run`: a run that the apply triggers is wanted. `renamed_from`: the job whose stamp it takes over. `stop_run`:
    a run that is under way is stopped when the job is removed. files: what it is to have beside the pair. done: its
    last elapse has run. runs_first: it runs once, because it is new. keeps_note: what a killed apply has noted of such
    a run stays.
    """

    name: str
    state: str
    service: str | None
    timer: str | None
    links: list[str]
    armed: bool
    start: bool
    lets_run: bool
    renamed_from: str = ""
    stop_run: bool = False
    files: tuple[JobFile, ...] = ()
    done: bool = False
    runs_first: bool = False
    keeps_note: bool = False
