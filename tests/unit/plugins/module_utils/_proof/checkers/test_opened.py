# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd opens as root for a job, where somebody else can put a link; variables that never reach a job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.opened import (
    check_loader_variables,
    check_opened,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Checker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts, PathFacts
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import (
    FILE,
    FOLDER,
    FakeFacts,
    job_view,
    known,
)

APPS = PathFacts("directory", 0o755, uid=1000)
HOST = FakeFacts(
    {
        "/home/app": APPS,
        "/home/app/token": PathFacts("file", 0o600, uid=1000),
        "/srv/applogs": APPS,
        "/srv/logs": FOLDER,
        "/srv/logs/app.log": PathFacts("file", 0o644, uid=1000),
        "/srv/logs/link.log": FILE,
        "/srv/open": PathFacts("directory", 0o777),
        "/etc/app/env": FILE,
        "/tmp": PathFacts("directory", 0o1777),
        "/tmp/roots.log": FILE,
        "/tmp/apps.log": PathFacts("file", 0o644, uid=1000),
        "/var/log": PathFacts("directory", 0o775, gid=104),
    },
    links={"/srv/logs/link.log": "/srv/applogs/x"},
    members={104: ["syslog"]},
    groups={"syslog": 104},
)


def found(checker: Checker, facts: Facts = HOST, **fields: Any) -> list[Finding]:
    job = job_view(**fields)
    return checker(job, known(job.wanted, facts=facts))


@pytest.mark.parametrize(
    ("fields", "field", "who", "place"),
    [
        ({"output": "append:/srv/applogs/app.log"}, "output", "the user app", "/srv/applogs"),
        ({"output": "file:/home/app/new/out.log"}, "output", "the user app", "/home/app"),
        ({"output": "truncate:/srv/open/out.log"}, "output", "everybody", "/srv/open"),
        # A link of root's to a place that is not.
        ({"output": "append:/srv/logs/link.log"}, "output", "the user app", "/srv/applogs"),
        # In such a directory everybody makes what is missing, and an owner replaces what is there.
        ({"output": "append:/tmp/new.log"}, "output", "everybody", "/tmp"),
        ({"output": "append:/tmp/apps.log"}, "output", "everybody", "/tmp"),
        ({"service": {"StandardInput": "file:/home/app/in"}}, "service.StandardInput", "the user app", "/home/app"),
        ({"credentials": {"t": {"path": "/home/app/token"}}}, "credentials", "the user app", "/home/app"),
        ({"environment_file": "-/home/app/none*"}, "environment_file", "the user app", "/home/app"),
        (
            {"output": "append:/var/log/mine/x.log", "service": {"LogsDirectory": "mine"}},
            "output", "the user app", "/var/log/mine",
        ),
        (
            {"output": "append:/var/lib/x/y", "service": {"StateDirectory": "x", "DynamicUser": "yes"}},
            "output", "the user of the job", "/var/lib/x",
        ),
    ],
)  # fmt: skip
def test_where_somebody_else_can_put_a_link(fields: dict[str, Any], field: str, who: str, place: str) -> None:
    (one,) = found(check_opened, user="app", **fields)
    assert (one.field, one.code, one.severity) == (field, "writable-by-others", "error")
    assert one.reason == f"systemd opens it as root, and {who} can put a link to another file there: {place}"
    assert one.fix


@pytest.mark.parametrize(
    "fields",
    [
        {"output": "append:/srv/logs/app.log"},
        {"output": "append:/srv/logs/new.log"},
        {"output": "append:/var/log/x.log"},
        {"output": "append:/tmp/roots.log"},
        {"output": "append:/var/log/mine/x.log", "user": "root", "service": {"LogsDirectory": "mine"}},
        {"output": "journal"},
        {"credentials": {"t": {"content": "x"}, "u": {"path": "/etc/app/env"}}},
        {"environment_file": "/etc/app/env"},
        {"environment_file": {"content": "A=1"}},
    ],
)
def test_places_of_root(fields: dict[str, Any]) -> None:
    assert found(check_opened, **{"user": "app", **fields}) == []


def test_one_output_of_two_streams_is_told_once() -> None:
    assert len(found(check_opened, output="append:/srv/applogs/app.log")) == 1


def test_the_manager_of_an_account_opens_what_that_can_open() -> None:
    class Own(FakeFacts):
        def __init__(self) -> None:
            super().__init__({"/srv/open": PathFacts("directory", 0o777)})
            self.uid = 1000

    assert found(check_opened, Own(), output="append:/srv/open/out.log") == []


# --- variables


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"environment": {"LD_LIBRARY_PATH": "/opt/x", "PATH": "/opt/x"}}, [("environment", "LD_LIBRARY_PATH")]),
        (
            {"environment_file": {"content": "A=1\n  LD_PRELOAD = /x\n# LD_DEBUG=all\nexport LOCPATH=/l\n"}},
            [("environment_file", "LD_PRELOAD"), ("environment_file", "LOCPATH")],
        ),
        ({"environment": {"TMPDIR": "/srv"}}, []),
    ],
)
def test_variables_that_a_program_of_root_must_not_get(fields: dict[str, Any], told: list[tuple[str, str]]) -> None:
    for helper in ({"skip_next": "x"}, {"concurrency": {"group": "g"}}):
        job = job_view(**fields, **helper)
        facts = FakeFacts()
        facts.expect(job.wanted.files)
        assert [(one.field, one.value) for one in check_loader_variables(job, known(job.wanted, facts=facts))] == told
    assert found(check_loader_variables, **fields) == []


def test_a_file_of_variables_is_read_and_nothing_else(tmp_path: Path) -> None:
    facts = Facts()
    (tmp_path / "env").write_bytes(b"A=\xff\n")
    os.mkfifo(tmp_path / "fifo")
    assert facts.text(str(tmp_path / "env"), 10) == "A=\ufffd\n"
    assert facts.text(str(tmp_path / "env"), 3) == ""
    for name in ("fifo", "missing", "."):
        assert facts.text(str(tmp_path / name), 10) == ""
