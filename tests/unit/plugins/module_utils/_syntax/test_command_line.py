# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of command lines agrees with what two versions of systemd gave to real processes."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import (
    Command,
    commands_of,
    has_specifier,
    specifiers,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import FIXTURES

VERSIONS = [252, 257]


@functools.cache
def rows(version: int, name: str) -> list[dict[str, Any]]:
    """Return the rows of a capture of commands; a plain reader of YAML takes long for the largest of them."""
    text = (FIXTURES / f"systemd-{version}" / f"command-{name}.yml").read_text("utf-8")
    return [json.loads(line) for line in text.split("\n") if line.startswith("  {")]


def line_of(row: dict[str, Any]) -> str:
    """Return the line as the reader of unit files gives it: a backslash at its end joins it with the next."""
    return str(row["line"]).rstrip("\\")


def plain(row: dict[str, Any]) -> bool:
    """Tell whether systemd ran the line, and replaced nothing in it."""
    if row["line"].startswith('";"'):
        # Even in quotes no program: systemd begins with the next word.
        return False
    return bool(row["argv"]) and "$" not in row["line"] and not specifiers(row["line"]) and "\\x" not in row["line"]


@pytest.mark.parametrize("version", VERSIONS)
def test_words_are_those_that_the_process_got(version: int) -> None:
    found = [row for row in rows(version, "line") if plain(row)]
    assert len(found) > 30
    for row in found:
        # The capture was read as text, which makes a line feed of a carriage return.
        words = [word.replace("%%", "%").replace("\r", "\n") for word in commands_of(line_of(row))[0].argv]
        # With a second process in it the first one was told to print a file that is not there, and failed.
        assert words == row["argv"][0], row["line"]


@pytest.mark.parametrize("version", VERSIONS)
def test_open_quotes_give_no_commands(version: int) -> None:
    found = [row for row in rows(version, "line") if any("Unbalanced quoting" in one for one in row["verify"])]
    assert found
    for row in found:
        assert commands_of(line_of(row)) == [], row["line"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/bin/a", [Command("", "/bin/a", ["/bin/a"], [False])]),
        ("-/bin/a b 'c d'", [Command("-", "/bin/a", ["/bin/a", "b", "c d"], [False, False, True])]),
        ("@-/bin/a name b", [Command("@-", "/bin/a", ["name", "b"], [False, False])]),
        ('"-/bin/a" \\x41', [Command("-", "/bin/a", ["/bin/a", "A"], [True, True])]),
        ("/bin/%%a %%b", [Command("", "/bin/%a", ["/bin/%%a", "%%b"], [False, False])]),
        ("/a x ; /b y", [Command("", "/a", ["/a", "x"], [False] * 2), Command("", "/b", ["/b", "y"], [False] * 2)]),
        ("/a \\; x", [Command("", "/a", ["/a", ";", "x"], [False, True, False])]),
        ("/a x; y", [Command("", "/a", ["/a", "x;", "y"], [False] * 3)]),
        ("- /bin/a", []),
        ("@/bin/a", []),
        ("'open", []),
        ("", []),
        (" ; ", []),
    ],
)
def test_commands_of(value: str, expected: list[Command]) -> None:
    assert commands_of(value) == expected


def test_specifiers() -> None:
    assert specifiers("%n%%n %-%/ 5% %1") == ["%n", "%1"]
    assert has_specifier("/srv/%i")
    assert not has_specifier("/srv/100%%i 5%")
