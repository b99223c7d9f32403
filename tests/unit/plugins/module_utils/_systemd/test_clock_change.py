# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next clock change of a zone, from the C library."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import clock_change
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.clock_change import (
    ClockChange,
    next_change,
)

HOUR = 3600


@pytest.fixture(autouse=True)
def zone_of_the_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process live in a zone of its own, and see that it still does."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    assert os.environ["TZ"] == "Asia/Kathmandu"
    assert time.localtime(0).tm_gmtoff == 19800
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> int:
    """Return Unix seconds of an ISO 8601 time with offset."""
    return int(datetime.fromisoformat(text).timestamp())


WINTER = at("2026-11-25T12:00+00:00")
SUMMER = at("2027-07-01T12:00+00:00")


@pytest.mark.parametrize(
    ("zone", "now", "moment", "before", "after"),
    [
        ("Europe/Berlin", WINTER, "2027-03-28T01:00+00:00", HOUR, 2 * HOUR),
        ("Europe/Berlin", SUMMER, "2027-10-31T01:00+00:00", 2 * HOUR, HOUR),
        ("America/New_York", WINTER, "2027-03-14T02:00-05:00", -5 * HOUR, -4 * HOUR),
        ("America/New_York", SUMMER, "2027-11-07T02:00-04:00", -4 * HOUR, -5 * HOUR),
        ("Australia/Lord_Howe", WINTER, "2027-04-04T02:00+11:00", 11 * HOUR, 10 * HOUR + 1800),
        ("Australia/Lord_Howe", SUMMER, "2027-10-03T02:00+10:30", 10 * HOUR + 1800, 11 * HOUR),
        ("Africa/Cairo", WINTER, "2027-04-30T00:00+02:00", 2 * HOUR, 3 * HOUR),
        ("Africa/Cairo", SUMMER, "2027-10-29T00:00+03:00", 3 * HOUR, 2 * HOUR),
        ("Pacific/Apia", at("2011-12-01T00:00+00:00"), "2011-12-30T10:00+00:00", -10 * HOUR, 14 * HOUR),
    ],
)
def test_changes(zone: str, now: int, moment: str, before: int, after: int) -> None:
    found = next_change(zone, now)
    assert found == ClockChange(at(moment), before, after)
    assert ClockChange(*json.loads(json.dumps(found))) == found


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kathmandu", "Asia/Tokyo", "Mars/Olympus", "no\0name", "../../etc/passwd"]
)
def test_zones_without_a_change(zone: str) -> None:
    assert next_change(zone, WINTER) is None


def test_the_second_before_and_the_second_of_it() -> None:
    change = at("2027-03-28T01:00+00:00")
    before, after = next_change("Europe/Berlin", change - 0.5), next_change("Europe/Berlin", change)
    assert before is not None
    assert after is not None
    assert (before.at, after.at) == (change, at("2027-10-31T01:00+00:00"))


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "America/Nuuk", "America/St_Johns", "Antarctica/Troll"])
def test_the_python_library_knows_the_same_changes(zone: str) -> None:
    change = next_change(zone, WINTER)
    assert change is not None
    for moment, offset in ((WINTER, change.before), (change.at - 1, change.before), (change.at, change.after)):
        assert datetime.fromtimestamp(moment, ZoneInfo(zone)).utcoffset().total_seconds() == offset  # type: ignore[union-attr]


def test_an_empty_text_is_the_zone_of_the_host() -> None:
    localtime = Path("/etc/localtime")
    host = str(localtime.resolve()) if localtime.exists() else "UTC"
    assert next_change("", WINTER) == next_change(host, WINTER)


def test_the_zone_is_restored_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_moment: int) -> int:
        raise OverflowError

    with monkeypatch.context() as patch:
        patch.setattr(clock_change, "offset_at", fail)
        with pytest.raises(OverflowError):
            next_change("Europe/Berlin", WINTER)


def test_no_zone_in_the_environment_stays_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delenv("TZ")
        next_change("Europe/Berlin", WINTER)
        assert "TZ" not in os.environ
    time.tzset()
