# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live picture of the jobs on a host: what was observed, judged and told as data. Changes nothing.

An ordinary user gets it too, less what that user may not read: the journal, and marks of an apply.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _journal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _run_directory as run_directory
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _timer_text as timer_text
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._health import (
    HEALTHS,
    UNHEALTHY,
    Health,
    Seen,
    is_running,
    judge,
    unit_drift,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._mask import masked_value
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import (
    NO_FILE,
    SYSTEM,
    FileState,
    Manager,
    Scope,
    UnitState,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import (
    SUFFIXES,
    enablement_links,
    file_state,
    observe_manager,
    observe_stamps,
    observe_timers,
    observe_units,
    parse_blocks,
    read_directories,
    stale_units,
    state_folders,
    uptime,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._overdue import GRACE, Missed, missed_elapses
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._result_words import (
    GOOD_RESULTS,
    signal_name,
    words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runs import (
    SHOW_COMMAND,
    History,
    Memory,
    RunState,
    Source,
    boot_offset,
    merged,
    parse_memory,
    read_history,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._seal import is_edited
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._skip import skip_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import (
    OWNER_SECTION,
    UnitText,
    marked_secrets,
    owner_of,
)

# The key of the owner section in which a playbook says that it has changed a unit, until the next apply.
CHANGED_KEY = "Changed"
# A timer and the run that it starts are not logged at the same moment.
TRIGGER_DELAY = 2.0
PLAIN_STATE = ("inactive", "dead")
SECURITY_COMMAND = ["systemd-analyze", "security", "--no-pager"]
_EXPOSURE = re.compile(r"Overall exposure level for (\S+?): ([\d.]+)")


class Wish(NamedTuple):
    """What is asked for; empty lists ask for everything. runs: how many runs of each job to return."""

    unit_directory: str
    names: list[str]
    owners: list[str]
    healths: list[str]
    everything: bool
    runs: int
    exposure: bool
    proof: bool = False
    files_directory: str = ""
    units: bool = False
    scope: Scope = SYSTEM


class Pair(NamedTuple):
    """A job as its files stand: names of its units, their files and where these are, and whose it is."""

    name: str
    service_name: str
    timer: FileState
    service: FileState
    paths: tuple[str, str]
    owner: str

    @property
    def units(self) -> tuple[str, str]:
        """The names of its two units."""
        return self.service_name, f"{self.name}.timer"


class Observation(NamedTuple):
    """What the host says, of the jobs that were asked for."""

    manager: Manager
    booted: float
    now: float
    units: dict[str, UnitState]
    elapses: dict[str, tuple[float, float]]
    links: dict[str, dict[str, str]]
    stamps: dict[str, int]
    stale: frozenset[str]
    drop_ins: dict[str, list[str]]
    cut_off: list[str]
    history: History
    memory: dict[str, Memory]
    scope: Scope
    states: dict[str, list[str]]


def readable_file(path: str) -> FileState:
    """Return what stands at a path; what this user may not read is known by name alone."""
    try:
        return file_state(path)
    except OSError:
        return FileState("other")


def readable_units(directory: str) -> dict[str, FileState]:
    """Return the services and timers of a directory, as far as this user may read them."""
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(SUFFIXES))
    except OSError:
        return {}
    return {name: readable_file(os.path.join(directory, name)) for name in names}


def own_pairs(directory: str) -> dict[str, Pair]:
    """Return the jobs that carry an owner mark, by name; half a pair is one, too."""
    files = readable_units(directory)
    marks = {name: owner_of(file.text) for name, file in files.items()}
    found = {}
    for mark in (mark for mark in marks.values() if mark):
        service, timer = f"{mark.job}.service", f"{mark.job}.timer"
        # What a job has beside its pair carries the mark as well.
        if any(marks.get(unit) for unit in (service, timer)):
            found[mark.job] = Pair(
                mark.job,
                service,
                files.get(timer, NO_FILE),
                files.get(service, NO_FILE),
                (os.path.join(directory, service), os.path.join(directory, timer)),
                mark.owner,
            )
    return found


def foreign_pairs(unit_path: list[str], timers: Iterable[str], known: Iterable[str]) -> dict[str, Pair]:
    """Return the timers that systemd holds and that are not ours."""
    where: dict[str, str] = {}
    for directory in unit_path:
        with contextlib.suppress(OSError):
            for name in os.listdir(directory):
                where.setdefault(name, os.path.join(directory, name))
    found = {}
    for unit in sorted(timers):
        name = unit[: -len(".timer")]
        if name in known:
            continue
        timer = followed(where.get(unit, ""))
        text = UnitText(timer.text)
        service = text.last("Timer", "Unit", f"{name}.service")
        # An instance of a template has the file of the template.
        path = where.get(service) or where.get(re.sub(r"@[^.]*\.", "@.", service), "")
        found[name] = Pair(name, service, timer, followed(path), (path, where.get(unit, "")), "")
    return found


def followed(path: str) -> FileState:
    """Return the file at a path; distributions have links to files of theirs."""
    return readable_file(os.path.realpath(path) if os.path.realpath(path) != "/dev/null" else path) if path else NO_FILE


def observe_pairs(runner: Runner, wish: Wish) -> tuple[dict[str, Pair], Observation]:
    """Read the host: a fixed number of calls, whatever the number of jobs."""
    manager = observe_manager(runner)
    units = observe_units(runner)
    elapses = observe_timers(runner)
    pairs = own_pairs(wish.unit_directory)
    if wish.everything:
        held = {unit for unit, state in units.items() if unit.endswith(".timer") and state.load != "not-found"}
        pairs.update(foreign_pairs(manager.unit_path, held.union(elapses), pairs))
    pairs = {name: pair for name, pair in pairs.items() if not wish.owners or pair.owner in wish.owners}
    known = pairs
    if wish.names:
        pairs = {name: pair for name, pair in pairs.items() if name in wish.names}
    wanted = {unit for pair in pairs.values() for unit in pair.units}
    ours = {
        unit: file
        for pair in pairs.values()
        if pair.owner
        for unit, file in zip(pair.units, (pair.service, pair.timer))
        if file.kind == "file"
    }
    cut_off: list[str] = []
    with contextlib.suppress(OSError):
        # While an apply is under way its marks stand rightly.
        cut_off = [] if run_directory.is_held() else sorted(_journal.marked_jobs())
    services = sorted(pair.service_name for pair in pairs.values())
    history = read_history(runner, services, max(wish.runs, 1), Source(wish.scope.uid))
    asked = [
        pair.service_name
        for pair in pairs.values()
        if is_asked(units.get(pair.service_name), elapses.get(pair.units[1]), history, pair.service_name)
    ]
    memory: dict[str, Memory] = {}
    if asked:
        memory = parse_memory(parse_blocks(runner([*SHOW_COMMAND, "--", *sorted(asked)]).stdout), boot_offset())
    now = time.time()
    return known, Observation(
        manager=manager,
        booted=now - uptime(manager),
        now=now,
        units={unit: state for unit, state in units.items() if unit in wanted},
        elapses=elapses,
        links=enablement_links(wish.unit_directory),
        stamps=observe_stamps(),
        stale=stale_units(runner, ours, units, manager, cut_off, ids=(wish.scope.uid, wish.scope.gid)),
        drop_ins=read_directories(manager.unit_path, wish.unit_directory, ours).drop_ins,
        cut_off=cut_off,
        history=history,
        memory=memory,
        scope=wish.scope,
        states=state_folders() if wish.scope.is_system else {},
    )


def is_asked(state: UnitState | None, times: tuple[float, float] | None, history: History, service: str) -> bool:
    """Tell whether PID 1 has to be asked about a service: the journal does not tell all of its last run."""
    if state is None or state.load != "loaded":
        return False
    known = history.runs.get(service)
    if (state.active, state.sub) != PLAIN_STATE or not history.readable:
        return True
    triggered = times[1] if times else 0.0
    return bool(triggered) and not (known and (known[0].start or 0.0) >= triggered - TRIGGER_DELAY)


def runs_of(pair: Pair, seen: Observation) -> list[RunState]:
    """Return the runs that are known of a job, the newest first, from both sources."""
    found = list(seen.history.runs.get(pair.service_name, []))
    memory = seen.memory.get(pair.service_name)
    if memory is None or memory.run is None:
        return found
    for number, run in enumerate(found):
        if run.invocation_id == memory.run.invocation_id:
            found[number] = merged(run, memory.run)
            return found
    return [memory.run, *found]


def missed_of(
    runner: Runner, pairs: Mapping[str, Pair], seen: Observation, runs: Mapping[str, list[RunState]]
) -> dict[str, Missed]:
    """Return the elapses that jobs have missed: of timers that are stopped though enabled, and of runs that go on.

    A timer that is active is not asked about: there systemd itself says when it elapses next.
    """
    since: dict[str, float] = {}
    running = set()
    for name, pair in pairs.items():
        service, timer = pair.units
        unit = seen.units.get(timer)
        state = seen.units.get(service)
        if state and state.active in ("activating", "active", "deactivating") and state.sub != "exited" and runs[name]:
            running.add(name)
            since[name] = runs[name][0].start or 0.0
        elif pair.owner and timer in seen.links and (unit is None or unit.active != "active"):
            since[name] = base_of(pair, seen)
    texts = {name: pairs[name].timer.text for name in since}
    return missed_elapses(runner, texts, since, running, seen.now) if texts else {}


def base_of(pair: Pair, seen: Observation) -> float:
    """Return since when an elapse of a stopped timer counts as missed.

    Of a timer that is not persistent, what was due while the host was down is lost as declared.
    """
    timer = pair.units[1]
    last = seen.elapses.get(timer, (0.0, 0.0))[1]
    if timer_text.is_persistent(pair.timer.text):
        return max(last, seen.stamps.get(timer, 0) / 1e9) or pair.timer.changed_at
    return max(last, seen.booted, 0.0 if last else pair.timer.changed_at)


def drift_of(pair: Pair, seen: Observation) -> list[str]:
    """Return how a job of ours differs from what an apply leaves behind."""
    service, timer = pair.units
    stale = [unit for unit in pair.units if unit in seen.stale]
    drop_ins = [path for unit in pair.units for path in seen.drop_ins.get(unit, [])]
    files = [(service, pair.service), (timer, pair.timer)]
    edited = [f"{unit} was edited" for unit, file in files if is_edited(file.text) and unit not in stale]
    found = edited + unit_drift(files, stale, drop_ins, seen.scope)
    marks = [owner_of(file.text) for file in (pair.service, pair.timer) if file.kind == "file"]
    if len({mark for mark in marks if mark}) > 1 or None in marks:
        found.append(f"{service} and {timer} do not carry the same owner mark")
    unit = seen.units.get(timer)
    if unit and unit.active == "active" and timer not in seen.links:
        found.append(f"{timer} is active, but not enabled: it is gone after the next boot")
    if pair.name in seen.cut_off:
        found.append("an apply was cut off in the midst of this job")
    for file in (pair.service, pair.timer):
        found += [text for text in UnitText(file.text).values(OWNER_SECTION, CHANGED_KEY) if text not in found]
    return found


def seen_of(pair: Pair, observed: Observation, runs: list[RunState], missed: Missed | None) -> Seen:
    """Return what is known of one job."""
    service, timer = pair.units
    following, last = observed.elapses.get(timer, (0.0, 0.0))
    unit = observed.units.get(timer)
    late = bool(following) and following + GRACE < observed.now and unit is not None and unit.sub == "waiting"
    # The unit has forgotten a failure of before the boot; the job has failed all the same.
    failed_before = bool(runs) and (runs[0].end or observed.now) < observed.booted
    service_unit = observed.units.get(service)
    if failed_before and runs[0].result not in (*GOOD_RESULTS, "") and service_unit:
        service_unit = service_unit._replace(active="failed")
    return Seen(
        name=pair.name,
        service_name=service,
        timer=pair.timer,
        service=pair.service,
        timer_unit=unit,
        service_unit=service_unit,
        enabled=timer in observed.links if pair.owner else unit is not None and unit.active != "inactive",
        next_elapse=following,
        last_trigger=last,
        last_run=runs[0] if runs else None,
        missed=missed.first if missed else (following if late else None),
        stuck=missed.second if missed else None,
        drift=drift_of(pair, observed) if pair.owner else [],
        ours=bool(pair.owner),
        late=late,
        skipped=skipped_of(pair, observed),
    )


def skipped_of(pair: Pair, seen: Observation) -> int | None:
    """Return the elapse whose run will be skipped, by hand (Unix time)."""
    skip = skip_of(pair.service.text) if pair.owner else None
    marks = seen.states.get(pair.name, [])
    # An ordinary user does not see whether it was skipped already.
    if skip is None or (os.geteuid() != 0 and seen.now >= skip.elapse):
        return None
    return skip.elapse if skip.is_pending(seen.now, marks) else None


def when(moment: float | None) -> str | None:
    """Return a time as it stands in the result."""
    return iso8601(int(moment)) if moment else None


def run_data(run: RunState) -> dict[str, Any]:
    """Return one run as the modules document it."""
    return {
        "invocation_id": run.invocation_id,
        "start": when(run.start),
        "end": when(run.end),
        "duration": None if run.duration is None else round(run.duration, 3),
        "result": run.result or "running",
        "words": words(run.result, run.exit_status, run.signal),
        "exit_status": run.exit_status,
        "signal": signal_name(run.signal) if run.signal else None,
        "cpu": None if run.cpu is None else round(run.cpu, 3),
        "memory": run.memory,
    }


def state_word(seen: Seen) -> str:
    """Return the state of the timer in a word, as the table of the playbook `site` has it."""
    if is_running(seen):
        return "running"
    if seen.timer_unit is not None and seen.timer_unit.active == "active":
        return "armed"
    if seen.timer_unit is not None and seen.timer_unit.active == "failed":
        return "failed"
    return "stopped" if seen.enabled else "suspended"


def declared(pair: Pair) -> dict[str, Any]:
    """Return what the unit files say of the job, without secrets."""
    service, timer = UnitText(pair.service.text), UnitText(pair.timer.text)
    marks = marked_secrets(service)
    return {
        "name": pair.name,
        "owner": pair.owner or None,
        "unit_files": {"service": pair.paths[0], "timer": pair.paths[1]},
        "description": service.last("Unit", "Description"),
        "command": [masked_value("ExecStart", one, marks) for one in service.values("Service", "ExecStart")],
        "user": service.last("Service", "User", "root"),
        "working_directory": service.last("Service", "WorkingDirectory"),
        "schedule": timer_text.calendars(pair.timer.text),
        "triggers": [
            {"directive": key, "value": value}
            for key, value in timer_text.triggers(pair.timer.text)
            if key not in ("OnCalendar", "Unit") and value
        ],
        "persistent": timer_text.is_persistent(pair.timer.text),
        "accuracy": timer.last("Timer", "AccuracySec", "1min"),
        "jitter": timer.last("Timer", "RandomizedDelaySec"),
    }


def row_of(pair: Pair, seen: Seen, health: Health, runs: list[RunState], wanted_runs: int) -> dict[str, Any]:
    """Return one job as the module documents it."""

    def state(unit: UnitState | None) -> str:
        return f"{unit.active} ({unit.sub})" if unit else "inactive (not loaded)"

    return {
        **declared(pair),
        "state": state_word(seen),
        "enabled": seen.enabled,
        "timer_state": state(seen.timer_unit),
        "service_state": state(seen.service_unit),
        "next_elapse": when(seen.next_elapse),
        "skips": when(seen.skipped),
        "last_trigger": when(seen.last_trigger),
        "last_run": run_data(runs[0]) if runs else None,
        "runs": [run_data(run) for run in runs[:wanted_runs]],
        "overdue_since": when(seen.missed),
        "drift": seen.drift,
        "health": health.word,
        "reason": health.reason,
        "mend": health.mend,
    }


def exposures(runner: Runner, services: list[str]) -> dict[str, float]:
    """Return service to what `systemd-analyze security` says of it, from 0 to 10; one call."""
    if not services:
        return {}
    done = runner([*SECURITY_COMMAND, "--", *services])
    return {unit: float(level) for unit, level in _EXPOSURE.findall(done.stdout)}


def picture(runner: Runner, wish: Wish) -> dict[str, Any]:
    """Return the result of the module: jobs, how many there are of each health, and names that are not known."""
    known, observed = observe_pairs(runner, wish)
    pairs = {name: known[name] for name in sorted(known) if not wish.names or name in wish.names}
    runs = {name: runs_of(pair, observed) for name, pair in pairs.items()}
    missed = missed_of(runner, pairs, observed, runs)
    rows = []
    for name, pair in pairs.items():
        seen = seen_of(pair, observed, runs[name], missed.get(name))
        again = when(seen.stuck) or ""
        health = judge(seen, when(seen.missed) or "", again)
        rows.append(row_of(pair, seen, health, runs[name], wish.runs))
    unhealthy = [row["name"] for row in rows if row["health"] in UNHEALTHY]
    counts = {word: sum(row["health"] == word for row in rows) for word in HEALTHS}
    if wish.healths:
        rows = [row for row in rows if row["health"] in wish.healths]
    if wish.exposure:
        found = exposures(runner, [pairs[row["name"]].service_name for row in rows])
        for row in rows:
            row["exposure"] = found.get(pairs[row["name"]].service_name)
    return {
        "jobs": rows,
        "counts": counts,
        "unhealthy": unhealthy,
        "unknown": [{"name": name, "nearest": nearest(name, known)} for name in wish.names if name not in known],
        "history_readable": observed.history.readable,
        "time": iso8601(int(observed.now)),
    }
