# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results are fit for JSON, whatever bytes a host has in its names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.log_files import newest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.encodable import encodable


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("Übung \U0001f600", "Übung \U0001f600"),
        ("Z\udce9.log", "Z\\xe9.log"),
        ("half \ud83d", "half \\ud83d"),
        ("half \ud83d, byte \udce9", "half \\ud83d, byte \\udce9"),
        ({"Z\udce9": ["\udcff", 1, None, True]}, {"Z\\xe9": ["\\xff", 1, None, True]}),
    ],
)
def test_bytes_that_are_no_utf_8(data: Any, wanted: Any) -> None:
    assert encodable(data) == wanted


@given(st.text(st.characters(codec=None)))
def test_everything_can_be_encoded(text: str) -> None:
    encodable(text).encode("utf-8")


def test_names_of_log_files(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"Z\xe9.log")).touch()
    (found,) = newest(str(tmp_path))
    with pytest.raises(UnicodeEncodeError):
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    assert encodable(found)["name"] == "Z\\xe9.log"
