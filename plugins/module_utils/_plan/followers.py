# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that follow others (`triggered_by`), and the links that a renamed job still needs while it runs; pure."""

from __future__ import annotations

from typing import Mapping, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import link_of, starters_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import is_under_way

# Job to the jobs that follow it.
Followers = Mapping[str, Sequence[str]]


def followers_of(goals: Sequence[Goal]) -> Followers:
    """Return job to the jobs that follow it, as far as they are not suspended."""
    found: dict[str, list[str]] = {}
    for goal in (goal for goal in goals if goal.armed):
        for starter in starters_of(goal.service or "") or ():
            found.setdefault(starter, []).append(goal.name)
    return found


def lasting_links(goals: Sequence[Goal], followers: Followers, observed: Observed) -> dict[str, list[str]]:
    """Return the links by which a run under way of a job that is renamed starts, at its end, what follows the new name.

    They go with the pin.
    """
    found = {}
    for goal in (goal for goal in goals if goal.renamed_from):
        former = goal.renamed_from
        pin = observed.pins.get(former)
        if pin.waiting if pin else is_under_way(former, observed.units):
            links = {name: link_of(former, name) for name in followers.get(goal.name, ())}
            found[former] = [link for name, link in links.items() if link in observed.links.get(f"{name}.service", {})]
    return found
