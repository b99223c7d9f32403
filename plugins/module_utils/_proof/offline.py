# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof without a host: what can be said of declared jobs where nobody is asked but this machine.

What only the host knows is taken for good, and is named as not proved.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT, Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import empty_host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.schedule import timespans
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.specifiers import NEWEST_VERSION
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, view
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Account, Facts, PathFacts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.proof import (
    OF_COMMANDS,
    OF_SCHEDULES,
    OF_SERVICES,
    calendar_fixes,
    is_accepted,
    span_fixes,
    spans_for_calendars,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    Calendar,
    CalendarError,
    Timespan,
    check_calendars,
    check_timespans,
    refusal,
    systemd_version,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, Runner

CHECKERS = (*OF_SCHEDULES, *OF_COMMANDS, *OF_SERVICES)
# The variables that a service has in any case, whatever the environment of PID 1 holds (systemd.exec(5)).
VARIABLES = frozenset({"LANG", "PATH"})
NOT_PROVED = (
    "not proved, for no host was asked: names that are taken there; its users, groups, programs, scripts, directories "
    "and files; directives that its systemd does not know; what a change of a job would run"
)


class Offline(NamedTuple):
    """What was found, what of it the jobs accept, and how far that goes."""

    findings: list[Finding]
    accepted: list[Finding]
    notes: list[str]


class NoHost(Facts):
    """Answers for a host that nobody asks: a file is there, of accounts nothing is known."""

    def path(self, path: str) -> PathFacts:
        if path in self.expected:
            return PathFacts("file", self.expected[path].mode)
        # Who writes a pattern means none of that name.
        return PathFacts("absent") if set(path) & set("*?[{") else PathFacts("file", 0o755)

    def text(self, path: str, limit: int) -> str:  # noqa: ARG002
        return self.expected[path].text if path in self.expected else ""

    def matches(self, pattern: str) -> list[str]:  # noqa: ARG002
        return []

    def user(self, name: str) -> Account | None:  # noqa: ARG002
        return None

    def clock_change(self, zone: str) -> Any:
        # The zone of this machine is not that of the host.
        return super().clock_change(zone) if zone else None


def prove_offline(runner: Runner, request: Request, is_understood: Callable[[str], bool]) -> Offline:
    """Check the text of every job. is_understood: tells of an expression whether our own grammar takes it.

    Schedules and time spans are judged by the systemd of this machine, else by that grammar.
    """
    jobs = [view(job) for job in request.jobs if job.state != ABSENT]
    expressions = [one for job in jobs for one in job.timer.values("Timer", "OnCalendar")]
    spans = [found.value for job in jobs for found in timespans(job)]
    facts = NoHost()
    facts.expect(one for job in request.jobs for one in job.files)
    nothing = empty_host(Manager(NEWEST_VERSION, [], None))
    try:
        calendars, lengths = check_calendars(runner, expressions), check_timespans(runner, spans)
        fixes = calendar_fixes(runner, calendars)
        more = {**spans_for_calendars(runner, calendars), **span_fixes(runner, lengths)}
        judge = f"schedules were judged by systemd {systemd_version(runner)} of this machine"
    except (ProgramMissing, CalendarError):
        calendars, lengths = unjudged(expressions), {one: Timespan(one, valid=True) for one in spans}
        fixes, more = {}, {}
        judge = without_systemd(expressions, is_understood)
    known = Context(request, nothing, facts, calendars, lengths, fixes, more, VARIABLES)
    found = [milder(finding) for job in jobs for checker in CHECKERS for finding in checker(job, known)]
    accepts: dict[str, Iterable[str]] = {job.name: job.accept for job in request.jobs}
    return Offline(
        [finding for finding in found if not is_accepted(finding, accepts)],
        [finding for finding in found if is_accepted(finding, accepts)],
        [judge, NOT_PROVED],
    )


def milder(finding: Finding) -> Finding:
    """Return a finding as it stands without a host: a job whose last run is over is done, and only the host knows."""
    return finding._replace(kind=WARNING) if finding.code == "never-elapses" else finding


def unjudged(expressions: Iterable[str]) -> dict[str, Calendar]:
    """Return expressions as valid, unless no systemd takes such a text at all."""
    return {one: Calendar(one, not refusal(one), "", [] if refusal(one) else [0], refusal(one)) for one in expressions}


def without_systemd(expressions: Iterable[str], is_understood: Callable[[str], bool]) -> str:
    """Return what is to be said of schedules where there is no systemd."""
    strange = [one for one in dict.fromkeys(expressions) if not is_understood(one)]
    judge = "this machine has no systemd: our own grammar has judged schedules, and nothing time spans"
    return f"{judge}; not understood, good or not: {', '.join(strange)}" if strange else judge
