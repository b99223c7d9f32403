# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemctl answers, with real answers of each version."""

from __future__ import annotations

import json

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    MANAGER_COMMAND,
    TIMERS_COMMAND,
    UNITS_COMMAND,
    UNREAD_COMMAND,
    ObserveError,
    parse_blocks,
    parse_manager,
    parse_timers,
    parse_units,
    unread_units,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import RUNNING_VERSIONS, answer, capture

DEAD = UnitState("loaded", "inactive", "dead")


DAY = 86400


# As captured: one whose file has changed since, one that is not there, one that was read as it is.
UNREAD = ["boot-only.timer", "no-such.timer", "waiting.timer"]


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_captured_commands_are_the_ones_that_are_run(version: int) -> None:
    assert capture(version, "pid1-manager")["command"] == MANAGER_COMMAND
    assert capture(version, "pid1-units")["command"] == UNITS_COMMAND
    assert capture(version, "pid1-timers")["command"] == TIMERS_COMMAND
    assert capture(version, "pid1-unread")["command"] == [*UNREAD_COMMAND, "--", *UNREAD]


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_manager(version: int) -> None:
    text = answer(version, "pid1-manager").stdout
    manager = parse_manager(text, 1000.0)
    assert manager.version == version
    assert {"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"} <= set(manager.unit_path)
    properties = dict(line.split("=", 1) for line in text.splitlines())
    # A job of the capture fails on purpose.
    assert properties["SystemState"] == "degraded"
    assert not manager.booting
    assert manager.started == int(properties["UserspaceTimestampMonotonic"]) / 1e6
    if version == 247:
        assert manager.loaded_at is None
    else:
        # Timers were made and systemd reloaded after the boot.
        assert manager.loaded_at == 1000.0 + int(properties["UnitsLoadTimestampMonotonic"]) / 1e6
        assert manager.loaded_at > 1000.0 + int(properties["UnitsLoadStartTimestampMonotonic"]) / 1e6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Manager(0, [], None)),
        ("Version=\nUnitPath=\n", Manager(0, [], None)),
        ("Version=252.39-1~deb12u2\n", Manager(252, [], None)),
        ("Version=v255\n", Manager(255, [], None)),
        ("Version=258~rc1-1\n", Manager(258, [], None)),
        ("Version=254-rc2-g1234567\n", Manager(254, [], None)),
        ("UnitsLoadTimestampMonotonic=0\nUnitsLoadStartTimestampMonotonic=2500000\n", Manager(0, [], 102.5)),
        ("UnitsLoadTimestampMonotonic=0\nUnitsLoadStartTimestampMonotonic=0\n", Manager(0, [], None)),
        ("UnitPath=/a /b\nUserspaceTimestampMonotonic=1500000\n", Manager(0, ["/a", "/b"], None, 1.5)),
        ("SystemState=initializing\n", Manager(0, [], None, booting=True)),
        ("SystemState=starting\n", Manager(0, [], None, booting=True)),
        ("SystemState=running\n", Manager(0, [], None)),
        ("SystemState=degraded\n", Manager(0, [], None)),
        ("SystemState=stopping\n", Manager(0, [], None)),
    ],
)
def test_manager_that_says_less(text: str, expected: Manager) -> None:
    assert parse_manager(text, 100.0) == expected


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_units(version: int) -> None:
    text = answer(version, "pid1-units").stdout
    units = parse_units(text)
    assert len(units) == len(json.loads(text)) > 30
    assert units["waiting.timer"] == units["repeating.timer"] == UnitState("loaded", "active", "waiting")
    assert units["boot-only.timer"] == units["past.timer"] == UnitState("loaded", "active", "elapsed")
    assert units["repeating.service"] == units["boot-only.service"] == UnitState("loaded", "failed", "failed")
    assert units["waiting.service"] == DEAD
    assert "stopped.timer" not in units
    assert "no-trigger.timer" not in units
    assert all(name.endswith((".service", ".timer")) for name in units)


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_timers(version: int) -> None:
    timers = parse_timers(answer(version, "pid1-timers").stdout)
    following, last = timers["waiting.timer"]
    # Mondays at 08:00 UTC; day 4 of the Unix era was the first Monday.
    assert (following - 8 * 3600) / DAY % 7 == 4
    assert last == 0
    following, last = timers["repeating.timer"]
    assert 3590 < following - last < 3610
    following, last = timers["boot-only.timer"]
    assert following == 0
    assert last > 1.79e9
    assert timers["past.timer"] == (0, 0)
    assert timers["fstrim.timer"] == (0, 0)


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_units_that_systemd_has_to_read_anew(version: int) -> None:
    calls = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        return answer(version, "pid1-unread")

    assert unread_units(runner, set(UNREAD)) == {"boot-only.timer"}
    assert calls == [[*UNREAD_COMMAND, "--", *UNREAD]]


def test_without_suspects_nobody_is_asked() -> None:
    def runner(argv: list[str]) -> Completed:
        pytest.fail(f"asked {argv}")

    assert unread_units(runner, []) == frozenset()


def test_a_call_about_suspects_that_fails_is_told() -> None:
    with pytest.raises(ObserveError, match=r"^systemctl show failed: Connection timed out$"):
        unread_units(lambda _argv: Completed(1, "", "Connection timed out\n"), ["a.timer"])


def test_blocks() -> None:
    assert parse_blocks("Id=a\nX=1=2\n\nId=b\n") == [{"Id": "a", "X": "1=2"}, {"Id": "b"}]
    assert parse_blocks("") == [{}]


def test_no_units_and_no_timers() -> None:
    assert parse_units("[]") == parse_units("") == {}
    assert parse_timers("[]\n") == parse_timers("") == {}
    assert parse_timers('[{"unit": "a.timer"}]') == {"a.timer": (0, 0)}
