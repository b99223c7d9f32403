# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files as the target reads them: assignments, the owner mark, questions about a timer."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    Owner,
    UnitText,
    is_true,
    last_value,
    owner_of,
    parse,
    values,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("[A]\nx=1\n", [("A", "x", "1", 2)]),
        ("  [A]  \n x = 1 = 2 \n", [("A", "x", "1 = 2", 2)]),
        ("[A]\r\nx=1\r\n", [("A", "x", "1", 2)]),
        ("[A]\n# x=1\n ; y=2\nz=\n", [("A", "z", "", 4)]),
        ("[A]\nx=1\\\n2\ny=3\n", [("A", "x", "1 2", 2), ("A", "y", "3", 4)]),
        ("[A]\nx=1\\\n# between\n2\n", [("A", "x", "1 2", 2)]),
        ("[A]\n# ends in \\\nx=1\n", [("A", "x", "1", 3)]),
        ("[A]\nx=1\n[B]\nx=2\n", [("A", "x", "1", 2), ("B", "x", "2", 4)]),
        ("x=1\n[A]\nnothing\n", [("", "x", "1", 1)]),
        ("[A]\nx=1", [("A", "x", "1", 2)]),
    ],
)
def test_parse(text: str, expected: list[tuple[str, str, str, int]]) -> None:
    assert parse(text) == expected


def test_two_backslashes_at_the_end_are_one_and_no_continuation() -> None:
    assert parse("[A]\nx=1\\\\\ny=2\n") == [("A", "x", "1\\\\", 2), ("A", "y", "2", 3)]


def test_an_empty_assignment_resets_a_list() -> None:
    found = parse("[A]\nx=1\nx=2\nx=\nx=3\nx=4\n[B]\nx=5\n")
    assert values(found, "A", "x") == ["3", "4"]
    assert last_value(found, "A", "x") == "4"
    assert last_value(found, "A", "y", "none") == "none"
    assert last_value(parse("[A]\nx=1\nx=\n"), "A", "x") == ""


@pytest.mark.parametrize("value", ["1", "yes", "Y", "true", "T", "ON"])
def test_true(value: str) -> None:
    assert is_true(value)


@pytest.mark.parametrize("value", ["0", "no", "false", "off", "", "2", "perhaps"])
def test_not_true(value: str) -> None:
    assert not is_true(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[X-Ansible]\nOwner=default\nJob=backup\n", Owner("default", "backup")),
        ("[Unit]\nA=b\n\n[X-Ansible]\nJob=b\nOwner=a\n", Owner("a", "b")),
        ("", None),
        ("[Unit]\nOwner=default\nJob=backup\n", None),
        ("# [X-Ansible]\n[Unit]\nOwner=default\nJob=backup\n", None),
        ("[X-Ansible]\nOwner=default\n", None),
        ("[X-Ansible]\nJob=backup\nOwner=\n", None),
    ],
)
def test_owner(text: str, expected: Owner | None) -> None:
    assert owner_of(text) == expected


def test_rendered_units_carry_their_mark() -> None:
    job = wanted(name="nightly")
    assert owner_of(job.service) == owner_of(job.timer) == Owner("default", "nightly")


def timer(*lines: str) -> str:
    """Return a timer with these lines."""
    return "\n".join(
        ["[Unit]", "Description=OnCalendar=no", "[Timer]", *lines, "[Install]", "WantedBy=timers.target", ""]
    )


def test_calendars_and_spans() -> None:
    text = timer(
        "OnCalendar=gone", "OnCalendar=", "OnCalendar=daily", "OnCalendar=Mon", "AccuracySec=1s", "OnBootSec=5min"
    )
    assert timer_unit.calendars(text) == ["daily", "Mon"]
    assert UnitText(text).values("Timer", "OnCalendar") == ["daily", "Mon"]
    assert UnitText(text).last("Timer", "OnCalendar") == "Mon"
    assert UnitText(text).last("Timer", "Unit", "x") == "x"


def test_triggers_are_what_decides_when() -> None:
    text = timer("Unit=x.service", "OnCalendar=daily", "AccuracySec=1s", "RandomizedDelaySec=1h", "Persistent=true")
    assert timer_unit.triggers(text) == [("Unit", "x.service"), ("OnCalendar", "daily")]
    assert timer_unit.triggers(text) == timer_unit.triggers("# other\n" + text.replace("Description=", "Description=x"))


@pytest.mark.parametrize(
    ("lines", "persistent"),
    [(["Persistent=true"], True), (["Persistent=true", "Persistent=no"], False), ([], False)],
)
def test_persistent(lines: list[str], persistent: bool) -> None:
    assert timer_unit.is_persistent(timer(*lines)) is persistent


@pytest.mark.parametrize(
    ("lines", "spans"),
    [
        (["OnBootSec=5min"], ["5min"]),
        (["OnBootSec=5min", "OnStartupSec=1h"], ["5min", "1h"]),
        (["OnBootSec=5min", "OnCalendar=daily"], []),
        (["OnBootSec=5min", "OnUnitActiveSec=1h"], []),
        (["OnBootSec=5min", "OnCalendar=daily", "OnCalendar="], ["5min"]),
        (["OnCalendar=daily"], []),
    ],
)
def test_boot_spans(lines: list[str], spans: list[str]) -> None:
    assert timer_unit.boot_spans(timer(*lines)) == spans


def test_links() -> None:
    text = (
        "[Timer]\nWantedBy=no.target\n[Install]\nWantedBy=a.target b.target\nWantedBy=c.target\nRequiredBy=d.target\n"
    )
    folders = ["a.target.wants", "b.target.wants", "c.target.wants", "d.target.requires"]
    assert timer_unit.links("job", text) == [f"{folder}/job.timer" for folder in folders]
    assert timer_unit.links("job", "[Timer]\nOnCalendar=daily\n") == []
