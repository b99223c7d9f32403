# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service means under a timer: types, units that it refers to, secrets; and names."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.names import (
    check_drop_ins,
    check_enabled_service,
    check_names,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.service import (
    check_finishes,
    check_handlers,
    check_remain_after_exit,
    check_runtime_max,
    check_secrets,
    check_unit,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Checker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import job_view, known, request_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import empty_host, file_of, wanted

UNITS = frozenset({"alert.service", "notify@.service", "weekly-report.service", "backup.service"})


def found(checker: Checker, *others: WantedJob, **fields: Any) -> list[Finding]:
    """Return what a checker says of a job on a host with a few units."""
    job = job_view(**fields)
    return checker(job, known(job.wanted, *others, observed=empty_host(host_units=UNITS)))


def told(checker: Checker, *others: WantedJob, **fields: Any) -> list[str]:
    """Return the lines of it, without the name of the job."""
    return [line(one).removeprefix("backup: ") for one in found(checker, *others, **fields)]


@pytest.mark.parametrize(("value", "count"), [("yes", 1), ("true", 1), (True, 1), ("no", 0), (False, 0)])
def test_remain_after_exit(value: Any, count: int) -> None:
    assert [one.code for one in found(check_remain_after_exit, service={"RemainAfterExit": value})] == [
        "remain-after-exit"
    ] * count


def test_runtime_max() -> None:
    assert told(check_runtime_max, service={"RuntimeMaxSec": "1h"}) == [
        (
            'service.RuntimeMaxSec "1h": has no effect on a service of Type=oneshot, which a job is; write '
            "`timeout: 1h` [no-effect]"
        )
    ]
    assert found(check_runtime_max, service={"RuntimeMaxSec": "1h", "Type": "exec"}) == []
    assert found(check_runtime_max, service={"RuntimeMaxSec": "infinity"}) == []


@pytest.mark.parametrize(
    ("service", "fields"),
    [
        ({}, []),
        ({"Type": "exec", "Restart": "on-failure"}, []),
        ({"Type": "simple"}, []),
        ({"Type": "notify"}, ["service.Type"]),
        ({"Type": "forking", "Restart": "always"}, ["service.Type", "service.Restart"]),
        ({"Type": "exec", "Restart": "on-success"}, ["service.Restart"]),
        ({"Type": "dbus", "BusName": "org.example.Job"}, ["service.Type"]),
    ],
)
def test_services_that_never_finish(service: dict[str, str], fields: list[str]) -> None:
    findings = found(check_finishes, service=service)
    assert [one.field for one in findings] == fields
    assert {one.code for one in findings} <= {"never-finishes"}


@pytest.mark.parametrize(
    ("unit", "others", "count"),
    [
        ("backup.service", [], 0),
        ("weekly-report.service", [], 0),
        ("notify@%n.service", [], 0),
        ("notify@x.service", [], 0),
        ("gone.service", [], 1),
        ("gone@x.service", [], 1),
        ("other.service", [wanted(name="other")], 0),
        ("other.service", [wanted(name="other", state="absent")], 1),
        ("notify@.service", [], 1),
    ],
)
def test_units_that_the_timer_starts(unit: str, others: list[WantedJob], count: int) -> None:
    findings = found(check_unit, *others, timer={"Unit": unit})
    assert [one.code for one in findings] == ["missing-unit"] * count


def test_a_target_is_started_only_once() -> None:
    assert [one.code for one in found(check_unit, timer={"Unit": "multi-user.target"})] == ["never-finishes"]


def test_a_missing_unit_is_named_with_the_nearest() -> None:
    assert told(check_unit, timer={"Unit": "weekly-repot.service"}) == [
        'timer.Unit "weekly-repot.service": does not exist on this host; write "weekly-report.service" [missing-unit]'
    ]


def test_handlers() -> None:
    unit = {"OnFailure": ["alert.service alrt.service", "notify@%n.service"], "OnSuccess": "gone@%n.service"}
    assert told(check_handlers, unit=unit) == [
        (
            'unit.OnFailure "alrt.service": does not exist on this host, so it would not be notified; install it '
            'before the job, or correct the name: "alert.service"? [missing-handler]'
        ),
        (
            'unit.OnSuccess "gone@%n.service": does not exist on this host, so it would not be notified; install it '
            "before the "
            "job, or correct the name [missing-handler]"
        ),
    ]


@pytest.mark.parametrize(
    "name",
    ["PGPASSWORD", "MYSQL_PWD", "API_KEY", "APIKEY", "db_password", "GITHUB_TOKEN", "SECRET", "AWS_SECRET_ACCESS_KEY"],
)
def test_names_of_secrets(name: str) -> None:
    (one,) = found(check_secrets, environment={name: "hunter2"})
    assert one.value is None
    assert one.reason.startswith(f"{name} looks like a secret")
    assert "hunter2" not in line(one)


@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "AKIAIOSFODNN7EXAMPLE",
        "postgres://app:hunter2@db/app",
    ],
)
def test_values_of_secrets(value: str) -> None:
    (one,) = found(check_secrets, environment={"HARMLESS": value})
    assert value not in line(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD_FILE", "x"),
        ("TOKEN_URL", "https://example.org/token"),
        ("TOKEN_TTL", "60"),
        ("PWD", "/srv"),
        ("COMPASS", "north"),
        ("SECRET", "/run/secrets/x"),
        ("KEYBOARD", "us"),
        ("PASSWORD", ""),
        ("URL", "https://example.org/a:b@c"),
        ("MONKEY", "yes"),
        ("BYPASS", "1"),
    ],
)
def test_what_is_no_secret(name: str, value: str) -> None:
    assert found(check_secrets, environment={name: value}) == []


def test_secrets_of_a_raw_directive() -> None:
    assert len(found(check_secrets, service={"Environment": "A=1 API_TOKEN=x DB_PASS=y"})) == 2


def test_secrets_in_quotes() -> None:
    raw = '"A=1" \'API_TOKEN=x y\' "DB_PASS=z"'
    assert [one.reason.split()[0] for one in found(check_secrets, service={"Environment": raw})] == [
        "API_TOKEN",
        "DB_PASS",
    ]


def test_a_marked_variable_in_the_unit_file_is_an_error() -> None:
    fields = {"secrets": ["MAILGUN", "API_TOKEN", "ELSEWHERE"]}
    raw = {"Environment": ["MAILGUN=/x", "API_TOKEN=x"]}
    findings = found(check_secrets, service=raw, **fields)
    assert [(one.code, one.field, one.value) for one in findings] == [
        ("marked-secret", "service.Environment", None)
    ] * 2
    assert found(check_secrets, service={"Environment": "MAILGUN="}, **fields) == []
    # From the field they go to a file that only root can read.
    assert found(check_secrets, environment={"MAILGUN": "/x", "API_TOKEN": "x"}, **fields) == []


def test_credentials_in_the_unit_file() -> None:
    (one,) = found(check_secrets, service={"SetCredential": ["a:hunter2", "b:hunter3"]})
    assert (one.code, one.value) == ("readable-credential", None)
    files = {"LoadCredential": "a:/etc/a", "SetCredentialEncrypted": "b:AAAA"}
    assert found(check_secrets, service=files) == []


# --- names


def test_drop_ins_are_warned_of() -> None:
    job = job_view()
    host = empty_host(drop_ins={"backup.service": ["/etc/systemd/system/backup.service.d/override.conf"]})
    (one,) = check_drop_ins(job, known(job.wanted, observed=host))
    assert one.reason == (
        "/etc/systemd/system/backup.service.d/override.conf changes backup.service, and was not proved"
    )
    assert one.severity == "warning"


def test_an_enabled_service_is_warned_of() -> None:
    job = job_view(install={"WantedBy": "default.target"})
    host = empty_host(links={"backup.service": {"default.target.wants/backup.service": "../backup.service"}})
    (one,) = check_enabled_service(job, known(job.wanted, observed=host))
    assert (one.field, one.code, one.severity) == ("install", "enabled-service", "warning")
    assert check_enabled_service(job, known(job.wanted)) == []


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (FileState("symlink", target="/dev/null"), "masked"),
        (FileState("symlink", target="/srv/x"), "name-taken"),
        (FileState("other"), "name-taken"),
        (file_of(""), "masked"),
        (file_of("[Timer]\n"), "name-taken"),
        (file_of("[X-Ansible]\nOwner=other\nJob=backup\n"), "other-owner"),
    ],
)
def test_names_of_others(state: FileState, code: str) -> None:
    findings = check_names(request_of(wanted()), empty_host(files={"backup.timer": state}))
    assert [(one.value, one.code) for one in findings] == [("backup.timer", code)]


def test_a_unit_of_another_directory_holds_the_name() -> None:
    host = empty_host(elsewhere={"backup.service": "/usr/lib/systemd/system/backup.service"})
    assert [one.code for one in check_names(request_of(wanted()), host)] == ["name-taken"]
    assert check_names(request_of(wanted(state="absent")), host) == []
    masked = empty_host(elsewhere={"backup.service": "/dev/null"})
    assert [one.code for one in check_names(request_of(wanted()), masked)] == ["masked"]


ACTIVE = UnitState("loaded", "active", "waiting")
VENDOR = {"backup.timer": "/usr/lib/systemd/system/backup.timer"}


@pytest.mark.parametrize(
    "found",
    [
        {"units": {"backup.timer": ACTIVE}},
        {"links": {"backup.timer": {"timers.target.wants/backup.timer": "/usr/lib/systemd/system/backup.timer"}}},
    ],
)
def test_a_timer_of_others_is_not_removed(found: dict[str, Any]) -> None:
    host = empty_host(elsewhere=VENDOR, **found)
    (one,) = check_names(request_of(wanted(state="absent")), host)
    assert (one.value, one.code) == ("backup.timer", "name-taken")
    assert "/usr/lib/systemd/system/backup.timer" in one.reason
    assert "systemctl disable --now backup.timer" in one.fix
    assert "systemctl mask --now backup.timer" in one.fix


def test_a_transient_timer_is_to_be_stopped() -> None:
    host = empty_host(elsewhere={"backup.timer": "/run/systemd/transient/backup.timer"}, units={"backup.timer": ACTIVE})
    assert [one.fix for one in check_names(request_of(wanted(state="absent")), host)] == ["systemctl stop backup.timer"]


@pytest.mark.parametrize(
    "found",
    [
        # After `systemctl disable --now`, and after `systemctl mask --now`.
        {"elsewhere": VENDOR},
        {"elsewhere": VENDOR, "files": {"backup.timer": FileState("symlink", target="/dev/null")}},
        {"files": {"backup.timer": FileState("symlink", target="/dev/null")}},
    ],
)
def test_what_nothing_starts_may_be_absent(found: dict[str, Any]) -> None:
    host = empty_host(**found)
    job = wanted(state="absent")
    assert check_names(request_of(job), host) == []
    plan = make_plan([goal_of(job, host, {})], host, "/etc/systemd/system")
    assert not plan.changed
