# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out tables for a terminal; the jobs of an apply as one; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

GAP = "  "
# Where there is no terminal, a table is as wide as it needs to be. No schedule of 600 lines makes all rows as long.
WIDEST_CELL = 200
HEAD = ["HOST", "JOB", "SCHEDULE", "NEXT ELAPSE", "STATE", "DONE"]
# Which columns give way when a table is too wide, and how far: never a time.
Shrink = tuple[tuple[int, int], ...]
SHRINK = ((2, 16), (1, 12), (5, 12), (0, 12))
NAMED_JOBS = 5


ARMED_WORDS = {
    "now": "armed",
    "queued": "about to be armed",
    "next-boot": "armed at next boot",
    "done": "done",
    "triggered": "triggered",
    "manual": "manual",
    "no": "not armed yet",
}


NO_JOBS = "No job is declared: write jobs into `timer_jobs` in the variables of your hosts or groups."


def state_words(job: Mapping[str, Any]) -> str:
    """Return the state of a job in a word: armed, or what stands in its way."""
    if job["state"] != "present":
        return str(job["state"])
    if job["active"] == "active (running)":
        return "running"
    found = ARMED_WORDS[job["armed"]]
    if job.get("skipped_elapse"):
        return f"{found}, skips next run"
    return f"{found}, runs now" if job.get("runs_now") else found


def shown_name(job: Mapping[str, Any]) -> str:
    """Return the name of a job; for one of a user manager with the account: `alice: backup`."""
    return f"{job['user']}: {job['name']}" if job.get("user") else str(job["name"])


def job_rows(jobs: Mapping[str, Sequence[Mapping[str, Any]]], check_mode: bool = False) -> list[list[str]]:
    """Return a row per host and job; a host is named in its first row only.

    In check mode systemd says how a job stands before the change: of jobs that would change, that is not shown.
    """
    rows = []
    for host, found in jobs.items():
        for number, job in enumerate(found):
            actions = job.get("actions", [])
            foreseen = check_mode and bool(actions)
            rows.append(
                [
                    host if number == 0 else "",
                    shown_name(job),
                    job["schedule_text"] or "-",
                    "-" if foreseen else (job["next_elapse"] or "-").replace("T", " "),
                    foreseen_words(job) if foreseen else state_words(job),
                    done_words(actions),
                ]
            )
    return rows


UNTIMED = ("done", "triggered", "manual")


# What is done to a file of a job, before its name.
FILE_ACTION = re.compile(r"(?:install|update|remove) \S+")


def done_words(actions: Sequence[str]) -> str:
    """Return what was done to a job; its files are counted: `update, 3 files`."""
    steps = [action for action in actions if not FILE_ACTION.fullmatch(action)]
    files = len(actions) - len(steps)
    return ", ".join([*steps, *([f"{files} file{'s' * (files != 1)}"] if files else [])]) or "-"


def foreseen_words(job: Mapping[str, Any]) -> str:
    """Return what will be of a job that an apply would change."""
    if job["state"] != "present":
        return f"to be {job['state']}"
    if job.get("runs_now"):
        return "to be armed, to run at once"
    return ARMED_WORDS[job["armed"]] if job.get("armed") in UNTIMED else "to be armed"


def summary_lines(jobs: Mapping[str, Sequence[Mapping[str, Any]]], check_mode: bool = False) -> list[str]:
    """Return in a line for each host what was done: `web1: 3 new, 1 changed: a, b, c, d`; equal hosts together."""
    hosts: dict[str, list[str]] = {}
    for host, found in jobs.items():
        kinds: dict[str, list[str]] = {"new": [], "changed": [], "removed": []}
        for job in found:
            if job.get("actions"):
                kinds[kind_of(job["actions"])].append(shown_name(job))
        counted = ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items() if names)
        names = [name for names in kinds.values() for name in names]
        said = f"{counted}: {some_of(names)}" if names else "nothing to do"
        hosts.setdefault(f"would be {said}" if names and check_mode else said, []).append(host)
    return [f"{', '.join(names)}: {said}" for said, names in hosts.items()]


def kind_of(actions: Sequence[str]) -> str:
    """Return whether a job is new, changed or removed."""
    return {"install": "new", "remove": "removed"}.get(actions[0], "changed")


def some_of(names: Sequence[str]) -> str:
    """Return names, at most a few: `a, b and 3 more`."""
    shown = ", ".join(names[:NAMED_JOBS])
    return f"{shown} and {len(names) - NAMED_JOBS} more" if len(names) > NAMED_JOBS else shown


def shorten(text: str, width: int) -> str:
    """Return a text that is no wider than a cell."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def fitted(rows: Sequence[Sequence[str]], width: int | None, shrink: Shrink = ()) -> list[str]:
    """Return the lines of a table that is no wider than a terminal, as far as its columns may give way.

    The first row is its head. width: None where there is no terminal.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for column, least in shrink:
        if width is None:
            widths[column] = min(widths[column], WIDEST_CELL)
            continue
        excess = sum(widths) + len(GAP) * (len(widths) - 1) - width
        if excess > 0:
            widths[column] = max(min(least, widths[column]), widths[column] - excess)
    return [
        GAP.join(shorten(cell, most).ljust(most) for cell, most in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def table(
    head: list[str], rows: list[list[str]], limit: int, width: int | None = None, shrink: Shrink = SHRINK
) -> list[str]:
    """Return the lines of a table; what exceeds `limit` rows is counted in a last line."""
    lines = fitted([head, *rows[:limit]], width, shrink)
    return [*lines, f"... and {len(rows) - limit} more"] if len(rows) > limit else lines
