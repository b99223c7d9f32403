# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a job: how systemd reads its files, and what only a shell would make of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.environment import (
    check_environment,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.variables import check_variables
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import PathFacts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.environment_file import (
    parse_environment_file,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import FakeFacts, job_view, known

# What systemd 252 and 257 have made of it: systemd-run -p EnvironmentFile=... env
TEXT = r"""A=1
export B=2
C = 3
# comment
; comment
E="a b"c d
F='x "y" $Z'
G=$A/x
H=a\
b
I="a\
b\$c\d"
J=it's
K=a "b" c
L
2M=1
N=
  O=1
P="open
line two"
Q= "a"  'b'
S=a\ \
""
T=x # no comment"""
TAKEN = {
    "A": "1",
    "C": "3",
    "E": "a bc d",
    "F": 'x "y" $Z',
    "G": "$A/x",
    "H": "ab",
    "I": "ab$c\\d",
    "J": "it's",
    "K": 'a "b" c',
    "N": "",
    "O": "1",
    "P": "open\nline two",
    "Q": "ab",
    "T": "x # no comment",
}
OWN = "/etc/dotmobi.systemd_timers/backup/environment"
THEIRS = "/etc/default/backup"


def test_reads_a_file_as_systemd_does() -> None:
    found = parse_environment_file(TEXT)
    assert {one.name: one.value for one in found if one.is_valid and one.name != "S"} == TAKEN
    assert [(one.line, one.name) for one in found if not one.is_valid] == [(2, "export B"), (15, "L"), (16, "2M")]


def test_a_comment_with_a_backslash_goes_on_or_not() -> None:
    """On 252 it does, on 257 it does not: what may be a comment is no fault, what may be set is set."""
    found = parse_environment_file("# one \\\nmore words\nA=1\n# two \\\nB=2\nC\n")
    assert [(one.name, one.is_valid) for one in found] == [("A", True), ("B", True), ("C", False)]


def host(**texts: str) -> FakeFacts:
    facts = FakeFacts({THEIRS: PathFacts("file", 0o644)}, texts={THEIRS: texts.get("theirs", "")})
    if "own" in texts:
        facts.expect([JobFile(OWN, texts["own"], 0o600)])
    return facts


def told(facts: FakeFacts, **fields: Any) -> list[str]:
    """Return what the checkers of the environment and of variables say of a job."""
    job = job_view(**fields)
    seen = known(job.wanted, facts=facts)
    found: list[Finding] = [*check_environment(job, seen), *check_variables(job, seen)]
    return [line(one).removeprefix("backup: ") for one in found]


def test_nothing_is_expanded_in_a_value() -> None:
    assert told(host(), environment={"PATH": "/opt/x/bin:$PATH", "A": "${HOME}/x", "B": "$(date)"}) == [
        (
            "environment: PATH holds $PATH, and systemd replaces nothing in a value; "
            'write "PATH: /opt/x/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" '
            "[unexpanded-variable]"
        ),
        (
            "environment: A holds ${HOME}, and systemd replaces nothing in a value; "
            "write what is meant to stand there, or set it in a script [unexpanded-variable]"
        ),
        (
            "environment: B holds $(...), and systemd replaces nothing in a value; "
            "write what is meant to stand there, or set it in a script [unexpanded-variable]"
        ),
    ]
    (one,) = told(host(), environment={"GOPATH": "$HOME/go"}, user="app")
    assert 'write "GOPATH: /home/app/go"' in one


@pytest.mark.parametrize("value", ["P@$$w0rd", "$2y$10$abc", "a$b", "^x$", "$NOBODY_KNOWS", "100 $", "$1"])
def test_dollars_that_are_plain_text(value: str) -> None:
    assert told(host(), environment={"SOME": value}) == []


def test_lines_that_systemd_leaves_out() -> None:
    assert told(host(own="A=1\nexport B=secret\nC\nD E=2\n"), service={"EnvironmentFile": OWN}) == [
        (
            f"environment_file: line 2 of {OWN}: systemd leaves it out, for no shell reads the file, and `export` "
            "is not part of a name; write B=... without `export` [invalid-environment-file]"
        ),
        (
            f"environment_file: line 3 of {OWN} is not an assignment, and systemd leaves it out; "
            "write NAME=value, a name of letters, digits and _ [invalid-environment-file]"
        ),
        (
            f"environment_file: line 4 of {OWN} has no name of a variable before the `=`, and systemd leaves it out; "
            "write NAME=value, a name of letters, digits and _ [invalid-environment-file]"
        ),
    ]


def test_a_file_of_others_is_only_warned_of() -> None:
    (one,) = told(host(theirs="export B=secret\n"), environment_file=THEIRS)
    assert one.startswith(f"warning: environment_file: line 1 of {THEIRS}: ")
    assert "secret" not in one


def test_variables_that_no_file_sets() -> None:
    own = {"service": {"EnvironmentFile": OWN}, "command": "/bin/echo ${TARGET} ${OTHER}"}
    assert told(host(own="TARGET=/srv\nOTHER=1\n"), **own) == []
    (one,) = told(host(own="TARGET=/srv\n"), **own)
    assert "nothing sets ${OTHER}, so systemd replaces it with nothing" in one
    theirs = {"environment_file": THEIRS, "command": "/bin/echo ${TARGET}"}
    assert told(host(theirs="TARGET=/srv\n"), **theirs) == []
    assert len(told(host(theirs="# none\n"), **theirs)) == 1


@pytest.mark.parametrize("value", [f"-{THEIRS}x", "/etc/default/*.conf", "%S/x"])
def test_files_that_may_set_any(value: str) -> None:
    assert told(host(), service={"EnvironmentFile": value}, command="/bin/echo ${TARGET}") == []
