# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit files of jobs as they stand on the host, for people to read: without secrets."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Iterable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._mask import masked_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import SUFFIXES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._picture import followed, readable_file
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import owner_of


def add_texts(rows: Iterable[dict[str, Any]], directory: str) -> None:
    """Add to each job of a picture the texts of its units. directory: where those of ours are."""
    marked = marked_units(directory)
    for row in rows:
        pair = row["unit_files"]
        ours = marked.get(row["name"], {}) if row["owner"] else {}
        beside = {unit: text for unit, text in ours.items() if os.path.join(directory, unit) not in pair.values()}
        files = {kind: followed(pair[kind]) for kind in ("service", "timer")}
        # What one file of a job marks as secret is hidden in all.
        shown = masked_units(*(file.text for file in files.values()), *beside.values())
        texts = {kind: text if file.kind == "file" else None for (kind, file), text in zip(files.items(), shown)}
        row["unit_texts"] = {**texts, "beside": dict(zip(beside, shown[len(files) :]))}


def marked_units(directory: str) -> dict[str, dict[str, str]]:
    """Return job to the texts of all units that carry its mark, by their names."""
    found: dict[str, dict[str, str]] = {}
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(directory)):
            text = readable_file(os.path.join(directory, name)).text if name.endswith(SUFFIXES) else ""
            mark = owner_of(text)
            if mark:
                found.setdefault(mark.job, {})[name] = text
    return found
