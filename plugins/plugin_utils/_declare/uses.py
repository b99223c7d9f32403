# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several uses of the role with one owner mark would do to each other, and what is said of orphans; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import some_of


def declared_before(result: Any) -> dict[str, list[str]]:
    """Return owner mark to the jobs that were declared on the host earlier in this run. result: of that use."""
    found = result.get("declared") if isinstance(result, Mapping) else None
    return {str(owner): list(names) for owner, names in found.items()} if isinstance(found, Mapping) else {}


def check_uses(owner: str, names: Sequence[str], earlier: Sequence[str], prune: bool) -> list[Finding]:
    """Refuse a use of the role that would remove what an earlier one has installed; without `prune` warn of it."""
    lost = sorted(set(earlier).difference(names))
    if not lost:
        return []
    reason = f"stands for {some_of(lost)} too, declared by an earlier use of the role in this run and not by this one"
    fix = "give each use a timer_owner of its own, or declare all jobs in one"
    if prune:
        reason += "; timer_prune would remove what the other has installed"
    return [Finding("", "timer_owner", owner, reason, fix, "owner-used-twice", "" if prune else WARNING)]


def orphan_advice(orphans: Sequence[str], is_declared: bool, earlier: Sequence[str]) -> str:
    """Return what is to be said of jobs that are installed and not declared."""
    left = [name for name in orphans if name not in earlier]
    if not left:
        return ""
    head = f"{', '.join(left)}: installed by this declaration"
    if not is_declared:
        return f"{head}, and no list of jobs is declared, so none is removed; `timer_jobs: []` says that there are none"
    return (
        f"{head}, but no longer declared; `timer_prune: true` removes such jobs (if another use of the role declares "
        "them, give it a `timer_owner` of its own)"
    )
