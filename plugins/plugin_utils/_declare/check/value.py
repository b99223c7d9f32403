# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all checks of values share: what a unit file can hold, parts of a dictionary, and what a value is; pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import unit_value
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue, each_part


def encodable(text: str) -> str:
    """Return a text that a unit file can hold. Raises BadValue."""
    return _as_value(unit_value.encodable, text)


def one_line(text: str) -> str:
    """Return a text that fits on one line of a unit file and cannot join the next. Raises BadValue."""
    return _as_value(unit_value.one_line, text)


def _as_value(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except unit_value.BadText as error:
        raise BadValue(error.reason, error.fix, error.code) from None


def parts_of(value: Any, known: Sequence[str], what: str) -> dict[str, Any]:
    """Return a dictionary without what is null, its names checked."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", f"write {what}")
    for name in value:
        if name not in known:
            meant = nearest(str(name), known)
            fix = f'write "{meant}"' if meant else f"known are {', '.join(known)}"
            raise BadValue(f'holds "{name}", which is not known here', fix, "unknown-field")
    return {name: item for name, item in value.items() if item is not None}


def by_name(value: Any, known: Sequence[str], what: str, check: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Return a dictionary, null as it is, its names and values checked."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", f"write {what}")

    def check_one(name: Any, item: Any) -> Any:
        parts_of({name: item}, known, what)
        return None if item is None else check(name, item)

    return each_part(value, check_one)


def is_list(value: Any) -> bool:
    """Tell whether a value is a list."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def in_quotes(value: Any, key: str = "") -> str:
    """Return what to write for a value that YAML has made a number, a boolean or a date of.

    What was written is lost: 420 may have been 0644, 750 12:30, true yes.
    """
    text = value.isoformat() if isinstance(value, datetime.date) else "..."
    return f'write {key + ": " if key else ""}"{text}" in quotes, so that YAML keeps it as it is'


def kind_of(value: Any) -> str:
    """Return what a value is, in words."""
    if isinstance(value, Mapping):
        return "a dictionary"
    if is_list(value):
        return "a list"
    # A moment in time is a date, too.
    kinds = ((bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "a text"), (datetime.date, "a date"))
    for kind, words in kinds:
        if isinstance(value, kind):
            return words
    return "empty" if value is None else f"a {type(value).__name__}"
