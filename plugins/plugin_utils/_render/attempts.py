# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the units of a job say so that the programs in roles/timer/files stand beside it; pure.

Two programs: one makes the attempts (ExecStart=), one is the gate that a run goes through (ExecCondition=,
ExecStopPost=). A job that needs neither gets the units that it would get without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import (
    ATTEMPTS,
    PYTHON,
    wrapped,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import (
    INVOCATION,
    RESULT,
    UNSET,
    as_root,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.attempts import (
    commands_of,
    concurrency_of,
    makes_attempts,
    raw,
    retries_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.runs import is_date
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.duration import seconds
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import quote

GATE = "gate.py"
# Of `only`: notices of runs that the timer has started.
TIMER = "timer"
# What each program needs beside it in the job's folder.
PROGRAMS = {
    ATTEMPTS: (ATTEMPTS, "job_journal.py"),
    GATE: (GATE, "job_group.py", "job_journal.py", "job_trigger.py", "private_directory.py"),
}
# DefaultTimeoutStopSec= of systemd.
KILL_AFTER = 90.0
# What the program that makes the attempts needs beyond their time limits (LONGEST_KILL there), with time to spare.
SPARE = 30.0
# Of SIGPIPE and of stop signals, systemd's own settings decide what a process gets.
_FALSE = ("0", "no", "n", "false", "f", "off")


class Helpers(NamedTuple):
    """What the templates and the deployment take over.

    command: the value of ExecStart=. time_limit: of all attempts together, empty where the job's own holds. lines:
    further lines of [Service]. starts: the unit that the timer starts. programs: names in roles/timer/files. replace:
    the text of NAME-replace.service, empty for none.
    """

    command: str
    time_limit: str
    lines: list[str]
    starts: str
    programs: tuple[str, ...]
    replace: str


def number(value: float) -> str:
    """Return a number without a point where it needs none."""
    return str(int(value)) if value == int(value) else str(value)


def span(job: Mapping[str, Any], field: str, default: float = 0.0) -> float:
    """Return a time span in seconds. One that cannot be read was refused before (`_declare/attempt_rules`)."""
    if job.get(field) is None:
        return default
    try:
        return seconds(job[field])
    except BadValue:
        return default


def time_limits(job: Mapping[str, Any]) -> tuple[float, float]:
    """Return time limit and time to end of an attempt in seconds, 0 for no limit."""
    return span(job, "timeout"), span(job, "kill_after", KILL_AFTER)


def whole_time(job: Mapping[str, Any]) -> float:
    """Return how long each command of the unit may last, in seconds: the attempts together, and the wait in a group."""
    retries = retries_of(job)
    concurrency = concurrency_of(job)
    limit, kill_after = time_limits(job)
    delays = [retries["delay"] * retries["backoff"] ** one for one in range(min(retries["attempts"] - 1, 64))]
    delays += [float(retries["max_delay"])] * max(retries["attempts"] - 1 - len(delays), 0)
    whole = sum(min(delay, retries["max_delay"]) for delay in delays)
    whole += retries["attempts"] * (limit + kill_after + SPARE)
    return float(max(whole, concurrency["group_wait"] + SPARE if concurrency["group"] else 0))


def attempt_options(job: Mapping[str, Any]) -> str:
    """Return the options of the program that makes the attempts."""
    retries = retries_of(job)
    limit, kill_after = time_limits(job)
    words = ["--attempts", str(retries["attempts"])]
    if retries["attempts"] > 1:
        words += ["--delay", number(retries["delay"])]
        if retries["backoff"] != 1:
            words += ["--backoff", number(retries["backoff"]), "--max-delay", number(retries["max_delay"])]
    if limit:
        words += ["--timeout", number(limit)]
    words += ["--kill-after", number(kill_after)]
    success = [*raw(job, "SuccessExitStatus"), *(["SIGTERM"] if concurrency_of(job)["policy"] == "replace" else [])]
    if success:
        words += ["--success", ",".join(word for value in success for word in value.split())]
    # Else systemd gives each signal to all processes of the job.
    if raw(job, "KillMode")[-1:] in (["mixed"], ["process"]):
        words.append("--forward")
    if [value.lower() for value in raw(job, "IgnoreSIGPIPE")][-1:] in [[word] for word in _FALSE]:
        words.append("--sigpipe")
    return " ".join([*words, job["name"]])


def gate_options(job: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the options of the gate, by what they are for."""
    found: dict[str, list[str]] = {"start": [], "trigger": [], "group": []}
    concurrency = concurrency_of(job)
    if concurrency["policy"] == "forbid":
        found["trigger"].append("--forbid")
    if job["starting_deadline"]:
        found["trigger"] += ["--deadline", number(job["starting_deadline"])]
    if found["trigger"]:
        found["trigger"] += ["--accuracy", number(span(job, "accuracy"))]
        found["trigger"] += ["--jitter", number(span(job, "jitter"))] if job["jitter"] else []
    if job["skip_next"] and is_date(job["skip_next"]):
        found["trigger"] += ["--skip-date", job["skip_next"]]
        # A day of the schedule begins and ends in its own time zone.
        found["trigger"] += ["--zone", job["timezone"]] if job["timezone"] else []
    elif job["skip_next"]:
        found["trigger"] += ["--skip-next", job["skip_next"]]
    if any((job[field] or {}).get("only") == TIMER for field in ("on_failure", "on_success")):
        found["start"].append("--note-start")
    if concurrency["group"]:
        limits = ["--limit", str(concurrency["group_limit"]), "--wait", number(concurrency["group_wait"])]
        found["group"] = ["--group", concurrency["group"], *limits]
    return found


def condition(folder: str, job: str, options: list[str]) -> str:
    """Return the line of the gate. A gate that is broken fails the run: systemd would take its status for a skip."""
    gate = " ".join([PYTHON, "-I", f"{folder}/{GATE}", "begin", job, *options])
    script = f"{gate}; case $? in 0) exit 0;; 113) exit 113;; *) exit 255;; esac"
    return f"ExecCondition={as_root(quote.command(['/bin/sh', '-c', script]), INVOCATION)}"


def replace_unit(folder: str, job: str, options: Mapping[str, list[str]]) -> str:
    """Return the text of the unit that the timer starts when each elapse is to replace the run before."""
    lines = [
        "# Managed by Ansible (dotmobi.systemd_timers): change the job's variables, not this file.",
        "",
        "[Unit]",
        f"Description=Starts {job} anew",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=oneshot",
    ]
    if options["trigger"]:
        lines.append(condition(folder, job, [*options["trigger"], "--service", f"{job}-replace.service"]))
    words = [PYTHON, "-I", f"{folder}/{GATE}", "replace", job, *options["start"]]
    return "\n".join([*lines, f"ExecStart={' '.join(words)}", ""])


def beside(job: Mapping[str, Any], files_directory: str) -> Helpers:
    """Return what stands beside a job."""
    name = job["name"]
    folder = f"{files_directory}/{name}"
    replaces = concurrency_of(job)["policy"] == "replace"
    attempts = makes_attempts(job)
    options = gate_options(job)
    ours = [*options["start"], *([] if replaces else options["trigger"]), *options["group"]]
    lines = [condition(folder, name, ours)] if ours else []
    ending = [*(["--forbid"] if "--forbid" in ours else []), *options["group"][:4]]
    if ending:
        gate = f"{PYTHON} -I {folder}/{GATE} end {' '.join([name, *ending])}"
        lines.append(f"ExecStopPost=-{as_root(gate, INVOCATION, RESULT)}")
    if lines and UNSET not in raw(job, "UnsetEnvironment"):
        lines.append(f"UnsetEnvironment={UNSET}")
    if replaces:
        lines.append("SuccessExitStatus=SIGTERM")
    commands = [quote.command(one) for one in commands_of(job)]
    needed = [*([ATTEMPTS] if attempts else []), *([GATE] if ours or replaces else [])]
    return Helpers(
        wrapped(folder, attempt_options(job), commands) if attempts else "".join(commands),
        f"{number(whole_time(job))}s" if attempts and job.get("timeout") else "",
        lines,
        f"{name}-replace.service" if replaces else f"{name}.service",
        tuple(sorted({one for program in needed for one in PROGRAMS[program]})),
        replace_unit(folder, name, options) if replaces else "",
    )
