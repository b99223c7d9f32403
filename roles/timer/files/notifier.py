# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells of runs of a job. It is the program of JOB-notify@.service.

    notifier JOB start               pings the monitor that a run begins
    notifier JOB failure|success     notes how the run ended that has just done so, and starts the next:
    notifier JOB EVENT-INVOCATION    tells of that one run
    notifier JOB test                tries all ways but the heartbeat

The unit that OnFailure= names is one for all runs of a job, and a start of it while it is busy is no start at all. So
it only notes what is to be told, which takes a moment, and each run gets a unit of its own that delivers it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any, Mapping

# Python is started with -I, which leaves out the program's own folder; it belongs to root.
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
sys.dont_write_bytecode = True

from notice_facts import SYSTEMCTL, Ended, Run, facts_of, find_run, journal_lines, notify_unit, times_by_journal
from private_directory import make_private, open_private

SETTINGS = os.path.join(FOLDER, "notify.json")
NOTED = "/run/dotmobi.systemd_timers/notices"
# What the gate notes at the begin of a run (gate.py).
STARTS, TIMER = "/run/dotmobi.systemd_timers/starts", "timer"
ERROR, INFO = 3, 6
EVENTS = ("failure", "success")
# For all attempts on all ways together. The ping of a start gets less: the next ping waits for it.
DELIVERY_SECONDS, START_SECONDS = 40.0, 15.0


def read_settings() -> dict[str, Any]:
    """Return whom to tell of what."""
    with open(SETTINGS, encoding="utf-8") as stream:
        found: dict[str, Any] = json.load(stream)
    return found


def say(priority: int, text: str) -> None:
    """Write a line to the journal."""
    print(f"<{priority}>{text}", file=sys.stderr, flush=True)


def noted(job: str, instance: str) -> str:
    """Return the path of what is noted for a unit."""
    return os.path.join(NOTED, f"{job}@{instance}.json")


def why_silent(event: str, run: Run | None) -> str:
    """Return why there is nothing to tell, an empty text when there is."""
    if run is None:
        return "systemd knows of no run"
    # systemd starts the unit of OnSuccess= also for a run that a command of ExecCondition= has skipped.
    if event == "success" and run.ended.result != "success":
        return "the run was skipped" if run.ended.result == "exec-condition" else "the run was no success"
    if event == "success" and run.ended.signal:
        return "the run was stopped"
    if event == "failure" and run.ended.result in ("success", "exec-condition"):
        return "the last run was no failure"
    return ""


def started_by_hand(job: str, event: str, run: Run | None) -> str:
    """Return why nothing is told of a run that no timer has started, an empty text when it is told.

    The gate has noted what started the run. Where there is no note of it, it is told.
    """
    if run is None or read_settings().get(event, {}).get("only") != TIMER:
        return ""
    with contextlib.suppress(FileNotFoundError), open(os.path.join(STARTS, job), encoding="utf-8") as stream:
        invocation, by = stream.read().split()
        if invocation == run.invocation and by != TIMER:
            return "the run was not started by its timer"
    return ""


def note_all(job: str, event: str) -> int:
    """Note the run that systemd has told of, and one that has ended in the same way meanwhile."""
    status = 0
    run = find_run(job, os.environ)
    silent = why_silent(event, run) or started_by_hand(job, event, run)
    if silent:
        say(INFO, f"{job}: {silent}, so no notice is sent")
    told = set()
    while run is not None and not why_silent(event, run) and run.invocation not in told:
        told.add(run.invocation)
        if not started_by_hand(job, event, run):
            status = note(job, event, run) or status
        run = find_run(job, {}, over=True)
    return status


def note(job: str, event: str, run: Run) -> int:
    """Note how a run ended, and start the unit that tells of it."""
    instance = f"{event}-{run.invocation}"
    make_private(NOTED)
    with open(open_private(noted(job, instance), os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as stream:
        json.dump({"event": event, "run": run}, stream)
    argv = [SYSTEMCTL, "start", "--no-block", notify_unit(job, instance)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        remove(noted(job, instance))
        say(ERROR, f"{job}: the {event} is not told: {done.stderr.strip()}")
    return done.returncode


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def read_noted(path: str) -> tuple[str, Run]:
    """Return event and run as noted."""
    with open(path, encoding="utf-8") as stream:
        found = json.load(stream)
    invocation, ended, began_at, ended_at = found["run"]
    return found["event"], Run(invocation, Ended(*ended), began_at, ended_at)


def tell(settings: Mapping[str, Any], facts: Mapping[str, Any], seconds: float = DELIVERY_SECONDS) -> int:
    """Go all ways, and write to the journal what came of it."""
    # Takes a tenth of a second, and what only notes has to be quick.
    from notice_channels import channels_of, deliver  # noqa: PLC0415

    event, job = facts["event"], facts["job"]
    outcome = deliver(channels_of(settings, facts), seconds)
    for name, reason in outcome:
        if reason:
            say(ERROR, f"{job}: the {event} could not be sent by {name}: {reason}")
    arrived = [name for name, reason in outcome if not reason]
    if arrived:
        say(INFO, f"{job}: the {event} was sent by {'; '.join(arrived)}")
    return 0 if len(arrived) == len(outcome) else 1


def tell_of_run(settings: Mapping[str, Any], job: str, event: str, run: Run) -> int:
    """Tell of a run that has ended."""
    given = settings.get(event) or settings.get("failure") or settings.get("success") or {}
    if run.invocation and (run.began_at is None or run.ended_at is None):
        began, ended = times_by_journal(run.invocation)
        run = run._replace(began_at=began, ended_at=ended)
    lines = journal_lines(job, run, given.get("lines", 0), settings["hide"]) if run.invocation else []
    return tell(settings, {**facts_of(event, job, run), "lines": lines})


def main(job: str, instance: str) -> int:
    """Do what the instance of the unit is for."""
    if instance in EVENTS:
        return note_all(job, instance)
    settings = read_settings()
    if instance == "start":
        facts = facts_of("start", job, Run("", Ended("")))
        return tell({"heartbeat": settings["heartbeat"]}, facts, START_SECONDS)
    if instance == "test":
        return tell_of_run(settings, job, "test", find_run(job, {}) or Run("", Ended("")))
    path = noted(job, instance)
    try:
        event, run = read_noted(path)
    except FileNotFoundError:
        say(ERROR, f"{job}: nothing is noted for {instance}")
        return 1
    try:
        return tell_of_run(settings, job, event, run)
    finally:
        remove(path)


if __name__ == "__main__":
    os.umask(0o077)
    status = main(sys.argv[1], sys.argv[2])
    sys.stderr.flush()
    # A way that hangs does not keep the program.
    os._exit(status)
