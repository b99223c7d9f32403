# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields about how a job runs become in its service."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.hardening import HARDENING, preset
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.directives import service_lines, unit_lines
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import complete, wanted


def service(**fields: Any) -> list[tuple[str, str]]:
    return service_lines(complete(**fields))


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"timeout": "1h"}, ["TimeoutStartSec=1h"]),
        ({"timeout": 90, "kill_after": "5s"}, ["TimeoutStartSec=90", "TimeoutStopSec=5s"]),
    ],
)
def test_time_limits(fields: dict[str, Any], lines: list[str]) -> None:
    found = wanted(**fields).service.split("\n")
    assert [line for line in found if line.startswith("Timeout")] == lines


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, []),
        (
            {"limits": {"memory": "512M", "cpu": "50%", "tasks": 7, "nice": 10, "open_files": 64, "io_class": "idle"}},
            [
                ("MemoryMax", "512M"),
                ("CPUQuota", "50%"),
                ("TasksMax", "7"),
                ("Nice", "10"),
                ("LimitNOFILE", "64"),
                ("IOSchedulingClass", "idle"),
            ],
        ),
        (
            {"state_directory": ["a", "b c/100%"], "runtime_directory": "d"},
            [("StateDirectory", "a"), ("StateDirectory", '"b c/100%%"'), ("RuntimeDirectory", "d")],
        ),
        (
            {"writable_paths": ["/srv/x", "-/srv/my files"]},
            [("ReadWritePaths", "/srv/x"), ("ReadWritePaths", '"-/srv/my files"')],
        ),
        (
            {"conditions": {"command": ["/bin/test", "-s", "/srv/a b"], "ac_power": True}},
            [("ExecCondition", '/bin/test -s "/srv/a b"')],
        ),
        ({"conditions": {"command": "/bin/test -e $HOME"}}, [("ExecCondition", "/bin/test -e $HOME")]),
    ],
)
def test_lines_of_the_service(fields: dict[str, Any], lines: list[tuple[str, str]]) -> None:
    assert service(**fields) == lines


def test_lines_of_the_unit() -> None:
    conditions = {"ac_power": False, "host": "db*", "path_exists": ["/a b", "!/100%"], "virtualization": True}
    assert unit_lines(complete(conditions=conditions)) == [
        ("ConditionACPower", "false"),
        ("ConditionHost", "db*"),
        ("ConditionPathExists", "/a b"),
        ("ConditionPathExists", "!/100%%"),
        ("ConditionVirtualization", "true"),
    ]


def test_presets() -> None:
    assert preset("none") == {}
    assert "CapabilityBoundingSet" not in preset("standard")
    assert preset("strict")["CapabilityBoundingSet"] == ("",)
    assert set(preset("strict")) == set(HARDENING)


def test_a_sandbox_is_written_whole_and_raw_directives_win() -> None:
    raw = {"ProtectHome": "read-only", "UMask": None, "CapabilityBoundingSet": "CAP_CHOWN"}
    unit = UnitText(wanted(hardening="strict", service=raw).service)
    found = {key: unit.values("Service", key) for key in HARDENING}
    expected = {key: [value for value in values if value] for key, values in preset("strict").items()}
    assert found == {**expected, "ProtectHome": ["read-only"], "UMask": [], "CapabilityBoundingSet": ["CAP_CHOWN"]}


def test_a_job_without_these_fields_is_written_as_before() -> None:
    lines = wanted().service.partition("[Service]\n")[2].split("\n")
    assert lines[:4] == ["Type=oneshot", "ExecStart=/bin/true", "", "[X-Ansible]"]


def test_limits_and_conditions_are_merged_by_name_and_null_takes_one_out() -> None:
    job = {"name": "a", "schedule": "daily", "command": "/bin/true", "limits": {"tasks": None, "nice": 5}}
    defaults = {"limits": {"tasks": 9, "memory": "1G"}, "conditions": {"ac_power": True}}
    merged = merge_jobs({"timer_jobs": [job]}, defaults, "skip")
    assert merged.findings == []
    assert merged.jobs[0]["limits"] == {"memory": "1G", "nice": "5"}
    assert merged.jobs[0]["conditions"] == {"ac_power": True}
