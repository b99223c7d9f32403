# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every checker of a value raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class BadValue(Exception):
    """A value that cannot be used: why, how to fix it, the code of the finding. `more`: what else is wrong with it."""

    def __init__(
        self, reason: str, fix: str = "", code: str = "invalid-value", more: tuple[BadValue, ...] = ()
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix
        self.code = code
        self.more = more


def raise_all(faults: list[BadValue]) -> None:
    """Raise the first fault, with the others, if there is one."""
    if faults:
        raise BadValue(faults[0].reason, faults[0].fix, faults[0].code, tuple(faults[1:]))


def each_part(value: Mapping[Any, Any], check: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """Return the parts of a dictionary as they are used, null as it is. Raises all that is wrong with them at once."""
    found: dict[str, Any] = {}
    faults: list[BadValue] = []
    for name, item in value.items():
        try:
            found[name] = check(name, item)
        except BadValue as error:
            faults += [error, *error.more]
    raise_all(faults)
    return found
