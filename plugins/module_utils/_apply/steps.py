# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes the steps of a plan. Decides nothing.

New unit files are complete on disk, beside their place, before the first step; a step only renames. What a rename
or a removal displaces is kept until the evidence is in, so that going back needs no disk space. All that is done is
written down, with what was there before: `undo` takes back exactly that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from typing import Any, Callable, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import is_chain_link
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    FILE_MODE,
    FILES_DIRECTORY,
    OTHER_DIRECTORY,
    RECORD,
    JobFile,
    Request,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.stamp_time import set_by_apply
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.first_run_note import (
    note_path,
    remove_note,
    write_note,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import stamp_path
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.own_file import write_whole
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import NOT_ACTIVE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    MEMORY_COMMAND,
    Memory,
    observe_manager,
    observe_units,
    parse_memories,
)

try:
    import ctypes
except ImportError:  # a Python that is cut down to the minimum
    ctypes = None  # type: ignore[assignment]

DIRECTORY_MODE = 0o755
FEW_FILES = 16
OWN_DIRECTORIES = (os.path.basename(FILES_DIRECTORY), OTHER_DIRECTORY)
# How long no timer may come up until those that wait are left to systemd, and the pauses between two looks at them.
PATIENCE_SECONDS = 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5


class Done(NamedTuple):
    """Something that has been done, or at least begun: kind of step, unit or path, and what was there before."""

    kind: str
    name: str
    before: Any = None


class StepFailed(Exception):
    """A step of the apply did not succeed: its kind, and a text that says which one and why."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def _flush(directory: str, paths: list[str]) -> None:
    """Bring files to the disk: one by one when few, else the whole file system at once."""
    if len(paths) > FEW_FILES and ctypes is not None:
        with contextlib.suppress(OSError, AttributeError):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                if ctypes.CDLL(None).syncfs(descriptor) == 0:
                    return
            finally:
                os.close(descriptor)
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def files_directory_of(path: str) -> str:
    """Return the directory of the folders of jobs, of a file in one of them."""
    return os.path.dirname(os.path.dirname(path))


class StepRunner:
    """The effects on one host. `done` is what has been done so far, in order."""

    def __init__(self, runner: Runner, request: Request) -> None:
        self.runner = runner
        self.unit_directory = request.unit_directory
        self.files_directory = request.files_directory
        self.log_directory = request.log_directory
        self.owner = request.owner
        self.scope = request.scope
        self.stages: dict[str, str] = {}
        self._add_stages(self.unit_directory, self.files_directory)
        # What a killed run has noted, and is still to be told of when this one is undone.
        self.noted: tuple[str, ...] = ()
        self.modes: dict[str, int] = {}
        self.done: list[Done] = []
        # The parts of pins, by path.
        self.pins: dict[str, JobFile] = {}
        # When timers were stopped, by this run or by a killed one: what is due from then on is not lost (nanoseconds).
        self.stopped_at: dict[str, int] = {}
        self.start_manager: Callable[[], str] = lambda: ""

    def staged(self, age: str, name: str) -> str:
        """Return where the `new` or the `old` version of a file is kept: on the file system of its place."""
        place = files_directory_of(name) if os.path.isabs(name) else self.unit_directory
        return os.path.join(self.stages[place], age, os.path.relpath(self.path(name), place))

    def _add_stages(self, *places: str) -> None:
        self.stages.update({place: marker.stage_directory(place, self.owner) for place in places})

    def prepare(self, files: list[JobFile], modes: dict[str, int], further: Iterable[str] = ()) -> None:
        """Write the new files beside their place; nothing that systemd or a job sees changes.

        `modes`: the right modes of all files in jobs' folders that the apply touches. `further`: the units beside pairs
        that it touches.
        """
        places = sorted({files_directory_of(path) for path in modes})
        self._add_stages(*places, *(files_directory_of(one) for one in self.noted if os.path.isabs(one)))
        self._make_directories(self.unit_directory)
        marker.note_files(self.unit_directory, self.owner, (*self.noted, *modes, *further))
        self._remove_stages()
        self.modes = modes
        os.mkdir(self.stages[self.unit_directory], 0o700)
        for place in places:
            self._make_directories(place)
            os.mkdir(self.stages[place], 0o700)
        in_folders = [one for one in files if os.path.isabs(one.name)]
        units = [one for one in files if not os.path.isabs(one.name)]
        for place in (self.unit_directory, *places):
            some = [one for one in (*units, *in_folders) if self.staged("new", one.name).startswith(self.stages[place])]
            _flush(place, [self._write(one) for one in some])

    def _write(self, file: JobFile) -> str:
        path = self.staged("new", file.name)
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(file.text)
            os.fchown(descriptor, self.scope.uid, self.scope.gid)
            os.fchmod(descriptor, file.mode)
        return path

    def clean_up(self, *, undone: bool) -> None:
        """Remove what an apply keeps beside the files while it is under way.

        undone: what a killed run has left half done is so still, and stays noted.
        """
        self._remove_stages()
        for place in {os.path.dirname(one.name) for one in self.done if one.kind == "remove_folder"}:
            # A directory that is not ours any more is the user's.
            if place == self.files_directory or os.path.basename(place) in OWN_DIRECTORIES:
                with contextlib.suppress(OSError):
                    os.rmdir(place)
        with contextlib.suppress(OSError):
            marker.note_files(self.unit_directory, self.owner, self.noted if undone else ())

    def _remove_stages(self) -> None:
        for stage in self.stages.values():
            marker.remove_stage(stage)

    def remove_made_directories(self) -> None:
        """Remove the directories that were made, if nothing is in them."""
        for one in reversed(self.done):
            if one.kind == "make_directory":
                with contextlib.suppress(OSError):
                    os.rmdir(one.name)

    def execute(self, steps: list[Step]) -> None:
        """Execute steps in order. Raises StepFailed at the first that does not succeed."""
        for step in steps:
            act: Callable[[list[str]], None] = getattr(self, f"_{step.kind}")
            try:
                act(step.items)
            except OSError as error:
                raise StepFailed(step.kind, f"{step.kind.replace('_', ' ')}: {error}") from error

    def systemctl(self, *arguments: str) -> None:
        """Call systemctl. Raises StepFailed."""
        done = self.runner(["systemctl", *arguments])
        if done.rc != 0:
            said = done.stderr.strip() or done.stdout.strip() or f"exit status {done.rc}"
            raise StepFailed(arguments[0], f"systemctl {arguments[0]}: {said}")

    def path(self, name: str) -> str:
        """Return the path of a unit file or a link; that of a file in a job's folder is whole already."""
        return os.path.join(self.unit_directory, name)

    def _note(self, kind: str, name: str, before: Any = None) -> None:
        self.done.append(Done(kind, name, before))

    def _keep(self, name: str) -> bool:
        """Keep what stands at a place under the same name among the old files; tell whether there was anything."""
        kept = self.staged("old", name)
        os.makedirs(os.path.dirname(kept), 0o700, exist_ok=True)
        try:
            os.link(self.path(name), kept, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _make_directories(self, path: str) -> None:
        """Make a directory and those that lead to it, and note each."""
        missing = []
        while path and not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for one in reversed(missing):
            os.mkdir(one, DIRECTORY_MODE)
            # Whatever the umask.
            os.chmod(one, DIRECTORY_MODE)
            self._note("make_directory", one)

    def _make_log_directory(self, _items: list[str]) -> None:
        self._make_directories(self.log_directory)

    def _pin(self, paths: list[str]) -> None:
        for path in paths:
            self._make_directories(os.path.dirname(path))
            before = file_state(path)
            self._note("pin", path, JobFile(path, before.text, before.mode) if before.kind == "file" else None)
            part = self.pins[path]
            write_whole(part.name, part.text, part.mode)

    def _await_run(self, units: list[str]) -> None:
        # What is not queued now, the next apply queues: the pin is there.
        self.runner(["systemctl", "start", "--no-block", "--", *units])

    def _stop(self, timers: list[str]) -> None:
        for timer in timers:
            self._note("stop", timer)
        # To stop thousands takes seconds, in which some of them elapse.
        self.stopped_at.update(dict.fromkeys(timers, time.time_ns()))
        self.systemctl("stop", *timers)

    def _stop_service(self, services: list[str]) -> None:
        # Those that have ended meanwhile are not loaded any more, which is no fault.
        self.runner(["systemctl", "stop", *services])

    def _reset_failed(self, units: list[str]) -> None:
        self.systemctl("reset-failed", *units)

    def _reset_gone(self, units: list[str]) -> None:
        self.runner(["systemctl", "reset-failed", *units])

    def _unlink(self, links: list[str]) -> None:
        for link in links:
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(self.path(link))
                self._note("unlink", link, target)
                os.unlink(self.path(link))
                if is_chain_link(link):
                    with contextlib.suppress(OSError):
                        os.rmdir(os.path.dirname(self.path(link)))

    _unlink_again = _unlink

    def _install(self, names: list[str]) -> None:
        for name in names:
            self._note("install", name, self._keep(name))
            os.rename(self.staged("new", name), self.path(name))

    def _install_file(self, paths: list[str]) -> None:
        for folder in sorted({os.path.dirname(path) for path in paths}):
            self._make_directories(folder)
        for path in paths:
            self._note("install_file", path, self._keep(path))
            os.rename(self.staged("new", path), path)

    def _correct(self, names: list[str]) -> None:
        for name in names:
            descriptor = os.open(self.path(name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                found = os.fstat(descriptor)
                self._note("correct", name, (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)))
                os.fchown(descriptor, self.scope.uid, self.scope.gid)
                os.fchmod(descriptor, self.modes.get(name, FILE_MODE))
            finally:
                os.close(descriptor)

    _correct_file = _correct

    def _delete(self, names: list[str]) -> None:
        for name in names:
            self._note("delete", name, self._keep(name))
            os.unlink(self.path(name))

    def _delete_file(self, paths: list[str]) -> None:
        for path in paths:
            self._note("delete_file", path, self._keep(path))
            os.unlink(path)

    def _remove_folder(self, folders: list[str]) -> None:
        for folder in folders:
            self._note("remove_folder", folder)
            # Something that is not ours may lie there by now.
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def _note_run(self, jobs: list[str]) -> None:
        for job in jobs:
            path = note_path(self.scope.state_directory, job)
            self._note("note_run", path)
            write_note(path, self.owner)

    def _forget_first_run(self, jobs: list[str]) -> None:
        # Whatever comes now, they do not run for the same reason again.
        for job in jobs:
            remove_note(note_path(self.scope.state_directory, job))

    def _run_once(self, services: list[str]) -> None:
        self.systemctl("start", "--no-block", "--", *services)

    def _carry_record(self, pairs: list[str]) -> None:
        for former, job in (pair.split() for pair in pairs):
            folder = os.path.join(self.scope.state_directory, job)
            # What follows the evidence cannot fail the apply.
            with contextlib.suppress(OSError):
                os.makedirs(folder, mode=0o700, exist_ok=True)
                os.rename(os.path.join(self.scope.state_directory, former, RECORD), os.path.join(folder, RECORD))

    def _remove_state(self, jobs: list[str]) -> None:
        for job in jobs:
            shutil.rmtree(os.path.join(self.scope.state_directory, job), ignore_errors=True)
        with contextlib.suppress(OSError):
            os.rmdir(self.scope.state_directory)

    def _link(self, links: list[str]) -> None:
        for folder in sorted({os.path.dirname(link) for link in links}):
            self._make_directories(self.path(folder))
        for link in links:
            path = self.path(link)
            if os.path.lexists(path) and not os.path.islink(path):
                raise StepFailed("link", f"{path} is not a link: remove it, if it is not needed")
            self._unlink([link])
            self._note("link", link)
            os.symlink(self.path(os.path.basename(link)), path)

    _link_again = _link

    def _reload(self, _items: list[str]) -> None:
        self._note("reload", "")
        self.systemctl("daemon-reload")

    def _start_manager(self, timers: list[str]) -> None:
        """The manager of the account starts, and with it the timers that are linked."""
        for timer in timers:
            self._note("start", timer, stamp_of(timer))
        trouble = self.start_manager()
        if trouble:
            raise StepFailed("start_manager", trouble)
        # It answers when it has read its units: what is linked from now on it does not start by itself.
        observe_manager(self.runner)

    def _check_forgotten(self, units: list[str]) -> None:
        """What systemd remembers with its last trigger or run could run the job at a start.

        Presence alone is no memory: a reload of somebody else loads a unit anew.
        """
        kept = [unit for unit, memory in self.memories(units).items() if memory.ran or memory.elapsed]
        if kept:
            fix = "take the reference away, or set on_reschedule to run"
            raise StepFailed(
                "check_forgotten", f"another unit refers to {', '.join(kept)}, so that it could run; {fix}"
            )

    def memories(self, units: list[str]) -> dict[str, Memory]:
        """Return what systemd remembers of those of these units that it has in memory."""
        loaded = observe_units(self.runner)
        asked = [unit for unit in units if unit in loaded]
        if not asked:
            return {}
        done = self.runner([*MEMORY_COMMAND, "--", *asked])
        if done.rc != 0:
            raise StepFailed("show", f"systemctl show: {done.stderr.strip() or done.stdout.strip()}")
        return parse_memories(done.stdout)

    def _carry_stamp(self, pairs: list[str]) -> None:
        for former, timer in (pair.split() for pair in pairs):
            found = stamp_of(former)
            if found is not None:
                self._note("touch_stamp", timer, (stamp_of(timer), found))
                set_stamp(timer, found)

    def _touch_stamp(self, timers: list[str]) -> None:
        now = time.time_ns()
        for timer in timers:
            before = stamp_of(timer)
            when = set_by_apply(self.stopped_at.get(timer, now))
            # It has elapsed since, before it was stopped itself. A stamp from the future says nothing.
            if before is not None and when <= before <= now:
                continue
            self._note("touch_stamp", timer, (before, when))
            set_stamp(timer, when)

    def _start(self, timers: list[str]) -> None:
        for timer in timers:
            self._note("start", timer, stamp_of(timer))
        down = self.start(timers)
        if down:
            raise StepFailed("start", f"systemctl start: {', '.join(down)} did not come up")

    def start(self, timers: list[str]) -> list[str]:
        """Start timers; return those that did not come up. Raises StepFailed.

        Without waiting for what they may have to wait for, as for the clock to be set: such a start is left to systemd.
        """
        self.systemctl("start", "--no-block", *timers)
        fewest, since, pause = len(timers) + 1, time.monotonic(), SHORTEST_PAUSE
        while True:
            units = observe_units(self.runner)
            states = {timer: units.get(timer, NOT_ACTIVE) for timer in timers}
            queued = sum(state.is_queued for state in states.values())
            if queued < fewest:
                fewest, since = queued, time.monotonic()
            if not queued or time.monotonic() - since >= PATIENCE_SECONDS:
                return [timer for timer, one in states.items() if one.active != "active" and not one.is_queued]
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _clean_stamp(self, timers: list[str]) -> None:
        for timer in timers:
            self._note("touch_stamp", timer, (stamp_of(timer), None))
            remove_stamp(timer)


def remove_part(path: str) -> None:
    """Remove a part of a pin if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def stamp_of(timer: str) -> int | None:
    """Return the time of a timer's stamp (nanoseconds), None when there is none."""
    try:
        return os.stat(stamp_path(timer), follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return None


def set_stamp(timer: str, when: int) -> None:
    """Give a stamp its time (nanoseconds), and make it as systemd does where there is none."""
    path = stamp_path(timer)
    os.makedirs(os.path.dirname(path), mode=DIRECTORY_MODE, exist_ok=True)
    is_new = not os.path.lexists(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        os.utime(descriptor, ns=(when, when))
    except OSError:
        if is_new:
            remove_stamp(timer)
        raise
    finally:
        os.close(descriptor)


def remove_stamp(timer: str) -> None:
    """Remove a stamp if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(stamp_path(timer))
