# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of a user manager (`scope: user`): what they cannot have, and where their files lie; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import HOME_MARK, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS

USER = "user"
# Fields that a user manager cannot fulfil: why, and what to do.
REFUSED = {
    "group": ("cannot be changed by a user manager", "remove it"),
    **dict.fromkeys(
        (
            *("concurrency", "starting_deadline", "skip_next", "hardening", "writable_paths"),
            *("on_failure", "on_success", "heartbeat"),
        ),
        ("needs root, which a user manager has not", "remove it, or let the system run the job with `user`"),
    ),
    "network_online": ("is of no use: a user manager has no network-online.target", "remove it, or use retries"),
}
# Their values may hold a secret.
SECRET = ("on_failure", "on_success", "heartbeat")


def account_of(job: Mapping[str, Any]) -> str:
    """Return whose user manager gets the units of a job, or an empty text."""
    return str(job["user"] or "") if job["scope"] == USER else ""


def files_directory_of(job: Mapping[str, Any], files_directory: str) -> str:
    """Return the directory of a job's files. The host puts the home directory in the place of its mark."""
    account = account_of(job)
    return Scope(account, home=HOME_MARK.format(account)).files_directory if account else files_directory


def refusals(job: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each thing that a job of a user manager cannot have."""
    if job["scope"] != USER:
        return []
    found = [
        Finding(job["name"], field, None if field in SECRET else job[field], reason, fix, "invalid-value")
        for field, (reason, fix) in REFUSED.items()
        if job.get(field) not in (None, FIELDS[field].default)
    ]
    if not job["user"]:
        fix = "add `user: NAME`, the account whose manager is to run the job"
        found.append(Finding(job["name"], "user", None, "is missing, and `scope: user` needs it", fix, "missing-field"))
    return found
