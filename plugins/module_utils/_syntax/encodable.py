# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a result fit for JSON: names of files and words of commands need not be UTF-8; pure."""

from __future__ import annotations

from typing import Any


def encodable(data: Any) -> Any:
    """Return data in which bytes that are no UTF-8, which Python keeps as surrogates, are written `\\xe9`."""
    if isinstance(data, str):
        return encodable_text(data)
    if isinstance(data, dict):
        return {encodable(key): encodable(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [encodable(one) for one in data]
    return data


def encodable_text(text: str) -> str:
    """Return a text that can be encoded."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # Surrogates that stand for no byte of a name remain, and become `\udxxx`.
        as_bytes = text.encode("utf-8", "surrogateescape" if all_bytes(text) else "backslashreplace")
        return as_bytes.decode("utf-8", "backslashreplace")
    return text


def all_bytes(text: str) -> bool:
    """Tell whether all surrogates of a text stand for bytes (PEP 383)."""
    return all("\udc80" <= one <= "\udcff" for one in text if "\ud800" <= one <= "\udfff")
