# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply is to do, and to which state; pure."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile


class Step(NamedTuple):
    """One step of the plan: what to do, and to which units, files or links, all in one go."""

    kind: str
    items: list[str]


class Diff(NamedTuple):
    """A unit file before and after, for `--diff`."""

    path: str
    before: str
    after: str


class JobChange(NamedTuple):
    """What the plan does to one job: `actions` in plain words, empty when nothing."""

    name: str
    state: str
    actions: list[str]
    diffs: list[Diff]


class Goal(NamedTuple):
    """How a pair is to stand: texts (None: no file), links of the timer, armed or not, started by this apply or not.

    `lets_run`: a run that the apply triggers is wanted. `renamed_from`: the job whose stamp it takes over. `stop_run`:
    a run that is under way is stopped when the job is removed. files: what it is to have beside the pair. done: its
    last elapse has run. runs_first: it runs once, because it is new. keeps_note: what a killed apply has noted of such
    a run stays.
    """

    name: str
    state: str
    service: str | None
    timer: str | None
    links: list[str]
    armed: bool
    start: bool
    lets_run: bool
    renamed_from: str = ""
    stop_run: bool = False
    files: tuple[JobFile, ...] = ()
    done: bool = False
    runs_first: bool = False
    keeps_note: bool = False
