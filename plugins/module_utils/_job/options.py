# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of timer_jobs, read by both of its halves.

`jobs` and its relatives are checked field by field on the controller, where an error can name the job; the
module itself gets them rendered, as the text of `jobs`.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILES_DIRECTORY

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "jobs": {"type": "raw"},
    "group_jobs": {"type": "raw"},
    "host_jobs": {"type": "raw"},
    "defaults": {"type": "raw", "default": {}},
    "owner": {"type": "str", "default": "default"},
    "prune": {"type": "bool", "default": False},
    "prune_limit": {"type": "int"},
    "proof": {"type": "str", "default": "strict", "choices": ["strict", "warn"]},
    "on_reschedule": {"type": "str", "default": "skip", "choices": ["skip", "run", "fail"]},
    "unit_directory": {"type": "path", "default": "/etc/systemd/system"},
    "files_directory": {"type": "path", "default": FILES_DIRECTORY},
    "log_directory": {"type": "path"},
    "log_keep": {"type": "int", "default": 0},
    "service_template": {"type": "path"},
    "unit_template": {"type": "path"},
}
