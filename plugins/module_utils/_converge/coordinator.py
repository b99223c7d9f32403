# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One apply in several parts: the system, and the user manager of each account that has jobs.

root never writes where another user can: each account's part is a process of that user. This one, root's, takes the
lock of the host, leads the others by pipes, and is the part of the system itself. It waits for no part without end, and
the part of an account without a declared job can fail nobody else: it is left out, and named.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.barrier import Barrier
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import NOT_KEPT, ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.converge import converge, predicted
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.outcome import Outcome
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.request import tolerated
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import ERROR, WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT, Request, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import (
    NO_ACCOUNT,
    NO_HOME,
    at_home,
    child_of,
    has_manager,
    lingers,
    start_manager,
    stop_linger,
    user_runner,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.accounts import (
    Looked,
    lingering_accounts,
    look_at,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.lock import LockBusy
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import Child, Line, NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

MakeRunner = Callable[[], Runner]

# So long the part of an account may take from one of its words to the next, and with each of its jobs longer.
PART_SECONDS = 120.0
LEFT_OVER_SECONDS = 60.0
SECONDS_PER_JOB = 0.2
# Whoever is heard after the time is over has said all long ago.
GRACE_SECONDS = 2.0
# What a part may ask before it ends.
QUESTIONS = ("ready", "manager", "applied")
COMPLETED_LATER = "what its process had begun is completed by the next apply"


class Participant(Barrier):
    """The part of an account asks the one that leads."""

    def __init__(self, line_to_lead: Line) -> None:
        self.line = line_to_lead

    def begin(self) -> bool:
        return bool(self.line.hear())

    def ready(self) -> bool:
        self.line.say({"word": "ready"})
        return self.line.hear() is True

    def start_manager(self) -> str:
        self.line.say({"word": "manager"})
        answer = self.line.hear()
        return "" if answer is True else str(answer or NOT_KEPT)

    def keep(self) -> bool:
        self.line.say({"word": "applied"})
        return self.line.hear() is True


class _Part:
    """A process that works for an account, as the one that leads sees it.

    has_declared: jobs of the account are declared, be it as absent. begun: it was told to change something.
    """

    def __init__(self, request: Request, jobs: int, child: Child) -> None:
        self.scope = request.scope
        self.child = child
        self.has_declared = bool(request.jobs)
        self.has_jobs = any(job.state != ABSENT for job in request.jobs)
        self.begun = False
        self.seconds = (PART_SECONDS if self.has_declared else LEFT_OVER_SECONDS) + SECONDS_PER_JOB * jobs

    def hear(self, since: float) -> dict[str, Any]:
        """Return what it says next. Raises NoAnswer."""
        message = self.child.hear(max(since + self.seconds, time.monotonic() + GRACE_SECONDS))
        if not isinstance(message, dict) or "error" in message:
            raise NoAnswer(f"has failed: {message.get('error')}" if isinstance(message, dict) else "has failed")
        return message


class Coordinator(Barrier):
    """The part of the system leads the others.

    ends: account to what its part has ended with. silent: accounts without a declared job that were left out, and why.
    late: accounts whose part has done everything, and did not tell of it. trouble: why managers could not be started.
    left: what could not be taken back.
    """

    def __init__(self, run: Runner, parts: list[_Part], silent: dict[str, str]) -> None:
        self.run = run
        self.parts = parts
        self.every = list(parts)
        self.silent = silent
        self.ends: dict[str, dict[str, Any]] = {}
        self.late: dict[str, str] = {}
        # Whose managers are to run without a login, and did not yet; whose were made to by this apply.
        self.to_linger: list[Scope] = []
        self.started: list[Scope] = []
        self.trouble = ""
        self.left = ""
        self.committed = False
        self.closed = False

    def begin(self) -> bool:
        # Not earlier: an apply that had the lock before may have taken its linger back.
        self.to_linger = [
            part.scope for part in self.parts if part.has_jobs and not (lingers(part.scope) and has_manager(part.scope))
        ]
        for part in self.parts:
            part.child.say(True)
        return True

    def ready(self) -> bool:
        return self._answer(self._hear("ready"), begins=True)

    def keep(self) -> bool:
        good = self._hear("applied")
        for scope in self.to_linger if good else []:
            if not self.trouble and not (lingers(scope) and has_manager(scope)):
                self.trouble = self._start_manager(scope)
        self.committed = self._answer(good and not self.trouble, begins=False)
        return self.committed

    def _answer(self, good: bool, *, begins: bool) -> bool:
        for part in self.parts:
            part.begun = part.begun or (begins and good)
            part.child.say(good)
        return good

    def _hear(self, word: str) -> bool:
        """Wait until all say this word; tell whether those have said it that have to."""
        since = time.monotonic()
        for part in list(self.parts):
            self._hear_one(part, word, since)
        return not any(part.has_declared and part not in self.parts for part in self.every)

    def _hear_one(self, part: _Part, word: str, since: float) -> None:
        """Wait until one says this word; go on without it when it says anything else, or nothing."""
        try:
            message = part.hear(since)
            if message.get("word") == "manager":
                self.trouble = self.trouble or self._start_manager(part.scope)
                part.child.say(self.trouble or True)
                message = part.hear(time.monotonic())
        except NoAnswer as error:
            end = ended(part, error)
        else:
            if message.get("word") == word:
                return
            end = message.get("answer", {"failure": "has lost the thread", "undone": not part.begun})
        self.parts.remove(part)
        part.child.end()
        self._note_end(part, end)

    def _note_end(self, part: _Part, end: dict[str, Any]) -> None:
        account = part.scope.account
        why = why_not(end)
        if part.has_declared or not why:
            self.ends[account] = end
        else:
            self.silent[account] = why

    def _start_manager(self, scope: Scope) -> str:
        lingered = lingers(scope)
        trouble = start_manager(self.run, scope)
        # One that lingered before, and has stopped, lingers on in any case.
        if not lingered and lingers(scope):
            self.started.append(scope)
        return trouble

    def close(self) -> None:
        """Hear the end of all parts, those that still wait for an answer are not told to go on; take linger back."""
        if self.closed:
            return
        self.closed = True
        for part in self.parts:
            part.child.hang_up()
        since = time.monotonic()
        for part in self.parts:
            self._hear_end(part, since)
            part.child.end()
        if not self.committed:
            self.left = "; ".join(filter(None, (stop_linger(self.run, scope) for scope in self.started)))

    def _hear_end(self, part: _Part, since: float) -> None:
        try:
            message = part.hear(since)
            # It may have asked for something, and nobody had listened yet.
            for _question in QUESTIONS:
                message = message if "answer" in message else part.hear(since)
        except NoAnswer as error:
            if not self.committed:
                self._note_end(part, ended(part, error))
            else:
                self.late[part.scope.account] = f"the process that works for it {error}"
        else:
            self._note_end(part, message.get("answer", {"failure": "has not come to its end", "undone": False}))


def ended(part: _Part, error: NoAnswer) -> dict[str, Any]:
    """Return the end of a part that has told none."""
    reason = f"the process that works for it {error}"
    return {"failure": reason, "undone": not part.begun, "trouble": COMPLETED_LATER if part.begun else ""}


def why_not(end: dict[str, Any]) -> str:
    """Return why a part has not come to its end; empty when it has, also when another one has kept it from that."""
    if "failure" in end:
        return "" if NOT_KEPT in end["failure"] else str(end["failure"])
    errors = _outcome(end["outcome"]).errors
    return "; ".join(line(found) for found in errors)


def converge_all(
    make_runner: MakeRunner, request: Request, check_mode: bool, *, with_diff: bool, notes: dict[str, Any]
) -> Outcome:
    """Bring the host to the jobs, in all its parts or in none. Raises ApplyFailed, LockBusy, see `converge`."""
    run = make_runner()
    declared = dict.fromkeys(job.account for job in request.jobs if job.account)
    if os.geteuid() != 0:
        if declared:
            reason = "are applied by processes of these accounts, which only root can start"
            finding = Finding("", "jobs of user managers", None, reason, "become root (`become: true`)", "not-root")
            return Outcome([finding], [], [], {})
        return converge(run, request, check_mode, with_diff=with_diff, notes=notes)
    looked = look_at(make_runner, lingering_accounts(), declared)
    findings = [tolerated(one, request) for one in account_findings(request.jobs, looked)]
    requests = requests_of(request, looked)
    # Without all its jobs no part may change anything.
    check_mode = check_mode or bool(findings)
    parts = [_start_part(make_runner, one, marked, check_mode, with_diff) for one, marked in requests]
    silent = {name: reason for name, reason in looked.silent.items() if name not in declared}
    lead = Coordinator(run, parts, silent)
    own = request._replace(
        jobs=[job for job in request.jobs if not job.account],
        elsewhere=frozenset(job.name for job in request.jobs if job.account),
    )
    outcome, failure = Outcome([], [], [], {}), None
    try:
        outcome = converge(run, own, check_mode, with_diff=with_diff, notes=notes, meeting=lead)
    except ApplyFailed as error:
        failure = error
    finally:
        lead.close()
    if failure or any("failure" in end for end in lead.ends.values()) or lead.trouble:
        raise _failed(lead, failure)
    awaited = [job for job in request.jobs if job.account in looked.refused]
    return _together(outcome, lead, _forecast(request, awaited, findings), [job.name for job in request.jobs])


def account_findings(jobs: list[WantedJob], looked: Looked) -> list[Finding]:
    """Return a finding for each account that jobs are declared for and that cannot have them, at its first job."""
    first: dict[str, WantedJob] = {}
    for job in jobs:
        first.setdefault(job.account, job)
    found = []
    for account, job in first.items():
        if account in looked.refused:
            reason, fix = looked.refused[account]
            kind = "" if reason.startswith((NO_ACCOUNT, NO_HOME)) else ERROR
            found.append(Finding(job.name, "user", account, reason, fix, "missing-user", kind))
        elif account in looked.silent:
            reason = f"cannot be looked at: {looked.silent[account]}"
            found.append(Finding(job.name, "user", account, reason, "", "silent-account", ERROR))
    return found


def requests_of(request: Request, looked: Looked) -> list[tuple[Request, int]]:
    """Return what to ask of the part of each account: its jobs, in its own places; and how many jobs it may have."""
    jobs: dict[Scope, list[WantedJob]] = {}
    for job in request.jobs:
        if job.account in looked.seen:
            scope = looked.seen[job.account].scope
            jobs.setdefault(scope, []).append(at_home(job, scope))
    marked = {seen.scope: len(seen.jobs(request.owner)) for seen in looked.seen.values()}
    for scope, number in marked.items():
        if number:
            # None is declared any more: what is there is reported, or pruned.
            jobs.setdefault(scope, [])
    names = {job.name for job in request.jobs}
    found = []
    for scope, wanted in jobs.items():
        one = request._replace(
            jobs=wanted,
            unit_directory=scope.unit_directory,
            files_directory=scope.files_directory,
            log_directory="",
            scope=scope,
            elsewhere=frozenset(names - {job.name for job in wanted}),
        )
        found.append((one, max(len(wanted), marked.get(scope, 0))))
    return found


def _start_part(make_runner: MakeRunner, request: Request, jobs: int, check_mode: bool, with_diff: bool) -> _Part:
    """Start the process that works for an account."""
    child = child_of(request.scope, lambda to_lead: _work(make_runner, request, to_lead, check_mode, with_diff))
    return _Part(request, jobs, child)


def _work(
    make_runner: MakeRunner, request: Request, to_lead: Line, check_mode: bool, with_diff: bool
) -> dict[str, Any]:
    """Be the part of an account; return what it ends with."""
    try:
        run = user_runner(request.scope, make_runner())
        outcome = converge(run, request, check_mode, with_diff=with_diff, meeting=Participant(to_lead))
    except ApplyFailed as error:
        return {"failure": str(error), "undone": error.undone, "trouble": error.trouble}
    except (LockBusy, OSError) as error:
        return {"failure": str(error), "undone": True}
    return {"outcome": outcome}


def _failed(lead: Coordinator, own: ApplyFailed | None) -> ApplyFailed:
    """Return how the apply as a whole failed: the first cause of each part, not that others failed."""
    reasons = [f"{account}: {end['failure']}" for account, end in lead.ends.items() if "failure" in end]
    troubles = [f"{account}: {end['trouble']}" for account, end in lead.ends.items() if end.get("trouble")]
    undone = all(end.get("undone", True) for end in lead.ends.values())
    if own:
        reasons.insert(0, str(own))
        undone = undone and own.undone
        troubles += [own.trouble] if own.trouble else []
    causes = [reason for reason in reasons if NOT_KEPT not in reason] or reasons
    troubles += [lead.left] if lead.left else []
    undone = undone and not lead.left
    return ApplyFailed("; ".join([lead.trouble] if lead.trouble else causes), undone, "; ".join(troubles))


def left_out(lead: Coordinator) -> list[Finding]:
    """Return a warning for each account that was left out, and for each that has not told what was done."""
    silent = [
        Finding("", "account", account, f"is left as it is: {reason}", "", "silent-account")
        for account, reason in sorted(lead.silent.items())
    ]
    late = [
        Finding("", "account", account, f"all is applied, but {reason}", "the next apply shows its jobs", "unfinished")
        for account, reason in sorted(lead.late.items())
    ]
    return silent + late


def _forecast(request: Request, jobs: list[WantedJob], findings: list[Finding]) -> Outcome:
    """Return what comes of jobs whose accounts do not exist: in check mode, as if these had just been made."""
    errors = [one for one in findings if one.severity != WARNING]
    warnings = [one for one in findings if one.severity == WARNING]
    result: dict[str, Any] = {"changed": False, "jobs": [], "orphans": [], "pruned": [], "diff": []}
    for account in dict.fromkeys(job.account for job in jobs):
        theirs = Scope(account, home=f"~{account}")
        wanted = [at_home(job, theirs) for job in jobs if job.account == account]
        found = predicted(request._replace(jobs=wanted, unit_directory=theirs.unit_directory, log_directory=""))
        result["changed"] = result["changed"] or found["changed"]
        result["jobs"] += [{**row, "user": account} for row in found["jobs"]]
        result["diff"] += found["diff"]
    return Outcome(errors, warnings, [], {} if errors else result)


def _together(outcome: Outcome, lead: Coordinator, awaited: Outcome, order: list[str]) -> Outcome:
    """Return the outcome of all parts as one: jobs in the order of their declaration."""
    others = {account: _outcome(end["outcome"], account) for account, end in lead.ends.items() if end.get("outcome")}
    every = [awaited, outcome, *others.values()]
    errors = [one for found in every for one in found.errors]
    warnings = [*left_out(lead), *(one for found in every for one in found.warnings)]
    accepted = [one for found in every for one in found.accepted]
    if errors or not all(found.result for found in every):
        return Outcome(errors, warnings, accepted, {})
    place = {name: number for number, name in enumerate(order)}
    for account, found in others.items():
        for row in found.result["jobs"]:
            row["user"] = account
    rows = [row for found in every for row in found.result["jobs"]]
    rows.sort(key=lambda row: place.get(row["name"], len(place)))
    result: dict[str, Any] = {
        "changed": bool(lead.to_linger or lead.late) or any(found.result["changed"] for found in every),
        "jobs": rows,
        "orphans": [name for found in every for name in found.result["orphans"]],
        "pruned": [name for found in every for name in found.result["pruned"]],
    }
    if "diff" in outcome.result:
        result["diff"] = [one for found in every for one in found.result["diff"]]
        if lead.to_linger:
            lines = [f"{scope.account}: let its manager run without a login (linger)\n" for scope in lead.to_linger]
            result["diff"].append({"prepared": "".join(lines)})
    return Outcome([], warnings, accepted, result)


def _outcome(data: list[Any], account: str = "") -> Outcome:
    """Return an outcome that came through a pipe. What is said of no job is said of the account."""
    found = [[Finding(*one) for one in part] for part in data[:3]]
    if account:
        found = [[one if one.job else one._replace(field=f"{account}: {one.field}") for one in part] for part in found]
    errors, warnings, accepted = found
    return Outcome(errors, warnings, accepted, data[3])
