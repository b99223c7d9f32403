# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicts whether a changed schedule would make systemd run the job at once.

systemd counts from the last trigger, or from the activation of a timer that has not triggered yet: an elapse of
the new schedule between then and now runs the job as soon as the new text is loaded.
"""

from __future__ import annotations

import time

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _timer_text as timer_text
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import check_calendars, iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import (
    NO_FILE,
    PRESENT,
    Goal,
    Observed,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner


def runs_since_boot(
    goals: list[Goal], started: set[str], observed: Observed, spans: dict[str, int | None]
) -> list[Finding]:
    """Return a finding for each timer to be started that would run its job: its time after boot has gone by.

    A timer that has only such triggers is not started (`_plan.starts_now`), and the stamp of a persistent one
    prevents the run; what is left can only be refused.
    """
    findings = []
    for goal in goals:
        text = goal.timer or ""
        if f"{goal.name}.timer" not in started or goal.lets_run or timer_text.is_persistent(text):
            continue
        for span in timer_text.boot_triggers(text):
            if (spans.get(span) or 0) / 1e6 <= observed.uptime:
                reason = "would run the job at once: this host has been up for longer, and on_reschedule is not run"
                mend = "set on_reschedule to run, or give what follows the boot a job of its own"
                findings.append(Finding(goal.name, "on_boot", span, reason, mend, "runs-at-once"))
    return findings


def parse_activations(text: str, boot_time: float) -> dict[str, float]:
    """Parse `systemctl show` of several timers: timer to when it became active (Unix time)."""
    found = {}
    for block in text.split("\n\n"):
        properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        since_boot = int(properties.get("ActiveEnterTimestampMonotonic") or 0)
        if since_boot:
            found[properties.get("Id", "")] = boot_time + since_boot / 1e6
    return found


def rescheduled(jobs: list[WantedJob], observed: Observed) -> list[WantedJob]:
    """Return the jobs that refuse a surprise, whose timer is active and gets another schedule."""
    result = []
    for job in jobs:
        timer = f"{job.name}.timer"
        current = observed.files.get(timer, NO_FILE)
        unit = observed.units.get(timer)
        if job.on_reschedule != "fail" or job.state != PRESENT or current.kind != "file":
            continue
        edited = timer_text.calendars(current.text) != timer_text.calendars(job.timer)
        if edited and unit and unit.active == "active":
            result.append(job)
    return result


def predict_runs(runner: Runner, jobs: list[WantedJob], observed: Observed) -> list[Finding]:
    """Return a finding for each job with `on_reschedule: fail` that its new schedule would run at once.

    One call for each distinct base time; jobs without `fail` cost nothing.
    """
    asked = rescheduled(jobs, observed)
    if not asked:
        return []
    command = ["systemctl", "show", "--property=Id,ActiveEnterTimestampMonotonic"]
    shown = runner(command + [f"{job.name}.timer" for job in asked])
    activations = parse_activations(shown.stdout, time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))
    bases: dict[int, list[WantedJob]] = {}
    for job in asked:
        timer = f"{job.name}.timer"
        base = observed.last_trigger.get(timer) or activations.get(timer)
        if base:
            bases.setdefault(int(base), []).append(job)
    findings = []
    for base, group in bases.items():
        expressions = {job.name: timer_text.calendars(job.timer) for job in group}
        checked = check_calendars(runner, [one for found in expressions.values() for one in found], base_time=base)
        for name, found in expressions.items():
            passed = [one for one in found if checked[one].elapses and checked[one].elapses[0] <= time.time()]
            if passed:
                when = iso8601(checked[passed[0]].elapses[0])
                findings.append(
                    Finding(
                        name,
                        "schedule",
                        passed[0],
                        f"the change would run the job at once, for the elapse of {when}, and on_reschedule is fail",
                        "set on_reschedule to skip or run, or change the schedule after that time has gone by",
                        "runs-at-once",
                    )
                )
    return findings
