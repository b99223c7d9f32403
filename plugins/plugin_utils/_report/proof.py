# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what the proof has found: as one message, as warnings, as data, as a table of a fleet; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import ENVIRONMENT, ERROR, WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line, shown
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import NO_JOBS, some_of, table

ACCEPTED = "accepted"
# What stops the apply.
GRAVE = (ERROR, ENVIRONMENT)
MILD_PROOF = "all of it is what the host lacks: provide it before the role; `timer_proof: warn` makes it warnings"
HEAD = ["HOST", "JOB", "SCHEDULE", "PROOF"]
SHRINK = ((2, 16), (1, 12), (0, 12))
# With these the host was not asked about its jobs.
UNPROVED = ("files-directory", "no-systemd", "systemd-answer", "systemd-too-old", "unit-directory")


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether something was found that stops the apply."""
    return any(finding.severity != WARNING for finding in findings)


def plural(number: int, word: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number} {word}{'s' * (number != 1)}"


def counted(findings: Iterable[Finding]) -> str:
    """Return `2 errors and 1 warning in 2 jobs`."""
    found = list(findings)
    warnings = sum(finding.severity == WARNING for finding in found)
    numbers = {ERROR: len(found) - warnings, WARNING: warnings}
    said = " and ".join(plural(number, kind) for kind, number in numbers.items() if number)
    jobs = len({finding.job for finding in found if finding.job})
    return f"{said} in {plural(jobs, 'job')}" if jobs else said


def message(host: str, findings: Sequence[Finding]) -> str:
    """Return the error of a host: a head, and one line for each finding."""
    head = f"{host}: {counted(findings)}, nothing was changed on this host:"
    grave = {finding.severity for finding in findings} - {WARNING}
    hint = [f"  {MILD_PROOF}"] if grave == {ENVIRONMENT} else []
    return "\n".join([head, *(f"  {line(finding)}" for finding in findings), *hint])


def together(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings that say the same of several jobs as one, with the names of the jobs."""
    jobs: dict[Finding, list[str]] = {}
    for finding in findings:
        jobs.setdefault(finding._replace(job="", value=shown(finding.value)), []).append(finding.job)
    values = {finding._replace(job="", value=shown(finding.value)): finding.value for finding in findings}
    return [key._replace(job=some_of(names), value=values[key]) for key, names in jobs.items()]


def as_data(findings: Iterable[Finding], accepted: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return the findings as the module documents them."""
    return [
        {
            "job": finding.job,
            "field": finding.field,
            "value": None if finding.value is None else shown(finding.value),
            "reason": finding.reason,
            "fix": finding.fix,
            "code": finding.code,
            "severity": kind,
            "message": line(finding),
        }
        for kind, finding in [
            *((finding.severity, finding) for finding in findings),
            *((ACCEPTED, finding) for finding in accepted),
        ]
    ]


def counts(data: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many findings stop the apply, are warnings, and are accepted."""
    found = [finding["severity"] for finding in data]
    errors = sum(found.count(kind) for kind in GRAVE)
    return {"errors": errors, "warnings": found.count(WARNING), ACCEPTED: found.count(ACCEPTED)}


def rows_of_jobs(names: Mapping[str, str], data: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return for each job, name to schedule in words, how many findings of each severity it has."""
    by_job: dict[str, list[Mapping[str, Any]]] = {}
    for finding in data:
        by_job.setdefault(finding["job"], []).append(finding)
    return [{"name": name, "schedule_text": words, **counts(by_job.get(name, []))} for name, words in names.items()]


def verdict(row: Mapping[str, int], proved: bool = True) -> str:
    """Return the last cell of a row: `2 errors, 1 warning`, or `ok`."""
    found = [plural(row["errors"], "error")] if row["errors"] else []
    found += [plural(row["warnings"], "warning")] if row["warnings"] else []
    if not found and not proved:
        return "not proved"
    return ", ".join(found) or ("ok" if not row[ACCEPTED] else f"ok, {row[ACCEPTED]} accepted")


def proof_table(
    results: Mapping[str, Mapping[str, Any]], limit: int, silent: Sequence[str] = (), width: int | None = None
) -> list[str]:
    """Return the proof of a fleet: a row for each host and job, then the findings, equal hosts together.

    silent: hosts that have no result: they were not reached, or failed before the proof.
    """
    rows = []
    blocks: dict[str, list[str]] = {}
    for host, result in results.items():
        proved = not any(finding["code"] in UNPROVED for finding in result["findings"])
        jobs = [*of_the_host(result), *result["proof"]]
        for number, row in enumerate(jobs):
            rows.append(["" if number else host, row["name"], row["schedule_text"] or "-", verdict(row, proved)])
        text = "\n".join(f"  {finding['message']}" for finding in result["findings"] if finding["severity"] != ACCEPTED)
        if text:
            blocks.setdefault(text, []).append(host)
    rows += [[host, "(the host)", "-", "failed, see above"] for host in silent]
    lines = table(HEAD, rows, limit, width, SHRINK) if rows else [NO_JOBS]
    for text, hosts in blocks.items():
        lines += ["", f"{some_of(hosts)}:", *text.split("\n")]
    total = {key: sum(result["finding_counts"][key] for result in results.values()) for key in ("errors", "warnings")}
    found = ", ".join([plural(total["errors"], "error"), plural(total["warnings"], "warning")])
    failed = f"; {plural(len(silent), 'host')} failed" if silent else ""
    for note in dict.fromkeys(note for result in results.values() for note in result.get("offline", [])):
        lines += ["", f"offline: {note}"]
    return [*lines, "", f"{plural(len(results), 'host')}: {found}{failed}"]


def of_the_host(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for the findings that are about no job, if there are any."""
    data = [finding for finding in result["findings"] if not finding["job"]]
    return [{"name": "(the host)", "schedule_text": "", **counts(data)}] if data else []
