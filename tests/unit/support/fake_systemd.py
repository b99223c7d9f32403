# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small host in a folder: real files, and a runner that answers as systemd would.

It knows of PID 1 what an apply relies on: units are read at a reload or when they start, and what is neither active nor
linked nor referred to is forgotten at a reload, with its last trigger. A timer that is active while its schedule
changes may run its job at once, and so may one that is started while it is remembered: for the last trigger, or for
another schedule than before, unless a stamp holds it. That is recorded in `surprises`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import steps
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.converge import converge
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.outcome import Outcome
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import pin
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import cleaner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers import host as _proof_host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timer_unit import is_persistent, triggers
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import FakeFacts
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import answer

NEXT = 1801468800  # Mon 2027-02-01 08:00:00 UTC
DEAD = ("inactive", "dead")
WAITING = ("active", "waiting")
SPANS = {"1s": 10**6, "5min": 300 * 10**6, "1h": 3600 * 10**6}
DONE = Completed(0, "", "")


def shown_time(when: int) -> str:
    """Return a time as systemd-analyze prints it."""
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(when))


class Killed(BaseException):
    """The process is gone in the middle of an apply."""


class FakeHost:
    """The folder of units, the folder of stamps, and PID 1."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.units = root / "system"
        self.stamps = root / "stamps"
        self.logs = root / "logs"
        # Of the files that jobs have beside their units.
        self.own = root / "own"
        self.units.mkdir()
        self.stamps.mkdir()
        self.loaded: dict[str, str | None] = {}
        self.states: dict[str, tuple[str, str]] = {}
        self.reloaded = time.clock_gettime(time.CLOCK_MONOTONIC)
        self.calls: list[str] = []
        # Timers that were stopped, with what they triggered then and with their stamp.
        self.stopped: dict[str, tuple[Any, int]] = {}
        self.surprises: list[str] = []
        # What happens at a verb of systemctl instead of what should: an answer, an exception, or nothing at all.
        self.faults: dict[str, list[Any]] = {}
        # What systemd has written to the journal.
        self.journal = ""
        # What is done while a verb of systemctl is under way.
        self.during: dict[str, list[Callable[[], None]]] = {}
        self.refused: set[str] = set()
        # Timers whose start waits for another unit, and those of them that are to start.
        self.waiting: set[str] = set()
        self.queued: set[str] = set()
        # Timers whose last trigger systemd remembers (Unix time), and services whose last run it does.
        self.fired: dict[str, int] = {}
        self.has_run: set[str] = set()
        # Timers and services that another unit refers to: no reload forgets them.
        self.pinned: set[str] = set()
        # When timers became active (monotonic, seconds), and expressions that elapse at these times alone.
        self.activated: dict[str, float] = {}
        self.elapses: dict[str, list[int]] = {}
        # Expressions that do not elapse again.
        self.ended: set[str] = set()
        self.system_state = "running"

    # What tests do and look at.

    def converge(
        self, *jobs: WantedJob, check_mode: bool = False, notes: dict[str, Any] | None = None, **options: Any
    ) -> Outcome:
        """Bring the host to these jobs."""
        self.calls.clear()
        defaults: dict[str, Any] = {"owner": "default", "prune": False, "proof": "strict", "log_directory": ""}
        places = {"unit_directory": str(self.units), "files_directory": str(self.own)}
        request = Request(list(jobs), **{**defaults, **places, **options})
        return converge(self, request, check_mode, facts=FakeFacts(all_programs=True), notes=notes)

    def fire(self, job: str, when: int) -> None:
        """Let a timer elapse and its service run, at that time."""
        self.fired[f"{job}.timer"] = when
        self.has_run.add(f"{job}.service")
        if is_persistent(self.loaded[f"{job}.timer"] or ""):
            self.set_stamp(job, when * 10**9)

    def set_stamp(self, job: str, when: int) -> None:
        """Give the timer of a job a stamp (nanoseconds)."""
        path = self.stamps / f"stamp-{job}.timer"
        path.touch()
        os.utime(path, ns=(when, when))

    def stamp(self, job: str) -> int | None:
        """Return the time of the stamp of a job's timer (nanoseconds), None when there is none."""
        path = self.stamps / f"stamp-{job}.timer"
        return path.stat().st_mtime_ns if path.exists() else None

    def verbs(self) -> list[str]:
        """Return the calls of systemctl that change something, in order."""
        return [call for call in self.calls if not call.startswith(("list-", "show", "systemd-analyze"))]

    def picture(self) -> dict[str, Any]:
        """Return all that an apply can change."""
        found: dict[str, Any] = {"states": dict(self.states), "loaded": dict(self.loaded)}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = str(path.readlink())
            elif path.is_file() and not name.startswith("run/lock"):
                about = path.stat()
                stamp = about.st_mtime_ns if name.startswith("stamps") else 0
                found[name] = (path.read_bytes(), oct(about.st_mode), about.st_uid, stamp)
        return found

    # What the collection sees.

    def __call__(self, argv: list[str]) -> Completed:
        program, verb, *arguments = argv
        if verb == "--dump-configuration-items":
            return answer(252, "pid1-directives")
        if program == "systemd-analyze":
            self.calls.append(f"systemd-analyze {verb}")
            return self._analyze(verb, arguments)
        if program == "journalctl":
            return Completed(0, self.journal, "")
        assert program == "systemctl", argv
        self.calls.append(" ".join([verb, *[one for one in arguments if not one.startswith("-")]]))
        if self.during.get(verb):
            self.during[verb].pop()()
        if self.faults.get(verb):
            fault = self.faults[verb].pop(0)
            if isinstance(fault, BaseException):
                raise fault
            if fault is not None:
                return Completed(*fault)
        done: Completed = getattr(self, "_" + verb.replace("-", "_"))(arguments)
        return done

    def _analyze(self, verb: str, arguments: list[str]) -> Completed:
        expressions = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
        if verb == "calendar":
            options = dict(one[2:].split("=") for one in arguments if one.startswith("--") and "=" in one)
            base, count = int(options.get("base-time", f"@{NEXT - 1}")[1:]), int(options.get("iterations", "1"))
            shown = ["" if one.startswith("bad") else self._calendar(one, base, count) for one in expressions]
            failed = [one for one in expressions if one.startswith("bad")]
            said = "".join(f"Failed to parse calendar specification '{one}': Invalid argument\n" for one in failed)
            return Completed(int(bool(failed)), "\n".join(shown), said)
        if verb == "timespan":
            good = [one for one in expressions if one in SPANS]
            shown = [f"Original: {one}\n      us: {SPANS[one]}\n" for one in good]
            said = "".join(f"Failed to parse time span '{one}'.\n" for one in expressions if one not in SPANS)
            return Completed(int(bool(said)), "\n".join(shown), said)
        assert verb == "verify", verb
        said = ""
        for path in [one for one in arguments if one.startswith("/")]:
            for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1):
                if line.startswith("ExecStart=/missing"):
                    command = line.split("=")[1]
                    said += f"{Path(path).name}: Command {command} is not executable: No such file or directory\n"
                if line.startswith("Tpye="):
                    said += f"{path}:{number}: Unknown key 'Tpye' in section [Service], ignoring.\n"
        return Completed(int("not executable" in said), "", said)

    def _calendar(self, expression: str, base: int, count: int) -> str:
        ahead = [] if expression in self.ended else [NEXT]
        following = [when for when in [*self.elapses.get(expression, []), *ahead] if when > base][:count]
        if not following:
            return f"Normalized form: {expression}\n    Next elapse: never\n"
        labels = ["    Next elapse", *(f"       Iter. #{number}" for number in range(2, count + 1))]
        lines = [f"{label}: {shown_time(when)}\n" for label, when in zip(labels, following, strict=False)]
        return f"Normalized form: {expression}\n" + "".join(lines)

    def _show(self, arguments: list[str]) -> Completed:
        if "--property=Id,ActiveEnterTimestampMonotonic" in arguments:
            units = arguments[arguments.index("--") + 1 :]
            times = [int(self.activated.get(unit, self.reloaded) * 1e6) for unit in units]
            blocks = [f"Id={u}\nActiveEnterTimestampMonotonic={t}\n" for u, t in zip(units, times, strict=True)]
            return Completed(0, "\n".join(blocks), "")
        if "--property=Id,LastTriggerUSec,InactiveExitTimestampMonotonic" in arguments:
            blocks = [self._memory(unit) for unit in arguments[arguments.index("--") + 1 :]]
            return Completed(0, "\n".join(blocks), "")
        if "--" in arguments:
            units = arguments[arguments.index("--") + 1 :]
            unread = [unit for unit in units if self.loaded.get(unit) != self._text(unit)]
            blocks = [f"Id={unit}\nNeedDaemonReload={'yes' if unit in unread else 'no'}\n" for unit in units]
            return Completed(0, "\n".join(blocks), "")
        return Completed(
            0,
            f"Version=252.39-1\nUnitPath={self.units}\nSystemState={self.system_state}\nUserspaceTimestampMonotonic=1\n"
            f"UnitsLoadTimestampMonotonic={int(self.reloaded * 1e6)}\nUnitsLoadStartTimestampMonotonic=1\n",
            "",
        )

    def _memory(self, unit: str) -> str:
        """What systemd remembers of a unit: its last trigger, and whether it was active or ran."""
        elapsed = shown_time(self.fired[unit]) if unit in self.fired else ""
        ran = unit in self.has_run or unit in self.stopped or self._state(unit) != DEAD
        return f"Id={unit}\nLastTriggerUSec={elapsed}\nInactiveExitTimestampMonotonic={int(ran)}\n"

    def _list_units(self, _arguments: list[str]) -> Completed:
        rows = [
            {
                "unit": unit,
                "load": "not-found" if self.loaded[unit] is None else "loaded",
                "active": self._state(unit)[0],
                "sub": self._state(unit)[1],
                **({"job": "start" if unit in self.queued else None} if self.queued else {}),
            }
            for unit in self.loaded
        ]
        return Completed(0, json.dumps(rows), "")

    def _list_timers(self, _arguments: list[str]) -> Completed:
        rows = [
            {
                "unit": unit,
                "next": NEXT * 10**6 if self._state(unit) == WAITING else 0,
                "last": self.fired.get(unit, 0) * 10**6,
            }
            for unit in self.loaded
            if unit.endswith(".timer")
        ]
        return Completed(0, json.dumps(rows), "")

    def _state(self, unit: str) -> tuple[str, str]:
        return self.states.get(unit, DEAD)

    def _text(self, unit: str) -> str | None:
        places = (self.root / "runtime" / "system.control", self.units, self.root / "runtime" / "system")
        paths = [place / unit for place in places if (place / unit).exists()]
        return paths[0].read_text("utf-8") if paths else None

    def _load(self, timer: str) -> None:
        for unit in (timer, timer.replace(".timer", ".service")):
            self.loaded.setdefault(unit, self._text(unit))

    def _forget(self, unit: str) -> None:
        del self.loaded[unit]
        self.stopped.pop(unit, None)
        self.fired.pop(unit, None)
        self.has_run.discard(unit)

    def _daemon_reload(self, _arguments: list[str]) -> Completed:
        linked = {path.name for path in self.units.glob("*.wants/*")}
        kept = {unit for unit in self.loaded if self._state(unit) != DEAD or unit in linked | self.pinned | self.queued}
        kept |= {unit.replace(".timer", ".service") for unit in kept | linked if unit.endswith(".timer")}
        for unit in [one for one in self.loaded if one not in kept]:
            self._forget(unit)
        for unit, before in list(self.loaded.items()):
            after = self.loaded[unit] = self._text(unit)
            if self._state(unit) == WAITING and triggers(before or "") != triggers(after or ""):
                self.surprises.append(f"{unit} was active while its schedule changed")
        for unit in linked:
            if unit.endswith(".timer"):
                self._load(unit)
        self.reloaded = time.clock_gettime(time.CLOCK_MONOTONIC)
        return DONE

    def _start(self, arguments: list[str]) -> Completed:
        timers = [one for one in arguments if not one.startswith("-")]
        if all(one.endswith(".service") for one in timers):
            self._queue(timers)
            return DONE
        failed = []
        for timer in timers:
            remembered = timer in self.loaded
            self._load(timer)
            text = self.loaded[timer]
            if text is None or timer in self.refused:
                failed.append(timer)
                self.states[timer] = ("failed", "failed") if text else DEAD
            elif timer in self.waiting:
                self.queued.add(timer)
            elif self._state(timer) != WAITING:
                if remembered and self._could_run(timer, text):
                    self.surprises.append(f"{timer} was started while systemd remembered it")
                self.states[timer] = WAITING
                stamp = self.stamps / f"stamp-{timer}"
                if is_persistent(text) and not stamp.exists():
                    stamp.touch()
            self.stopped.pop(timer, None)
        return Completed(1, "", f"Job for {failed[0]} failed.\n") if failed else DONE

    def _queue(self, units: list[str]) -> None:
        """Units that wait for the end of a run stay in memory."""
        for unit in units:
            self.loaded[unit] = self._text(unit)
            self.states[unit] = ("activating", "start")

    def end_run(self, job: str, state: tuple[str, str] | None = None) -> list[str]:
        """Let the run of a job end, and do what its pin says at the end; return the files that this deletes."""
        self.states.pop(f"{job}.service", None)
        if state:
            self.states[f"{job}.service"] = state
        script = self.root / "run" / "runs" / f"{job}.sh"
        assert self.states.pop(cleaner_of(job)) == ("activating", "start")
        lines = script.read_text("utf-8").splitlines()
        deleted = [word for line in lines if line.startswith("rm -f -- ") for word in shlex.split(line)[3:]]
        for path in deleted:
            Path(path).unlink(missing_ok=True)
        (line,) = [one for one in lines if one.startswith("rmdir -- ")]
        for path in shlex.split(line.partition(" 2>")[0])[2:]:
            with contextlib.suppress(OSError):
                Path(path).rmdir()
        self._forget(cleaner_of(job))
        self._daemon_reload([])
        if self.loaded.get(f"{job}.service", "") is None:
            self.states.pop(f"{job}.service", None)
            self._forget(f"{job}.service")
        return deleted

    def _could_run(self, timer: str, text: str) -> bool:
        """Tell whether a timer in memory would run its job at a start."""
        before, stamp = self.stopped.get(timer, (triggers(text), 0))
        changed = before != triggers(text)
        if is_persistent(text):
            return changed and self.stamp(timer[: -len(".timer")]) == stamp
        return changed or timer in self.fired

    def _stop(self, units: list[str]) -> Completed:
        """As systemd: a unit without a file goes from memory when it ends, and one that is not there is a fault."""
        missing = [unit for unit in units if unit not in self.loaded and self._text(unit) is None]
        for unit in [one for one in units if one not in missing]:
            self.states.pop(unit, None)
            self.queued.discard(unit)
            if unit.endswith(".timer") and unit in self.loaded:
                self.stopped[unit] = triggers(self.loaded[unit] or ""), self.stamp(unit[: -len(".timer")]) or 0
            if self.loaded.get(unit, "") is None:
                self._forget(unit)
        said = "".join(f"Failed to stop {unit}: Unit {unit} not loaded.\n" for unit in missing)
        return Completed(5, "", said) if missing else DONE

    def _reset_failed(self, units: list[str]) -> Completed:
        for unit in units:
            if self._state(unit)[0] == "failed":
                del self.states[unit]
        return DONE


def make_host(root: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    """Return an empty host, and let the collection find it where it looks for one."""
    host = FakeHost(root)
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(root / "run"))
    monkeypatch.setattr(pin, "SYSTEM_RUNTIME_DIRECTORY", str(root / "runtime"))
    monkeypatch.setattr(observe, "STAMP_DIRECTORY", str(host.stamps))
    monkeypatch.setattr(steps, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(_proof_host, "BOOTED_DIRECTORY", str(root))
    return host
