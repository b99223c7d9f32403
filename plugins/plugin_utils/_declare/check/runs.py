# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the fields that say how runs of a job follow each other: retries, concurrency, deadline, a run to skip.

Time spans become seconds here: systemd has no directives for them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import in_quotes, kind_of
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.duration import seconds
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue, each_part
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import Field

POLICIES = ("queue", "forbid", "replace")
MOST_ATTEMPTS = 1000
# Words that are safe in a command line and in a file name.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,99}")
FIX_SKIP = (
    'write a date such as "2027-01-01", whose runs are skipped, or the number of a change, for which the next run is: '
    "letters, digits and _ . : + -"
)


def _number(value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)) or not least <= int(value) <= most:
        raise BadValue(f"is not a whole number from {least} to {most}", "write such a number")
    return int(value)


def _factor(value: Any) -> float:
    if isinstance(value, bool) or not re.fullmatch(r"\d+(?:\.\d+)?", str(value)) or not 1 <= float(value) <= 100:
        raise BadValue("is not a number from 1 to 100", "write 2 to double the delay before each further attempt")
    return float(value)


def _positive(value: Any) -> float:
    found = seconds(value)
    if not found:
        raise BadValue("is no time at all", "write a time span such as 15min")
    return found


def _word(value: Any) -> str:
    if isinstance(value, datetime.date):
        raise BadValue("is a date, not a text", in_quotes(value))
    if isinstance(value, bool) or not _WORD.fullmatch(str(value)):
        raise BadValue("is not a name", "use letters, digits, '_', '.', ':', '+' and '-', at most 100 of them")
    return str(value)


def _policy(value: Any) -> str:
    if value in POLICIES:
        return str(value)
    meant = nearest(str(value), POLICIES)
    raise BadValue("is not a policy", f'write "{meant}"' if meant else f"write one of {', '.join(POLICIES)}")


RETRIES: dict[str, Callable[[Any], Any]] = {
    "attempts": lambda value: _number(value, 1, MOST_ATTEMPTS),
    "delay": seconds,
    "backoff": _factor,
    "max_delay": _positive,
}
CONCURRENCY: dict[str, Callable[[Any], Any]] = {
    "policy": _policy,
    "group": _word,
    "group_limit": lambda value: _number(value, 1, 1000),
    "group_wait": _positive,
}


def _dictionary(value: Mapping[Any, Any], keys: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Check a dictionary key by key; null takes a key out again that a layer below has set."""

    def check(key: Any, item: Any) -> Any:
        if key not in keys:
            meant = nearest(str(key), keys)
            fix = f'write "{meant}"' if meant else f"known keys: {', '.join(keys)}"
            raise BadValue(f'holds "{key}", which it does not know', fix)
        try:
            return None if item is None else keys[key](item)
        except BadValue as error:
            raise BadValue(f"{key} {error.reason}", error.fix) from error

    return each_part(value, check)


def check_retries(value: Any, _field: Field) -> dict[str, Any]:
    """A number of retries after the first attempt, or a dictionary."""
    if isinstance(value, Mapping):
        return _dictionary(value, RETRIES)
    try:
        return {"attempts": _number(value, 0, MOST_ATTEMPTS - 1) + 1}
    except BadValue as error:
        fix = "write how often to try again, or `{attempts: 3, delay: 10s, backoff: 2}`"
        raise BadValue(error.reason, fix) from error


def check_concurrency(value: Any, _field: Field) -> dict[str, Any]:
    """A policy, or a dictionary."""
    return _dictionary(value, CONCURRENCY) if isinstance(value, Mapping) else {"policy": _policy(value)}


def check_duration(value: Any, _field: Field) -> float:
    """A time span that is longer than none, in seconds."""
    return _positive(value)


def is_date(text: str) -> bool:
    """Tell whether a text has the form of a date."""
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def check_token(value: Any, _field: Field) -> str:
    """A date whose runs are skipped, or a word to tell one order from the next."""
    if isinstance(value, datetime.date):
        raise BadValue(f"is {kind_of(value)}, not a text", in_quotes(value))
    if is_date(str(value)):
        try:
            datetime.date.fromisoformat(str(value))
        except ValueError:
            raise BadValue("is not a date of the calendar", "write a day that there is, or a word") from None
    if isinstance(value, (str, int)) and not isinstance(value, bool) and _WORD.fullmatch(str(value)):
        return str(value)
    raise BadValue("is not a token", FIX_SKIP)
