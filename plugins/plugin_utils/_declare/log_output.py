# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that jobs log to: what `output: log` means, and the job that rotates the files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.programs import program_text

OUTPUT = "log"
ROTATION = "log-rotation"
PROGRAM = "rotate_logs.py"


def settle_outputs(jobs: list[dict[str, Any]], directory: str) -> list[Finding]:
    """Put the file of the job in the place of `output: log`; return where that cannot be."""
    findings = []
    for job in jobs:
        if job["output"] != OUTPUT or job["state"] == "absent":
            continue
        reason, fix = "", ""
        if not directory:
            reason, fix = "needs timer_log_directory, which is not set", "set it, or write append:/PATH"
        elif job["scope"] == "user":
            reason, fix = "is for jobs of the system: the directory is root's", "write append:/PATH, or leave it out"
        if reason:
            findings.append(Finding(job["name"], "output", OUTPUT, reason, fix, "invalid-value"))
            job["output"] = None
        else:
            job["output"] = f"append:{directory}/{job['name']}.log"
    return findings


def rotation_name(owner: str) -> str:
    """Return the name of the job that rotates: each declaration on a host has its own."""
    return ROTATION if owner == "default" else f"{ROTATION}-{owner}"


def rotation_jobs(options: Mapping[str, Any], declared: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the job that rotates the log files, none when it is not wanted, or declared by the user."""
    directory, keep = options["log_directory"], options["log_keep"]
    name = rotation_name(options["owner"])
    if not directory or not keep or name in {job["name"] for job in declared}:
        return []
    job = {
        "name": name,
        "description": "Rotation of Log Files",
        "schedule": "*-*-* 00:00:00",
        "accuracy": "1min",
        "script": {
            "content": program_text(PROGRAM),
            "interpreter": ["/usr/bin/python3", "-I"],
            "args": [directory, keep],
        },
        "hardening": "standard",
        "writable_paths": [directory],
        "timeout": "1h",
    }
    merged = merge_jobs({"timer_jobs": [job]}, {}, "skip")
    return merged.jobs
