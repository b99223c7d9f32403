# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A field of another tool is answered with ours, with the value in it where that can be; never with all fields."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.unknown_field import (
    DIRECTIVES,
    SUBJECTS,
    fix_field,
)

END = "all of them: docs/fields.md"


def whole(schedule: str) -> str:
    return f'write `schedule: "{schedule}"` for all that says when'


TIME = whole("*-*-* 03:05:00")


def fix(field: str, entry: dict[str, Any]) -> str:
    return fix_field(field, entry, list(FIELDS))


@pytest.mark.parametrize(
    ("entry", "field", "expected"),
    [
        ({"minute": "5", "hour": "3"}, "minute", TIME),
        ({"minute": 5, "hour": 3}, "hour", TIME),
        ({"minute": "*/15"}, "minute", whole("*:00/15")),
        ({"minute": "0", "hour": "8", "weekday": "1-5"}, "weekday", whole("Mon..Fri *-*-* 08:00:00")),
        ({"special_time": "weekly"}, "special_time", whole("Sun *-*-* 00:00:00")),
        ({"special_time": "reboot"}, "special_time", "write `on_boot: 1min`, or another time after the boot"),
        ({"day": "13", "weekday": "5"}, "day", 'write "schedule"'),
        ({"job": "/bin/true"}, "job", 'write "command"'),
        ({"cron_file": "x"}, "cron_file", "remove it: the units NAME.service and NAME.timer stand in its place"),
        ({"max_runtime": "1h"}, "max_runtime", "write `timeout: 1h`"),
        ({"max-runtime": 600}, "max-runtime", "write `timeout: 600`"),
        ({"retry_delay": "10s"}, "retry_delay", "write `retries: {delay: 10s}`"),
        ({"max_retries": 3}, "max_retries", "write `retries: 3`"),
        ({"max_retries": {"a": "secret"}}, "max_retries", "write `retries: ...`"),
        ({"RandomizedDelaySec": "5min"}, "RandomizedDelaySec", 'write "jitter"'),
        ({"WorkingDirectory": "/"}, "WorkingDirectory", 'write "working_directory"'),
        ({"OnCalendar": "daily"}, "OnCalendar", 'write "schedule"'),
        ({"TimeoutStartSec": "1h"}, "TimeoutStartSec", 'write "timeout"'),
        ({"MemoryMax": "1G"}, "MemoryMax", "write `limits: {memory: ...}`"),
        ({"ConditionPathExists": "/"}, "ConditionPathExists", "write `conditions: {path_exists: ...}`"),
        ({"OOMScoreAdjust": 1}, "OOMScoreAdjust", "write it under `service`: `service: {OOMScoreAdjust: ...}`"),
        ({"Requires": "x"}, "Requires", "write it under `unit`: `unit: {Requires: ...}`"),
        ({"WakeSystem": True}, "WakeSystem", "write it under `timer`: `timer: {WakeSystem: ...}`"),
        ({"WantedBy": "x"}, "WantedBy", "write it under `install`: `install: {WantedBy: ...}`"),
        ({"Thing": 1}, "Thing", "write a directive of systemd under `unit`, `service`, `timer` or `install`"),
        ({"shedule": 1}, "shedule", 'write "schedule"'),
        ({"my_mailbox": 1}, "my_mailbox", f"known fields of this kind: on_failure, on_success, heartbeat; {END}"),
        ({"zzz": 1}, "zzz", f"known fields of this kind: name, schedule, command, script; {END}"),
    ],
)  # fmt: skip
def test_what_to_write(entry: dict[str, Any], field: str, expected: str) -> None:
    assert fix(field, entry) == expected


def test_what_is_to_be_written_is_right() -> None:
    """Each suggestion with a value, taken as it stands, is a job without findings."""
    for entry in (
        {"minute": "5", "hour": "3"},
        {"minute": "*/15"},
        {"weekday": "mon", "hour": "8", "minute": "0"},
        {"special_time": "hourly"},
        {"special_time": "reboot"},
        {"max_runtime": "90min"},
        {"retry_delay": "10s"},
        {"max_retries": 3},
        {"nice": 10},
        {"memory": "512M"},
        {"cpu": "50%"},
    ):
        text = fix(next(iter(entry)), entry).split("`")[1]
        job = {"name": "a", "command": "/bin/true", "schedule": "daily", **yaml.safe_load(text)}
        assert merge_jobs({"timer_jobs": [job]}, {}, "skip").findings == [], text


def test_the_tables_name_fields() -> None:
    assert {name for fields in SUBJECTS.values() for name in fields} <= set(FIELDS)
    assert DIRECTIVES["AccuracySec"] == "accuracy"
    # Several fields write it, and one is for that alone.
    assert DIRECTIVES["ExecCondition"] == "conditions: {command: ...}"


def test_no_answer_names_all_fields() -> None:
    for field in ("x", "something", "a_time", "7", "ünï", "Über"):
        assert len(fix(field, {field: 1})) < 150
