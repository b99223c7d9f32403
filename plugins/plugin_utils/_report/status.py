# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says how jobs are: a table for each host, and the details of one job; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import unwrapped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.health import OK, SUSPENDED, UNHEALTHY
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import short_words, skipped_by_hand
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.proof import plural
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run_rules import (
    deadline_words,
    group_words,
    limits_words,
    overlap_words,
    retries_words,
    timeout_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import (
    BAD,
    DOUBTFUL,
    GOOD,
    PLAIN,
    Shown,
    clock,
    relative,
    size_words,
    span_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import (
    describe,
    spoken_pause,
    spoken_starters,
    spoken_timespan,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import fitted, some_of

HEAD = ["JOB", "SCHEDULE", "STATE", "LAST RUN", "RESULT", "TOOK", "NEXT RUN", "HEALTH"]
# Which columns give way when the table is too wide, and how far.
SHRINK = ((1, 16), (0, 18))
SIGNALS = ("signal", "core-dump")


def triggers_words(job: Mapping[str, Any]) -> str:
    """Return when a job runs, in plain words; an expression that has no words stands as itself."""
    if job.get("triggered_by") is not None:
        return spoken_starters(job["triggered_by"])
    parts = [describe(job["schedule"])] if job["schedule"] else []
    for trigger in job["triggers"]:
        directive, value = trigger["directive"], trigger["value"]
        if directive in ("OnBootSec", "OnStartupSec"):
            parts.append(f"{value} after boot")
        elif directive == "OnUnitActiveSec":
            parts.append(spoken_timespan(value))
        elif directive == "OnUnitInactiveSec":
            parts.append(spoken_pause(value))
        elif directive != "OnActiveSec":
            parts.append(f"{directive}={value}")
    return " and ".join(parts)


def result_cell(run: Mapping[str, Any] | None) -> str:
    """Return how a run ended, for a narrow column."""
    if run is None:
        return "-"
    if run["result"] in SIGNALS and run["signal"]:
        return str(run["signal"])
    return "-" if run["result"] == "running" else short_words(run["result"], run["exit_status"])


def mood_of(health: str) -> str:
    """Return the colour of a health."""
    if health in UNHEALTHY:
        return BAD
    return {OK: GOOD, SUSPENDED: DOUBTFUL}.get(health, PLAIN)


def shown_name(job: Mapping[str, Any]) -> str:
    """Return the name of a job; for one of a user manager with the account: `alice: backup`."""
    return f"{job['user']}: {job['name']}" if job.get("scope") == "user" else str(job["name"])


def cells(job: Mapping[str, Any], now: str) -> list[str]:
    """Return the row of a job."""
    run = job["last_run"]
    return [
        shown_name(job),
        triggers_words(job) or "-",
        "skips" if job["skipped_elapse"] else job["activity"],
        relative(run["start"] if run else None, now),
        result_cell(run),
        span_words(run["duration"]) if run else "-",
        relative(job["next_run"], now),
        job["health"],
    ]


def sentence(job: Mapping[str, Any]) -> str:
    """Return why a job is as it is, and what to do."""
    fix = f"; {job['fix']}" if job["fix"] else ""
    return f"{shown_name(job)}: {job['health']}: {job['reason']}{fix}"


# What an ordinary user does not see.
UNREADABLE = "Not seen without root: earlier runs, channels, and notices that did not arrive; --become shows them."


NO_JOBS = ": declare jobs in `timer_jobs`, and apply them with `ansible-playbook dotmobi.systemd_timers.site`"


def status_lines(results: Mapping[str, Mapping[str, Any]], limit: int, width: int | None = None) -> list[Shown]:
    """Return a table for each host, and a line for each job with which something is wrong."""
    shown: list[Shown] = []
    # Somebody has asked for some healths only.
    without = [host for host, result in results.items() if has_only_others(result)]
    for host, result in results.items():
        jobs = result["jobs"]
        if host in without:
            continue
        shown.append(Shown(f"{host}  ({summary(result)})"))
        if jobs:
            lines = fitted([HEAD, *(cells(job, result["time"]) for job in jobs[:limit])], width, SHRINK)
            shown.append(Shown(lines[0]))
            shown += [Shown(line, mood_of(job["health"])) for line, job in zip(lines[1:], jobs, strict=False)]
        if len(jobs) > limit:
            shown.append(Shown(f"... and {len(jobs) - limit} more"))
        shown += [Shown(f"  {sentence(job)}", BAD) for job in jobs if job["health"] in UNHEALTHY]
        shown += [Shown(f"  {shown_name(job)}: {skip_words(job)}", DOUBTFUL) for job in jobs if job["skipped_elapse"]]
        shown += [Shown(f"  {shown_name(job)}: {notice_words(job)}", BAD) for job in jobs if job["failed_notices"]]
        shown += unseen_lines(result)
        shown.append(Shown(""))
    ending = ending_lines(results, without)
    # The blank line after the last host is for what follows.
    return [*shown, *ending] if ending else shown[:-1]


def ending_lines(results: Mapping[str, Mapping[str, Any]], without: Sequence[str]) -> list[Shown]:
    """Return what is said once of several hosts. without: hosts with nothing of what was asked for."""
    blind = [host for host, result in results.items() if not result.get("history_readable", True)]
    empty = [host for host, result in results.items() if is_empty(result)]
    shown = [Shown(f"nothing of that on {some_of(without)}")] if without else []
    if empty:
        shown.append(Shown(f"no job found on {some_of(empty)}{NO_JOBS}"))
    return [*shown, Shown(UNREADABLE, DOUBTFUL)] if blind else shown


def is_empty(result: Mapping[str, Any]) -> bool:
    """Tell whether a host has no job at all, as far as all could be looked at."""
    return not result["jobs"] and not any(result["counts"].values()) and not result.get("unseen")


def notice_words(job: Mapping[str, Any]) -> str:
    """Return how many notices did not arrive, and where that is explained."""
    lost = job["failed_notices"]
    count = plural(len(lost), "notice")
    return f"{count} did not arrive whole, the last of {clock(lost[0]['time'])}; `logs -e job={job['name']}` shows why"


def has_only_others(result: Mapping[str, Any]) -> bool:
    """Tell whether a host has jobs, but none of the health that was asked for, and nothing that hides one."""
    return not result["jobs"] and any(result["counts"].values()) and not result.get("unseen")


def unseen_lines(result: Mapping[str, Any]) -> list[Shown]:
    """Return whose jobs are not shown, and why: one line for each reason."""
    reasons: dict[str, list[str]] = {}
    for one in result.get("unseen", ()):
        reasons.setdefault(one["reason"], []).append(one["user"])
    return [Shown(f"  not looked at: jobs of {', '.join(who)}: {reason}", BAD) for reason, who in reasons.items()]


def skip_words(job: Mapping[str, Any]) -> str:
    """Return which run is skipped manually."""
    return skipped_by_hand(clock(job["skipped_elapse"]))


def summary(result: Mapping[str, Any]) -> str:
    """Return `4 jobs: 3 ok, 1 failing`."""
    counted: dict[str, int] = {}
    for job in result["jobs"]:
        counted[job["health"]] = counted.get(job["health"], 0) + 1
    found = ", ".join(f"{number} {health}" for health, number in counted.items())
    return f"{plural(len(result['jobs']), 'job')}{': ' if found else ''}{found}"


def facts_of(job: Mapping[str, Any], now: str) -> list[tuple[str, str]]:
    """Return what is known of a job, each with its label."""
    run = job["last_run"]
    rows = [
        ("description", job["description"]),
        ("health", f"{job['health']}: {job['reason']}"),
        ("what to do", job["fix"]),
        ("schedule", triggers_words(job)),
        ("expression", "; ".join(job["schedule"])),
        (
            "next run",
            f"{clock(job['next_run'])} ({relative(job['next_run'], now)})" if job["next_run"] else "-",
        ),
        ("skipped", skip_words(job) if job["skipped_elapse"] else ""),
        ("last trigger", clock(job["last_trigger"])),
        ("last run", last_words(run, now)),
        ("command", "; ".join(own for command in job["command"] for own in unwrapped(command))),
        ("runs as", job["user"]),
        ("directory", job["working_directory"]),
        ("timer", f"{job['timer_state']}{', enabled' if job['enabled'] else ', not enabled'}"),
        ("service", job["service_state"]),
        ("persistent", "yes" if job["persistent"] else "no"),
        ("accuracy", job["accuracy"]),
        ("jitter", job["jitter"]),
        ("timeout", timeout_words(job)),
        ("retries", retries_words(job)),
        ("overlap", overlap_words(job)),
        ("group", group_words(job)),
        ("deadline", deadline_words(job)),
        ("limits", "; ".join(limits_words(job))),
        ("notified", "; ".join(job["notified"])),
        ("not notified", notice_words(job) if job["failed_notices"] else ""),
        ("owner", job["owner"] or "none: not a job of this collection"),
        ("unit files", f"{job['unit_files']['service']}, {job['unit_files']['timer']}"),
        ("exposure", exposure_words(job)),
        ("changed", "; ".join(job["drift"])),
    ]
    return [(label, text) for label, text in rows if text]


def fact_lines(
    job: Mapping[str, Any], now: str, indent: str = "  ", only: Collection[str] | None = None
) -> list[Shown]:
    """Return a line for each fact that is known of a job. only: labels of the facts that are wanted; None for all."""
    facts = [(label, text) for label, text in facts_of(job, now) if only is None or label in only]
    width = max(len(label) for label, _text in facts)
    return [
        Shown(f"{indent}{label.ljust(width)}  {text}", mood_of(job["health"]) if label == "health" else PLAIN)
        for label, text in facts
    ]


def exposure_words(job: Mapping[str, Any]) -> str:
    """Return what systemd says of how much the job could reach, if it was asked."""
    return f"{job['exposure']} of 10" if job.get("exposure") is not None else ""


def last_words(run: Mapping[str, Any] | None, now: str) -> str:
    """Return when the last run was, how it ended, and what it took."""
    if run is None:
        return "none is known"
    parts = [f"{clock(run['start'])} ({relative(run['start'], now)}): {run['result_text']}"]
    if run["duration"] is not None:
        parts.append(f"took {span_words(run['duration'])}")
    if run["cpu"] is not None:
        parts.append(f"processor {span_words(run['cpu'])}")
    if run["memory"] is not None:
        parts.append(f"memory {size_words(run['memory'])}")
    return ", ".join(parts)


def detail_lines(results: Mapping[str, Mapping[str, Any]], width: int | None = None) -> list[Shown]:
    """Return all that is known of the jobs, host by host; what equal hosts would say is said for each."""
    shown: list[Shown] = []
    for host, result in results.items():
        for job in result["jobs"]:
            shown.append(Shown(f"{shown_name(job)} on {host}", mood_of(job["health"])))
            shown += fact_lines(job, result["time"])
            shown += runs_lines(job["runs"], width)
            if not result["history_readable"]:
                shown.append(Shown(f"  {UNREADABLE}"))
            shown.append(Shown(""))
    return shown[:-1]


def runs_lines(runs: Sequence[Mapping[str, Any]], width: int | None = None) -> list[Shown]:
    """Return the last runs as a table."""
    if not runs:
        return []
    rows = [["START", "RESULT", "TOOK", "CPU", "MEMORY"]]
    rows += [
        [
            clock(run["start"]),
            run["result_text"],
            *map(span_words, (run["duration"], run["cpu"])),
            size_words(run["memory"]),
        ]
        for run in runs
    ]
    return [Shown("  last runs"), *(Shown(f"    {line}") for line in fitted(rows, width and width - 4, ((1, 12),)))]
