# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live picture of the jobs on a host: what was observed, judged and told as data. Changes nothing."""

from __future__ import annotations

import os
import re
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starters_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import is_edited
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.health import HEALTHS, UNHEALTHY
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import (
    GOOD_RESULTS,
    signal_name,
    words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import skip_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.stamp_time import last_trigger
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.foreign_timer import foreign_timer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import (
    CHANGED_KEY,
    InstalledJob,
    declared,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.run_records import unseen_failure
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import RunState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.health import (
    Health,
    JobState,
    is_running,
    judge,
    unit_drift,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.live_state import (
    Observation,
    Query,
    done_of,
    missed_of,
    observe_pairs,
    runs_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.notices import (
    failed_notices,
    has_notices,
    notified,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.overdue import GRACE, Missed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    OWNER_SECTION,
    UnitText,
    owner_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

UNLOADED = UnitState("loaded", "inactive", "dead")
SECURITY_COMMAND = ["systemd-analyze", "security", "--no-pager"]
_EXPOSURE = re.compile(r"Overall exposure level for (\S+?): ([\d.]+)")


def drift_of(pair: InstalledJob, seen: Observation) -> list[str]:
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


def seen_of(
    pair: InstalledJob, observed: Observation, runs: list[RunState], missed: Missed | None, *, done: bool
) -> JobState:
    """Return what is known of one job. done: its last elapse has run."""
    service, timer = pair.units
    following, last = observed.elapses.get(timer, (0.0, 0.0))
    unit = observed.units.get(timer)
    late = bool(following) and following + GRACE < observed.now and unit is not None and unit.sub == "waiting"
    # The unit has forgotten a failure of before the boot; the job has failed all the same.
    failed_before = bool(runs) and (runs[0].end or observed.now) < observed.booted
    service_unit = observed.units.get(service)
    if failed_before and runs[0].result not in (*GOOD_RESULTS, "") and service_unit:
        service_unit = service_unit._replace(active="failed")
    record = unseen_failure(pair.name, observed.records.get(pair.name), observed.units) if done else None
    if record:
        service_unit = (service_unit or UNLOADED)._replace(active="failed")
    return JobState(
        name=pair.name,
        service_name=service,
        timer=pair.timer,
        service=pair.service,
        timer_unit=unit,
        service_unit=service_unit,
        enabled=is_enabled(pair, observed),
        starters=starters_of(pair.service.text) if pair.owner else None,
        next_elapse=following,
        last_trigger=last_trigger(last),
        last_run=runs[0] if runs else None,
        missed=missed.first if missed else (following if late else None),
        stuck=missed.second if missed else None,
        drift=drift_of(pair, observed) if pair.owner else [],
        ours=bool(pair.owner),
        late=late,
        skipped=skipped_of(pair, observed),
        done=done,
        interrupted=record is not None and not record.result,
        records_readable=os.geteuid() == observed.scope.uid,
    )


def is_enabled(pair: InstalledJob, seen: Observation) -> bool:
    """Tell whether a link enables a job: its timer, or other jobs to start it; of one that is not ours, its state."""
    service, timer = pair.units
    if not pair.owner:
        unit = seen.units.get(timer)
        return unit is not None and unit.active != "inactive"
    return (service if starters_of(pair.service.text) is not None else timer) in seen.links


def skipped_of(pair: InstalledJob, seen: Observation) -> int | None:
    """Return the elapse whose run will be skipped, manually (Unix time)."""
    skip = skip_of(pair.service.text) if pair.owner else None
    marks = seen.states.get(pair.name, [])
    # An ordinary user does not see whether it was skipped already.
    if skip is None or (os.geteuid() != 0 and seen.now >= skip.elapse):
        return None
    return skip.elapse if skip.is_pending(seen.now, marks) else None


def when(moment: float | None) -> str | None:
    """Return a time as it stands in the result."""
    return iso8601(int(moment)) if moment else None


def failed(run: RunState) -> bool:
    """Tell whether a run has failed."""
    return bool(run.result) and run.result not in GOOD_RESULTS and bool(run.command)


def run_words(run: RunState) -> str:
    """Return how a run ended, and where it failed."""
    found = words(run.result, run.exit_status, run.signal)
    return f"{found}, in command {run.command}" if failed(run) else found


def run_data(run: RunState) -> dict[str, Any]:
    """Return one run as the modules document it."""
    return {
        "invocation_id": run.invocation_id,
        "start": when(run.start),
        "end": when(run.end),
        "duration": None if run.duration is None else round(run.duration, 3),
        "result": run.result or "running",
        "result_text": run_words(run),
        "failed_command": run.command if failed(run) else None,
        "exit_status": run.exit_status,
        "signal": signal_name(run.signal) if run.signal else None,
        "cpu": None if run.cpu is None else round(run.cpu, 3),
        "memory": run.memory,
    }


def next_run_of(pair: InstalledJob, seen: JobState) -> float | None:
    """Return when the job runs next: the elapse after one whose run is skipped manually (Unix time)."""
    skip = skip_of(pair.service.text) if seen.skipped else None
    return skip.until if skip and 0 < seen.next_elapse <= skip.elapse else seen.next_elapse


def activity(seen: JobState) -> str:
    """Return the state of the timer in a word, as the table of the playbook `site` has it."""
    if is_running(seen):
        return "running"
    if seen.done:
        return "done"
    if seen.starters is not None and (seen.enabled or not seen.starters):
        return "triggered" if seen.starters else "manual"
    if seen.timer_unit is not None and seen.timer_unit.active == "active":
        return "armed"
    if seen.timer_unit is not None and seen.timer_unit.active == "failed":
        return "failed"
    return "stopped" if seen.enabled else "suspended"


def row_of(
    pair: InstalledJob, seen: JobState, health: Health, runs: list[RunState], wanted_runs: int
) -> dict[str, Any]:
    """Return one job as the module documents it."""

    def state(unit: UnitState | None) -> str:
        return f"{unit.active} ({unit.sub})" if unit else "inactive (not loaded)"

    return {
        **declared(pair),
        "activity": activity(seen),
        "enabled": seen.enabled,
        "timer_state": state(seen.timer_unit),
        "service_state": state(seen.service_unit),
        "next_elapse": when(seen.next_elapse),
        "skipped_elapse": when(seen.skipped),
        "next_run": when(next_run_of(pair, seen)),
        "last_trigger": when(seen.last_trigger),
        "last_run": run_data(runs[0]) if runs else None,
        "runs": [run_data(run) for run in runs[:wanted_runs]],
        "overdue_since": when(seen.missed),
        "drift": seen.drift,
        "health": health.word,
        "reason": health.reason,
        "fix": health.fix,
    }


def exposures(runner: Runner, services: list[str]) -> dict[str, float]:
    """Return service to what `systemd-analyze security` says of it, from 0 to 10; one call."""
    if not services:
        return {}
    done = runner([*SECURITY_COMMAND, "--", *services])
    return {unit: float(level) for unit, level in _EXPOSURE.findall(done.stdout)}


def picture(runner: Runner, wish: Query) -> dict[str, Any]:
    """Return the result of the module: jobs, how many there are of each health, and names that are not known."""
    known, observed = observe_pairs(runner, wish)
    pairs = {name: known[name] for name in sorted(known) if not wish.names or name in wish.names}
    runs = {name: runs_of(pair, observed) for name, pair in pairs.items()}
    missed = missed_of(runner, pairs, observed, runs)
    done = done_of(runner, pairs, observed)
    told = [name for name, pair in pairs.items() if pair.owner and has_notices(name, pair.service.text)]
    notices = failed_notices(runner, told) if observed.history.readable else {}
    rows = []
    for name, pair in pairs.items():
        seen = seen_of(pair, observed, runs[name], missed.get(name), done=name in done)
        again = when(seen.stuck) or ""
        health = judge(seen, when(seen.missed) or "", again)
        lost = notices.get(name, {})
        rows.append(
            {
                **row_of(pair, seen, health, runs[name], wish.runs),
                "notified": notified(name, pair.service.text, wish.files_directory) if pair.owner else [],
                # Of runs that are shown only: what is long past needs nobody any more.
                "failed_notices": [
                    {"invocation_id": run.invocation_id, **lost[run.invocation_id]}
                    for run in runs[name][: max(wish.runs, 1)]
                    if run.invocation_id in lost
                ],
            }
        )
    counts = {word: sum(row["health"] == word for row in rows) for word in HEALTHS}
    if wish.healths:
        rows = [row for row in rows if row["health"] in wish.healths]
    unhealthy = [row["name"] for row in rows if row["health"] in UNHEALTHY]
    if wish.exposure:
        found = exposures(runner, [pairs[row["name"]].service_name for row in rows])
        for row in rows:
            row["exposure"] = found.get(pairs[row["name"]].service_name)
    return {
        "jobs": rows,
        "counts": counts,
        "unhealthy": unhealthy,
        "unknown": [
            {"name": name, "nearest": slip(name, known), "foreign": foreign_timer(name)}
            for name in wish.names
            if name not in known
        ],
        "history_readable": observed.history.readable,
        "time": iso8601(int(observed.now)),
    }
