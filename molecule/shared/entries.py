# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs beside a job have told the journal."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

PREFIX = "DOTMOBI_"
BEGAN = "/srv/began"


class Entry(NamedTuple):
    """An entry: the unit that it came from, its words, and its fields without the prefix, in small letters."""

    unit: str
    message: str
    when: float
    fields: dict[str, str]


def begin(host: Any) -> None:
    """Leave out what was told before: a host that is kept runs a scenario again."""
    host.check_output("touch %s", BEGAN)


def entries(host: Any, job: str, event: str = "") -> list[Entry]:
    """Return what was told of a job since `begin`, in order; `journalctl --unit` shows the same."""
    match = [f"DOTMOBI_JOB={job}", *([f"DOTMOBI_EVENT={event}"] if event else [])]
    since = f'--since="@$(stat --format=%Y {BEGAN})"'
    text = host.check_output(f"journalctl --quiet --output=json {since} --unit={job}.service {' '.join(match)}")
    return [entry_of(json.loads(line)) for line in text.splitlines()]


def entry_of(found: dict[str, Any]) -> Entry:
    fields = {name[len(PREFIX) :].lower(): value for name, value in found.items() if name.startswith(PREFIX)}
    when = int(found["__REALTIME_TIMESTAMP"]) / 1e6
    return Entry(found.get("_SYSTEMD_UNIT", ""), found["MESSAGE"], when, fields)


def attempts(host: Any, job: str) -> list[tuple[str, str, str]]:
    """Return number, result and status of each attempt of a job."""
    told = entries(host, job, "attempt")
    return [(one.fields["attempt"], one.fields["result"], one.fields["status"]) for one in told]
