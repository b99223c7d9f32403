# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is notified of a job's runs, and which notices did not arrive, as `status` shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.notices import (
    notified,
    parse_failures,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601

RUN = "0123456789abcdef" * 2
SERVICE = "[Unit]\nOnFailure=backup-notify@failure.service other.service\nOnSuccess=backup-notify@success.service\n"
SETTINGS = {
    "failure": {
        "mail": {"to": ["ops@example.com", "it@example.com"]},
        "webhook": [{"url": "https://chat.example.com/hooks/hunter2"}, {"url": {"file": "/etc/hunter3"}}],
        "command": ["/usr/bin/pager", "hunter4"],
    },
    "heartbeat": {"url": "https://hc.example.com/hunter5"},
}


def failure(unit: str, moment: int = 1764300000) -> str:
    return json.dumps({"UNIT": unit, "__REALTIME_TIMESTAMP": str(moment * 1000000)})


def test_who_is_told(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "notify.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    assert notified("backup", SERVICE, str(tmp_path)) == [
        "failure: unit other.service",
        "failure: mail to ops@example.com, it@example.com",
        "failure: webhook chat.example.com",
        "failure: webhook (secret)",
        "failure: command /usr/bin/pager",
        "heartbeat hc.example.com",
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"failure": {"mail": 1}}', '{"failure": {"webhook": [1]}}'])
def test_settings_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "notify.json").write_text(text, encoding="utf-8")
    assert notified("backup", SERVICE, str(tmp_path)) == ["failure: unit other.service"]
    assert notified("backup", "[Unit]\n", str(tmp_path)) == []


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        (f"backup-notify@failure-{RUN}.service", {"backup": {RUN: {"event": "failure", "time": iso8601(1764300000)}}}),
        (f"a.b-notify@success-{RUN}.service", {"a.b": {RUN: {"event": "success", "time": iso8601(1764300000)}}}),
        # Only that there is something to tell is noted by this one.
        ("backup-notify@failure.service", {}),
        (f"other-notify@failure-{RUN}.service", {}),
        ("backup.service", {}),
        ("backup-notify@test.service", {}),
    ],
)
def test_notices_that_did_not_arrive(unit: str, found: dict[str, Any]) -> None:
    assert parse_failures(f"no JSON\n{failure(unit)}\n", ["backup", "a.b"]) == found
