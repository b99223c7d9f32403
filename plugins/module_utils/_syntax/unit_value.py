# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a value of a unit file can hold; pure. No text from outside gets into a unit file past `one_line`."""

from __future__ import annotations

import re

# systemd counts them as broken UTF-8, and leaves out the whole line.
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(f"{chr(end - 1)}{chr(end)}" for end in range(0xFFFF, 0x110000, 0x10000)) + "]"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class BadText(ValueError):
    """A text that cannot be a value: why, how to fix it, the code of the finding."""

    def __init__(self, reason: str, fix: str, code: str = "invalid-value") -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix
        self.code = code


def encodable(text: str) -> str:
    """Return a text that a unit file can hold. Raises BadText."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadText("is not valid UTF-8", "remove the stray bytes", "not-utf8") from None
    found = _NONCHARACTER.search(text)
    if found:
        reason = f"contains U+{ord(found.group()):04X}, which Unicode keeps free and systemd refuses"
        raise BadText(reason, "remove it", "not-utf8")
    if "\x00" in text:
        raise BadText("contains a NUL character", "remove it", "control-character")
    return text


def one_line(text: str) -> str:
    """Return a text that fits on one line of a unit file and cannot join the next. Raises BadText."""
    encodable(text)
    if "\n" in text or "\r" in text:
        fix = "write it on one line (in YAML, `>-` folds lines without a final newline)"
        raise BadText("contains a line break", fix, "control-character")
    if _CONTROL.search(text):
        raise BadText("contains a control character", "remove it", "control-character")
    if text.endswith("\\"):
        raise BadText("ends in a backslash, which systemd takes for a line that goes on", "remove the backslash")
    if text != text.strip():
        raise BadText("starts or ends with white space, which systemd drops", "remove the white space")
    return text


def texts_of(value: object) -> list[str]:
    """Return the texts of a module's option: one text, or a list. Raises BadText.

    Ansible's own lists would cut one text at its commas: `Mon,Tue 08:00`.
    """
    items = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
    for one in items:
        if isinstance(one, bool) or not isinstance(one, (str, int, float)):
            raise BadText("is not a text or a list of texts", "write it in quotes")
    return [str(one) for one in items]
