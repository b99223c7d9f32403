# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the fields about how a job runs into directives: resources, sandbox, directories, conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.conditions import COMMAND, CONDITIONS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.hardening import preset
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.limits import LIMITS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import quote

# A directive and its value, as they are written.
Line = tuple[str, str]

DIRECTORIES = {
    "state_directory": "StateDirectory",
    "cache_directory": "CacheDirectory",
    "logs_directory": "LogsDirectory",
    "runtime_directory": "RuntimeDirectory",
}


def unit_lines(job: Mapping[str, Any]) -> list[Line]:
    """Return the lines for the service's [Unit] section."""
    given = [(name, value) for name, value in job["conditions"].items() if name != COMMAND]
    return [(CONDITIONS[name].directive, quote.plain(one)) for name, value in given for one in _each(value)]


def service_lines(job: Mapping[str, Any]) -> list[Line]:
    """Return the lines for the [Service] section; a field wins over the preset."""
    own = list(_own_lines(job))
    taken = {directive for directive, _value in own}
    hardened = [
        (key, value) for key, values in preset(job["hardening"]).items() if key not in taken for value in values
    ]
    return own + hardened


def _own_lines(job: Mapping[str, Any]) -> Iterator[Line]:
    if COMMAND in job["conditions"]:
        yield CONDITIONS[COMMAND].directive, quote.command(job["conditions"][COMMAND])
    for name, value in job["limits"].items():
        yield LIMITS[name].directive, value
    for field, directive in DIRECTORIES.items():
        for name in job[field] or []:
            yield directive, quote.path(name)
    for path in job["writable_paths"] or []:
        yield "ReadWritePaths", quote.path(path)


def _each(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return list(value) if isinstance(value, list) else [value]
