# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox hides from a job, what it must find, what root cannot do in it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.sandbox import (
    check_hidden,
    check_hidden_attempts,
    check_powerless_root,
    check_sandbox_paths,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Checker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import PathFacts
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import (
    FILE,
    FOLDER,
    PROGRAM,
    FakeFacts,
    job_view,
    known,
)

FACTS = FakeFacts(
    {
        "/home/app/run.sh": PROGRAM,
        "/srv/run.sh": PROGRAM,
        "/srv/own": PathFacts("directory", 0o750, 1000, 1000),
        "/srv/own/run.sh": PathFacts("file", 0o755, 1000, 1000),
        "/srv/shared": PathFacts("directory", 0o750, 1000, 0),
        "/srv/shared/run.sh": PathFacts("file", 0o755, 1000, 1000),
        "/srv/run.py": FILE,
        "/srv/data": FOLDER,
    },
    links={"/srv/link.sh": "/home/app/run.sh"},
)


def told(checker: Checker, **fields: Any) -> list[str]:
    job = job_view(**fields)
    return [line(found) for found in checker(job, known(job.wanted, facts=FACTS))]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"command": "/home/app/run.sh", "hardening": "strict"}, "ProtectHome=yes hides /home"),
        ({"command": "/srv/link.sh", "hardening": "strict"}, "ProtectHome=yes hides /home"),
        ({"command": "/usr/bin/python3 /home/app/run.sh", "hardening": "strict"}, "ProtectHome=yes hides /home"),
        ({"working_directory": "~", "hardening": "strict"}, "ProtectHome=yes hides /root"),
        ({"command": "/tmp/run.sh", "hardening": "standard"}, "PrivateTmp=yes hides /tmp"),
        ({"command": "/srv/run.sh", "service": {"InaccessiblePaths": "-/srv"}}, "InaccessiblePaths= hides /srv"),
    ],
)
def test_hidden(fields: dict[str, Any], place: str) -> None:
    (found,) = told(check_hidden, **fields)
    assert f"{place} from the job" in found
    assert found.endswith("[hidden-path]")


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/home/app/run.sh"},
        {"command": "/home/app/run.sh", "hardening": "standard"},
        {"command": "/home/app/run.sh", "hardening": "strict", "service": {"ProtectHome": "read-only"}},
        {"command": "/home/app/run.sh", "hardening": "strict", "service": {"BindPaths": "/srv"}},
        {"command": "+/home/app/run.sh", "hardening": "strict"},
        {"working_directory": "-/root", "hardening": "strict"},
        {"command": "/srv/run.sh", "hardening": "strict", "environment_file": "/root/secrets"},
    ],
)
def test_seen(fields: dict[str, Any]) -> None:
    assert told(check_hidden, **fields) == []


def test_paths_that_are_missing() -> None:
    assert told(check_sandbox_paths, writable_paths=["/srv/data", "/srv/date", "-/srv/none"]) == [
        (
            'backup: writable_paths "/srv/date": does not exist on this host, so every run would fail; write '
            '"/srv/data", or make it before the job, or write a - before it [missing-path]'
        )
    ]
    made = {"state_directory": "reports", "writable_paths": ["/var/lib/reports"]}
    assert told(check_sandbox_paths, **made) == []
    (found,) = told(check_sandbox_paths, service={"ReadOnlyPaths": "/srv/none"})
    assert found.startswith('backup: service.ReadOnlyPaths "/srv/none"')


def test_root_without_capabilities() -> None:
    (found,) = told(check_powerless_root, command="/srv/own/run.sh", hardening="strict")
    assert found == (
        'backup: command "/srv/own/run.sh": root without capabilities (CapabilityBoundingSet=) cannot reach it: '
        "/srv/own has mode 0750, owner 1000, group 1000; give it to root or open its mode, name its owner as `user`, "
        "or move it [no-access]"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "/srv/own/run.sh"},
        {"command": "/srv/own/run.sh", "hardening": "standard"},
        {"command": "/srv/own/run.sh", "hardening": "strict", "user": "app"},
        {"command": "/srv/own/run.sh", "hardening": "strict", "service": {"CapabilityBoundingSet": "CAP_DAC_OVERRIDE"}},
        {"command": "/srv/own/run.sh", "service": {"CapabilityBoundingSet": "~CAP_DAC_OVERRIDE"}},
        {"command": "+/srv/own/run.sh", "hardening": "strict"},
        {"command": "/srv/shared/run.sh", "hardening": "strict"},
        {"command": "/srv/run.sh", "hardening": "strict"},
    ],
)
def test_root_that_can(fields: dict[str, Any]) -> None:
    assert told(check_powerless_root, **fields) == []


FOLDER_OF_JOB = "/etc/dotmobi.systemd_timers/backup"


@pytest.mark.parametrize(
    ("service", "path", "reason"),
    [
        ({"InaccessiblePaths": "-/etc/dotmobi.systemd_timers"}, f"{FOLDER_OF_JOB}/attempts.py",
         "InaccessiblePaths= hides /etc/dotmobi.systemd_timers from the job"),
        ({"TemporaryFileSystem": "/etc:ro"}, f"{FOLDER_OF_JOB}/attempts.py",
         "TemporaryFileSystem= hides /etc from the job"),
        ({"NoExecPaths": "/"}, "/usr/bin/python3", "NoExecPaths= lets the job run no program there"),
        ({"NoExecPaths": "/usr", "ExecPaths": "/"}, "/usr/bin/python3",
         "NoExecPaths= lets the job run no program there"),
    ],
)  # fmt: skip
def test_a_sandbox_in_which_no_attempt_can_be_made(service: dict[str, Any], path: str, reason: str) -> None:
    for field, fields in {
        "retries": {"retries": 2},
        "timeout": {"timeout": "1min", "concurrency": {"group": "g"}},
    }.items():
        (found,) = told(check_hidden_attempts, service=service, **fields)
        assert found.startswith(f'backup: {field} "{path}": {reason}, and {field} needs it; remove {field}, or let')
    assert told(check_hidden_attempts, service=service) == []


@pytest.mark.parametrize(
    "service",
    [
        {"NoExecPaths": "/", "ExecPaths": "/usr /lib /lib64"},
        {"TemporaryFileSystem": "/etc", "BindReadOnlyPaths": "/etc/dotmobi.systemd_timers"},
        {"TemporaryFileSystem": "/etc", "BindPaths": "-/srv/x:/etc/dotmobi.systemd_timers:rbind"},
        {"TemporaryFileSystem": "/srv", "InaccessiblePaths": "/srv"},
    ],
)
def test_sandboxes_in_which_attempts_can_be_made(service: dict[str, Any]) -> None:
    assert told(check_hidden_attempts, service=service, retries=2) == []
