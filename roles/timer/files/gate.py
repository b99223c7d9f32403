# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides as root whether a run of a job begins, is skipped, or waits.

    gate begin JOB [--forbid] [--deadline S] [--accuracy S] [--jitter S] [--skip-next TOKEN]
                   [--skip-date YYYY-MM-DD [--zone ZONE]]
                   [--group NAME --limit N --wait S] [--note-start]
        ExecCondition=: ends with 0 when the run is to begin, with SKIP, or with FAIL.
    gate end JOB [--forbid] [--group NAME --limit N]
        ExecStopPost=: gives the place in the group back, tells of an elapse during a run that was started manually.
    gate replace JOB [--note-start]
        ExecStart= of JOB-replace.service, which the timer starts: stops a run that is under way, starts the job anew.

What was skipped, queued or replaced is written to the journal, with fields of its own (job_journal.py).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time

# Python is started with -I, which leaves out the program's own folder; it belongs to root.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from job_group import UNDER_WAY, Group, ticket_of, write_whole
from job_journal import ERROR, INFO, NOTICE, iso, tell, words
from job_trigger import (
    ENVIRONMENT,
    Trigger,
    covered_elapse,
    elapses_between,
    first,
    is_started_by_timer,
    last_elapse,
    monotonic,
    read_trigger,
    show,
)
from private_directory import make_private

# ExecCondition= takes 1 to 254 for skipped and 255 for failed. The unit makes FAIL of everything but 0 and SKIP, so
# that a gate that is broken does not skip runs in silence. Python uses 1 and 2.
BEGIN, SKIP, FAIL = 0, 113, 255
STATE = "/var/lib/dotmobi.systemd_timers"
# There, in the directory of a job: the tokens that have skipped a run.
TOKENS = "skipped.json"
ENDED = "/run/dotmobi.systemd_timers/ended"
STARTS = "/run/dotmobi.systemd_timers/starts"
# Behind the name of a job; no name holds it.
REPLACING = "~replace"
# Where the last elapse is looked for first: half of it, in seconds.
CLOSE = 30.0
# There is a file of a job here while a run goes on as it began although the job was changed.
PINNED = "/run/dotmobi.systemd_timers/runs"
# systemd starts what it catches up within moments.
MOST_HASTE = 2.0


class Skipped(Exception):
    """This run is left out: why in one word, and in words."""

    def __init__(self, reason: str, message: str, **fields: object) -> None:
        """Note the reason, and further fields for the journal."""
        super().__init__(message)
        self.reason = reason
        self.fields = fields


class WaitedInVain(Exception):
    """The group had no place within the wait limit."""


def note_end(job: str, directory: str = ENDED) -> None:
    """Note when a run has ended. What systemd tells is later, and counts a run that was skipped, too."""
    write_whole(os.path.join(make_private(directory), job), str(monotonic()))


def last_end(job: str, directory: str = ENDED) -> float:
    """Return when the run before has ended, on the monotonic clock; 0 for none in this boot."""
    try:
        with open(os.path.join(directory, job), encoding="utf-8") as stream:
            return float(stream.read())
    except FileNotFoundError:
        return 0.0


def check_forbid(trigger: Trigger, ended: float, accuracy: float, jitter: float) -> None:
    """Skip the run that systemd starts for an elapse during the run before. ended: the end of that one (monotonic)."""
    # What jitter has put off until after that run is on time.
    at_once = trigger.triggered - ended <= accuracy + MOST_HASTE
    if not ended or (jitter and not at_once):
        return
    covered = covered_elapse(trigger, time.time(), time.time() - (monotonic() - ended))
    if covered is not None:
        when = iso(covered)
        raise Skipped("forbid", f"skipped the elapse of {when}: the run before was still under way", elapse=when)


def check_deadline(trigger: Trigger, deadline: float, slack: float) -> float:
    """Skip a run that is late; return until when this one may begin (Unix time). slack: a delay that is meant."""
    now = time.time()
    on_time = elapses_between(trigger.expressions, now - deadline - slack, now)
    if on_time:
        return on_time[-1] + deadline + slack
    missed = last_elapse(trigger.expressions, now, deadline + slack)
    fields = {"elapse": iso(missed), "late": int(now - missed)} if missed else {}
    what = f"the elapse of {iso(missed)}" if missed else "this run"
    raise Skipped("starting-deadline", f"skipped {what}: it is late by more than {words(deadline)}", **fields)


def used_tokens(job: str, state: str) -> list[str]:
    """Return the tokens that have skipped a run of a job."""
    with contextlib.suppress(FileNotFoundError), open(os.path.join(state, job, TOKENS), encoding="utf-8") as stream:
        found: list[str] = json.load(stream)
        return found
    return []


def check_removed(options: argparse.Namespace, state: str = STATE) -> None:
    """Skip a run that is to be skipped, and whose timer was removed as the run began.

    What has started it cannot be known any more. Nothing is written: the state of the job is removed, too.
    """
    reason = "the job was removed as this run began"
    if options.skip_date == day_of(time.time(), options.zone):
        raise Skipped("skip-date", f"skipped this run: skip_next is {options.skip_date}, and {reason}")
    if options.skip_next and options.skip_next not in used_tokens(options.job, state):
        raise Skipped("skip-next", f"skipped this run for skip_next {options.skip_next}: {reason}")


def check_skip_next(job: str, token: str, state: str = STATE) -> None:
    """Skip one run for each token. Tokens are kept, so that none does it twice."""
    used = used_tokens(job, state)
    if token in used:
        return
    path = os.path.join(make_private(os.path.join(state, job)), TOKENS)
    write_whole(path, json.dumps([*used, token]))
    raise Skipped("skip-next", f"skipped this run, and no other, for skip_next {token}", token=token)


def day_of(when: float, zone: str) -> str:
    """Return the date of a time in a time zone, that of the host when none is given."""
    before = os.environ.get("TZ")
    try:
        if zone:
            os.environ["TZ"] = zone
            time.tzset()
        return time.strftime("%Y-%m-%d", time.localtime(when))
    finally:
        if zone:
            os.environ.pop("TZ")
            os.environ.update({} if before is None else {"TZ": before})
            time.tzset()


def check_skip_date(trigger: Trigger, date: str, zone: str) -> None:
    """Skip every run whose elapse is on that day, also one that begins later. Without a calendar today counts."""
    now = time.time()
    elapse = last_elapse(trigger.expressions, now, CLOSE) or now
    if day_of(elapse, zone) == date:
        raise Skipped("skip-date", f"skipped the elapse of {iso(elapse)}: skip_next is {date}", elapse=iso(elapse))


def queue(options: argparse.Namespace, until: float | None) -> None:
    """Wait for a place in the group. until: the starting deadline (Unix time)."""
    waiting: list[float] = []

    def queued(names: str, waited: float) -> float:
        if not waiting:
            told = f"waits in the group {options.group} for {names}"
            tell(options.job, "queued", told, INFO, group=options.group)
        waiting[:] = [waited]
        left = options.wait - waited
        if until is not None:
            left = min(left, until - time.time())
            if until < time.time():
                told = f"skipped this run: its starting deadline is over, and it still waits for {names}"
                raise Skipped("starting-deadline", told, group=options.group)
        if waited > options.wait:
            raise WaitedInVain(
                f"waited {words(options.wait)} in the group {options.group}, still for {names}: gives up"
            )
        return float(left)

    Group(options.group).wait(ticket_of(f"{options.job}.service"), options.limit, queued)
    if waiting:
        told = f"begins after {words(waiting[0])} in the group {options.group}"
        tell(options.job, "dequeued", told, INFO, group=options.group, waited=f"{waiting[0]:.3f}")


def note_start(job: str, directory: str = STARTS) -> None:
    """Note which run this is and what has started it, for who is notified of runs of the timer only.

    A run that takes the place of another is started by JOB-replace.service, which has left word.
    """
    make_private(directory)
    replacing = os.path.join(directory, f"{job}{REPLACING}")
    trigger = read_trigger(f"{job}.timer", f"{job}.service")
    # Where nobody knows, it is not left out.
    by_timer = trigger.gone or is_started_by_timer(trigger)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(replacing)
        by_timer = True
    _unit, invocation = ticket_of(f"{job}.service")
    write_whole(os.path.join(directory, job), f"{invocation} {'timer' if by_timer else 'hand'}")


def begin(options: argparse.Namespace) -> int:
    """Return the exit status of ExecCondition=. A run that somebody starts manually is never skipped."""
    job, until = options.job, None
    try:
        if options.note_start:
            note_start(job)
        if options.forbid or options.deadline or options.skip_next or options.skip_date:
            trigger = read_trigger(f"{job}.timer", options.service or f"{job}.service")
            if trigger.gone:
                check_removed(options)
            elif is_started_by_timer(trigger):
                if options.forbid:
                    check_forbid(trigger, last_end(job), options.accuracy, options.jitter)
                if options.deadline:
                    until = check_deadline(trigger, options.deadline, options.accuracy + options.jitter)
                if options.skip_date:
                    check_skip_date(trigger, options.skip_date, options.zone)
                # At the end: a run that is skipped anyway does not use the token up.
                if options.skip_next:
                    check_skip_next(job, options.skip_next)
        if options.group:
            queue(options, until)
    except Skipped as skipped:
        tell(job, "skipped", str(skipped), NOTICE, reason=skipped.reason, **skipped.fields)
        return SKIP
    except WaitedInVain as error:
        tell(job, "group-timeout", str(error), ERROR, group=options.group)
        return FAIL
    return BEGIN


def end(options: argparse.Namespace) -> int:
    """Return 0: a run has ended as it has, whatever is found here."""
    job = options.job
    if options.group:
        Group(options.group).leave(f"{job}.service", options.limit)
    if options.forbid and os.environ.get("SERVICE_RESULT") != "exec-condition":
        note_end(job)
        trigger = read_trigger(f"{job}.timer", f"{job}.service")
        if trigger.triggered > trigger.began:
            when = iso(time.time() - (monotonic() - trigger.triggered))
            told = f"skipped the elapse of {when}: a run was under way"
            tell(job, "skipped", told, NOTICE, reason="forbid", elapse=when)
    return 0


def cleaner_of(job: str) -> str:
    """Return the unit that cleans up after a run which goes on although its job was changed (`_job/pin` is alike)."""
    return f"dotmobi-run-end-{hashlib.sha256(job.encode()).hexdigest()[:12]}.service"


def replace(options: argparse.Namespace) -> int:
    """Let systemd stop the run that is under way, if there is one, and start the job."""
    service = f"{options.job}.service"
    found = show([service], "ActiveState", "InvocationID")[service]
    if first(found, "ActiveState") in UNDER_WAY:
        told = "the run that is under way is stopped, and the job is started anew"
        tell(options.job, "replaced", told, NOTICE, replaced=first(found, "InvocationID"))
        if os.path.exists(os.path.join(PINNED, f"{options.job}.sh")):
            # The job was changed, and this run keeps what it began with: the next one comes after it is cleaned up.
            for verb, unit in (("stop", service), ("start", cleaner_of(options.job))):
                subprocess.run(["systemctl", verb, "--", unit], env=ENVIRONMENT, check=False)
    if options.note_start and is_started_by_timer(
        read_trigger(f"{options.job}.timer", f"{options.job}-replace.service")
    ):
        write_whole(os.path.join(make_private(STARTS), f"{options.job}{REPLACING}"), "")
    os.execvpe("systemctl", ["systemctl", "restart", "--no-block", "--", service], ENVIRONMENT)  # noqa: S606


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="gate", allow_abbrev=False)
    parser.add_argument("action", choices=("begin", "end", "replace"))
    parser.add_argument("job")
    for name in ("deadline", "accuracy", "jitter", "wait"):
        parser.add_argument(f"--{name}", type=float, default=0)
    parser.add_argument("--limit", type=int, default=1)
    for name in ("skip-next", "skip-date", "zone", "group", "service"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--forbid", action="store_true")
    parser.add_argument("--note-start", action="store_true")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Do what the call says. What goes wrong is told in one line, and fails the run."""
    options = parse(argv)
    try:
        return {"begin": begin, "end": end, "replace": replace}[options.action](options)
    except Exception as error:  # noqa: BLE001  a run must never be skipped for a fault of ours
        tell(options.job, "gate-failed", f"gate {options.action}: {type(error).__name__}: {error}", ERROR)
        return FAIL


if __name__ == "__main__":
    # The unit's own decides about what the job makes, not about what root does.
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
