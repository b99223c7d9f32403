# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time as texts."""

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601, parse_base_time
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import calendar


def test_iso8601_is_local_time_with_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert iso8601(1801000000) == "2027-01-26T22:46:40+01:00"
        assert iso8601(1816000000) == "2027-07-19T14:26:40+02:00"
        assert parse_base_time("2027-07-19T14:26:40") == 1816000000
        calendar.use_host_zone()
        assert "TZ" not in os.environ
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("@0", 0),
        ("@1801000000", 1801000000),
        ("2027-01-26T21:46:40Z", 1801000000),
        ("2027-01-26T22:46:40+01:00", 1801000000),
        ("2027-01-26 21:46:40+00:00", 1801000000),
    ],
)
def test_base_times(text: str, epoch: int) -> None:
    assert parse_base_time(text) == epoch


@pytest.mark.parametrize(
    "text", ["", "soon", "@", "@x", "@-1", "1801000000x", "@99999999999999", "2300-01-01T00:00:00Z"]
)
def test_bad_base_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"is neither|does not lie"):
        parse_base_time(text)
