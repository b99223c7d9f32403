# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an apply may remove so many jobs that are declared no more; pure.

A list that was cut, or a variable that is read from the wrong place, looks like a wish to remove most jobs of a host.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of

# Fewer than that are removed without a question; and so is up to half of all.
MANY = 4
NAMED = 5


class Pruning(NamedTuple):
    """What an apply removes because it is declared no more: which jobs, of how many, and whether they are many."""

    names: list[str]
    installed: int
    owner: str

    @property
    def is_most(self) -> bool:
        """Tell whether it is more than half of the jobs, and more than a few."""
        return len(self.names) >= MANY and 2 * len(self.names) > self.installed

    def words(self) -> str:
        """Return it in one line."""
        more = len(self.names) - NAMED
        named = ", ".join(self.names[:NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"removes {len(self.names)} of the {self.installed} jobs of timer_owner {self.owner}: {named}"


def pruning(request: Request, observed: Observed) -> Pruning:
    """Return what an apply would remove."""
    names = sorted(observed.orphans) if request.prune else []
    declared = {
        job.name
        for job in request.jobs
        for suffix in (".service", ".timer")
        for mark in [owner_of(observed.files.get(f"{job.name}{suffix}", NO_FILE).text)]
        if mark and mark.owner == request.owner and job.name not in observed.orphans
    }
    return Pruning(names, len(declared) + len(names), request.owner)


def check_pruning(found: Pruning, limit: int | None) -> list[Finding]:
    """Refuse to remove most of the jobs of a declaration, unless it was said how many may go."""
    number = len(found.names)
    if limit is None and not found.is_most:
        return []
    if limit is not None and number <= limit:
        return []
    bound = "more than half of them" if limit is None else f"more than timer_prune_limit allows, {limit}"
    fix = f"look whether the lists are complete; if these jobs are to go, set timer_prune_limit to {number}"
    return [Finding("", "timer_prune", None, f"{found.words()}; that is {bound}", fix, "prune-limit")]
