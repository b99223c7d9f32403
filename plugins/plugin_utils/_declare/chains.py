# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which jobs start which others: what does not fit together in `triggered_by`; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import FOLDER
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.user_scope import account_of

LONGEST_FOLDER = 255


def check_chains(jobs: Sequence[dict[str, Any]]) -> list[Finding]:
    """Return what is wrong with `triggered_by` of all jobs, and note in each job whether others follow it."""
    present = {job["name"]: job for job in jobs if job["state"] != "absent"}
    findings = []
    for job in present.values():
        for name in job["triggered_by"] or []:
            reason, fix = why_not(job, name, present)
            if reason:
                findings.append(Finding(job["name"], "triggered_by", name, reason, fix, "invalid-declaration"))
            else:
                present[name]["followed"] = True
    circle = circle_in({name: job["triggered_by"] or [] for name, job in present.items()})
    if circle:
        words = " -> ".join([*circle, circle[0]])
        reason, fix = (
            f"makes a circle, in which each job would start the next for ever: {words}",
            "take one of them out",
        )
        findings.append(Finding(circle[0], "triggered_by", circle[-1], reason, fix, "invalid-declaration"))
    return findings


def why_not(job: Mapping[str, Any], name: str, present: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Return why a job cannot be started by another one, and what to do; empty texts when it can."""
    if name not in present:
        meant = nearest(name, [one for one in present if one != job["name"]])
        fix = f'write "{meant}"' if meant else "declare that job, or take its name out"
        return "is not declared here, or is to be absent", fix
    if account_of(present[name]) != account_of(job):
        return "is a job of another manager, which cannot start this one", "give both the same scope and user"
    if len(name) + len(FOLDER) > LONGEST_FOLDER:
        return f"has a name of more than {LONGEST_FOLDER - len(FOLDER)} characters", "shorten it"
    return "", ""


def circle_in(starters: Mapping[str, Sequence[str]]) -> list[str]:
    """Return jobs that start each other in a circle, in the order in which they would run; empty when there is none."""
    left = dict(starters)
    free = [""]
    while free:
        free = [name for name, of in left.items() if not any(one in left for one in of)]
        for name in free:
            del left[name]
    # What is left is a circle, or comes after one.
    path: list[str] = []
    name = next(iter(left), "")
    while left and name not in path:
        path.append(name)
        name = next(one for one in left[name] if one in left)
    return path[path.index(name) :][::-1] if left else []
