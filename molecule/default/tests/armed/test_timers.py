# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four jobs are armed: what systemd says of them, not what files say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
import yaml
from harness import CHECKOUT, UNIT_DIRECTORY, next_elapse, show, snapshot, utc_now


class Job(NamedTuple):
    name: str
    script: str
    minute: int
    # Of the week, for the weekly one.
    weekday: int | None = None
    hour: int | None = None

    def elapses_after(self, now: datetime) -> datetime:
        """The schedule of the reference document, worked out without systemd."""
        when = now.replace(minute=self.minute, second=0, microsecond=0)
        while (
            when <= now
            or self.weekday not in (None, when.weekday())
            or self.hour not in (None, when.hour)
        ):  # fmt: skip
            when += timedelta(hours=1)
        return when


MONDAY = 0
JOBS = [
    Job("zendesk-it-glue", "zendesk_it_glue.py", 15),
    Job("it-glue-backup", "it_glue_export_backup.py", 0, weekday=MONDAY, hour=8),
    Job("jamf-pro-notifications", "jamf_pro_notifications.py", 30),
    Job("zendesk-statusio", "zendesk_statusio.py", 0),
]
SCRIPTS = "/usr/local/dotmobi-tools/scripts"


@pytest.fixture(params=JOBS, ids=lambda job: job.name)
def job(request):
    return request.param


def test_timer_is_armed(host, job):
    expected = {
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "waiting",
        "UnitFileState": "enabled",
        "Triggers": f"{job.name}.service",
        "Persistent": "yes",
        "AccuracyUSec": "1s",
        "NeedDaemonReload": "no",
    }
    assert show(host, f"{job.name}.timer", *expected) == expected


def test_timer_elapses_when_the_document_says(host, job):
    before = utc_now()
    found = next_elapse(host, f"{job.name}.timer")
    # Twice: it may elapse in between.
    assert found in (job.elapses_after(before), job.elapses_after(utc_now()))


def test_service_is_loaded_and_not_enabled(host, job):
    expected = {"LoadState": "loaded", "UnitFileState": "disabled", "NeedDaemonReload": "no"}
    assert show(host, f"{job.name}.service", *expected) == expected
    # It has an [Install] section: else systemd would say "static".
    assert "\n[Install]\nWantedBy=default.target\n" in host.file(f"{UNIT_DIRECTORY}/{job.name}.service").content_string
    assert not host.run("find %s -name %s -type l", UNIT_DIRECTORY, f"{job.name}.service").stdout


def test_service_runs_and_its_output_is_in_the_journal(host, job):
    service = f"{job.name}.service"
    cursor = host.check_output("journalctl --lines=0 --show-cursor").split("cursor: ")[1]
    # start waits until a oneshot has finished.
    assert host.run("systemctl start %s", service).rc == 0
    found = show(host, service, "Result", "ExecMainStatus", "ActiveState")
    assert found == {"Result": "success", "ExecMainStatus": "0", "ActiveState": "inactive"}
    # The journal has it a moment later. By unit: the invocation of so short a run is not always told in time.
    host.check_output("journalctl --sync")
    lines = host.check_output("journalctl --output=cat --unit=%s --after-cursor=%s", service, cursor).splitlines()
    said = [line for line in lines if line.startswith("stand-in")]
    assert said == [f"stand-in for {job.script} in {SCRIPTS}, PYTHONUNBUFFERED is set"]


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_unit_file_belongs_to_root(host, job, kind):
    file = host.file(f"{UNIT_DIRECTORY}/{job.name}.{kind}")
    assert file.is_file
    assert not file.is_symlink
    assert (file.user, file.group, file.mode) == ("root", "root", 0o644)


def sections(text: str) -> dict[str, list[list[str]]]:
    """Section to its directives in order, of what `systemctl cat` prints."""
    found: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line.strip() and not line.startswith("#"):
            current.append(line.split("=", 1))
    return found


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_backup_has_the_directives_of_the_document(host, kind):
    """In its order, and nothing else but our mark."""
    document = yaml.safe_load((CHECKOUT / "tests/unit/fixtures/it-glue-backup.yml").read_text())
    found = sections(host.check_output("systemctl cat %s", f"it-glue-backup.{kind}"))
    *mark, (seal, _checksum) = found.pop("X-Ansible")
    assert mark == [["Owner", "default"], ["Job", "it-glue-backup"]]
    assert seal == "Hash"
    assert list(found.items()) == list(document[kind].items())


def test_nothing_else_is_left(host):
    found = snapshot(host)
    # The lock file is where two applies meet; it stays.
    assert set(found.ours) <= {"lock"}
    ours = {path for path in found.files if any(job.name in path for job in JOBS)}
    assert ours == {
        path
        for job in JOBS
        for path in (
            f"{UNIT_DIRECTORY}/{job.name}.service",
            f"{UNIT_DIRECTORY}/{job.name}.timer",
            f"{UNIT_DIRECTORY}/timers.target.wants/{job.name}.timer",
        )
    }
    hidden = [path for path in found.files if path.startswith(f"{UNIT_DIRECTORY}/.")]
    assert not hidden


def test_systemd_has_no_complaint(host):
    assert host.check_output("systemctl is-system-running") == "running"
    assert not host.check_output("systemctl list-units --all --plain --no-legend --state=error,bad-setting,failed")


def test_no_value_of_a_variable_is_in_the_system_log(host):
    """Ansible logs the arguments of a module, which hold the unit files, with the values of `environment`."""
    lines = host.run("journalctl --quiet --output=cat --grep 'Invoked with' --boot").stdout
    assert "PYTHONUNBUFFERED" not in lines
