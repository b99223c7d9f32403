# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered unit files: the four jobs to the letter, raw directives, templates of users."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jinja2 import TemplateError

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import unsealed
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import (
    compile_templates,
    directives,
    render,
    spoken_triggers,
    timer_description,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import (
    FIXTURES,
    ROOT,
    TEMPLATES,
    complete,
    wanted,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.systemd_syntax import read_unit

INVENTORY = yaml.safe_load((ROOT / "inventory" / "group_vars" / "all.yml").read_text("utf-8"))
MERGED = merge_jobs({"timer_jobs": INVENTORY["timer_jobs"]}, INVENTORY["timer_defaults"], "skip")
FOUR = {job["name"]: render(TEMPLATES, job, "default")[:2] for job in MERGED.jobs}

SERVICE = """\
# Managed by Ansible (dotmobi.systemd_timers): change the job's variables, not this file.

[Unit]
Description={description}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /usr/local/dotmobi-tools/scripts/{script}
WorkingDirectory=/usr/local/dotmobi-tools/scripts
User=root
StandardOutput=journal+console
StandardError=journal+console
Environment="PYTHONUNBUFFERED=1"

[Install]
WantedBy=default.target

[X-Ansible]
Owner=default
Job={name}
"""
TIMER = """\
# Managed by Ansible (dotmobi.systemd_timers): change the job's variables, not this file.

[Unit]
Description=Runs {description} {words}

[Timer]
Unit={name}.service
OnCalendar={schedule}
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target

[X-Ansible]
Owner=default
Job={name}
"""
GOLDEN = [
    {
        "name": "zendesk-it-glue",
        "description": "Zendesk IT Glue Integration",
        "script": "zendesk_it_glue.py",
        "schedule": "*-*-* *:15:00",
        "words": "Every Hour at :15",
    },
    {
        "name": "it-glue-backup",
        "description": "IT Glue Export Backup",
        "script": "it_glue_export_backup.py",
        "schedule": "Mon *-*-* 08:00:00",
        "words": "Every Monday at 08:00 AM",
    },
    {
        "name": "jamf-pro-notifications",
        "description": "Jamf Pro Notifications",
        "script": "jamf_pro_notifications.py",
        "schedule": "*-*-* *:30:00",
        "words": "Every Hour at :30",
    },
    {
        "name": "zendesk-statusio",
        "description": "Zendesk Statusio Integration",
        "script": "zendesk_statusio.py",
        "schedule": "*-*-* *:00:00",
        "words": "Every Hour on the Hour",
    },
]


def test_the_inventory_declares_the_four_jobs_and_no_fault() -> None:
    assert MERGED.findings == []
    assert list(FOUR) == [job["name"] for job in GOLDEN]


@pytest.mark.parametrize("job", GOLDEN, ids=lambda job: job["name"])
def test_the_four_jobs(job: dict[str, str]) -> None:
    assert FOUR[job["name"]] == (SERVICE.format(**job), TIMER.format(**job))


@pytest.mark.parametrize(("kind", "number"), [("service", 0), ("timer", 1)])
def test_the_backup_says_what_its_document_says(kind: str, number: int) -> None:
    expected = yaml.safe_load((FIXTURES / "it-glue-backup.yml").read_text("utf-8"))[kind]
    found: dict[str, list[list[str]]] = {}
    for section, directive, value in read_unit(FOUR["it-glue-backup"][number]):
        found.setdefault(section, []).append([directive, value])
    mark = found.pop("X-Ansible")
    assert list(found.items()) == list(expected.items())
    assert mark == [["Owner", "default"], ["Job", "it-glue-backup"]]


def lines(section: str, number: int = 0, **fields: Any) -> list[str]:
    """Return the lines of a section of a rendered job."""
    unit = render(TEMPLATES, complete(**fields), "default")[number]
    return [f"{key}={value}" for found, key, value in read_unit(unit) if found == section]


def timer(**fields: Any) -> list[str]:
    """Return the lines of [Timer], less what every timer has."""
    return [line for line in lines("Timer", 1, **fields) if line not in ("Unit=backup.service", "AccuracySec=1s")]


def test_the_least_job() -> None:
    assert lines("Unit") == ["Description=backup"]
    assert lines("Service") == ["Type=oneshot", "ExecStart=/bin/true"]
    assert lines("Install") == []
    assert timer() == ["OnCalendar=Mon 08:00", "Persistent=true"]
    assert lines("X-Ansible", 0) == lines("X-Ansible", 1) == ["Owner=default", "Job=backup"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"persistent": False}, ["OnCalendar=Mon 08:00", "Persistent=false"]),
        (
            {"schedule": ["Mon 08:00", "Fri 09:00"], "timezone": "Europe/London"},
            ["OnCalendar=Mon 08:00 Europe/London", "OnCalendar=Fri 09:00 Europe/London", "Persistent=true"],
        ),
        (
            {"jitter": "5min"},
            ["OnCalendar=Mon 08:00", "RandomizedDelaySec=5min", "FixedRandomDelay=true", "Persistent=true"],
        ),
        (
            {"jitter": "5min", "fixed_jitter": False},
            ["OnCalendar=Mon 08:00", "RandomizedDelaySec=5min", "Persistent=true"],
        ),
        ({"schedule": None, "every": "15min"}, ["OnActiveSec=15min", "OnUnitActiveSec=15min"]),
        ({"schedule": None, "every_after": "20s"}, ["OnActiveSec=20s", "OnUnitInactiveSec=20s"]),
        (
            {"schedule": None, "every": "1h", "on_boot": "2min"},
            ["OnBootSec=2min", "OnActiveSec=1h", "OnUnitActiveSec=1h", "Persistent=true"],
        ),
        ({"schedule": None, "on_boot": "2min"}, ["OnBootSec=2min"]),
        ({"timer": {"OnCalendar": ["daily", "Mon"]}}, ["OnCalendar=daily", "OnCalendar=Mon", "Persistent=true"]),
        ({"timer": {"Persistent": None, "WakeSystem": True}}, ["OnCalendar=Mon 08:00", "WakeSystem=true"]),
    ],
)
def test_timers(fields: dict[str, Any], expected: list[str]) -> None:
    assert timer(**fields) == expected


def test_accuracy() -> None:
    assert "AccuracySec=1min" in lines("Timer", 1, accuracy="1min")


def test_raw_directives_win_and_keep_their_place() -> None:
    found = lines(
        "Service", user="bob", service={"User": "ann", "Type": "exec", "Nice": 5, "ExecStartPre": ["/a", "/b"]}
    )
    expected = ["Type=exec", "ExecStart=/bin/true", "User=ann", "Nice=5", "ExecStartPre=/a", "ExecStartPre=/b"]
    assert found == expected
    assert lines("Unit", description="x", unit={"Description": None, "After": "a.service"}) == ["After=a.service"]
    assert lines("Install", install={"WantedBy": ["a.target", "b.target"]}) == [
        "WantedBy=a.target",
        "WantedBy=b.target",
    ]


def test_raw_directives_take_the_place_of_repeated_lines() -> None:
    environment = {"A": "1", "B": "2"}
    found = lines("Service", environment=environment, service={"Environment": '"C=3"'})
    assert found == ["Type=oneshot", "ExecStart=/bin/true", 'Environment="C=3"']


def test_a_raw_command_is_enough() -> None:
    job = complete(command=None, service={"ExecStart": "/bin/a"})
    assert "ExecStart=/bin/a" in render(TEMPLATES, job, "default")[0]


@pytest.mark.parametrize(
    ("section", "raw", "expected"),
    [
        ("", None, ""),
        ("A=1\n\nB=2\n", None, "A=1\nB=2\n"),
        ("A=1\nA=2\nB=3\n", {"A": ["x"]}, "A=x\nB=3\n"),
        ("A=1\n", {"A": None}, ""),
        ("A=1\n", {"A": []}, ""),
        ("A=1\n", {"B": ["x", "y"]}, "A=1\nB=x\nB=y\n"),
        ("A=1\n", {"A": [""]}, "A=\n"),
    ],
)
def test_directives(section: str, raw: dict[str, list[str] | None] | None, expected: str) -> None:
    assert directives(section, raw) == expected


@pytest.mark.parametrize(
    ("fields", "words", "title"),
    [
        ({}, "every Monday at 08:00", "Runs backup Every Monday at 08:00 AM"),
        ({"schedule": "*-*-31"}, "*-*-31", "Runs backup *-*-31"),
        ({"timezone": "UTC"}, "every Monday at 08:00 UTC", "Runs backup Every Monday at 08:00 AM UTC"),
        ({"schedule": None, "every": "15min"}, "every 15 minutes", "Runs backup Every 15 Minutes"),
        (
            {"schedule": None, "every_after": "20s"},
            "20 seconds after each run",
            "Runs backup 20 Seconds After Each Run",
        ),
        (
            {"schedule": None, "on_boot": "5min", "every": "1h"},
            "5min after boot and every hour",
            "Runs backup 5min After Boot and Every Hour",
        ),
        ({"schedule": None, "timer": {"OnCalendar": "daily"}}, "", "Runs backup"),
    ],
)
def test_words(fields: dict[str, Any], words: str, title: str) -> None:
    job = complete(**fields)
    assert spoken_triggers(job) == words
    assert timer_description(job) == title


def test_a_template_of_the_user() -> None:
    service = "[Service]\nType=exec\nExecStart={{ job.command | command }}\n\n\n"
    timer_text = "[Timer]\n{% for one in job.expressions %}\nOnCalendar={{ one }}\n{% endfor %}\n"
    found = render(compile_templates(service, timer_text), complete(), "team-a")[:2]
    mark = "\n[X-Ansible]\nOwner=team-a\nJob=backup\n"
    assert found == ("[Service]\nType=exec\nExecStart=/bin/true\n" + mark, "[Timer]\nOnCalendar=Mon 08:00\n" + mark)


@pytest.mark.parametrize("broken", ["{{ job.", "{% if %}", "{{ x | no_such_filter }}"])
def test_a_broken_template_does_not_compile(broken: str) -> None:
    with pytest.raises(TemplateError):
        compile_templates(broken, "")


@pytest.mark.parametrize("broken", ["{{ job.no_such_field }}", "{{ nothing }}", "{{ job.name.a.b }}"])
def test_an_unknown_name_in_a_template_is_no_empty_text(broken: str) -> None:
    with pytest.raises(TemplateError, match=r"undefined|no attribute"):
        render(compile_templates(broken, ""), complete(), "default")[:2]


def test_the_unit_file_names_marked_variables_and_other_unit_files_are_as_they_were() -> None:
    assert unsealed(wanted(secrets=["A", "B"]).service).endswith(
        "[X-Ansible]\nOwner=default\nJob=backup\nSecrets=A B\n"
    )
    assert "Secrets" not in wanted(secrets=["A", "B"]).timer + wanted().service
