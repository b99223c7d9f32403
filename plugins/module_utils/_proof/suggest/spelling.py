# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words as they were meant, for those who fix what systemd has refused: no stray signs, no slips of a letter."""

from __future__ import annotations

from typing import Mapping

LONGEST = 120
_DASHES = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-"})
_OTHERS = str.maketrans({"\u2026": "...", "\u00b5": "u", "\u03bc": "u", "\u2019": "'"})


def plain(text: str) -> str:
    """Return a text without stray blanks and quotes, in ASCII; empty if that is not possible, or it is too long."""
    if len(text) > LONGEST or len(text.strip().splitlines()) > 1:
        return ""
    text = " ".join(text.strip(" \"'").translate(_DASHES).translate(_OTHERS).split())
    return text if text.isascii() and text.isprintable() else ""


def one_slip(written: str, right: str) -> bool:
    """Tell whether one letter is missing, too much or wrong, or two are swapped; the first letter is never wrong."""
    same = [one == other for one, other in zip(written, right)]
    start = same.index(False) if False in same else len(same)
    left, rest = written[start:], right[start:]
    while left and rest and left[-1] == rest[-1]:
        left, rest = left[:-1], rest[:-1]
    swapped = len(left) == 2 and left == rest[::-1]
    return start > 0 and (len(left) + len(rest) == 1 or len(left) == len(rest) == 1 or swapped)


def meant(word: str, known: Mapping[str, str]) -> str | None:
    """Return the meaning of a word, or of the only long one that is a slip away from it."""
    if word in known:
        return known[word]
    meanings = {known[right] for right in known if len(right) > 4 and one_slip(word, right)}
    return meanings.pop() if len(meanings) == 1 else None
