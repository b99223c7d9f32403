# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays out jobs as a table for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

GAP = "  "
WIDEST_CELL = 34


def state_words(job: Mapping[str, Any]) -> str:
    """Return the state of a job in a word: armed, or what stands in its way."""
    if job["state"] != "present":
        return str(job["state"])
    if job["active"] == "active (running)":
        return "running"
    found = {"now": "armed", "next-boot": "armed at next boot", "done": "done", "no": "not armed yet"}[job["armed"]]
    if job.get("skips"):
        return f"{found}, skips next run"
    return f"{found}, runs now" if job.get("runs_now") else found


def shown_name(job: Mapping[str, Any]) -> str:
    """Return the name of a job; for one of a user manager with the account: `alice: backup`."""
    return f"{job['user']}: {job['name']}" if job.get("user") else str(job["name"])


def job_rows(jobs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[list[str]]:
    """Return a row per host and job; a host is named in its first row only."""
    rows = []
    for host, found in jobs.items():
        for number, job in enumerate(found):
            following = (job["next_elapse"] or "-").replace("T", " ")
            rows.append(
                [
                    host if number == 0 else "",
                    shown_name(job),
                    job["schedule_words"] or "-",
                    following,
                    state_words(job),
                ]
            )
    return rows


def shorten(text: str, width: int = WIDEST_CELL) -> str:
    """Return a text that is no wider than a cell."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def table(head: list[str], rows: list[list[str]], limit: int) -> list[str]:
    """Return the lines of a table; what exceeds `limit` rows is counted in a last line."""
    shown = [[shorten(cell) for cell in row] for row in rows[:limit]]
    widths = [max(len(row[column]) for row in [head, *shown]) for column in range(len(head))]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *shown]
    ]
    if len(rows) > limit:
        lines.append(f"... and {len(rows) - limit} more")
    return lines
