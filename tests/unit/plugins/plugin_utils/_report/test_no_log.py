# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task with `no_log` tells nothing of its jobs: not in errors, warnings or exceptions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.no_log import keeps_no_log

ROOT = Path(__file__).resolve().parents[5]
PROGRAM = Path(sys.executable).parent / "ansible-playbook"
SECRET = "hunter2"
ERROR = f"a: command {SECRET}: does not exist"
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - dotmobi.systemd_timers.timer_jobs: {prune: "{{ secret }}"}
      no_log: true
      ignore_errors: true
    - dotmobi.systemd_timers.timer_jobs: {service_template: "/{{ secret }}.j2"}
      no_log: true
      ignore_errors: true
    - dotmobi.systemd_timers.timer_job_run: {name: a, timeout: "{{ secret }}"}
      no_log: true
"""


def told(result: dict[str, Any] | Exception, no_log: bool) -> dict[str, Any]:
    @keeps_no_log
    def run(_self: Any, _tmp: str | None = None, _task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if isinstance(result, Exception):
            raise result
        return dict(result)

    return run(SimpleNamespace(_task=SimpleNamespace(no_log=no_log)), None, {})


def test_findings_are_counted() -> None:
    findings = [{"message": ERROR}]
    counts = {"errors": 1, "warnings": 2, "accepted": 0}
    result = {"failed": True, "msg": ERROR, "findings": findings, "finding_counts": counts, "exception": ERROR}
    assert told(result, no_log=True) == {
        "failed": True,
        "msg": "1 error and 2 warnings: `no_log` hides what and why",
        # What is registered is hidden by Ansible where it is printed.
        "findings": findings,
        "finding_counts": counts,
    }
    assert told(result, no_log=False) == result


def test_warnings_are_counted() -> None:
    result = {"warnings": [ERROR, ERROR], "finding_counts": {"errors": 0, "warnings": 2, "accepted": 0}}
    assert told(result, no_log=True)["warnings"] == ["2 warnings: `no_log` hides what and why"]


@pytest.mark.parametrize("error", [AnsibleActionFail(ERROR), ValueError(ERROR)])
def test_exceptions_are_hidden_with_their_causes(error: Exception) -> None:
    with pytest.raises(AnsibleActionFail) as found:
        told(error, no_log=True)
    assert SECRET not in str(found.value)
    assert found.value.__cause__ is None
    assert found.value.__context__ is None


@pytest.mark.parametrize("callback", ["default", "dotmobi.systemd_timers.plain"])
def test_nothing_is_printed(tmp_path: Path, callback: str) -> None:
    book = tmp_path / "book.yml"
    book.write_text(PLAYBOOK, encoding="utf-8")
    done = subprocess.run(
        [PROGRAM, "-i", "localhost,", "-c", "local", "-e", f"secret={SECRET}", book],
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_HOME": str(tmp_path),
            "ANSIBLE_STDOUT_CALLBACK": callback,
        },
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert done.stdout.count("...ignoring") == 2, done.stdout
    assert done.stdout.count("fatal: [localhost]: FAILED!") == 3, done.stdout
    assert SECRET not in done.stdout
