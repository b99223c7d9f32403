# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicts which jobs systemd would run at once, because an elapse of theirs has passed.

systemd counts from the last trigger, or from the activation of a timer that has not triggered yet, or from the stamp
of a timer that is started: an elapse between then and now runs the job as soon as the new text is loaded.
"""

from __future__ import annotations

import time
from typing import Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import PRESENT, MissedElapse, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import check_calendars
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import NOT_ACTIVE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    MEMORY_COMMAND,
    parse_blocks,
    parse_memories,
)

ACTIVATION_COMMAND = ["systemctl", "show", "--property=Id,ActiveEnterTimestampMonotonic"]
# With more different bases than this, like ones share a call, and the first few elapses are looked at.
MOST_CALLS = 8
SEVERAL = 5

# Time spans to microseconds, None: infinity.
Spans = Mapping[str, "int | None"]


def parse_activations(text: str, boot_time: float) -> dict[str, float]:
    """Parse `systemctl show` of several timers: timer to when it became active (Unix time)."""
    found = {}
    for properties in parse_blocks(text):
        since_boot = int(properties.get("ActiveEnterTimestampMonotonic") or 0)
        if since_boot:
            found[properties.get("Id", "")] = boot_time + since_boot / 1e6
    return found


def is_active(job: WantedJob, observed: Observed) -> bool:
    """Tell whether the timer of a job is active."""
    return observed.units.get(f"{job.name}.timer", NOT_ACTIVE).active == "active"


def would_count(job: WantedJob, observed: Observed) -> bool:
    """Tell whether systemd looks for elapses that have passed: at another schedule, or at a start."""
    current = observed.files.get(f"{job.name}.timer", NO_FILE)
    if job.state != PRESENT:
        return False
    return not is_active(job, observed) or timer_unit.triggers(current.text) != timer_unit.triggers(job.timer)


def bases(runner: Runner, jobs: list[WantedJob], observed: Observed) -> dict[str, float]:
    """Return for each job since when an elapse counts as missed (Unix time); one call at most."""
    found: dict[str, float] = {}
    fresh = []
    for job in jobs:
        timer = f"{job.name}.timer"
        last = observed.last_trigger.get(timer, 0.0)
        stamp = observed.stamps.get(timer, 0) / 1e9 if timer_unit.is_persistent(job.timer) else 0.0
        if is_active(job, observed):
            found[job.name] = last
            if not last:
                fresh.append(timer)
        elif last or stamp:
            found[job.name] = max(last, stamp)
    if fresh:
        shown = runner([*ACTIVATION_COMMAND, "--", *fresh])
        active = parse_activations(shown.stdout, time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))
        found.update({job.name: active.get(f"{job.name}.timer", 0.0) for job in jobs if f"{job.name}.timer" in fresh})
    return {name: base for name, base in found.items() if base}


def grouped(found: dict[str, float]) -> list[list[str]]:
    """Return the jobs in a few groups of like bases, the jobs of one base together: each group is one call."""
    by_base: dict[int, list[str]] = {}
    for name, base in found.items():
        by_base.setdefault(int(base), []).append(name)
    groups = [by_base[base] for base in sorted(by_base)]
    size = -(-len(groups) // MOST_CALLS) or 1
    return [[name for group in groups[first : first + size] for name in group] for first in range(0, len(groups), size)]


def passed_elapses(
    runner: Runner, jobs: list[WantedJob], found: dict[str, float], now: float
) -> dict[str, MissedElapse]:
    """Return for each job its first elapse by the calendar between its base and now."""
    texts = {job.name: timer_unit.calendars(job.timer) for job in jobs}
    result: dict[str, MissedElapse] = {}
    groups = grouped(found)
    while groups:
        group = groups.pop()
        oldest = min(int(found[name]) for name in group)
        alike = all(int(found[name]) == oldest for name in group)
        expressions = [one for name in group for one in texts[name]]
        checked = check_calendars(runner, expressions, count=1 if alike else SEVERAL, base_time=oldest)
        for name in group:
            elapses = [MissedElapse(one, elapse) for one in texts[name] for elapse in checked[one].elapses]
            passed = [one for one in elapses if int(found[name]) < one.elapse <= now]
            if passed:
                result[name] = min(passed, key=lambda one: one.elapse)
            elif not alike and any(
                len(checked[one].elapses) == SEVERAL and checked[one].elapses[-1] <= found[name] for one in texts[name]
            ):
                # A frequent schedule, of which not enough was seen.
                groups.append([name])
    return result


def passed_spans(
    jobs: list[WantedJob], found: dict[str, float], observed: Observed, spans: Spans
) -> dict[str, MissedElapse]:
    """Return the same of time spans: since the last run or the activation, and since boot."""
    now = time.time()
    result = {}
    for job in jobs:
        booted = now - observed.uptime
        active = is_active(job, observed)
        counted = [(span, booted) for span in timer_unit.boot_triggers(job.timer) if not active]
        if active and job.name in found:
            counted += [(span, found[job.name]) for span in timer_unit.repeat_triggers(job.timer)]
        due = [(span, since + (spans.get(span) or 0) / 1e6) for span, since in counted if spans.get(span) is not None]
        passed = [MissedElapse(span, when) for span, when in due if when <= now]
        if passed:
            result[job.name] = min(passed, key=lambda one: one.elapse)
    return result


def predict(runner: Runner, jobs: list[WantedJob], observed: Observed, spans: Spans) -> dict[str, MissedElapse]:
    """Return the jobs that systemd would run at once, unless the apply prevents it, with the elapse that is the cause.

    Jobs that do not change, and first installations, cost nothing.
    """
    asked = [job for job in jobs if would_count(job, observed)]
    if not asked:
        return {}
    now = time.time()
    found = bases(runner, asked, observed)
    surprises = passed_spans(asked, found, observed, spans)
    surprises.update(passed_elapses(runner, asked, found, now))
    since = made_up_from(asked, observed)
    made_up = passed_elapses(runner, [job for job in asked if job.name in since], since, now) if since else {}
    surprises.update({name: one._replace(made_up=True) for name, one in made_up.items()})
    return surprises


def made_up_from(jobs: list[WantedJob], observed: Observed) -> dict[str, float]:
    """Return since when the stamps of jobs will count whose timers a killed run has stopped (Unix time).

    With `on_reschedule: run` a stamp is left as it is.
    """
    return {
        job.name: max(observed.marked[job.name], observed.stamps[f"{job.name}.timer"]) / 1e9
        for job in jobs
        if job.name in observed.marked
        and job.on_reschedule != "run"
        and f"{job.name}.timer" in observed.stamps
        and timer_unit.is_persistent(job.timer)
    }


def refusals(jobs: list[WantedJob], observed: Observed, surprises: dict[str, MissedElapse]) -> list[Finding]:
    """Return a finding for each job that is not to run now, and that only a refusal keeps from it."""
    findings = []
    for job in jobs:
        surprise = surprises.get(job.name)
        field = "schedule" if surprise and surprise.expression in timer_unit.calendars(job.timer) else "every"
        # What counts from boot is started or not (`runs_since_boot`).
        if surprise is None or surprise.made_up or (field == "every" and not is_active(job, observed)):
            continue
        when = iso8601(int(surprise.elapse))
        holder = observed.referenced.get(f"{job.name}.timer")
        if job.on_reschedule == "fail":
            reason = f"the change would run the job at once, for the elapse of {when}, and on_reschedule is fail"
            fix = "set on_reschedule to skip or run, or change the schedule after that time has passed"
        elif job.on_reschedule == "skip" and holder and is_active(job, observed):
            reason = f"the change would run the job at once, for the elapse of {when}: {holder} refers to the timer, "
            reason += "so that systemd cannot forget its last run"
            fix = "take the reference away, set persistent to true, or set on_reschedule to run"
        else:
            continue
        findings.append(Finding(job.name, field, surprise.expression, reason, fix, "runs-at-once"))
    return findings


def held_runs(runner: Runner, jobs: list[WantedJob], observed: Observed) -> list[Finding]:
    """Return a finding for each timer to be started that would count from a run which systemd remembers.

    It does as long as a unit that it has loaded refers to the service; one call at most.
    """
    held = {
        f"{job.name}.service": job
        for job in jobs
        if f"{job.name}.service" in observed.referenced
        # Then a reload has to do.
        and not (is_active(job, observed) and f"{job.name}.timer" in observed.referenced)
    }
    if not held:
        return []
    memories = parse_memories(runner([*MEMORY_COMMAND, "--", *held]).stdout)
    findings = []
    for service in (service for service in held if service in memories and memories[service].ran):
        reason = (
            f"{observed.referenced[service]} refers to {service}, so that systemd cannot forget its last run, from "
        )
        reason += "which the timer would count"
        fix = "take the reference away, or set on_reschedule to run"
        findings.append(Finding(held[service].name, "every", None, reason, fix, "runs-at-once"))
    return findings
