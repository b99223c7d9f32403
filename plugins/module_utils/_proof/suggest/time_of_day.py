# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of day of a calendar expression, fixed (systemd.time(7), Calendar Events)."""

from __future__ import annotations

import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.calendar_field import field

MIDNIGHT = re.compile(r"24(:00?(?::00?)?)")
_STEP_ALONE = re.compile(r"\*/(\d{1,2})")
_FRACTION = re.compile(r"[0-5]?\d\.\d{1,6}")
_TWELVE_HOURS = re.compile(r"(\d{1,2})(?:[:.]([0-5]\d))?(:[0-5]\d)?([ap])m?")
_OTHER_CLOCK = re.compile(r"(\d{1,2})([.h])([0-5]\d)")
_LIKE_DIGITS = re.compile(r"[oli]*\d[0-9oli]*|oo")
_DIGITS_OF_LETTERS = str.maketrans("oli", "011")
# Others than those of am and pm, and the z that stands for UTC.
_LETTER_AT_END = re.compile(r"(\d\d)[b-lnoq-y]")


def time_of(word: str, alone: bool) -> str | None:
    """Return a time of day; `alone`: nothing else in the expression tells that it is one."""
    named = {"noon": "12:00", "midnight": "24:00"}.get(word)
    match = _TWELVE_HOURS.fullmatch(word)
    if named or match is None:
        return named or time_of_numbers(word, alone)
    hour, minutes, seconds, half = match.groups()
    if half == "p" and 12 < int(hour) < 24:
        return f"{hour}:{minutes or '00'}{seconds or ''}"
    if not 1 <= int(hour) <= 12:
        return None
    return f"{int(hour) % 12 + (12 if half == 'p' else 0):02d}:{minutes or '00'}{seconds or ''}"


def time_of_numbers(word: str, alone: bool) -> str | None:
    """Return a time of hours, minutes and seconds, however they are separated."""
    match = _OTHER_CLOCK.fullmatch(word)
    if match:
        hour, sign, minutes = match.groups()
        # 12.10 may be a day of December, 1h30 a time span.
        doubtful = 0 < int(minutes) <= 12 if sign == "." else hour in ("1", "2", "3", "4")
        return f"{int(hour):02d}:{minutes}" if int(hour) < 24 and not (alone and doubtful) else None
    match = _STEP_ALONE.fullmatch(word)
    if match:
        # A number of minutes divides an hour; if it divides a day too, hours may have been meant.
        step = int(match.group(1))
        return f"*:00/{step}" if 0 < step < 60 and 60 % step == 0 and 24 % step else None
    return time_of_fields(word.split(":"))


def time_of_fields(texts: list[str]) -> str | None:
    """Return hours:minutes[:seconds], each field fixed."""
    texts = [text.translate(_DIGITS_OF_LETTERS) if _LIKE_DIGITS.fullmatch(text) else text for text in texts]
    letter = _LETTER_AT_END.fullmatch(texts[-1])
    if letter:
        texts[-1] = letter.group(1)
    if MIDNIGHT.fullmatch(":".join(texts)):
        return ":".join(texts)
    if len(texts) == 3:
        # 08:00,20:00 are two times for people, and for systemd seconds after 08:00 and 08:20.
        if texts[0].isdigit() and re.search("[,.-]", texts[1]):
            return None
        texts[2] = re.sub(r"^0[a-z]$", "00", texts[2])
    fields = [field(text, 0, last) for text, last in zip(texts, (23, 59, 59))]
    if len(texts) == 3 and _FRACTION.fullmatch(texts[2]):
        fields[2] = texts[2]
    if len(texts) not in (2, 3) or None in fields:
        return None
    return ":".join(text for text in fields if text)
