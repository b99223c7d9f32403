# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What on_failure, on_success and heartbeat make of a job, what does not fit together, what the host has to have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jinja2 import TemplateError

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILES_DIRECTORY, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import shown
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.notify import check_notices
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.service import check_handlers
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import PathFacts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.verify import parse_verify
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import notify
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import compile_templates, render
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import (
    FILE,
    PROGRAM,
    FakeFacts,
    job_view,
    known,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.programs import program
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import complete, empty_host, wanted

FOLDER = f"{FILES_DIRECTORY}/backup"
UNIT = "backup-notify@.service"
FAILURE = "OnFailure=backup-notify@failure.service"
SUCCESS = "OnSuccess=backup-notify@success.service"
ROOT = "-+/usr/bin/env -i PATH=/usr/bin:/bin"
START = f"ExecStartPre={ROOT} /usr/bin/timeout 5 /bin/systemctl start --no-block backup-notify@start.service"
HEARTBEAT = "https://hc.example/x"


def lines(job: WantedJob, *keys: str) -> list[str]:
    return [one for one in job.service.splitlines() if one.split("=", 1)[0] in keys]


def settings(job: WantedJob) -> dict[str, Any]:
    (text,) = (one.text for one in job.files if one.name == f"{FOLDER}/notify.json")
    return dict(json.loads(text))


def faults(**fields: Any) -> list[str]:
    """Return what is said of a job, without its name."""
    given = {"name": "backup", "schedule": "daily", "command": "/bin/true", **fields}
    return [
        line(one).removeprefix("backup: ")
        for one in merge_jobs({"timer_jobs": [given]}, {}, "skip", rules=[notify.refusals]).findings
    ]


# What a job becomes.


def test_a_job_that_nobody_is_told_of_is_as_it_was() -> None:
    job = wanted()
    assert job.files == ()
    assert lines(job, "OnFailure", "OnSuccess", "ExecStartPre") == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"on_failure": {"mail": "root"}}, [FAILURE]),
        ({"on_success": {"webhook": "http://a.example"}}, [SUCCESS]),
        ({"heartbeat": HEARTBEAT}, [FAILURE, SUCCESS]),
        ({"heartbeat": {"url": HEARTBEAT, "start": True}}, [FAILURE, SUCCESS, START]),
        # systemd itself starts units.
        ({"on_failure": {"unit": ["a.service", "b@%n.service"]}}, ["OnFailure=a.service", "OnFailure=b@%n.service"]),
        ({"on_failure": {"unit": "a.service", "mail": "root"}}, [FAILURE, "OnFailure=a.service"]),
        ({"on_failure": {"mail": None}, "heartbeat": None}, []),
    ],
)
def test_what_systemd_is_told(fields: dict[str, Any], expected: list[str]) -> None:
    assert lines(wanted(**fields), "OnFailure", "OnSuccess", "ExecStartPre") == expected


def test_the_units_of_an_instance_have_a_template_of_their_own() -> None:
    job = wanted(name="backup@db1", heartbeat={"url": HEARTBEAT, "start": True})
    assert lines(job, "OnFailure", "ExecStartPre") == [
        r"OnFailure=backup\x40db1-notify@failure.service",
        rf'{START.rpartition(" ")[0]} "backup\\x40db1-notify@start.service"',
    ]
    assert r"backup\x40db1-notify@.service" in job.units()
    assert program("notice_facts").notify_unit("backup@db1", "start") == r"backup\x40db1-notify@start.service"
    view = job_view(name="backup@db1", heartbeat=HEARTBEAT)
    assert check_handlers(view, known(view.wanted)) == []


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"timeout": "1h"}, "5"),
        ({"timeout": "3s"}, "1.5"),
        ({"timeout": "3s", "retries": 2}, "1.5"),
        ({"service": {"TimeoutStartSec": "1s"}}, "0.5"),
        ({"service": {"TimeoutSec": 4}}, "2"),
        ({"service": {"TimeoutStartSec": "infinity"}}, "5"),
        ({"service": {"TimeoutStartSec": 0}}, "5"),
    ],
)
def test_the_ping_of_a_start_is_given_up_before_it_fails_the_job(fields: dict[str, Any], limit: str) -> None:
    (found,) = lines(wanted(heartbeat={"url": HEARTBEAT, "start": True}, **fields), "ExecStartPre")
    assert found.startswith(f"ExecStartPre={ROOT} /usr/bin/timeout {limit} /bin/systemctl start")


def test_units_alone_need_no_program() -> None:
    assert wanted(on_failure={"unit": "a.service"}).files == ()


def test_lines_of_raw_dictionaries_stay() -> None:
    job = wanted(
        heartbeat={"url": HEARTBEAT, "start": True},
        unit={"OnFailure": "mine.service"},
        service={"ExecStartPre": ["/bin/old", "", "/bin/mine"]},
    )
    assert lines(job, "OnFailure") == ["OnFailure=mine.service", FAILURE]
    # An empty one takes away what stands before it.
    assert lines(job, "ExecStartPre") == ["ExecStartPre=/bin/old", "ExecStartPre=", START, "ExecStartPre=/bin/mine"]


def test_programs_settings_and_unit_come_with_the_job() -> None:
    files = {one.name: one for one in wanted(on_failure={"mail": "root"}).files}
    names = ("notifier.py", "notice_channels.py", "notice_facts.py", "notice_formats.py", "private_directory.py")
    programs = [f"{FOLDER}/{name}" for name in names]
    assert list(files) == [*programs, f"{FOLDER}/notify.json", UNIT]
    assert {files[name].is_program for name in programs} == {True}
    assert files[f"{FOLDER}/notify.json"].mode == 0o600
    text = files[UNIT].text
    assert f"ExecStart=/usr/bin/python3 -I {FOLDER}/notifier.py backup %i\n" in text
    assert "Owner=default\nJob=backup\n" in text
    # Else notices of a job that fails often are lost, and units that failed to tell pile up.
    assert "StartLimitIntervalSec=0\n" in text
    assert "CollectMode=inactive-or-failed\n" in text


def test_settings_hold_what_the_program_needs() -> None:
    job = wanted(
        credentials={"a": {"content": "first\nsecond line\nxyz"}, "b": {"encrypted": "blob"}, "c": {"path": "/etc/c"}},
        environment={"TOKEN": "hidden", "SHORT": "abc", "OPEN": "visible"},
        secrets=["TOKEN", "SHORT"],
        on_failure={
            "webhook": {
                "url": {"path": "/etc/url"},
                "headers": {
                    "A": {"credential": "a", "prefix": "Bearer "},
                    "B": {"credential": "b"},
                    "C": {"credential": "c"},
                },
            },
            "unit": "x.service",
            "lines": 5,
        },
        on_success={"command": ["/bin/x"]},
        heartbeat=HEARTBEAT,
    )
    assert settings(job) == {
        "failure": {
            "lines": 5,
            "webhook": [
                {
                    "url": {"file": "/etc/url"},
                    "headers": {
                        "A": {"file": f"{FOLDER}/credential-a", "prefix": "Bearer "},
                        "B": {"encrypted": f"{FOLDER}/credential-b", "name": "b"},
                        "C": {"file": "/etc/c"},
                    },
                }
            ],
        },
        "success": {"lines": 20, "command": ["/bin/x"]},
        "heartbeat": {"url": HEARTBEAT, "start": False, "exit_status": False},
        "hide": ["first", "hidden", "second line"],
    }


def test_a_diff_shows_no_settings() -> None:
    (found,) = (one for one in wanted(heartbeat=HEARTBEAT).files if one.name.endswith(".json"))
    assert HEARTBEAT in found.text
    assert shown(found.name, NO_FILE, found) == ("", "(secret)\n")


def test_defaults_are_merged_key_by_key() -> None:
    defaults = {
        "on_failure": {"mail": "root", "lines": 3},
        "heartbeat": {"url": "http://hc.example/{job}", "start": True},
    }
    jobs = [
        {"name": "a", "on_failure": {"webhook": "http://a.example", "mail": None}, "heartbeat": {"start": False}},
        {"name": "b", "on_failure": None, "heartbeat": None},
    ]
    jobs = [{"schedule": "daily", "command": "/bin/true", **one} for one in jobs]
    merged = merge_jobs({"timer_jobs": jobs}, defaults, "skip", rules=[notify.refusals])
    assert merged.findings == []
    first, second = merged.jobs
    assert first["on_failure"] == {
        "mail": None,
        "lines": 3,
        "webhook": [{"url": "http://a.example", "headers": {}}],
    }
    assert first["heartbeat"] == {"url": "http://hc.example/{job}", "start": False}
    assert (second["on_failure"], second["heartbeat"]) == (None, None)


def test_a_template_that_leaves_it_out_is_refused() -> None:
    templates = compile_templates("[Service]\nExecStart={{ job.command }}\n", "[Timer]\nOnCalendar=daily\n")
    with pytest.raises(TemplateError, match=r"leaves out job\.unit or job\.service"):
        render(templates, complete(on_failure={"mail": "root"}), "default")
    assert render(templates, complete(), "default").files == []


# What does not fit together.


def test_everything_wrong_in_a_field_is_said() -> None:
    found = faults(on_failure={"mail": ["a b", "root", "c d"], "webhook": "x", "nothing": 1})
    assert [one.split(";", 1)[0] for one in found] == [
        'on_failure: mail holds "a b", which is no address',
        'on_failure: mail holds "c d", which is no address',
        "on_failure: webhook is not an http or https address",
        'on_failure: holds "nothing", which is not known here',
    ]


def test_no_address_is_repeated() -> None:
    found = faults(heartbeat={"url": "ftp://n33dle"}, on_failure={"webhook": {"url": "n33dle", "headers": {"A": []}}})
    assert len(found) == 3
    assert "n33dle" not in "".join(found)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"on_failure": {"lines": 3}}, "on_failure: names no channel"),
        ({"heartbeat": {"start": True}}, "heartbeat: has no url"),
        (
            {"heartbeat": {"url": {"credential": "x"}}},
            'heartbeat: url names the credential "x", which the job does not have; add it to `credentials`',
        ),
        ({"on_success": {"mail": "root"}, "service": {"Restart": "on-failure"}}, 'service.Restart "on-failure"'),
        ({"on_failure": {"mail": "root"}, "unit": {"OnFailure": None}}, "unit.OnFailure: is null"),
        ({"heartbeat": HEARTBEAT, "unit": {"OnSuccess": None}}, "unit.OnSuccess: is null"),
    ],
)
def test_refused(fields: dict[str, Any], expected: str) -> None:
    (found,) = faults(**fields)
    assert found.startswith(expected)


@pytest.mark.parametrize(
    "fields",
    [
        {"on_failure": {"mail": "root"}, "service": {"Restart": "no", "ExecStartPre": None}},
        {"on_failure": {"mail": "root"}, "unit": {"OnSuccess": None}},
        {"service": {"Restart": "on-failure"}},
    ],
)
def test_not_refused(fields: dict[str, Any]) -> None:
    assert faults(**fields) == []


def test_the_name_leaves_room_for_the_units_of_runs() -> None:
    ok, longer = "a" * 199, "a" * 200
    assert faults(name=ok, heartbeat=HEARTBEAT) == []
    assert len(f"{ok}-notify@failure-{'0' * 32}.service") <= 255
    (found,) = faults(name=longer, heartbeat=HEARTBEAT)
    assert "is longer than 199 characters" in found
    assert faults(name=longer, on_failure={"unit": "a.service"}) == []
    (found,) = faults(name=f"{'a' * 195}@b", heartbeat=HEARTBEAT)
    assert "is longer than 196 characters" in found
    assert faults(name=f"{'a' * 194}@b", heartbeat=HEARTBEAT) == []


def test_a_user_manager_tells_nobody_and_no_address_is_repeated() -> None:
    found = faults(scope="user", user="alice", heartbeat="https://n33dle.example")
    assert [one.split(":", 1)[0] for one in found] == ["heartbeat"]
    assert "n33dle" not in found[0]


# What the host has to have.


def told(paths: dict[str, PathFacts], **fields: Any) -> list[str]:
    job = job_view(**fields)
    facts = FakeFacts(paths)
    facts.expect(job.wanted.files)
    return [line(one).removeprefix("backup: ") for one in check_notices(job, known(job.wanted, facts=facts))]


def test_the_mail_program_has_to_be_there() -> None:
    assert told({"/usr/sbin/sendmail": PROGRAM}, on_failure={"mail": "root"}) == []
    (found,) = told({}, on_success={"mail": "root"})
    assert found.startswith("on_success.mail: /usr/sbin/sendmail does not exist on this host; install a mail program")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (PROGRAM, ""),
        (FILE, "has no execute permission"),
        (PathFacts("directory", 0o755), "is a directory"),
        (PathFacts("absent"), "does not exist on this host"),
        (PathFacts("file", 0o757), "root runs it, and everybody can change it"),
        (PathFacts("file", 0o755, 1000, 1000), "root runs it, and the user app can change it"),
    ],
)
def test_the_command_has_to_be_there_and_roots(facts: PathFacts, expected: str) -> None:
    found = told({"/opt/page": facts}, on_failure={"command": "/opt/page --x"})
    assert len(found) == bool(expected)
    assert all(f'on_failure.command "/opt/page": {expected}' in one for one in found)


def test_files_with_tokens_have_to_be_there() -> None:
    fields: dict[str, Any] = {
        "credentials": {"own": {"content": "x"}},
        "heartbeat": {"url": {"path": "/etc/url"}},
        "on_failure": {"webhook": {"url": "http://a.example", "headers": {"A": {"credential": "own"}}}},
    }
    assert told({"/etc/url": FILE}, **fields) == []
    (found,) = told({}, **fields)
    assert found.startswith('heartbeat "/etc/url": does not exist on this host')


def test_own_units_are_expected_and_others_have_to_be_there() -> None:
    job = job_view(on_failure={"mail": "root", "unit": "alert@%n.service"}, heartbeat=HEARTBEAT)
    host = empty_host(host_units=frozenset({"other.service"}))
    (found,) = check_handlers(job, known(job.wanted, observed=host))
    assert (found.field, found.value) == ("unit.OnFailure", "alert@%n.service")


@pytest.mark.parametrize("instance", ["i", "test_instance"])
def test_what_verify_says_of_an_instance_is_about_the_template(instance: str) -> None:
    text = f"backup-notify@{instance}.service: Command /no/such is not executable: No such file or directory\n"
    ours, others = parse_verify(text, {UNIT, "backup.service"})
    assert [one.unit for one in ours] == [UNIT]
    assert others == []
    ours, others = parse_verify(text, {"backup.service"})
    assert (ours, len(others)) == ([], 1)


def test_a_file_that_root_reads_is_where_nobody_else_can_put_a_link() -> None:
    paths = {"/home/app": PathFacts("directory", 0o755, 1000, 1000), "/home/app/token": FILE, "/etc/app/token": FILE}
    for path, expected in (("/home/app/token", ["heartbeat"]), ("/etc/app/token", [])):
        found = told(paths, heartbeat={"url": {"path": path}})
        assert [one.split(" ", 1)[0] for one in found] == expected
        assert all("root reads it, and the user app can put a link to another file there" in one for one in found)
    assert told({}, heartbeat={"url": {"credential": "t"}}, credentials={"t": {"content": "x"}}) == []
