# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as the checkers of the proof see it: its two unit files, parsed once."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any, Callable, Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import (
    SEVERAL,
    with_own_commands,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar, Timespan

# The job field that a directive comes from; any other can only come from a raw dictionary.
FIELDS = {
    ("Unit", "Description"): "description",
    ("Service", "ExecStart"): "command",
    ("Service", "WorkingDirectory"): "working_directory",
    ("Service", "User"): "user",
    ("Service", "Group"): "group",
    ("Service", "StandardOutput"): "output",
    ("Service", "StandardError"): "output",
    ("Service", "Environment"): "environment",
    ("Service", "EnvironmentFile"): "environment_file",
    ("Service", "TimeoutStartSec"): "timeout",
    ("Service", "TimeoutStopSec"): "kill_after",
    ("Service", "ExecCondition"): "conditions",
    ("Service", "ReadWritePaths"): "writable_paths",
    ("Timer", "OnCalendar"): "schedule",
    ("Timer", "OnBootSec"): "on_boot",
    ("Timer", "OnActiveSec"): "every",
    ("Timer", "OnUnitActiveSec"): "every",
    ("Timer", "OnUnitInactiveSec"): "every_after",
    ("Timer", "AccuracySec"): "accuracy",
    ("Timer", "RandomizedDelaySec"): "jitter",
}


def field_of(section: str, key: str) -> str:
    """Return the job field that a directive comes from, or the raw dictionary and the directive's own name."""
    return FIELDS.get((section, key)) or f"{section.lower()}.{key}"


class ProofJob(NamedTuple):
    """A declared job that is not absent."""

    wanted: WantedJob
    service: UnitText
    timer: UnitText

    @property
    def name(self) -> str:
        """Return the job's name."""
        return self.wanted.name

    def finding(self, code: str, field: str, value: Any, reason: str, fix: str = "") -> Finding:
        """Return a finding about this job."""
        if field == "command" and f" {SEVERAL} " in self.wanted.service:
            field = "commands"
        if field == "every" and self.timer.values("Timer", "OnUnitInactiveSec"):
            field = "every_after"
        return Finding(self.name, field, value, reason, fix, code)


def view(job: WantedJob) -> ProofJob:
    """Parse the unit files of a job."""
    return ProofJob(job, UnitText(with_own_commands(job.service)), UnitText(job.timer))


class Context(NamedTuple):
    """What has been observed, for every checker the same.

    calendars, spans: each calendar expression and time span as systemd judges it. fixes, span_fixes: bad ones to what
    was probably meant. variables: names that the environment of PID 1 gives to every service. over: job to expressions
    that rightly do not elapse again. done: jobs whose last elapse has run. unneeded: targets to be started by a timer
    that systemd stops as soon as nothing needs them, so at once.
    """

    request: Request
    observed: Observed
    facts: Facts
    calendars: dict[str, Calendar]
    spans: dict[str, Timespan]
    fixes: dict[str, str]
    span_fixes: dict[str, str]
    variables: frozenset[str]
    over: Mapping[str, frozenset[str]] = MappingProxyType({})
    done: frozenset[str] = frozenset()
    unneeded: frozenset[str] = frozenset()

    def seconds(self, span: str) -> float:
        """Return a valid time span in seconds; infinity for what is not valid, too."""
        found = self.spans.get(span)
        return math.inf if found is None or found.microseconds is None else found.microseconds / 1e6


Checker = Callable[[ProofJob, Context], "list[Finding]"]
