# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all checks of values share: what a unit file can hold, parts of a dictionary, and what a value is; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._bad_value import BadValue, each_part

# systemd counts them as broken UTF-8, and leaves out the whole line.
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(f"{chr(end - 1)}{chr(end)}" for end in range(0xFFFF, 0x110000, 0x10000)) + "]"
)


def encodable(text: str) -> str:
    """Return a text that a unit file can hold. Raises BadValue."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadValue("is not valid UTF-8", "remove the stray bytes", "not-utf8") from None
    found = _NONCHARACTER.search(text)
    if found:
        reason = f"contains U+{ord(found.group()):04X}, which Unicode keeps free and systemd refuses"
        raise BadValue(reason, "remove it", "not-utf8")
    if "\x00" in text:
        raise BadValue("contains a NUL character", "remove it", "control-character")
    return text


def one_line(text: str) -> str:
    """Return a text that fits on one line of a unit file and cannot join the next."""
    encodable(text)
    if "\n" in text or "\r" in text:
        mend = "write it on one line (in YAML, `>-` folds lines without a final newline)"
        raise BadValue("contains a line break", mend, "control-character")
    if re.search(r"[\x01-\x1f\x7f-\x9f]", text):
        raise BadValue("contains a control character", "remove it", "control-character")
    if text.endswith("\\"):
        raise BadValue("ends in a backslash, which systemd takes for a line that goes on", "remove the backslash")
    if text != text.strip():
        raise BadValue("starts or ends with white space, which systemd drops", "remove the white space")
    return text


def parts_of(value: Any, known: Sequence[str], what: str) -> dict[str, Any]:
    """Return a dictionary without what is null, its names checked."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", f"write {what}")
    for name in value:
        if name not in known:
            meant = nearest(str(name), known)
            mend = f'write "{meant}"' if meant else f"known are {', '.join(known)}"
            raise BadValue(f'holds "{name}", which is not known here', mend, "unknown-field")
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


def kind_of(value: Any) -> str:
    """Return what a value is, in words."""
    if isinstance(value, Mapping):
        return "a dictionary"
    if is_list(value):
        return "a list"
    for kind, words in ((bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "a text")):
        if isinstance(value, kind):
            return words
    return "empty" if value is None else f"a {type(value).__name__}"
