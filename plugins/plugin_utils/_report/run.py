# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says how runs went: lines as they come, a word while it takes long, a table at the end; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import GOOD_RESULTS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import (
    BAD,
    DOUBTFUL,
    GOOD,
    PLAIN,
    Shown,
    clock,
    size_words,
    span_words,
    whole_words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import (
    fitted,
    foreseen_words,
    state_words,
)

HEAD = ["HOST", "JOB", "RESULT", "TOOK", "CPU", "MEMORY", "START"]
# Which columns give way when a table is too wide, and how far: result or what was done, job, host.
SHRINK = ((2, 12), (1, 12), (0, 12))
LOUD = {"emerg": BAD, "alert": BAD, "crit": BAD, "err": BAD, "warning": DOUBTFUL}


def shown_lines(host: str, lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what a job wrote, each line with the host before it; what systemd says of it stands in brackets."""
    return [f"{host} | {line_words(line)}" for line in lines]


def line_words(line: Mapping[str, Any]) -> str:
    """Return a line of the journal; what systemd says stands in brackets."""
    return f"({line['text']})" if line["by_systemd"] else str(line["text"])


def progress_line(host: str, job: str, seconds: float) -> str:
    """Return a sign of life."""
    return f"{host} | ... {job} has been running for {whole_words(seconds)}"


def would_run(result: Mapping[str, Any]) -> str:
    """Return what check mode says."""
    return f"would run as {result['user']}: {'; '.join(result['command'])}"


def run_lines(results: Mapping[str, Mapping[str, Any]], width: int | None = None) -> list[Shown]:
    """Return the table at the end: a row for each host."""
    if any("finished" not in result for result in results.values()):
        return [Shown(f"{host} | {would_run(result)}") for host, result in results.items()]
    rows = [HEAD]
    moods = [PLAIN]
    for host, result in results.items():
        good = result["result"] in GOOD_RESULTS
        moods.append(GOOD if good and result["finished"] else (PLAIN if not result["finished"] else BAD))
        words = result["result_text"] if result["finished"] or not result["stopped"] else "stopped"
        took = span_words(result["duration"])
        rows.append(
            [host, result["name"], words, took, span_words(result["cpu"]), size_words(result["memory"]),
             clock(result["start"])]
        )  # fmt: skip
    return [Shown(line, mood) for line, mood in zip(fitted(rows, width, SHRINK), moods, strict=True)]


def log_lines(results: Mapping[str, Mapping[str, Any]], several_jobs: bool, width: int | None = None) -> list[Shown]:
    """Return the lines that the journal has, host by host, and the files of the log directory."""
    shown: list[Shown] = []
    for host, result in results.items():
        shown.append(Shown(f"{host}:"))
        # Who asks for a file does not want to leaf through the journal.
        for line in [] if result["file"] else result["lines"]:
            of_user = f"{line['user']}: " if line.get("user") else ""
            who = f"{of_user}{line['job']}: " if several_jobs else ""
            text = f"  {clock(line['time'])[:19]}  {who}{line_words(line)}"
            shown.append(Shown(text, LOUD.get(line["priority"], PLAIN)))
        if not result["lines"] and not result["file"]:
            shown.append(Shown("  the journal has no such lines"))
        if result["files"]:
            shown.append(Shown(f"  newest files of {result['log_directory']}:"))
            rows = [[one["name"], size_words(one["size"]), clock(one["modified"])] for one in result["files"]]
            shown += [Shown(f"    {line}") for line in fitted(rows, width and width - 4, ((0, 24),))]
        if result["file"]:
            shown.append(Shown(f"  end of {result['file']}:"))
            shown += [Shown(f"    {line}") for line in result["file_lines"] or ["(it is empty)"]]
        shown.append(Shown(""))
    return shown[:-1]


def schedule_lines(results: Mapping[str, Mapping[str, Any]], words: str) -> list[Shown]:
    """Return when a calendar expression elapses; hosts that say the same are named together."""
    blocks: dict[tuple[str, ...], list[str]] = {}
    for host, result in results.items():
        (one,) = result["calendars"]
        if one["reason"]:
            lines = [f"{one['expression']}: {one['reason']}"]
        else:
            lines = [f"{one['normalized']}", *(f"  {clock(elapse)}" for elapse in one["next_elapses"])]
        blocks.setdefault(tuple(lines), []).append(host)
    shown = [Shown(words)] if words else []
    for block, hosts in blocks.items():
        bad = any(results[host]["calendars"][0]["reason"] for host in hosts)
        shown.append(Shown(f"{', '.join(hosts)}:"))
        shown += [Shown(f"  {line}", BAD if bad else PLAIN) for line in block]
    return shown


def change_lines(results: Mapping[str, Mapping[str, Any]], check_mode: bool, width: int | None = None) -> list[Shown]:
    """Return what was done to a job, or would be, a row for each host, and what the next apply makes of it."""
    rows = [["HOST", "JOB", "WOULD DO" if check_mode else "DONE", "STATE", "NEXT RUN"]]
    for host, result in results.items():
        done = ", ".join(result["actions"]) or "nothing, it is so already"
        # In check mode the timer still has one.
        following = clock(result["next_run"] if result["state"] == "present" else None)
        foreseen = check_mode and bool(result["actions"])
        state = foreseen_words(result) if foreseen else state_words(result)
        rows.append([host, result["name"], done, state, following])
    shown = [Shown(line) for line in fitted(rows, width, SHRINK)]
    warnings = dict.fromkeys(one for result in results.values() for one in result["proof_warnings"])
    shown += [Shown(f"  {text}", DOUBTFUL) for text in warnings]
    shown += [Shown(f"Note: {text}.") for text in dict.fromkeys(result["hint"] for result in results.values())]
    return shown
