# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what is wrong with a job, from all that was found in troubleshooting, and what to do about it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.health import (
    BROKEN,
    DRIFTED,
    FAILING,
    FIX_DRIFT,
    NEVER_RAN,
    OK,
    RUNNING,
    SUSPENDED,
    UNHEALTHY,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import GOOD_RESULTS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.error_patterns import (
    Cause,
    cause_said,
    own_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import clock

# What is done about the results of systemd (systemd.service(5), $SERVICE_RESULT).
FIXES = {
    "timeout": "raise `timeout`, or find out what it waits for",
    "oom-kill": "raise `limits: {memory: ...}`, or let it use less",
    "start-limit-hit": "`-e reset=true` lets it start again; see why it starts so often",
    "dependency": "`systemctl --failed` on the host shows which unit",
    "resources": "the log of systemd above says which",
    "core-dump": "it is a fault of the program; `coredumpctl info` on the host shows where",
    "signal": "find out who has sent the signal; `journalctl -k` on the host tells of lack of memory",
    "watchdog": "raise WatchdogSec= of the service",
}
# The same for exit statuses that systemd gives before the program begins (systemd.exec(5), Process Exit Codes).
FIXES_BEFORE = {
    200: "see that `working_directory` is there, and that the user may enter it",
    203: "see that the program is there, may be executed, and that its first line names an interpreter",
    209: "see that the file or directory of `output` can be written",
    216: "see that the group exists",
    217: "see that the user exists",
    226: "see that all paths of `hardening` and `writable_paths` are there",
    243: "see that the files of `credentials` are there",
}
NOT_RUN = {
    OK: "its last run was good",
    RUNNING: "a run is under way",
    SUSPENDED: "it is suspended",
    DRIFTED: "it was changed on the host",
    BROKEN: "it cannot run as it stands",
}


def why_not_run(row: Mapping[str, Any]) -> str:
    """Return why the job is not run manually unless somebody asks for it; an empty text when it is."""
    if row["activity"] == RUNNING:
        return NOT_RUN[RUNNING]
    # A failure that was reset is none any more, and yet nobody knows why it was.
    if row["health"] == OK and row["last_run"] and has_failed(row["last_run"]):
        return ""
    return NOT_RUN.get(row["health"], "")


def has_failed_state(row: Mapping[str, Any]) -> bool:
    """Tell whether there is a failed state to reset."""
    return any(str(row[unit]).startswith("failed") for unit in ("service_state", "timer_state"))


def errors_of(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings of the proof that stop a job."""
    return [finding for finding in row.get("findings", []) if finding["severity"] != WARNING]


def has_failed(run: Mapping[str, Any]) -> bool:
    """Tell whether a run has ended badly."""
    return run["result"] not in (*GOOD_RESULTS, "running")


def cause_of_run(run: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], which: str) -> Cause:
    """Return why a run has failed. which: the run, in words; lines: what it wrote."""
    status = run.get("exit_status")
    how = f"{which} failed: {run['result_text']}"
    if run["result"] != "exit-code":
        return Cause(how, FIXES.get(run["result"], ""))
    if status in FIXES_BEFORE:
        return Cause(how, FIXES_BEFORE[status])
    said = cause_said(lines)
    if said:
        line, cause = said
        return Cause(f'{how}; {cause.what}: "{line}"', cause.fix)
    last = own_lines(lines)[-1:]
    if last:
        return Cause(f'{how}; it said last: "{last[0]}"', "the status is the program's own: see what it wrote, above")
    return Cause(f"{how}, and it said nothing", "run the command manually on the host, with more output")


def causes(case: Mapping[str, Any]) -> list[Cause]:
    """Return what is wrong with a job, the gravest first.

    case: `before`, `after`: rows of timer_jobs_info; `lines`: of the last run; `run`: the result of timer_job_run, or
    None when the job was not run manually.
    """
    row = case["after"]
    found = [Cause(row["reason"], row["fix"])] if row["health"] == BROKEN else []
    for finding in errors_of(case["before"]):
        value = f" {finding['value']}" if finding["value"] is not None else ""
        found.append(Cause(f"{finding['field']}{value}: {finding['reason']}", finding["fix"]))
    if row["drift"] and row["health"] not in (BROKEN, DRIFTED, SUSPENDED):
        # It has failed since it was changed, and perhaps because of that.
        found.append(Cause("; ".join(row["drift"]), FIX_DRIFT))
    found += causes_of_runs(case)
    if row["health"] not in (OK, NEVER_RAN, RUNNING, BROKEN, FAILING):
        found.append(Cause(row["reason"], row["fix"]))
    return found


def causes_of_runs(case: Mapping[str, Any]) -> list[Cause]:
    """Return what the last run, and the manual run, have shown."""
    run, last = case["run"], case["before"]["last_run"]
    if run and "finished" not in run:
        return [Cause(f"it could not be run: {run.get('msg', 'nobody knows why')}")]
    if run and not run["finished"]:
        return [Cause("the manual run still goes on", "`logs` shows what it writes")] if run.get("msg") else []
    if run and has_failed(run):
        return [cause_of_run(run, run["lines"], "the manual run")]
    if not last or not has_failed(last):
        return []
    if not run:
        return [cause_of_run(last, case["lines"], "the last run")]
    when = f", {clock(case['after']['next_elapse'])}," if case["after"]["next_elapse"] else ""
    return [
        Cause(
            f"the last run failed ({last['result_text']}), and the manual run did not: the cause is gone, or "
            "it depends on the time, the load or the network",
            f"see that the next run{when} succeeds; `retries` gets over what passes",
        )
    ]


def verdict(case: Mapping[str, Any]) -> str:
    """Return in one line what is still wrong after all; an empty text when nothing is."""
    run, row = case["run"], case["after"]
    bad_run = bool(run) and ("finished" not in run or bool(run.get("msg")))
    if not (row["health"] in UNHEALTHY or bad_run or errors_of(case["before"])):
        return ""
    found = causes(case)
    return found[0].what if found else str(row["reason"])
