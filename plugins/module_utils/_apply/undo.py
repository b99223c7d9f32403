# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes back what an apply has done, and nothing else: what it did not touch, it does not touch on the way back either.

Every part is tried, also when another has failed: a timer is rather armed with a file that could not go back than left
stopped.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any, Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.steps import (
    Done,
    StepFailed,
    StepRunner,
    remove_part,
    remove_stamp,
    set_stamp,
    stamp_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.first_run_note import remove_note
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.own_file import write_whole
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import NOT_ACTIVE, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    Memory,
    ObserveError,
    observe_units,
)


def undo(host: StepRunner, before: Observed) -> str:
    """Take back all that `host.done` tells of; return what could not be, or an empty text."""
    return "; ".join(dict.fromkeys(_Undo(host, before).run()))


class _Undo:
    """One way back."""

    def __init__(self, host: StepRunner, before: Observed) -> None:
        self.host = host
        self.before = before
        self.done = list(host.done)
        self.troubles: list[str] = []

    def names(self, *kinds: str) -> list[str]:
        """Return what was done in these ways, each once, in order."""
        return list(dict.fromkeys(one.name for one in self.done if one.kind in kinds))

    def attempt(self, act: Callable[..., object], *about: Any) -> bool:
        """Do something; keep what went wrong for the report."""
        try:
            act(*about)
        except (OSError, StepFailed, ObserveError, ProgramMissing) as error:
            self.troubles.append(str(error))
            return False
        return True

    def run(self) -> list[str]:
        """Take the steps back in an order in which no job runs by surprise."""
        started = self.names("start")
        if started:
            self.attempt(self.host.systemctl, "stop", *started)
        stopped = [timer for timer in self.names("stop") if self.was_active(timer)]
        self.restore_units(stopped)
        for one in reversed(self.done):
            if one.kind == "touch_stamp":
                self.attempt(restore_stamp, one)
            elif one.kind == "note_run":
                self.attempt(remove_note, one.name)
        for link, target in self.links_before(stopped).items():
            self.attempt(self.restore_link, link, target)
        self.start(stopped)
        for one in self.done:
            # systemd makes a stamp at the first start of a persistent timer.
            if one.kind == "start" and one.before is None and one.name not in self.before.stamps:
                self.attempt(remove_stamp, one.name)
        return self.troubles

    def restore_units(self, stopped: list[str]) -> None:
        """Put the unit files back and let systemd read them, while the links of stopped timers are away.

        A timer that was stopped must be forgotten once more, or its start could repeat its last run.
        """
        for link in self.names("link"):
            self.attempt(self.remove_link, link)
        for link in (link for timer in stopped for link in self.before.links.get(timer, {})):
            # One that cannot be removed does no harm: `start` looks what is still in memory.
            with contextlib.suppress(OSError):
                self.remove_link(link)
        for one in reversed(self.done):
            if one.kind in ("install", "delete", "correct", "install_file", "delete_file"):
                self.attempt(self.restore_file, one)
        if not self.troubles:
            # Else the run under way goes on with its pin.
            for one in reversed(self.done):
                if one.kind == "pin":
                    self.attempt(restore_part, one)
        if stopped or self.names("pin", "install", "delete", "link", "unlink", "reload"):
            self.attempt(self.host.systemctl, "daemon-reload")

    def was_active(self, timer: str) -> bool:
        """Tell whether a timer was waiting, or about to start. One that had elapsed for good would elapse again."""
        unit = self.before.units.get(timer, NOT_ACTIVE)
        return (unit.active == "active" and unit.sub in ("waiting", "running")) or unit.is_queued

    def links_before(self, stopped: list[str]) -> dict[str, str]:
        """Return the links that are to be there again, with their targets."""
        first: dict[str, Done] = {}
        for one in self.done:
            if one.kind in ("unlink", "link"):
                first.setdefault(one.name, one)
        # What this apply has made before it removed it was not there.
        found = {link: one.before for link, one in first.items() if one.kind == "unlink"}
        for timer in stopped:
            found.update(self.before.links.get(timer, {}))
        return found

    def remove_link(self, link: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            if os.path.islink(self.host.path(link)):
                os.unlink(self.host.path(link))

    def restore_link(self, link: str, target: str) -> None:
        path = self.host.path(link)
        if os.path.islink(path) and os.readlink(path) == target:
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.remove_link(link)
        os.symlink(target, path)

    def restore_file(self, one: Done) -> None:
        path = self.host.path(one.name)
        kept = self.host.staged("old", one.name)
        if one.kind == "correct":
            uid, gid, mode = one.before
            os.chown(path, uid, gid, follow_symlinks=False)
            os.chmod(path, mode)
        elif one.before:
            if os.path.lexists(kept):
                os.rename(kept, path)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def start(self, stopped: list[str]) -> None:
        """Start again what was active, less what could run its job: what systemd remembers and no stamp holds."""
        in_memory = self.states() if stopped else {}
        stopped = [timer for timer in stopped if in_memory.get(timer, NOT_ACTIVE).active != "active"]
        memories = self.memories([timer for timer in stopped if timer in in_memory and self.has_no_stamp(timer)])
        risky = [timer for timer in stopped if timer in memories and memories[timer].elapsed]
        safe = [timer for timer in stopped if timer not in risky]
        if risky:
            reason = "left stopped, because systemd remembers the last run, and could repeat it at the start"
            self.troubles.append(f"{', '.join(risky)}: {reason}")
        if safe and self.attempt(self.host.start, safe):
            found = self.states()
            states = {timer: found.get(timer, NOT_ACTIVE) for timer in safe}
            down = [timer for timer, state in states.items() if state.active != "active" and not state.is_queued]
            if down:
                self.troubles.append(f"{', '.join(down)}: not active again")

    def states(self) -> dict[str, UnitState]:
        """Return the units in memory; none when systemd does not answer."""
        try:
            return observe_units(self.host.runner)
        except (ObserveError, ProgramMissing) as error:
            self.troubles.append(str(error))
            return {}

    def has_no_stamp(self, timer: str) -> bool:
        """Tell whether nothing but memory can run the job at a start: no stamp holds it."""
        return not timer_unit.is_persistent(self.before.files.get(timer, NO_FILE).text)

    def memories(self, timers: list[str]) -> dict[str, Memory]:
        """Return what systemd remembers of timers; what was observed before, when it does not answer."""
        if not timers:
            return {}
        try:
            return self.host.memories(timers)
        except (ObserveError, ProgramMissing, StepFailed) as error:
            self.troubles.append(str(error))
            return {timer: Memory(ran=True, elapsed=bool(self.before.last_trigger.get(timer))) for timer in timers}


def restore_part(one: Done) -> None:
    """Put back what was in the place of a part of a pin."""
    if one.before is None:
        remove_part(one.name)
    else:
        write_whole(one.before.name, one.before.text, one.before.mode)


def restore_stamp(one: Done) -> None:
    """Give a stamp its old time, unless systemd has set another one meanwhile."""
    before, given = one.before
    if stamp_of(one.name) != given:
        return
    if before is None:
        remove_stamp(one.name)
    else:
        set_stamp(one.name, before)
