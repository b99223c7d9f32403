# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was probably meant by a calendar expression that systemd has refused (systemd.time(7), Calendar Events).

Each part is either taken over as it stands, or fixed, or not understood; then there is no guess at all. The caller
asks systemd about the guesses, so they may be refused too, but they never mean anything else than what was written.
"""

from __future__ import annotations

import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.date import (
    date_of,
    days_of,
    is_date,
    weekday,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.spelling import meant, plain
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.time_of_day import MIDNIGHT, time_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.time_span import (
    UNITS,
    span_parts,
    without_every,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.cron_line import MACROS, calendar_of_cron

# Words of systemd.time(7), Calendar Events.
WORDS = {
    name: name
    for name in (
        "minutely",
        "hourly",
        "daily",
        "weekly",
        "monthly",
        "quarterly",
        "semiannually",
        "yearly",
        "annually",
    )
}
FILLERS = ("at", "on", "every", "each")
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
MONTHS = {"month": 1, "y": 12}
CALENDAR_OF_SECONDS = {60: "minutely", 3600: "hourly", 86400: "daily", 604800: "weekly"}
CALENDAR_OF_MONTHS = {1: "monthly", 3: "quarterly", 6: "semiannually", 12: "yearly"}
_ASSIGNMENT = re.compile(r"^OnCalendar\s*=\s*", re.IGNORECASE)
_ZONE = re.compile(r"(.*\S) (UTC|GMT|[A-Z_]+(?:/[A-Z][\w+-]*)+)", re.IGNORECASE)
_ABBREVIATION = re.compile(r"(.*\d) ([A-Z]{3,4})")
_ZULU = re.compile(r"(.*\d:\d\d) ?Z")
# How people join what systemd wants joined: the pattern and what stands for it.
_JOINTS = (
    (re.compile(r"(?<=[\d*])t(?=[\d*])"), " "),
    (re.compile(r"(?<=[a-z])(?: ?(?:-|\.{2,3}) ?| (?:to|thru|through) )(?=[a-z])"), ".."),
    (re.compile(r"(?<=[a-z])(?: ?[,&] ?| and )(?=[a-z])"), ","),
    (re.compile(r"(?<=\d) ?([ap])\.?m\b\.?"), r"\1m"),
    (re.compile(r"(?<=:\d\d) (?:h|hrs|hours|uhr|o'?clock)\b"), ""),
    (re.compile(r"\b(\d{1,2}) (?:uhr|o'?clock)\b"), r"\1h00"),
    (re.compile(r"\bat (\d{1,2})(?= |$)"), r"\1h00"),
    (re.compile(r"\b(?:every|each|once a|once per) day\b"), "daily"),
)


def candidates(expression: str) -> list[str]:
    """Return what was probably meant by a refused calendar expression (systemd.time(7), Calendar Events)."""
    text = plain(_ASSIGNMENT.sub("", expression.strip(" \"'"), count=1))
    if not text:
        return []
    body, zone = split_zone(text)
    found = calendar_of(body.lower()) or calendar_of_span(body)
    if not found:
        return []
    whole = f"{found} {zone}" if zone else found
    return [whole] if whole.lower() != expression.lower() else []


def split_zone(text: str) -> tuple[str, str]:
    """Return an expression without its time zone, and that zone, whether the host knows it or not."""
    match = _ZONE.fullmatch(text)
    if match:
        return match.group(1), match.group(2)
    match = _ZULU.fullmatch(text)
    if match:
        return match.group(1), "UTC"
    match = _ABBREVIATION.fullmatch(text)
    if match and match.group(2).lower() not in (*UNITS, "uhr") and not weekday(match.group(2).lower()):
        return match.group(1), match.group(2)
    return text, ""


def calendar_of(body: str) -> str | None:
    """Return an expression without its time zone as systemd wants it."""
    return meant(body, WORDS) or meant(body, MACROS) or calendar_of_cron(body) or calendar_of_parts(body)


def calendar_of_parts(body: str) -> str | None:
    """Return an expression of weekdays, date and time, each fixed, in the order of systemd.time(7)."""
    alone = " " not in body
    for pattern, joint in _JOINTS:
        body = pattern.sub(joint, body)
    found: dict[str, str] = {}
    for word in body.split():
        if word not in FILLERS:
            kind, text = part_of(word, alone)
            if text is None or kind in found:
                return None
            found[kind] = text
    days, date, time = (found.get(kind, "") for kind in ("days", "date", "time"))
    midnight = MIDNIGHT.fullmatch(time)
    if midnight:
        # The midnight at the end of a day; which one is meant matters unless it is every day.
        if days or date.strip("*-"):
            return None
        time = f"00{midnight.group(1)}"
    if days and not date and not time:
        time = "00:00"
    return " ".join(part for part in (days, date, time) if part) or ("daily" if found else None)


def part_of(word: str, alone: bool) -> tuple[str, str | None]:
    """Return which part of an expression a word is, and its text; None if it is not understood."""
    if word[0].isalpha() and word not in ("noon", "midnight") and ":" not in word:
        return "days", days_of(word)
    if ":" not in word and is_date(word):
        return "date", date_of(word)
    return "time", time_of(word, alone)


def calendar_of_span(text: str) -> str | None:
    """Return the expression that elapses each time span, if an hour, a day or a year is a multiple of it."""
    rest = without_every(text)
    parts = span_parts(rest) or (span_parts(f"1 {rest}") if rest != text else None)
    if not parts or not all(number.isdigit() for number, _unit in parts):
        return None
    if all(unit in MONTHS for _number, unit in parts):
        return CALENDAR_OF_MONTHS.get(sum(int(number) * MONTHS[unit] for number, unit in parts))
    if not all(unit in SECONDS for _number, unit in parts):
        return None
    return calendar_of_seconds(sum(int(number) * SECONDS[unit] for number, unit in parts))


def calendar_of_seconds(span: int) -> str | None:
    """Return the expression that elapses each so many seconds, always at the same times of the day."""
    if span in CALENDAR_OF_SECONDS or span < 1:
        return CALENDAR_OF_SECONDS.get(span)
    if 60 % span == 0:
        return f"*:*:00/{span}" if span > 1 else "*:*:*"
    if span % 60 == 0 and 3600 % span == 0:
        return f"*:00/{span // 60}"
    if span % 3600 == 0 and 86400 % span == 0:
        return f"00/{span // 3600}:00"
    return None
