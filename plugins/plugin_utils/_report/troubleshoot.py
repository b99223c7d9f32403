# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what troubleshooting has found of a job: status, output, files, proof, and the diagnosis; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.health import BROKEN, UNHEALTHY
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.diagnosis import (
    causes,
    has_failed_state,
    verdict,
    why_not_run,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run import LOUD, line_words
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.status import (
    fact_lines,
    mood_of,
    shown_name,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import (
    BAD,
    DOUBTFUL,
    GOOD,
    PLAIN,
    Shown,
    clock,
    size_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import fitted

# Of all that is known of a job, what helps to find a fault.
STEP_ONE = (
    "health",
    "schedule",
    "next run",
    "skipped",
    "last run",
    "command",
    "runs as",
    "timer",
    "service",
    "changed",
)
INDENT = "    "
FAULTY = "faulty"


def examination_lines(results: Mapping[str, Mapping[str, Any]]) -> list[Shown]:
    """Return the first three steps, host by host. results: host to `status` and `logs`, results of both modules."""
    shown: list[Shown] = []
    for host, result in results.items():
        for job in result["status"]["jobs"]:
            shown.append(Shown(f"{shown_name(job)} on {host}", mood_of(job["health"])))
            shown += [Shown("  1. status"), *fact_lines(job, result["status"]["time"], INDENT, STEP_ONE)]
            shown += [Shown("  2. what the last run wrote"), *output_lines(result["logs"]["lines"])]
            shown += [Shown("  3. files and rights, and the proof once more"), *path_lines(job["paths"])]
            shown += finding_lines(job["findings"])
            shown.append(Shown(""))
    return shown[:-1]


def output_lines(lines: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Return what a run wrote; errors stand out."""
    if not lines:
        return [Shown(f"{INDENT}nothing that the journal knows")]
    return [
        Shown(f"{INDENT}{clock(line['time'])[11:19]}  {line_words(line)}", LOUD.get(line["priority"], PLAIN))
        for line in lines
    ]


def path_lines(paths: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Return the files that the command needs, as `ls -l` has them."""
    if not paths:
        return []
    rows = [
        [one["mode"], f"{one['owner']}:{one['group']}", size_words(one["size"]), clock(one["modified"])[:16]]
        if one["mode"]
        else ["missing", "-", "-", "-"]
        for one in paths
    ]
    # The paths are not cut.
    tables = fitted([[*row, ""] for row in rows], None)
    width = max(len(line) for line in tables)
    return [
        Shown(f"{INDENT}{line.ljust(width)}  {one['path']} ({one['what']})", PLAIN if one["mode"] else BAD)
        for line, one in zip(tables, paths, strict=True)
    ]


def finding_lines(findings: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Return what the proof finds."""
    if not findings:
        return [Shown(f"{INDENT}the proof finds nothing")]
    return [Shown(f"{INDENT}{one['message']}", DOUBTFUL if one["severity"] == WARNING else BAD) for one in findings]


def questions(results: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the hosts on which there is a failed state to reset, and those on which to run the job manually."""
    rows = [(host, job) for host, result in results.items() for job in result["status"]["jobs"]]
    return {
        "failed_hosts": [host for host, job in rows if has_failed_state(job)],
        "hosts_to_run": [host for host, job in rows if not why_not_run(job)],
    }


def diagnosis_lines(results: Mapping[str, Mapping[str, Any]]) -> list[Shown]:
    """Return what is wrong, and the fix; hosts with the same diagnosis share it. results: see `causes`."""
    hosts: dict[tuple[Shown, ...], list[str]] = {}
    for host, case in results.items():
        row = case["after"]
        bad = bool(verdict(case))
        # Its last run may be good, and the next will not be.
        word = FAULTY if bad and row["health"] not in UNHEALTHY else row["health"]
        head = Shown(f"{shown_name(row)} on {{}}: {word}", BAD if bad else mood_of(row["health"]))
        hosts.setdefault((head, *diagnosis_of(case)), []).append(host)
    shown: list[Shown] = []
    for (head, *lines), names in hosts.items():
        shown += [head._replace(text=head.text.replace("{}", ", ".join(names), 1)), *lines]
    return shown


def diagnosis_of(case: Mapping[str, Any]) -> list[Shown]:
    """Return what is wrong with a job on one host, and the fix."""
    bad = verdict(case)
    found = causes(case)
    shown = [] if found else [Shown(f"  nothing is wrong: {case['after']['reason']}", GOOD)]
    for cause in found:
        shown.append(Shown(f"  {cause.what}", BAD if bad else DOUBTFUL))
        shown += [Shown(f"    fix: {cause.fix}")] if cause.fix else []
    if case["run"] is None:
        shown.append(Shown(f"  It was not run manually: {not_run_words(case)}."))
    return shown


def not_run_words(case: Mapping[str, Any]) -> str:
    """Return why the job was not run manually, and how to run it."""
    if case.get("check"):
        return "this is check mode"
    why = why_not_run(case["before"]) or "nobody has said yes"
    return why if case["before"]["health"] == BROKEN else f"{why}; `-e run=true` runs it"


def as_data(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return a diagnosis for programs."""
    found = [{"what": cause.what, "fix": cause.fix} for cause in causes(case)]
    return {"diagnosis": found, "verdict": verdict(case), **case}
