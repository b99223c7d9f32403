# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a job because it is new (`run_on_install`): which jobs are due, and who starts them; pure."""

from __future__ import annotations

from typing import Iterable, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.followers import Followers
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Goal

# The action of a plan that runs a new job, and the beginning of the one that leaves it to other new jobs.
RUN, RUN_AFTER = "run", "run after "
_BECAUSE = "because it is new (run_on_install)"


def is_due(job: WantedJob, observed: Observed) -> bool:
    """Tell whether a job is to run because it is new, or because a killed apply was to run it, by either name."""
    names = [name for name in (job.name, job.renamed_from) if name]
    is_new = all(observed.files.get(f"{name}.service", NO_FILE).kind == "absent" for name in names)
    return bool(job.run_on_install) and (is_new or not observed.first_runs.keys().isdisjoint(names))


def left_to_others(goals: Sequence[Goal], followers: Followers) -> dict[str, list[str]]:
    """Return the jobs that are due and follow one that runs in this apply, with those: it starts them, once."""
    due = [goal.name for goal in goals if goal.runs_first]
    found: dict[str, list[str]] = {}
    runs = list(due)
    for starter in runs:
        for follower in followers.get(starter, []):
            if follower in due:
                found.setdefault(follower, []).append(starter)
            elif follower not in runs:
                runs.append(follower)
    return found


def first_run_words(actions: Iterable[str]) -> str:
    """Return what a diff says of the run of a new job, empty when there is none."""
    for action in actions:
        if action == RUN:
            return f"runs the job once, {_BECAUSE}"
        if action.startswith(RUN_AFTER):
            return f"lets the job run when {action[len(RUN_AFTER) :]} has succeeded, {_BECAUSE}"
    return ""
