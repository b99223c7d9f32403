# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the action plugin hands to the module; pure."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile, Request, WantedJob


def parse_request(raw: dict[str, Any], options: dict[str, Any]) -> Request:
    """Build the request from what the action plugin hands over and from the module's options."""
    jobs = [
        WantedJob(
            **{**job, "accept": tuple(job["accept"]), "files": tuple(JobFile(**one) for one in job.get("files", ()))}
        )
        for job in raw["jobs"]
    ]
    return Request(
        jobs,
        options["owner"],
        options["prune"],
        options["proof"],
        os.path.normpath(options["unit_directory"]),
        options["log_directory"] or "",
        os.path.normpath(options["files_directory"]),
        keep_skips=True,
        prune_limit=options.get("prune_limit"),
    )
