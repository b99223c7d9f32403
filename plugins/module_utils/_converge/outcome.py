# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of an apply: findings, or the result of the module."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import masked_findings
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import marks_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request


class Outcome(NamedTuple):
    """What came of it: errors stop the apply, warnings do not, nor does what the jobs accept.

    `result` is what the module returns, empty when there are errors.
    """

    errors: list[Finding]
    warnings: list[Finding]
    accepted: list[Finding]
    result: dict[str, Any]


def refused(*findings: Finding) -> Outcome:
    """Return what comes of a host that cannot be looked at any further."""
    return Outcome(list(findings), [], [], {})


def without_secrets(outcome: Outcome, request: Request) -> Outcome:
    """Return the outcome with no secret of a job in what was found."""
    marks = {job.name: marks_of(job.service) for job in request.jobs}
    return outcome._replace(
        errors=masked_findings(outcome.errors, marks),
        warnings=masked_findings(outcome.warnings, marks),
        accepted=masked_findings(outcome.accepted, marks),
    )


def unfinished(text: str) -> Finding:
    """Return a warning of what could not be done any more when all had been applied."""
    reason = f"everything is applied, but something old is left on the host: {text}"
    return Finding("", "cleanup", None, reason, "the next apply does it", "unfinished")
