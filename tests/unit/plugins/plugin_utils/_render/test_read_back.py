# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units are read back before they are written: what no field means is refused, wherever it came from."""

from __future__ import annotations

import pytest
from jinja2 import TemplateError

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import compile_templates, render
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import TEMPLATES, complete

FULL = complete(
    description="50 % of it",
    user="alice",
    group="adm",
    environment={"A": "x % $y\nz", "B": "b"},
    secrets=["B"],
    environment_file="/etc/50%",
    network_online=True,
    output="append:/var/log/a%b",
    timeout="1h",
    kill_after="30s",
    jitter="5min",
    limits={"memory": "512M"},
    hardening="strict",
    conditions={"path_exists": ["/srv", "!/srv/no"], "command": ["/bin/test", "-e", "/srv"]},
    retries=2,
    concurrency={"policy": "forbid", "group": "g"},
    on_failure={"mail": "ops@example.com"},
    unit={"After": ["a.service", "b.service"]},
    service={"ExecStartPre": ["/bin/true", "/bin/false"], "User": None, "Nice": 5},
    timer={"AccuracySec": "2min", "Persistent": None},
    install={"WantedBy": "default.target"},
)


def test_a_job_with_most_fields_is_as_meant():
    render(TEMPLATES, FULL, "default")


# Each gets past the checks of fields here, as a new field without one would.
HOSTILE = {
    "description": "x\nWants=cron.service",
    "user": "root\nExecStartPre=/bin/evil",
    "group": "adm\n[Install]\nWantedBy=default.target",
    "timeout": "1h\nExecStopPost=/bin/evil",
    "kill_after": "1s\n\n[X-Ansible]\nOwner=other",
    "output": "journal\nUser=nobody",
    "working_directory": "/srv\nUser=nobody",
    "accuracy": "1s\nOnCalendar=minutely",
    "jitter": "1s\n[Unit]\nOnSuccess=poweroff.target\n[Timer]",
    "every": "1h\\",
    "on_boot": "1h\rWakeSystem=true",
    "schedule": ["daily\nWakeSystem=true"],
    "command": "/bin/true\nExecStart=/bin/evil",
    "unit": {"After": ["a\nWants=b"]},
    "service": {"Nice": ["5\nUser=nobody"]},
    "timer": {"WakeSystem": ["true\n[Unit]\nWants=x"]},
    "install": {"WantedBy": ["a\n[Service]\nUser=nobody"]},
    "secrets": ["A\nOwner=other"],
}


@pytest.mark.parametrize("field", HOSTILE)
def test_a_line_that_no_field_means_is_refused(field):
    with pytest.raises(TemplateError, match="would"):
        render(TEMPLATES, {**complete(environment={"A": "a"}), field: HOSTILE[field]}, "default")


@pytest.mark.parametrize("owner", ["a\nJob=other", "a\n[Service]\nUser=nobody", "a\\"])
def test_so_is_an_owner_that_is_more_than_a_line(owner):
    with pytest.raises(TemplateError, match="would"):
        render(TEMPLATES, complete(), owner)


@pytest.mark.parametrize(
    "service",
    ["[Service]\nExecStart=/bin/true\n[X-Ansible]\nOwner=me\n", "[X-Ansible]\nJob=x\n[Service]\nType=oneshot\n"],
)
def test_of_a_template_of_a_user_the_owner_section_is_ours(service):
    with pytest.raises(TemplateError, match="would"):
        render(compile_templates(service, "[Timer]\nOnCalendar=daily\n"), complete(), "default")


def test_else_a_template_of_a_user_may_say_what_it_likes():
    service = "[Unit]\nAfter=a.service \\\n  b.service\n[Service]\nExecStart=/bin/true\n[X-Mine]\nA=b\n"
    assert render(compile_templates(service, "[Timer]\nOnCalendar=daily\n"), complete(), "default").service
