# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service runs in the words of a shell, and the files that it needs for it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import SECRET
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.runbook import shell_command
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted


def lines_of(user: str = "root", **fields: Any) -> list[str]:
    return shell_command.shell_lines(UnitText(wanted(**fields).service), user)


@pytest.mark.parametrize(
    ("user", "fields", "expected"),
    [
        ("root", {"command": "/bin/true"}, ["sudo /bin/true"]),
        ("web", {"command": ["/bin/echo", "a b", "$HOME %h"]}, ["sudo -u web /bin/echo 'a b' '$HOME %h'"]),
        ("1000", {"command": "/bin/true"}, ["sudo -u '#1000' /bin/true"]),
        (
            "root",
            {"command": "/bin/a", "working_directory": "/srv/x y", "environment": {"A": "50%", "B": "c d"}},
            ["sudo env '--chdir=/srv/x y' A=50% 'B=c d' /bin/a"],
        ),
        ("root", {"command": "/bin/a ; /bin/b c"}, ["sudo /bin/a", "sudo /bin/b c"]),
        # The program that repeats it is not part of it.
        ("root", {"command": "/bin/a b", "retries": 2}, ["sudo /bin/a b"]),
        # Only systemd can.
        ("root", {"command": "/bin/a %h"}, []),
        ("root", {"command": "/bin/a $HOME"}, []),
        ("root", {"command": "-/bin/a"}, []),
        ("root", {"command": "/bin/a", "environment_file": "/etc/x"}, []),
        ("root", {"command": "/bin/a", "credentials": {"token": {"path": "/etc/x"}}}, []),
        ("root", {"command": "/bin/a", "service": {"WorkingDirectory": "~"}}, []),
        ("root", {"command": "/bin/a", "service": {"Environment": f'"TOKEN={SECRET}"'}}, []),
    ],
)
def test_what_a_job_runs_in_the_words_of_a_shell(user: str, fields: dict[str, Any], expected: list[str]) -> None:
    assert lines_of(user, **fields) == expected


@given(st.lists(st.text("ab $%'\"\\;*", min_size=1), min_size=1, max_size=3), st.text("ab $%'\"\\=", max_size=9))
def test_a_shell_gets_the_words_that_systemd_gets(arguments: list[str], value: str) -> None:
    (line,) = lines_of(command=["/bin/a", *arguments], environment={"A": value})
    assert shlex.split(line) == ["sudo", "env", f"A={value}", "/bin/a", *arguments]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/usr/bin/python3 /srv/x.py --fast", ["/usr/bin/python3", "/srv/x.py"]),
        ("/usr/bin/python3 -I /srv/x.py", ["/usr/bin/python3", "/srv/x.py"]),
        (["/bin/sh", "-c", "cat /etc/passwd"], ["/bin/sh"]),
        ("/usr/bin/tar cf /srv/new.tar /home", ["/usr/bin/tar"]),
        ("/usr/bin/env %h/x", ["/usr/bin/env"]),
    ],
)
def test_which_files_a_job_needs(command: Any, expected: list[str]) -> None:
    assert shell_command.programs(UnitText(wanted(command=command).service)) == expected
