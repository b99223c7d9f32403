# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit files of jobs as they stand on the host, for people to read: without secrets."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import masked_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import followed, readable_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.own_files import beside_pair


def add_texts(rows: Sequence[dict[str, Any]], directory: str) -> None:
    """Add to each job of a picture the texts of its units. directory: where those of ours are."""
    units = readable_units(directory)
    ours = [row for row in rows if row["owner"]]
    further = beside_pair(units, [row["owner"] for row in ours], [row["name"] for row in ours])
    for row in rows:
        beside = {unit: units[unit].text for unit in (further.get(row["name"], []) if row["owner"] else [])}
        files = {kind: followed(row["unit_files"][kind]) for kind in ("service", "timer")}
        # What one file of a job marks as secret is hidden in all.
        shown = masked_units(*(file.text for file in files.values()), *beside.values())
        texts = {kind: text if file.kind == "file" else None for (kind, file), text in zip(files.items(), shown)}
        row["unit_texts"] = {**texts, "companions": dict(zip(beside, shown[len(files) :]))}
