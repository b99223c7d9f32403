# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error for a job that was named and is none; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._lookup import UnknownJob

Results = Mapping[str, Mapping[str, Any]]


def unknown_everywhere(results: Results) -> str:
    """Return the error when a job that was named is none on any host, or an empty text."""
    unknown = [one for result in results.values() for one in result.get("unknown", [])]
    found = any(result.get("jobs") for result in results.values())
    if not unknown or found:
        return ""
    if not unknown[0]["name"]:
        return str(UnknownJob("", {}))
    mends = sorted({one["nearest"] for one in unknown if one["nearest"]})
    mend = f"; did you mean {' or '.join(mends)}?" if mends else "; the playbook `status` lists the jobs"
    hosts = "this host" if len(results) == 1 else f"any of {len(results)} hosts"
    return f"{unknown[0]['name']} is not a job on {hosts}{mend}"
