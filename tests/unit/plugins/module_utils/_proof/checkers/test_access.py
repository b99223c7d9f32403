# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs a job: users, groups, what they can reach, and who else can change what root runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.access import (
    check_access,
    check_group,
    check_user,
    check_writable,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Checker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Account, Facts, PathFacts
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import (
    FILE,
    PROGRAM,
    FakeFacts,
    job_view,
    known,
)

HOST = FakeFacts(
    {
        "/opt/safe": PROGRAM,
        "/opt/app/owned": PathFacts("file", 0o755, uid=1000),
        "/opt/app/shared": PathFacts("file", 0o775, gid=50),
        "/opt/app/alone": PathFacts("file", 0o775, gid=60),
        "/opt/app/open": PathFacts("file", 0o757),
        "/opt/loose": PathFacts("directory", 0o777),
        "/opt/loose/tool": PROGRAM,
        "/tmp": PathFacts("directory", 0o1777),
        "/tmp/tool": PROGRAM,
        "/tmp/theirs": PathFacts("file", 0o755, uid=1000),
        "/etc/app/env": PathFacts("file", 0o640, uid=1000),
        "/opt/script.py": PathFacts("file", 0o666),
        "/opt/script.sh": PROGRAM,
    },
    links={"/opt/link": "/opt/app/owned"},
    heads={"/opt/script.sh": b"#!/bin/sh\n"},
    members={50: ["app", "joe"], 60: []},
    blocked={
        "/opt/safe": "/opt/safe",
        "/opt/app/owned": "/opt/app",
        "/opt/script.py": "/opt/script.py",
        "/opt/script.sh": "/opt/script.sh",
        "/opt/loose": "/opt/loose",
    },
)


def found(checker: Checker, **fields: Any) -> list[Finding]:
    """Return what a checker says of a job on that host."""
    job = job_view(**fields)
    return checker(job, known(job.wanted, facts=HOST))


def told(checker: Checker, **fields: Any) -> list[str]:
    """Return the lines of it, without the name of the job."""
    return [line(one).removeprefix("backup: ") for one in found(checker, **fields)]


def test_a_user_that_is_missing_is_named_with_the_nearest() -> None:
    assert told(check_user, user="appp") == [
        'user "appp": does not exist on this host; write "app", or create it before the job [missing-user]'
    ]
    assert told(check_user, user="zzz") == [
        'user "zzz": does not exist on this host; create it before the job, or correct the name [missing-user]'
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"user": "root"},
        {"user": "app"},
        {"user": "1000"},
        {"user": "zzz", "service": {"DynamicUser": True}},
        {"service": {"User": "%i"}},
    ],
)
def test_users_that_may_stand(fields: dict[str, Any]) -> None:
    assert found(check_user, **fields) == []


def test_groups_that_are_missing() -> None:
    assert told(check_group, group="staf", service={"SupplementaryGroups": ["root nogroop", "app"]}) == [
        'group "staf": does not exist on this host; write "staff", or create it before the job [missing-group]',
        (
            'service.SupplementaryGroups "nogroop": does not exist on this host; create it before the job, or '
            "correct the "
            "name [missing-group]"
        ),
    ]
    assert found(check_group, group="staff") == []
    assert found(check_group, group="zzz", service={"DynamicUser": "yes"}) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"command": "/opt/safe"},
            (
                'command "/opt/safe": the user app cannot execute it; let app in (/opt/safe has mode 0755, owner 0, '
                "group 0), or move what the job needs [no-access]"
            ),
        ),
        (
            {"command": "/opt/app/owned"},
            (
                'command "/opt/app/owned": the user app cannot reach it: no way into /opt/app; let app in (/opt/app '
                "has "
                "mode 0755, owner 0, group 0), or move what the job needs [no-access]"
            ),
        ),
        (
            {"command": "/usr/bin/python3 /opt/script.py"},
            (
                'command "/opt/script.py": the user app cannot read it; let app in (/opt/script.py has mode 0666, '
                "owner 0, "
                "group 0), or move what the job needs [no-access]"
            ),
        ),
        (
            {"working_directory": "/opt/loose"},
            (
                'working_directory "/opt/loose": the user app cannot enter it; let app in (/opt/loose has mode '
                "0777, owner "
                "0, group 0), or move what the job needs [no-access]"
            ),
        ),
    ],
)
def test_what_the_user_cannot_reach(fields: dict[str, Any], expected: str) -> None:
    assert told(check_access, user="app", **fields) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/opt/safe"},
        {"command": "/opt/safe", "user": "root"},
        {"command": "+/opt/safe", "user": "app"},
        {"command": "-/opt/safe", "user": "app"},
        {"command": "/opt/safe", "user": "app", "service": {"DynamicUser": "yes"}},
        {"command": "/opt/safe", "user": "app", "service": {"RootDirectory": "/srv"}},
        {"command": "/opt/safe", "user": "app", "service": {"AmbientCapabilities": "CAP_DAC_OVERRIDE"}},
        {"command": "/not/there", "user": "app", "working_directory": "/not/there"},
        {"working_directory": "-/opt/loose", "user": "app"},
    ],
)
def test_access_that_is_not_asked(fields: dict[str, Any]) -> None:
    assert found(check_access, **fields) == []


def test_a_script_is_asked_for_reading_and_executing() -> None:
    asked: list[tuple[str, int]] = []

    class Asking(FakeFacts):
        def obstacles(
            self, account: Account, groups: tuple[int, ...], wanted: tuple[tuple[str, int], ...]
        ) -> list[str]:
            asked.extend(wanted)
            assert (account.name, groups) == ("app", (50, 0))
            return ["" for _one in wanted]

    facts = Asking({"/opt/a.sh": PROGRAM, "/opt/b": FILE}, heads={"/opt/a.sh": b"#!/bin/sh\n"})
    fields = {"command": "/opt/a.sh", "user": "app", "group": "staff", "service": {"SupplementaryGroups": "root"}}
    job = job_view(**fields)
    assert check_access(job, known(job.wanted, facts=facts)) == []
    assert asked == [("/opt/a.sh", os.R_OK | os.X_OK)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"command": "/opt/app/owned"}, ("/opt/app/owned", "the user app can change it")),
        ({"command": "/opt/app/shared"}, ("/opt/app/shared", "the users app, joe can change it")),
        ({"command": "/opt/app/open"}, ("/opt/app/open", "everybody can change it")),
        ({"command": "/opt/loose/tool"}, ("/opt/loose/tool", "everybody can change /opt/loose")),
        ({"command": "/tmp/theirs"}, ("/tmp/theirs", "the user app can change it")),
        ({"command": "/usr/bin/python3 /opt/script.py"}, ("/opt/script.py", "everybody can change it")),
        ({"command": "/opt/link"}, ("/opt/link", "the user app can change it")),
        ({"environment_file": "-/etc/app/env"}, ("/etc/app/env", "the user app can change it")),
        # What is not there yet.
        ({"command": "-/opt/loose/missing/tool"}, ("/opt/loose/missing/tool", "everybody can change /opt/loose")),
        ({"environment_file": "-/tmp/env"}, ("/tmp/env", "everybody can change /tmp")),
        # A pattern: what it matches, and where more may come to match.
        ({"environment_file": "-/etc/app/en*"}, ("/etc/app/env", "the user app can change it")),
        ({"environment_file": "-/tmp/none*"}, ("/tmp/*", "everybody can change /tmp")),
        (
            {"user": "app", "environment_file": "/etc/app/env", "service": {"ExecStartPre": "+/bin/true"}},
            ("/etc/app/env", "the user app can change it"),
        ),
        ({"user": "app", "command": "+/opt/app/owned"}, ("/opt/app/owned", "the user app can change it")),
    ],
)
def test_what_root_runs_and_others_can_change(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    (one,) = found(check_writable, **fields)
    assert (one.value, one.reason) == (expected[0], f"root runs it, and {expected[1]}")
    assert one.code == "writable-by-others"
    assert one.severity == "error"


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/opt/safe"},
        {"command": "/opt/app/alone"},
        {"command": "/tmp/tool"},
        {"command": "/not/there"},
        {"user": "app", "environment_file": "/etc/app/env"},
        # The gate is root's, and gets none of the variables.
        {"user": "app", "environment_file": "/etc/app/env", "skip_next": "x"},
        {"command": "/opt/app/owned", "user": "app"},
        {"command": "/opt/app/owned", "service": {"DynamicUser": "yes"}},
        {"command": "/opt/app/owned", "service": {"RootDirectory": "/srv"}},
    ],
)
def test_what_nobody_else_can_change(fields: dict[str, Any]) -> None:
    assert found(check_writable, **fields) == []


# --- the real host


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root; CI runs as root")
def test_the_kernel_is_asked_as_the_user(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/tmp") and folder != Path("/"):
            folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for path in (closed / "inside", tmp_path / "open"):
        path.write_text("")
        path.chmod(0o644)
    facts = Facts()
    nobody = facts.user("nobody")
    assert nobody
    questions = [(tmp_path / "open", os.R_OK), (tmp_path / "open", os.X_OK), (closed / "inside", os.R_OK)]
    answers = facts.obstacles(nobody, (nobody.gid,), tuple((str(path), mode) for path, mode in questions))
    assert answers == ["", str(tmp_path / "open"), str(closed)]


def test_facts_of_the_real_host(tmp_path: Path) -> None:
    facts = Facts()
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o750)
    assert facts.path(str(script)) == PathFacts("file", 0o750, os.getuid(), os.getgid())
    assert facts.path(str(tmp_path)).kind == "directory"
    assert facts.path("/dev/null").kind == "other"
    assert facts.path(str(tmp_path / "none")).kind == "absent"
    assert facts.head(str(script)) == b"#!/bin/sh\n"
    assert facts.head(str(tmp_path)) == b""
    assert facts.listing(str(tmp_path)) == ["script"]
    assert facts.listing(str(script)) == []
    assert facts.matches(f"{tmp_path}/scr*") == [str(script)]
    root = facts.user("root")
    assert root
    assert (root.uid, facts.user("0")) == (0, root)
    assert facts.user("no such user") is None
    assert facts.user(str(2**40)) is None
    assert (facts.group("root"), facts.group("0"), facts.group("no such group")) == (0, 0, None)
    assert "root" in facts.local_names("passwd")
    assert facts.local_names("nothing") == []
    assert "root" not in facts.members(0)
    assert facts.members(2**31 - 7) == []
    assert facts.has_zone("UTC")
    assert not facts.has_zone("Europe/Atlantis")
    # Asked once.
    script.chmod(0o700)
    assert facts.path(str(script)).mode == 0o750
