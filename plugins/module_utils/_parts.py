# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One apply in several parts: the system, and the user manager of each account that has jobs.

root never writes where another user can: each account's part is a process of that user. This one, root's, takes the
lock of the host, leads the others by pipes, and is the part of the system itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, Callable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._account import (
    at_home,
    become,
    find_scopes,
    has_manager,
    lingering,
    lingers,
    start_manager,
    stop_linger,
    user_runner,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge import Outcome, converge
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._meeting import Meeting
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import ABSENT, Request, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._run_directory import LockBusy
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._transaction import NOT_KEPT, ApplyFailed

ENDED = {"failure": "the process that works for it has ended", "undone": False}

MakeRunner = Callable[[], Runner]


class _Line:
    """One end of a conversation: each message a line of JSON; None when the other has gone."""

    def __init__(self, reading: int, writing: int) -> None:
        self.input = os.fdopen(reading, encoding="utf-8")
        self.output = os.fdopen(writing, "w", encoding="utf-8")

    def say(self, message: Any) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.output.write(json.dumps(message) + "\n")
            self.output.flush()

    def hear(self) -> Any:
        text = self.input.readline()
        return json.loads(text) if text.endswith("\n") else None

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.output.close()


class _Member(Meeting):
    """The part of an account asks the one that leads."""

    def __init__(self, line: _Line, scope: Scope) -> None:
        self.line = line
        self.up_before = has_manager(scope)

    def begin(self) -> bool:
        return bool(self.line.hear())

    def ready(self) -> bool:
        self.line.say({"ready": True})
        return bool(self.line.hear())

    def keep(self) -> bool:
        self.line.say({"applied": True})
        return bool(self.line.hear())

    def came_up(self) -> bool:
        return not self.up_before


class _Part(NamedTuple):
    """A process that works for an account, as the one that leads sees it."""

    scope: Scope
    line: _Line
    process: int
    has_jobs: bool


class _Lead(Meeting):
    """The part of the system leads the others. `ends`: account to what its part has ended with."""

    def __init__(self, run: Runner, parts: list[_Part]) -> None:
        self.run = run
        self.parts = parts
        self.ends: dict[str, dict[str, Any]] = {}
        self.started: list[Scope] = []
        self.trouble = ""
        # Whose managers are to run without a login, and do not yet.
        self.to_linger = [
            part.scope for part in parts if part.has_jobs and not (lingers(part.scope) and has_manager(part.scope))
        ]

    def begin(self) -> bool:
        for part in self.parts:
            part.line.say(True)
        return True

    def ready(self) -> bool:
        waiting = self._hear("ready")
        good = len(waiting) == len(self.parts)
        if good:
            self.trouble = self._start_managers()
        good = good and not self.trouble
        for part in waiting:
            part.line.say(good)
        return good

    def keep(self) -> bool:
        waiting = self._hear("applied")
        good = len(waiting) == len(self.parts)
        for part in waiting:
            part.line.say(good)
        return good

    def _hear(self, word: str) -> list[_Part]:
        """Return the parts that say this word; keep what others have ended with."""
        waiting = []
        for part in self.parts:
            message = part.line.hear()
            if message and message.get(word):
                waiting.append(part)
            else:
                self.ends[part.scope.account] = message or ENDED
        return waiting

    def _start_managers(self) -> str:
        for scope in self.to_linger:
            # One that lingered before, and has stopped, lingers on in any case.
            self.started += [] if lingers(scope) else [scope]
            trouble = start_manager(self.run, scope)
            if trouble:
                return trouble
        return ""

    def end(self) -> None:
        """Hear the end of all parts; those that still wait for an answer are not told to go on."""
        for part in self.parts:
            part.line.hang_up()
        for part in self.parts:
            while part.scope.account not in self.ends:
                message = part.line.hear()
                if message is None or not ({"ready", "applied"} & set(message)):
                    self.ends[part.scope.account] = message or ENDED
            os.waitpid(part.process, 0)

    def take_back(self) -> str:
        """Take back that managers run without a login; return what could not be."""
        return "; ".join(filter(None, (stop_linger(self.run, scope) for scope in self.started)))


def converge_all(
    make_runner: MakeRunner, request: Request, check_mode: bool, *, with_diff: bool, notes: dict[str, Any]
) -> Outcome:
    """Bring the host to the jobs, in all its parts or in none. Raises ApplyFailed, LockBusy, see `converge`."""
    run = make_runner()
    left = lingering(request.owner) if os.geteuid() == 0 else []
    if not left and not any(job.account for job in request.jobs):
        return converge(run, request, check_mode, with_diff=with_diff, notes=notes)
    scopes, findings = find_scopes(request.jobs)
    # Without all its jobs no part may change anything.
    check_mode = check_mode or bool(findings)
    requests = requests_of(request, scopes, left)
    parts: list[_Part] = []
    for one in requests:
        parts.append(_start_part(make_runner, one, parts, check_mode, with_diff))
    lead = _Lead(run, parts)
    own = request._replace(jobs=[job for job in request.jobs if not job.account])
    outcome, failure = Outcome([], [], [], {}), None
    try:
        outcome = converge(run, own, check_mode, with_diff=with_diff, notes=notes, meeting=lead)
    except ApplyFailed as error:
        failure = error
    finally:
        lead.end()
    if failure or any("failure" in end for end in lead.ends.values()) or lead.trouble:
        raise _failed(lead, failure)
    return _together(outcome, lead, findings, [job.name for job in request.jobs])


def requests_of(request: Request, scopes: dict[str, Scope], left: list[Scope]) -> list[Request]:
    """Return what to ask of the part of each account: its jobs, in its own places."""
    jobs: dict[Scope, list[WantedJob]] = {}
    for job in request.jobs:
        if job.account in scopes:
            jobs.setdefault(scopes[job.account], []).append(at_home(job, scopes[job.account]))
    for scope in left:
        # None is declared any more: what is there is reported, or pruned.
        jobs.setdefault(scope, [])
    return [
        request._replace(
            jobs=wanted,
            unit_directory=scope.unit_directory,
            files_directory=scope.files_directory,
            log_directory="",
            scope=scope,
        )
        for scope, wanted in jobs.items()
    ]


def _start_part(
    make_runner: MakeRunner, request: Request, earlier: list[_Part], check_mode: bool, with_diff: bool
) -> _Part:
    """Start the process that works for an account."""
    to_part, to_lead = os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:  # pragma: no cover  another process
        try:
            os.close(to_part[1])
            os.close(to_lead[0])
            # Else an earlier part would not notice that the one that leads has hung up.
            for part in earlier:
                part.line.hang_up()
            line = _Line(to_part[0], to_lead[1])
            line.say(_work(make_runner, request, line, check_mode, with_diff))
        finally:
            os._exit(0)
    os.close(to_part[0])
    os.close(to_lead[1])
    return _Part(
        request.scope, _Line(to_lead[0], to_part[1]), process, any(job.state != ABSENT for job in request.jobs)
    )


def _work(make_runner: MakeRunner, request: Request, line: _Line, check_mode: bool, with_diff: bool) -> dict[str, Any]:
    """Be the part of an account; return what it ends with."""
    try:
        become(request.scope)
        run = user_runner(request.scope, make_runner())
        member = _Member(line, request.scope)
        outcome = converge(run, request, check_mode, with_diff=with_diff, meeting=member)
    except ApplyFailed as error:
        return {"failure": str(error), "undone": error.undone, "trouble": error.trouble}
    except (LockBusy, OSError) as error:
        return {"failure": str(error), "undone": True}
    return {"outcome": outcome}


def _failed(lead: _Lead, own: ApplyFailed | None) -> ApplyFailed:
    """Return how the apply as a whole failed: the first cause of each part, not that others failed."""
    reasons = [f"{account}: {end['failure']}" for account, end in lead.ends.items() if "failure" in end]
    troubles = [f"{account}: {end['trouble']}" for account, end in lead.ends.items() if end.get("trouble")]
    undone = all(end.get("undone", True) for end in lead.ends.values())
    if own:
        reasons.insert(0, str(own))
        undone = undone and own.undone
        troubles += [own.trouble] if own.trouble else []
    causes = [reason for reason in reasons if NOT_KEPT not in reason] or reasons
    left = lead.take_back()
    troubles += [left] if left else []
    return ApplyFailed("; ".join([lead.trouble] if lead.trouble else causes), undone and not left, "; ".join(troubles))


def _together(outcome: Outcome, lead: _Lead, findings: list[Finding], order: list[str]) -> Outcome:
    """Return the outcome of all parts as one: jobs in the order of their declaration."""
    others = {account: _outcome(end["outcome"]) for account, end in lead.ends.items() if end.get("outcome")}
    every = [outcome, *others.values()]
    errors = [*findings, *(one for found in every for one in found.errors)]
    warnings = [one for found in every for one in found.warnings]
    accepted = [one for found in every for one in found.accepted]
    if errors or not all(found.result for found in every):
        lead.take_back()
        return Outcome(errors, warnings, accepted, {})
    place = {name: number for number, name in enumerate(order)}
    for account, found in others.items():
        for row in found.result["jobs"]:
            row["user"] = account
    rows = [row for found in every for row in found.result["jobs"]]
    rows.sort(key=lambda row: place.get(row["name"], len(place)))
    result: dict[str, Any] = {
        "changed": bool(lead.to_linger) or any(found.result["changed"] for found in every),
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


def _outcome(data: list[Any]) -> Outcome:
    """Return an outcome that came through a pipe."""
    errors, warnings, accepted = ([Finding(*one) for one in found] for found in data[:3])
    return Outcome(errors, warnings, accepted, data[3])
