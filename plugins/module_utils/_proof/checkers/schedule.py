# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of what makes a timer elapse: calendar expressions, time spans, triggers (systemd.timer(5))."""

from __future__ import annotations

import datetime
import math

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starters_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob, field_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_spec import (
    parse_normalized,
    shortest_interval,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timer_unit import (
    TIMESPAN_DIRECTIVES,
    UNIT_TRIGGERS,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import Assignment

FIX_SCHEDULE = "see systemd.time(7), Calendar Events"
FIX_PASSED = "correct the date, or set the job's state to absent"
FIX_SPAN = "write a span such as 90s, 15min or 1h 30min: systemd.time(7)"
NO_TRIGGER = "has no trigger left, so it would never run"
FIX_TRIGGER = "add a schedule, `every` or `on_boot`"
# DefaultStartLimitIntervalSec=10s and DefaultStartLimitBurst=5 (systemd-system.conf(5)).
LIMIT_SECONDS = 10.0
LIMIT_BURST = 5
FIRST_TRIGGERS = ("OnActiveSec", "OnBootSec", "OnStartupSec", "OnCalendar", "OnClockChange", "OnTimezoneChange")
# Spans of the service that a checker reads; verify judges the others.
SERVICE_SPANS = (
    ("Service", "TimeoutStartSec"),
    ("Service", "TimeoutStopSec"),
    ("Service", "RuntimeMaxSec"),
    ("Unit", "StartLimitIntervalSec"),
)
# Each of them delays or outlasts a run.
LENGTHS = (
    ("Timer", "RandomizedDelaySec", "a run can be delayed beyond the next one"),
    ("Timer", "AccuracySec", "systemd may leave runs out"),
    ("Service", "TimeoutStartSec", "a run may last until after the next one, which is then left out"),
)


def zone_of(expression: str, known: Context) -> str:
    """Return the word at the end of an expression that looks like a time zone that the host does not know."""
    last = expression.rsplit(" ", 1)[-1]
    looks_so = "/" in last and last[:1].isalpha() and not last[-1:].isdigit() and ".." not in last
    return last if looks_so and not known.facts.has_zone(last) else ""


def check_schedules(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse expressions that systemd does not parse, or that never elapse again and have not run either."""
    findings = []
    for expression in job.timer.values("Timer", "OnCalendar"):
        checked = known.calendars[expression]
        zone = zone_of(expression, known)
        if zone and not checked.valid:
            meant = slip(zone, known.facts.zones())
            # Of the expression, or of the field `timezone`.
            fix = f'write "{meant}" for "{zone}"' if meant else "correct it, or install the package tzdata on this host"
            reason = f"the host does not know the time zone {zone}"
            findings.append(job.finding("unknown-timezone", "schedule", expression, reason, fix))
        elif not checked.valid:
            likely = known.fixes.get(expression)
            # What to write says more than the hints that follow systemd's own words.
            reason = checked.reason.split("; ")[0] if likely else checked.reason
            span = known.span_fixes.get(expression)
            fix = f'write "{likely}"' if likely else f"write `every: {span}` instead" if span else FIX_SCHEDULE
            findings.append(job.finding("invalid-schedule", "schedule", expression, reason, fix))
        elif not checked.elapses and expression not in known.over.get(job.name, ()):
            findings.append(job.finding("never-elapses", "schedule", expression, checked.reason, FIX_PASSED))
    return findings


def check_spans(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse time spans that systemd does not parse."""
    findings = []
    for found in timespans(job):
        checked = known.spans[found.value]
        if not checked.valid:
            meant = known.span_fixes.get(found.value)
            fix = f'write "{meant}"' if meant else FIX_SPAN
            where = field_of(found.section, found.key)
            findings.append(job.finding("invalid-timespan", where, found.value, checked.reason, fix))
    return findings


def timespans(job: ProofJob) -> list[Assignment]:
    """Return the assignments of a pair that hold a time span and that a checker reads."""
    timer = [found for found in job.timer.assignments if found.section == "Timer" and found.key in TIMESPAN_DIRECTIVES]
    service = [found for found in job.service.assignments if (found.section, found.key) in SERVICE_SPANS]
    return [found for found in timer + service if found.value]


def check_trigger(job: ProofJob, _known: Context) -> list[Finding]:
    """Refuse a timer that nothing starts, or that counts from a first run which never comes."""
    if starters_of(job.wanted.service) is not None:
        return []
    keys = {key for key in (*FIRST_TRIGGERS, *UNIT_TRIGGERS) if job.timer.values("Timer", key)}
    if not keys:
        return [job.finding("no-trigger", "schedule", None, NO_TRIGGER, FIX_TRIGGER)]
    if keys.intersection(FIRST_TRIGGERS):
        return []
    key = min(keys)
    span = job.timer.last("Timer", key)
    reason = "counts from a run of the job, and nothing makes the first one"
    return [job.finding("never-starts", f"timer.{key}", span, reason, f"use `every: {span}`, or add a first trigger")]


def check_reload_runs(job: ProofJob, _known: Context) -> list[Finding]:
    """Refuse an OnActiveSec= that makes each reload of systemd, so each apply, run the job again; or warn of it.

    Beside an OnUnitActiveSec= or OnUnitInactiveSec= of the same span, as `every` and `every_after` write it, a reload
    does nothing.
    """
    repeats = [span for key in UNIT_TRIGGERS for span in job.timer.values("Timer", key)]
    spans = [span for span in job.timer.values("Timer", "OnActiveSec") if span not in repeats]
    if not spans:
        return []
    reason = "makes every reload of systemd run the job again"
    fix = "use `every` or `on_boot`, or set on_reschedule to run"
    found = job.finding("runs-at-reload", "timer.OnActiveSec", spans[0], reason, fix)
    if job.wanted.on_reschedule == "run":
        found = found._replace(kind=WARNING, fix="use `every` or `on_boot`, or accept it")
    return [found]


def interval(job: ProofJob, known: Context, spans: tuple[str, ...] = UNIT_TRIGGERS) -> float:
    """Return the shortest time between two elapses in seconds; infinity when there is none, or nobody knows.

    spans: the directives that count.
    """
    today = datetime.date.fromtimestamp(known.facts.now)
    found = [known.seconds(span) for key in spans for span in job.timer.values("Timer", key)]
    for expression in job.timer.values("Timer", "OnCalendar"):
        spec = parse_normalized(known.calendars[expression].normalized)
        found.append((spec and shortest_interval(spec, today)) or math.inf)
    return min(found, default=math.inf)


def check_start_limit(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse a schedule that runs into the start limit of the service (systemd.unit(5), StartLimitIntervalSec=)."""
    gap = interval(job, known)
    given = job.service.last("Unit", "StartLimitIntervalSec")
    limit = known.seconds(given) if given else LIMIT_SECONDS
    digits = job.service.last("Unit", "StartLimitBurst", str(LIMIT_BURST))
    burst = int(digits) if digits.isdigit() else LIMIT_BURST
    if not limit or not burst or math.isinf(limit) or gap * burst >= limit:
        return []
    limits = f"more than {burst} starts in {limit:g} s"
    reason = f"runs the job every {gap:g} s, and systemd refuses {limits}, so runs are lost"
    fix = "set `unit: {StartLimitIntervalSec: 0}`"
    return [job.finding("start-limit", *trigger_of(job), reason, fix)]


def trigger_of(job: ProofJob) -> tuple[str, str]:
    """Return field and value of what makes the timer elapse."""
    for key in ("OnCalendar", *UNIT_TRIGGERS):
        if job.timer.values("Timer", key):
            return field_of("Timer", key), job.timer.last("Timer", key)
    return "schedule", ""


def check_lengths(job: ProofJob, known: Context) -> list[Finding]:
    """Warn of jitter, accuracy and time limit that are as long as the time between two runs."""
    texts = {"Timer": job.timer, "Service": job.service}
    given = [(section, key, texts[section].last(section, key), why) for section, key, why in LENGTHS]
    # Zero switches a time limit off; most jobs have none of these, or a short one.
    lengths = [(s, k, span, why) for s, k, span, why in given if span and 1 < known.seconds(span) < math.inf]
    gap = interval(job, known) if lengths else math.inf
    # A span that counts from the end of a run does not care how long the run takes.
    gaps = {"Timer": gap, "Service": interval(job, known, ("OnUnitActiveSec",)) if lengths else math.inf}
    return [
        job.finding(
            "longer-than-interval",
            field_of(section, key),
            span,
            f"is as long as the time between two runs ({words(gaps[section])}): {why}",
            f"make it shorter than {words(gaps[section])}",
        )
        for section, key, span, why in lengths
        if known.seconds(span) >= gaps[section]
    ]


def words(seconds: float) -> str:
    """Return a length of time in the largest unit that fits: 90s, 15min, 2h, 7d."""
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{name}"
    return f"{seconds:g}s"
