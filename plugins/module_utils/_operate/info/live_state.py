# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a host says of its jobs, in a fixed number of calls, whatever the number of jobs. Changes nothing.

An ordinary user gets it too, less what that user may not read: the journal, and marks of an apply.
"""

from __future__ import annotations

import contextlib
import time
from typing import Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import SYSTEM, RunRecord, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import has_last_elapse
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.stamp_time import is_set_by_apply
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import (
    InstalledJob,
    foreign_pairs,
    own_pairs,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import (
    observe_stamps,
    stale_units,
    state_folders,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.run_records import read_records
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import (
    enablement_links,
    read_directories,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
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
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.overdue import Missed, missed_elapses
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.ended import ended_expressions, is_over
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock, marker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    observe_manager,
    observe_timers,
    observe_units,
    parse_blocks,
    uptime,
)

# A timer and the run that it starts are not logged at the same moment.
TRIGGER_DELAY = 2.0
PLAIN_STATE = ("inactive", "dead")


class Query(NamedTuple):
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
    records: dict[str, RunRecord]


def observe_pairs(runner: Runner, wish: Query) -> tuple[dict[str, InstalledJob], Observation]:
    """Read the host: a fixed number of calls, whatever the number of jobs."""
    manager = observe_manager(runner)
    units = observe_units(runner)
    elapses = observe_timers(runner)
    pairs = own_pairs(wish.unit_directory, None if wish.scope.is_system else wish.scope.uid)
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
        cut_off = [] if lock.is_held() else sorted(marker.marked_jobs())
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
        states=state_folders(wish.scope.state_directory),
        records=read_records(wish.scope.state_directory),
    )


def is_asked(state: UnitState | None, times: tuple[float, float] | None, history: History, service: str) -> bool:
    """Tell whether PID 1 has to be asked about a service: the journal does not tell all of its last run."""
    if state is None or state.load != "loaded":
        return False
    known = history.runs.get(service)
    if (state.active, state.sub) != PLAIN_STATE or not history.readable:
        return True
    triggered = times[1] if times else 0.0
    if is_set_by_apply(triggered):
        return not known
    return bool(triggered) and not (known and (known[0].start or 0.0) >= triggered - TRIGGER_DELAY)


def runs_of(pair: InstalledJob, seen: Observation) -> list[RunState]:
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
    runner: Runner, pairs: Mapping[str, InstalledJob], seen: Observation, runs: Mapping[str, list[RunState]]
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


def base_of(pair: InstalledJob, seen: Observation) -> float:
    """Return since when an elapse of a stopped timer counts as missed.

    Of a timer that is not persistent, what was due while the host was down is lost as declared.
    """
    timer = pair.units[1]
    last = seen.elapses.get(timer, (0.0, 0.0))[1]
    if timer_unit.is_persistent(pair.timer.text):
        return max(last, seen.stamps.get(timer, 0) / 1e9) or pair.timer.changed_at
    return max(last, seen.booted, 0.0 if last else pair.timer.changed_at)


def done_of(runner: Runner, pairs: Mapping[str, InstalledJob], seen: Observation) -> set[str]:
    """Return the jobs whose last elapse has run; asks only about jobs that have one, and whose timer does not wait."""
    waiting = {unit for unit, state in seen.units.items() if state.sub == "waiting"}
    texts = {
        name: timer_unit.calendars(pair.timer.text)
        for name, pair in pairs.items()
        if name in seen.records and pair.units[1] not in waiting
    }
    asked = {name: one for name, one in texts.items() if one and all(map(has_last_elapse, one))}
    ended = ended_expressions(runner, asked, seen.records)
    return {name for name, expressions in ended.items() if is_over(pairs[name].timer.text, expressions)}
