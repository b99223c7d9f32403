# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a time span as systemd does (systemd.time(7), Parsing Time Spans): for what no directive of systemd takes."""

from __future__ import annotations

import re

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue

UNITS = {
    "ms msec": 0.001,
    "s sec second seconds": 1.0,
    "m min minute minutes": 60.0,
    "h hr hour hours": 3600.0,
    "d day days": 86400.0,
    "w week weeks": 604800.0,
    "M month months": 2629800.0,
    "y year years": 31557600.0,
}
SECONDS = {name: size for names, size in UNITS.items() for name in names.split()}
FIX = "write a time span such as 90s, 15min or 1h 30min"
_SPAN = re.compile(r"(?:(\d+(?:\.\d+)?) *([A-Za-z]+) *)+")
_PART = re.compile(r"(\d+(?:\.\d+)?) *([A-Za-z]+)")


def seconds(value: object) -> float:
    """Return a time span in seconds; a number stands for seconds. Raises BadValue."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadValue("is not a time span", FIX)
    text = str(value).strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    parts = _PART.findall(text) if _SPAN.fullmatch(text) else []
    if not parts or any(unit not in SECONDS for _number, unit in parts):
        raise BadValue("is not a time span", FIX)
    return sum(float(number) * SECONDS[unit] for number, unit in parts)
