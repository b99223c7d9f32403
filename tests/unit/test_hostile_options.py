# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile text in every option of the modules that write unit files: none adds a line to one.

tests/unit/test_hostile.py has the fields of a job. test_contract.py finds an option that is not tried here.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.module_utils.testing import patch_module_args

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.options import ARGUMENT_SPEC
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers import find_job
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.accounts import Looked
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import (
    NotChangeable,
    rescheduled,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import contents
from ansible_collections.dotmobi.systemd_timers.plugins.modules import timer_job_change
from ansible_collections.dotmobi.systemd_timers.tests.unit.plugins.action.test_timer_jobs import JOB, Action, answered
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

ROOT = Path(__file__).resolve().parents[2]
TIMER = wanted(schedule="daily").timer
HOSTILE = [
    "daily\nRandomizedDelaySec=5h\n[Unit]\nOnSuccess=poweroff.target\n[Timer]",
    "daily\rWakeSystem=true",
    "daily\r\n[Install]\r\nWantedBy=default.target",
    "daily\x0bWakeSystem=true",
    "daily\x85WakeSystem=true",
    "daily\x1b[31m",
    "daily\\",
    " daily",
    "daily\ufdd0",
    "",
]
# The options of timer_job_change that a text can be given for.
CHANGED_BY = {
    "name": "backup",
    "user": "root",
    "change": "reschedule",
    "schedule": "weekly",
    "on_reschedule": "skip",
    "unit_directory": None,
    "files_directory": None,
}


def options_of(module: str) -> list[str]:
    """The options that a module documents."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text())
    (text,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION"
    )
    return list(yaml.safe_load(text)["options"])


def test_every_option_is_tried():
    assert list(CHANGED_BY) == options_of("timer_job_change")


# --- one function takes all that is more than a line


@pytest.mark.parametrize("text", HOSTILE)
def test_another_schedule_is_one_line(text: str) -> None:
    with pytest.raises(NotChangeable) as caught:
        rescheduled("backup", TIMER, ["weekly", text])
    message = str(caught.value)
    assert message.startswith("nothing was changed on this host:\nbackup: schedule ")
    assert len(message.splitlines()) == 2
    assert message.endswith("]")


def test_all_bad_expressions_are_named_at_once() -> None:
    with pytest.raises(NotChangeable) as caught:
        rescheduled("backup", TIMER, HOSTILE)
    assert len(str(caught.value).splitlines()) == 1 + len(HOSTILE)


def test_a_schedule_is_all_that_changes() -> None:
    new = rescheduled("backup", TIMER, ["Mon,Tue 08:00", "Sun"])
    changed = set(contents(new)) ^ set(contents(TIMER))
    assert {(section, key) for section, key, _value in changed} == {
        ("Timer", "OnCalendar"),
        ("Unit", "Description"),
        ("X-Ansible", "Changed"),
    }
    assert [value for _section, key, value in contents(new) if key == "OnCalendar"] == ["Mon,Tue 08:00", "Sun"]
    assert contents(rescheduled("backup", new, ["daily"]))[-1] == contents(TIMER)[-1]


@pytest.mark.parametrize(
    "edited",
    [
        # The line of the head goes on: what is put after it would be a part of it.
        TIMER.replace("[Timer]\n", "[Timer]\\\n\n"),
        TIMER.replace("[Timer]", "[ Timer ]"),
    ],
)
def test_a_timer_that_cannot_be_edited_by_lines_is_left_alone(edited: str) -> None:
    with pytest.raises(NotChangeable, match="line by line"):
        rescheduled("backup", edited, ["daily"])


# --- the module that changes a job


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    monkeypatch.setattr(timer_job_change, "use_host_zone", lambda: None)
    monkeypatch.setattr(find_job, "look_at_lingering", lambda *_arguments: Looked({}, {}, {}))
    host = make_host(tmp_path, monkeypatch)
    monkeypatch.setattr(timer_job_change, "make_runner", lambda: host)
    return host


def change(host: FakeHost, capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    places = {"unit_directory": str(host.units), "files_directory": str(host.own)}
    given = {"name": "backup", "change": "reschedule", "schedule": "weekly", **places}
    with patch_module_args({**given, **options}), pytest.raises(SystemExit):
        timer_job_change.main()
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def units(host: FakeHost) -> dict[str, str]:
    return {path.name: path.read_text() for path in host.units.iterdir() if path.is_file()}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("option", CHANGED_BY)
def test_no_option_of_timer_job_change_adds_a_line(
    option: str, text: str, host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    host.converge(wanted(schedule="daily"))
    before = units(host)
    result = change(host, capsys, **{option: text})
    if result.get("failed"):
        assert units(host) == before
        assert "Traceback" not in result["msg"]
    else:
        # The option has nothing to do with the text of a unit.
        assert "weekly" in units(host)["backup.timer"]
        assert not any(word in "".join(units(host).values()) for word in ("Wake", "poweroff", "RandomizedDelay"))


def test_a_text_with_a_comma_is_one_expression(host: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    host.converge(wanted(schedule="daily"))
    result = change(host, capsys, schedule="Mon,Tue 08:00", _ansible_check_mode=True, _ansible_diff=True)
    assert "+OnCalendar=Mon,Tue 08:00" not in str(result.get("msg", ""))
    text = "".join(diff.get("after", "") for diff in result.get("diff", []))
    assert "OnCalendar=Mon,Tue 08:00\n" in text, result


@pytest.mark.parametrize("schedule", [True, {"a": 1}, [["daily"]], [True]])
def test_what_is_no_text_is_refused(schedule: Any, host: FakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    host.converge(wanted(schedule="daily"))
    assert "is not a text or a list of texts; write it in quotes" in change(host, capsys, schedule=schedule)["msg"]


# --- the role's variables


def heads(jobs: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    return [[one[:2] for one in contents(text)] for job in jobs for text in (job["service"], job["timer"])]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
@pytest.mark.parametrize("option", ARGUMENT_SPEC)
def test_no_option_of_timer_jobs_adds_a_line(option: str, text: str, tmp_path: Path) -> None:
    """A value that is not refused gives the lines that a good one gives."""
    given: dict[str, Any] = {"jobs": [{**JOB, "output": "log"}], "log_directory": "/var/log/jobs", "log_keep": 3}
    good = Action(answered(), tmp_path, **given)
    good.run(task_vars={"inventory_hostname": "web1"})
    for value in (text, f"/srv/{text}", f"/srv/{text}/x"):
        action = Action(answered(), tmp_path, **{**given, option: value})
        try:
            result = action.run(task_vars={"inventory_hostname": "web1"})
        except AnsibleActionFail:
            continue
        (handed,) = action.handed_over
        if not handed["jobs"]["proof_only"]:
            assert heads(handed["jobs"]["jobs"]) == heads(good.handed_over[0]["jobs"]["jobs"]), result
