# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes the steps of a plan. Decides nothing.

New unit files are complete on disk, beside their place, before the first step; a step only renames. What a rename
or a removal displaces is kept until the evidence is in, so that going back needs no disk space.
"""

from __future__ import annotations

import contextlib
import os
from typing import Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _journal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import FILE_MODE, Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import observe_units, stamp_path
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner

try:
    import ctypes
except ImportError:  # a Python that is cut down to the minimum
    ctypes = None  # type: ignore[assignment]

DIRECTORY_MODE = 0o755
FEW_FILES = 16


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


class Host:
    """The effects on one host.

    `source` names the folder that `install` takes files from; `targets` says where a link points to that is not
    to point to the unit file of its own name.
    """

    def __init__(self, runner: Runner, unit_directory: str, log_directory: str, owner: str) -> None:
        self.runner = runner
        self.unit_directory = unit_directory
        self.log_directory = log_directory
        self.owner = owner
        self.stage = _journal.stage_directory(unit_directory, owner)
        self.new = os.path.join(self.stage, "new")
        self.old = os.path.join(self.stage, "old")
        self.source = self.new
        self.targets: dict[str, str] = {}

    def prepare(self, texts: dict[str, str]) -> None:
        """Write the new unit files beside their place; nothing that systemd sees changes."""
        _journal.remove_stage(self.stage)
        for path in (self.stage, self.new, self.old):
            os.mkdir(path, 0o700)
        paths = []
        for name, text in texts.items():
            path = os.path.join(self.new, name)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
                os.fchown(descriptor, 0, 0)
                os.fchmod(descriptor, FILE_MODE)
            paths.append(path)
        _flush(self.new, paths)

    def execute(self, steps: list[Step]) -> None:
        """Execute steps in order. Raises StepFailed at the first that does not succeed."""
        for step in steps:
            act: Callable[[list[str]], None] = getattr(self, f"_{step.kind}")
            try:
                act(step.items)
            except OSError as error:
                raise StepFailed(step.kind, f"{step.kind.replace('_', ' ')}: {error}") from error

    def _systemctl(self, *arguments: str) -> None:
        done = self.runner(["systemctl", *arguments])
        if done.rc != 0:
            said = done.stderr.strip() or done.stdout.strip() or f"exit status {done.rc}"
            raise StepFailed(arguments[0], f"systemctl {arguments[0]}: {said}")

    def _path(self, name: str) -> str:
        return os.path.join(self.unit_directory, name)

    def _keep(self, name: str) -> None:
        """Keep what stands at a place under the same name among the old files, unless it is kept already."""
        kept = os.path.join(self.old, name)
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            os.link(self._path(name), kept, follow_symlinks=False)

    def _make_log_directory(self, _items: list[str]) -> None:
        os.makedirs(self.log_directory, mode=DIRECTORY_MODE, exist_ok=True)

    def _stop(self, timers: list[str]) -> None:
        self._systemctl("stop", *timers)

    def _reset_failed(self, units: list[str]) -> None:
        self._systemctl("reset-failed", *units)

    def _unlink(self, links: list[str]) -> None:
        for link in links:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(link))

    def _install(self, units: list[str]) -> None:
        for name in units:
            self._keep(name)
            os.rename(os.path.join(self.source, name), self._path(name))

    def _correct(self, units: list[str]) -> None:
        for name in units:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fchown(descriptor, 0, 0)
                os.fchmod(descriptor, FILE_MODE)
            finally:
                os.close(descriptor)

    def _delete(self, units: list[str]) -> None:
        for name in units:
            self._keep(name)
            os.unlink(self._path(name))

    def _link(self, links: list[str]) -> None:
        for folder in {os.path.dirname(link) for link in links}:
            os.makedirs(self._path(folder), mode=DIRECTORY_MODE, exist_ok=True)
        for link in links:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(link))
            os.symlink(self.targets.get(link, self._path(os.path.basename(link))), self._path(link))

    _link_again = _link

    def _reload(self, _items: list[str]) -> None:
        self._systemctl("daemon-reload")

    def _check_forgotten(self, timers: list[str]) -> None:
        """A timer that something refers to stays in memory with its last trigger: its start could run the job."""
        in_memory = observe_units(self.runner)
        kept = [timer for timer in timers if timer in in_memory]
        if kept:
            mend = "take the reference away, or set on_reschedule to run"
            raise StepFailed(
                "check_forgotten", f"another unit refers to {', '.join(kept)}, so that it could run; {mend}"
            )

    def _touch_stamp(self, timers: list[str]) -> None:
        for timer in timers:
            self._set_stamp(timer, None)

    @staticmethod
    def _set_stamp(timer: str, times: tuple[int, int] | None) -> None:
        """Give a stamp its times (nanoseconds; None: now), and make it as systemd does where there is none."""
        path = stamp_path(timer)
        os.makedirs(os.path.dirname(path), mode=DIRECTORY_MODE, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            os.utime(descriptor, ns=times) if times else os.utime(descriptor)
        finally:
            os.close(descriptor)

    def _start(self, timers: list[str]) -> None:
        self._systemctl("start", *timers)

    def _clean_stamp(self, timers: list[str]) -> None:
        for timer in timers:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(stamp_path(timer))

    def restore_stamps(self, stamps: dict[str, int]) -> None:
        """Give stamps back the times (nanoseconds) they had."""
        for timer, when in stamps.items():
            self._set_stamp(timer, (when, when))
