# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in one word how a job is, with the reason and what to do; pure."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.health import (
    BROKEN,
    DONE,
    DRIFTED,
    FAILING,
    FIX_DRIFT,
    NEVER_RAN,
    OK,
    OVERDUE,
    RUNNING,
    SUSPENDED,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import SYSTEM, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import GOOD_RESULTS, words
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import RunState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit as timer_text
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState

RUNNING_STATES = ("activating", "deactivating", "reloading")


class JobState(NamedTuple):
    """What is known of one job on the host, before anybody judges it.

    timer, service: the unit files. timer_unit, service_unit: the units in memory, None when systemd has not loaded
    them. enabled: whether a link starts the timer at boot. next_elapse: Unix time, 0 for none. last_run: the newest
    one. missed: an elapse that has passed without a run (Unix time). stuck: an elapse after that, so long does the
    job run already. drift: what differs from what an apply leaves behind. ours: whether the job carries an owner mark.
    skipped: the elapse whose run is to be skipped. done: its last elapse has run. records_readable: whether this user
    can see that. starters: the jobs that start this one, None for a job with a timer. interrupted: the run for its last
    elapse has no result.
    """

    name: str
    service_name: str
    timer: FileState
    service: FileState
    timer_unit: UnitState | None
    service_unit: UnitState | None
    enabled: bool
    next_elapse: float
    last_trigger: float
    last_run: RunState | None
    missed: float | None
    stuck: float | None
    drift: list[str]
    ours: bool
    late: bool = False
    skipped: int | None = None
    done: bool = False
    records_readable: bool = True
    starters: tuple[str, ...] | None = None
    interrupted: bool = False


class Health(NamedTuple):
    """One word, why, and what to do about it (empty when there is nothing to do)."""

    word: str
    reason: str
    fix: str = ""


def is_running(seen: JobState) -> bool:
    """Tell whether a run is under way."""
    unit = seen.service_unit
    if unit is None:
        return False
    return unit.active in RUNNING_STATES or (unit.active == "active" and unit.sub != "exited")


def is_armed(seen: JobState) -> bool:
    """Tell whether systemd holds the timer active."""
    return seen.timer_unit is not None and seen.timer_unit.active == "active"


def waits_for_boot(seen: JobState) -> bool:
    """Tell whether the timer only counts from boot, so that it is rightly not active now."""
    return seen.enabled and bool(timer_text.boot_spans(seen.timer.text))


def has_run_out(seen: JobState) -> bool:
    """Tell whether the timer does not elapse again, though the job has not run for the last time, as far as is seen."""
    ended = is_armed(seen) and seen.timer_unit is not None and seen.timer_unit.sub == "elapsed"
    unknown = not seen.records_readable and bool(seen.last_trigger)
    return ended and not timer_text.elapses_once(seen.timer.text) and not seen.done and not unknown


def file_fault(unit: str, file: FileState) -> str:
    """Return what is wrong with a unit file, or an empty text."""
    if file.kind == "absent":
        return f"{unit} is missing"
    if file.kind == "symlink" and file.target == "/dev/null":
        return f"{unit} is masked: it is a link to /dev/null"
    if file.kind != "file":
        return f"{unit} is not an ordinary file"
    return "" if file.text.strip() else f"{unit} is empty, which systemd takes for masked"


def load_fault(unit: str, state: UnitState | None) -> str:
    """Return why systemd cannot use a unit that it holds in memory, or an empty text."""
    if state is None or state.load == "loaded":
        return ""
    return f"systemd could not load {unit}: {state.load}"


def broken(seen: JobState) -> Health | None:
    """Return why the job cannot run as it stands."""
    timer = f"{seen.name}.timer"
    again = "apply the declaration again" if seen.ours else f"see `systemctl status {timer}`"
    units = [(seen.service_name, seen.service, seen.service_unit), (timer, seen.timer, seen.timer_unit)]
    if seen.starters is not None:
        del units[1]
    for unit, file, state in units:
        fault = file_fault(unit, file) or load_fault(unit, state)
        if fault and file.target == "/dev/null":
            return Health(BROKEN, fault, f"`systemctl unmask {unit}`; then {again}")
        if fault:
            return Health(BROKEN, fault, again)
    if seen.timer_unit is not None and seen.timer_unit.active == "failed":
        return Health(BROKEN, f"{timer} has failed", f"see `systemctl status {timer}`; {again}")
    idle = seen.enabled and not is_armed(seen) and not seen.done and seen.starters is None
    if idle and not waits_for_boot(seen) and seen.missed is None:
        reason = f"{timer} is enabled, but not active: nothing starts the job before the next boot"
        return Health(BROKEN, reason, f"`systemctl start {timer}`, or {again}")
    if has_run_out(seen):
        return Health(BROKEN, f"{timer} will not elapse again", "give it a schedule with a time ahead")
    return None


def overdue(seen: JobState, at: str, again: str) -> Health | None:
    """Return why the job has not run when it should. `at`: the elapse it missed, in words; `again`: one after it."""
    timer = f"{seen.name}.timer"
    if is_running(seen) and seen.stuck is not None:
        reason = f"still runs, and has missed its elapses of {at} and {again}"
        return Health(OVERDUE, reason, f"look at what it does; `systemctl stop {seen.service_name}` ends it")
    if not is_armed(seen) and seen.enabled and seen.missed is not None and not waits_for_boot(seen):
        reason = f"has not run for its elapse of {at}: {timer} is enabled, but not active"
        return Health(OVERDUE, reason, f"`systemctl start {timer}`, which runs the job at once if it is persistent")
    if seen.late:
        return Health(OVERDUE, f"{timer} was to elapse at {at}, and has not", "see whether systemd answers")
    return None


def judge(seen: JobState, at: str = "", again: str = "") -> Health:
    """Return how the job is: the first of these that is so. `at`, `again`: the missed elapses in words."""
    return (
        masked(seen)
        or broken(seen)
        or suspended(seen)
        or failing(seen)
        or overdue(seen, at, again)
        or drifted(seen)
        or well(seen)
    )


def masked(seen: JobState) -> Health | None:
    """Return that somebody has masked a timer that is not ours, or its service: who does that wants it so."""
    files = (seen.timer, seen.service)
    if seen.ours or is_running(seen) or not any(one.kind == "symlink" and one.target == "/dev/null" for one in files):
        return None
    return Health(SUSPENDED, "is masked by the administrator of the host")


def suspended(seen: JobState) -> Health | None:
    """Return that the job is not armed, and is not meant to be."""
    if seen.enabled or is_armed(seen) or is_running(seen) or seen.done or seen.starters == ():
        return None
    return Health(SUSPENDED, "; ".join(["is installed, but not armed", *seen.drift]), "`resume` arms it")


def failing(seen: JobState) -> Health | None:
    """Return how the last run failed."""
    if seen.service_unit is None or seen.service_unit.active != "failed":
        return None
    run = seen.last_run
    how = words(run.result, run.exit_status, run.signal) if run and run.result else "failed"
    if seen.interrupted:
        how = "was interrupted"
    elif run and run.command:
        how = f"{how}, in command {run.command}"
    return Health(FAILING, f"last run: {how}", f"`logs -e job={seen.name}` shows its output")


def drifted(seen: JobState) -> Health | None:
    """Return what was changed on the host."""
    if not seen.drift:
        return None
    return Health(DRIFTED, "; ".join(seen.drift), FIX_DRIFT)


def well(seen: JobState) -> Health:
    """Return the reason of a job with which nothing is wrong."""
    run = seen.last_run
    if is_running(seen):
        return Health(RUNNING, "a run is under way")
    if seen.done:
        return Health(DONE, "has run for its last elapse")
    if run is None and not seen.last_trigger:
        return Health(NEVER_RAN, "waits for its first run" if seen.starters != () else "nobody has started it yet")
    if run is None:
        return Health(OK, "nothing is known of its last run")
    if run.result not in GOOD_RESULTS:
        return Health(OK, f"last run: {words(run.result, run.exit_status, run.signal)}; the failure was reset")
    return Health(OK, f"last run: {words(run.result)}")


def unit_drift(
    seen_files: list[tuple[str, FileState]], stale: list[str], drop_ins: list[str], scope: Scope = SYSTEM
) -> list[str]:
    """Return how the units of a job differ from what an apply leaves behind, as far as the host itself can tell."""
    found = [f"{unit} has changed, and systemd has not read it since" for unit in stale]
    found += [f"{path} changes the unit" for path in drop_ins]
    for unit, file in seen_files:
        if file.kind == "file" and (file.uid, file.gid) != (scope.uid, scope.gid):
            found.append(f"{unit} does not belong to {scope.account or 'root'}")
        elif file.kind == "file" and file.mode != 0o644:
            found.append(f"{unit} has the mode {file.mode:04o}")
    return found
