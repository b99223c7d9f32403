# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of unit files for people to read: those of the job, as they stand, without secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.unit_texts import add_texts

MARK = "[X-Ansible]\nOwner=web\nJob=backup\n"
SERVICE = f"[Service]\nExecStart=/bin/true\n\n{MARK}"
TIMER = f"[Timer]\nOnCalendar=daily\n\n{MARK}"


def texts(folder: Path, owner: str | None = "web") -> dict[str, Any]:
    paths = {kind: str(folder / f"backup.{kind}") for kind in ("service", "timer")}
    row: dict[str, Any] = {"name": "backup", "owner": owner, "unit_files": paths}
    add_texts([row], str(folder))
    found: dict[str, Any] = row["unit_texts"]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backup.service").write_text(SERVICE)
    (tmp_path / "backup.timer").write_text(TIMER)
    return tmp_path


def test_files_as_they_stand(folder: Path) -> None:
    assert texts(folder) == {"service": SERVICE, "timer": TIMER, "companions": {}}


def test_units_that_the_job_has_beside_them(folder: Path) -> None:
    (folder / "backup-replace.service").write_text(f"[Unit]\nDescription=x\n\n{MARK}")
    (folder / "backup-notify.conf").write_text(MARK)
    (folder / "other.service").write_text(MARK.replace("=backup", "=other"))
    (folder / "plain.service").write_text("[Unit]\n")
    assert texts(folder)["companions"] == {"backup-replace.service": f"[Unit]\nDescription=x\n\n{MARK}"}
    # One of another tool has none of ours.
    assert texts(folder, owner=None)["companions"] == {}


def test_what_cannot_be_read_is_no_text(folder: Path) -> None:
    (folder / "backup.service").unlink()
    (folder / "backup.timer").unlink()
    (folder / "backup.timer").symlink_to("/dev/null")
    assert texts(folder) == {"service": None, "timer": None, "companions": {}}


def test_a_mark_of_the_service_hides_the_secret_everywhere(folder: Path) -> None:
    secret = 'Environment="MAILGUN=hunter2"\n'
    (folder / "backup.service").write_text(f"[Service]\n{secret}{MARK}Secrets=MAILGUN\n")
    (folder / "backup.timer").write_text(f"# MAILGUN=hunter2\n{TIMER}")
    (folder / "backup-replace.service").write_text(f"[Service]\n{secret}{MARK}")
    found = texts(folder)
    assert "hunter2" not in str(found)
    assert 'Environment="MAILGUN=(secret)"' in found["service"]
    assert 'Environment="MAILGUN=(secret)"' in found["companions"]["backup-replace.service"]
    assert found["timer"].endswith(TIMER)
