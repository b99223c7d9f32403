# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was probably meant by a time span that systemd has refused (systemd.time(7), Parsing Time Spans).

Each part is either taken over as it stands, or fixed, or not understood; then there is no guess at all. The caller
asks systemd about the guesses, so they may be refused too, but they never mean anything else than what was written.
"""

from __future__ import annotations

import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.spelling import meant, plain

# The short name of each unit of systemd.time(7), Parsing Time Spans, and the names that people write for it.
UNIT_NAMES = {
    "us": "us usec usecs microsecond microseconds",
    "ms": "ms msec msecs millisecond milliseconds",
    "s": "s sec secs second seconds sekunde sekunden segundo segundos seconde secondes",
    "min": "m min mins minute minutes minuten minuto minutos",
    "h": "h hr hrs hour hours stunde stunden hora horas heure heures",
    "d": "d day days tag tage tagen dia dias jour jours",  # codespell:ignore
    "w": "w week weeks wk wks woche wochen semana semanas semaine semaines",
    "month": "M month months mth mths monat monate monaten meses mois",
    "y": "y year years yr yrs jahr jahre jahren",
    "fortnight": "fortnight fortnights",
}
UNITS = {name: unit for unit, names in UNIT_NAMES.items() for name in names.split()}
SPAN_WORDS = {
    "minutely": "1min",
    "hourly": "1h",
    "daily": "1d",
    "weekly": "1w",
    "infinity": "infinity",
    "infinite": "infinity",
    "inf": "infinity",
    "unlimited": "infinity",
}
NUMBER_WORDS = {"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "five": "5", "ten": "10"}
_EVERY = re.compile(r"(?:(?:every|each|once every|once a|once an|once per) )?(.+)", re.IGNORECASE)
_SPAN = re.compile(r"(\d+(?:[.,]\d+)?) ?([a-z]+)\.?(?:(?: ?,| and| und)? ?(?=\d)|$)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"(\d+),(\d|25|50|75)")
_ISO_SPAN = re.compile(r"p(?:(\d+)y)?(?:(\d+)m)?(?:(\d+)w)?(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?")
_CLOCK_SPAN = re.compile(r"(\d\d):([0-5]\d)(?::([0-5]\d))?")
_HOURS_MINUTES = re.compile(r"(\d+)h([0-5]\d)")
_HALVES = (
    (re.compile(r"\b(?:a )?half(?: an?)? hour\b", re.IGNORECASE), "30min"),
    (re.compile(r"\b(?:a )?quarter(?: of an?)? hour\b", re.IGNORECASE), "15min"),
)


def timespan_candidates(span: str) -> list[str]:
    """Return what was probably meant by a refused time span (systemd.time(7), Parsing Time Spans)."""
    text = plain(span)
    text = re.sub(r"^- ?(?=\d)", "", text)
    found = meant(text.lower(), SPAN_WORDS) or other_span(text.lower()) or span_text(span_parts(text))
    return [found] if found and found != span else []


def without_every(text: str) -> str:
    """Return a text without `every` or `once a` before it."""
    every = _EVERY.fullmatch(text)
    return every.group(1) if every else text


def span_parts(text: str) -> list[tuple[str, str]] | None:
    """Return the numbers of a time span and their units; None if there is anything else in it."""
    for pattern, same in _HALVES:
        text = pattern.sub(same, text)
    first, _blank, rest = text.partition(" ")
    text = f"{NUMBER_WORDS.get(first.lower(), first)} {rest}".strip()
    parts, position = [], 0
    while position < len(text):
        match = _SPAN.match(text, position)
        if not match:
            return None
        number, unit = decimal_point(match.group(1)), unit_of(match.group(2))
        if unit == "fortnight":
            number, unit = str(2 * int(number)) if number.isdigit() else "", "w"
        if not number or not unit:
            return None
        parts.append((number, unit))
        position = match.end()
    return parts or None


def decimal_point(number: str) -> str:
    """Return a number with a decimal point; empty if the comma may stand between thousands, or hours and minutes."""
    match = _DECIMAL_COMMA.fullmatch(number)
    if match:
        return f"{match.group(1)}.{match.group(2)}"
    return "" if "," in number else number


def unit_of(name: str) -> str | None:
    """Return the short name of a unit; only M and m differ by case."""
    return UNITS.get(name) or meant(name.lower(), UNITS)


def span_text(parts: list[tuple[str, str]] | None) -> str:
    """Return a time span in short units: 1h 30min."""
    return " ".join(f"{number}{unit}" for number, unit in parts or [])


def other_span(text: str) -> str:
    """Return a time span written as PT15M (ISO 8601), as 00:15[:00] or as 1h30."""
    match = _ISO_SPAN.fullmatch(text)
    units: tuple[str, ...] = ("y", "month", "w", "d", "h", "min", "s")
    if not match:
        match = _CLOCK_SPAN.fullmatch(text)
        units = ("h", "min", "s")
    if not match:
        match = _HOURS_MINUTES.fullmatch(text)
    if not match:
        rest = without_every(text)
        return span_text(span_parts(rest)) if rest != text else ""
    return span_text([(str(int(number)), unit) for number, unit in zip(match.groups(), units) if int(number or 0)])
