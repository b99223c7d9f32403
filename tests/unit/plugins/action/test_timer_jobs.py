# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of timer_jobs: what it hands over, and the one message it makes of both sides' findings."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dotmobi.systemd_timers.plugins.action.timer_jobs import ActionModule
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import unsealed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

JOB = {"name": "backup", "schedule": "Mon 08:00", "command": "/bin/true"}
ROW = {"name": "backup", "state": "present", "changed": True}


class Action(ActionModule):
    """The plugin, with the host's half answered by the test."""

    def __init__(self, answer: dict[str, Any], folder: Path, **args: Any) -> None:
        task = SimpleNamespace(
            args=args, action="timer_jobs", async_val=0, check_mode=False, diff=False, environment=[], _role=None,
            no_log=False,
            get_search_path=lambda: [str(folder)],
        )  # fmt: skip
        super().__init__(
            task=task,
            connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
            play_context=SimpleNamespace(check_mode=False, diff=False),
            loader=DataLoader(),
            templar=None,
            shared_loader_obj=None,
        )
        self.answer = answer
        self.handed_over: list[dict[str, Any]] = []

    def _execute_module(self, **call: Any) -> dict[str, Any]:
        assert call["module_name"] == "dotmobi.systemd_timers.timer_jobs"
        given = call["module_args"]
        self.handed_over.append({**given, "jobs": json.loads(given["jobs"])})
        return {"invocation": {"module_args": "all the unit files"}, **self.answer}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    return tmp_path


def answered(**more: Any) -> dict[str, Any]:
    """Return what the host's half says."""
    return {"changed": True, "findings": [], "tolerated": [], "jobs": [dict(ROW)], "orphans": [], **more}


def run(action: Action) -> dict[str, Any]:
    """Run the action on a host."""
    return action.run(task_vars={"inventory_hostname": "web1"})


def test_offline_the_host_is_not_asked(folder: Path) -> None:
    action = Action(answered(), folder, jobs=[{"name": "a", "schedule": "daily", "command": "/bin/true | /bin/cat"}])
    result = action.run(task_vars={"inventory_hostname": "web1", "__timer_report": True, "offline": "true"})
    assert action.handed_over == []
    assert [one["code"] for one in result["findings"]] == ["shell-syntax"]
    assert result["offline"][-1].startswith("not proved, for no host was asked: ")
    # Of the playbook `validate` alone: an apply is never a proof on this machine.
    action.run(task_vars={"inventory_hostname": "web1", "offline": "true"})
    assert len(action.handed_over) == 1


def fault(job: str, field: str, reason: str, **more: Any) -> dict[str, Any]:
    """Return a finding as the module returns it."""
    return Finding(job, field, None, reason, "", "invalid-value")._replace(**more)._asdict()


def test_the_host_gets_rendered_jobs_in_one_call(folder: Path) -> None:
    jobs = [JOB, {"name": "gone", "state": "absent"}]
    action = Action(answered(), folder, jobs=jobs, prune=True, on_reschedule="fail", log_directory="/var/log/x")
    result = run(action)
    expected = wanted()
    assert action.handed_over == [
        {
            "owner": "default",
            "prune": True,
            "prune_limit": None,
            "proof": "strict",
            "unit_directory": "/etc/systemd/system",
            "files_directory": "/etc/dotmobi.systemd_timers",
            "log_directory": "/var/log/x",
            "jobs": {
                "jobs": [
                    {
                        "name": "backup",
                        "state": "present",
                        "on_reschedule": "fail",
                        "accept": [],
                        "renamed_from": "",
                        "take_over_from": "",
                        "on_remove": "finish",
                        "after_last_run": "keep",
                        "followed": False,
                        "run_on_install": False,
                        "service": unsealed(expected.service),
                        "timer": unsealed(expected.timer),
                        "account": "",
                        "hardening": "none",
                        "files": [],
                    },
                    {
                        "name": "gone",
                        "state": "absent",
                        "on_reschedule": "fail",
                        "accept": [],
                        "renamed_from": "",
                        "take_over_from": "",
                        "on_remove": "finish",
                        "after_last_run": "keep",
                        "followed": False,
                        "run_on_install": False,
                        "service": "",
                        "timer": "",
                        "account": "",
                        "hardening": "none",
                        "files": [],
                    },
                ],
                "proof_only": False,
                "as_it_stands": False,
            },
        }
    ]
    assert result["changed"]
    assert result["jobs"] == [{**ROW, "schedule_text": "every Monday at 08:00", "spread": None}]
    assert not result.get("failed")
    assert "warnings" not in result
    assert "invocation" not in result


def test_layers_and_defaults(folder: Path) -> None:
    action = Action(
        answered(),
        folder,
        jobs=[JOB],
        group_jobs=[{"name": "backup", "user": "group", "group": "group"}],
        host_jobs=[{"name": "backup", "group": "host"}],
        defaults={"user": "all", "output": "journal"},
    )
    run(action)
    service = action.handed_over[0]["jobs"]["jobs"][0]["service"]
    assert [line for line in service.splitlines() if line.startswith(("User", "Group", "StandardOutput"))] == [
        "User=group",
        "Group=host",
        "StandardOutput=journal",
    ]


def test_a_pruned_job_has_no_words(folder: Path) -> None:
    result = run(Action(answered(jobs=[dict(ROW), {"name": "old", "state": "absent"}]), folder, jobs=[JOB]))
    assert result["jobs"][1]["schedule_text"] == ""


def test_faults_of_both_sides_in_one_message_and_nothing_else_is_done(folder: Path) -> None:
    jobs = [{"name": "a", "shedule": "daily", "command": "/x"}, {**JOB, "name": "b"}, {**JOB, "name": "c", "usr": "x"}]
    theirs = [
        fault("b", "command", "does not exist", value="/y", fix="install it", code="missing-command"),
        fault("a", "command", "does not exist", value="/x", code="missing-command"),
        fault("b", "name", "is changed", code="drop-in"),
        fault("", "timer_unit_directory", "cannot be written", code="unit-directory"),
    ]
    action = Action(answered(findings=theirs, diff=[{"before": "", "after": "x"}]), folder, jobs=jobs)
    result = run(action)
    assert action.handed_over[0]["jobs"]["proof_only"] is True
    assert [job["name"] for job in action.handed_over[0]["jobs"]["jobs"]] == ["a", "b", "c"]
    assert (result["failed"], result["changed"]) == (True, False)
    lines = [
        "timer_unit_directory: cannot be written [unit-directory]",
        'a: shedule "daily": is not a field of a job; write "schedule" [unknown-field]',
        'a: command "/x": does not exist [missing-command]',
        'c: usr "x": is not a field of a job; write "user" [unknown-field]',
        'b: command "/y": does not exist; install it [missing-command]',
        "b: warning: name: is changed [drop-in]",
    ]
    assert result["msg"].splitlines() == [
        "web1: 5 errors and 1 warning in 3 jobs, nothing was changed on this host:",
        *(f"  {line}" for line in lines),
    ]
    assert [finding["message"] for finding in result["findings"]] == lines
    assert result["finding_counts"] == {"errors": 5, "warnings": 1, "accepted": 0}
    assert [row["errors"] for row in result["proof"]] == [2, 1, 1]
    assert not {"diff", "jobs", "orphans", "accepted", "warnings"} & set(result)


@pytest.mark.parametrize(
    ("findings", "head"),
    [
        ([fault("a", "x", "y")], "web1: 1 error in 1 job, nothing was changed on this host:"),
        ([fault("a", "x", "y"), fault("a", "z", "y")], "web1: 2 errors in 1 job, nothing was changed on this host:"),
        ([fault("", "systemd", "is too old")], "web1: 1 error, nothing was changed on this host:"),
    ],
)
def test_the_heading(findings: list[dict[str, Any]], head: str, folder: Path) -> None:
    result = run(Action(answered(findings=findings), folder, jobs=[JOB]))
    assert result["msg"].splitlines()[0] == head


def test_faults_of_the_controller_alone_fail_too(folder: Path) -> None:
    result = run(Action(answered(), folder, jobs=[JOB], owner="a b"))
    assert result["failed"]
    assert '  timer_owner "a b": cannot be an owner mark; ' in result["msg"]


def test_orphans_and_warnings_are_shown(folder: Path) -> None:
    findings = [fault("backup", "command", "does not exist", value="/x", code="missing-command", kind="warning")]
    accepted = [fault("backup", "user", "does not exist", value="x", code="missing-user")]
    answer = answered(orphans=["old", "older"], findings=findings, accepted=accepted)
    result = run(Action(answer, folder, jobs=[JOB]))
    assert result["finding_counts"] == {"errors": 0, "warnings": 1, "accepted": 1}
    assert [finding["severity"] for finding in result["findings"]] == ["warning", "accepted"]
    assert not result.get("failed")
    assert result["changed"]
    assert result["orphans"] == ["old", "older"]
    assert result["warnings"] == [
        'web1: backup: command "/x": does not exist [missing-command]',
        (
            "web1: old, older: installed by this declaration, but no longer declared; "
            "`timer_prune: true` removes such jobs (if another use of the role declares them, give it a `timer_owner` "
            "of its own)"
        ),
    ]


def test_the_playbook_validate_shows_the_warnings_itself(folder: Path) -> None:
    action = Action(answered(findings=[fault("backup", "name", "is changed", code="drop-in")]), folder, jobs=[JOB])
    result = action.run(task_vars={"inventory_hostname": "web1", "__timer_report": True})
    assert "warnings" not in result
    assert result["finding_counts"]["warnings"] == 1


def test_an_apply_that_failed(folder: Path) -> None:
    answer = {"failure": "the apply failed: systemctl start: no; the host stands as before", "undone": True}
    result = run(Action({"changed": False, **answer}, folder, jobs=[JOB]))
    assert (result["failed"], result["changed"], result["undone"]) == (True, False, True)
    assert result["msg"] == f"web1: {answer['failure']}"
    assert "failure" not in result


@pytest.mark.parametrize(
    "answer",
    [
        answered(waited=10.3),
        answered(waited=10.3, findings=[fault("a", "x", "y")]),
        {"changed": False, "failure": "the apply failed: no", "undone": True, "waited": 10.3},
    ],
)
def test_a_wait_is_told(answer: dict[str, Any], folder: Path) -> None:
    result = run(Action(answer, folder, jobs=[JOB]))
    assert result["warnings"] == ["web1: waited 10 s for another apply on this host"]
    assert result["waited"] == 10.3


def test_an_apply_that_is_under_way_is_told(folder: Path) -> None:
    result = run(Action(answered(under_way=True), folder, jobs=[JOB]))
    assert result["warnings"] == ["web1: an apply is under way on this host; what is shown may be out of date"]


def test_a_module_that_crashed_is_not_made_good(folder: Path) -> None:
    crashed = {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "Traceback"}
    assert run(Action(crashed, folder, jobs=[JOB]))["msg"] == "MODULE FAILURE"
    both = run(Action(crashed, folder, jobs=[{**JOB, "usr": "x"}]))
    assert both["failed"]
    assert "usr" in both["msg"]


def test_a_template_of_the_user(folder: Path) -> None:
    (folder / "templates" / "mine.j2").write_text("[Service]\nExecStart={{ job.command | command }}\nNice=5\n")
    action = Action(answered(), folder, jobs=[JOB], service_template="mine.j2")
    run(action)
    job = action.handed_over[0]["jobs"]["jobs"][0]
    mark = "\n[X-Ansible]\nOwner=default\nJob=backup\n"
    assert job["service"] == "[Service]\nExecStart=/bin/true\nNice=5\n" + mark
    assert job["timer"] == unsealed(wanted().timer)


PLACES = ["inventory", "here", "scenario"]


@pytest.mark.parametrize("inside", ["files", ""])
@pytest.mark.parametrize("place", [*PLACES, "own"])
def test_a_script_is_found_where_users_have_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, inside: str
) -> None:
    for name in PLACES:
        (folder / name / "files").mkdir(parents=True)
    (folder / "files").mkdir()
    found = folder if place == "own" else folder / place
    (found / inside / "x.sh").write_text("#!/bin/sh\necho found\n")
    inventory = folder / "inventory" / "hosts.yml"
    inventory.write_text("all: {}\n")
    monkeypatch.chdir(folder / "here")
    monkeypatch.setenv("MOLECULE_SCENARIO_DIRECTORY", str(folder / "scenario"))
    job = {"name": "a", "schedule": "daily", "script": {"src": "x.sh"}}
    action = Action(answered(), folder, jobs=[job])
    variables = {"inventory_hostname": "web1", "ansible_inventory_sources": [str(inventory), "web1,"]}
    assert not action.run(task_vars=variables).get("failed")
    (script,) = action.handed_over[0]["jobs"]["jobs"][0]["files"]
    assert script["text"] == "#!/bin/sh\necho found\n"


def test_a_script_that_is_nowhere_is_told_with_the_places(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    inventory = folder / "inventory"
    inventory.mkdir()
    job = {"name": "a", "schedule": "daily", "script": {"src": "x.sh"}}
    action = Action(answered(), folder, jobs=[job])
    result = action.run(task_vars={"inventory_hostname": "web1", "ansible_inventory_sources": [str(inventory)]})
    said = f'a: script.src "x.sh": cannot be read: looked for files/x.sh and x.sh in {folder}, {inventory}'
    assert said in result["msg"]
    assert "put it into `files/` beside the playbook or the inventory, or write its whole path" in result["msg"]


def test_a_template_that_is_missing(folder: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r'^timer_unit_template "none\.j2": cannot be read: '):
        run(Action(answered(), folder, jobs=[JOB], unit_template="none.j2"))


def test_a_template_that_is_broken(folder: Path) -> None:
    (folder / "templates" / "mine.j2").write_text("{% if %}")
    with pytest.raises(AnsibleActionFail, match=r"^a unit file template is broken: "):
        run(Action(answered(), folder, jobs=[JOB], service_template="mine.j2"))


def test_a_template_that_fails_for_one_job_names_it(folder: Path) -> None:
    (folder / "templates" / "mine.j2").write_text("{% if job.name == 'bad' %}{{ nothing }}{% endif %}")
    action = Action(answered(), folder, jobs=[JOB, {**JOB, "name": "bad"}], service_template="mine.j2")
    result = run(action)
    assert (
        "  bad: template: cannot be rendered: 'nothing' is undefined; correct the template [invalid-declaration]"
        in result["msg"]
    )
    assert [job["name"] for job in action.handed_over[0]["jobs"]["jobs"]] == ["backup"]
    assert action.handed_over[0]["jobs"]["proof_only"] is True


def test_a_template_error_of_python_names_the_job_too(folder: Path) -> None:
    (folder / "templates" / "mine.j2").write_text("{{ 1 / 0 }}")
    result = run(Action(answered(), folder, jobs=[JOB], service_template="mine.j2"))
    assert "backup: template" in result["msg"]


def test_a_template_error_of_python_does_not_tell_what_it_was_given(folder: Path) -> None:
    (folder / "templates" / "mine.j2").write_text("[Service]\n{{ 'x'.encode(job.environment.API_TOKEN) }}")
    job = {**JOB, "environment": {"API_TOKEN": "hunter2"}}
    result = run(Action(answered(), folder, jobs=[job], service_template="mine.j2"))
    assert "template: cannot be rendered: LookupError in line 2; correct" in result["msg"]
    assert "hunter2" not in str(result)


def test_what_the_controller_finds_tells_no_secret(folder: Path) -> None:
    job = {**JOB, "secrets": ["MAILGUN"], "enviroment": {"API_TOKEN": "hunter2"}, "timer": {"X": "MAILGUN=hunter3\n"}}
    result = run(Action(answered(), folder, jobs=[job]))
    assert '{"API_TOKEN": "(secret)"}' in result["msg"]
    assert '{"X": "MAILGUN=(secret)"}' in result["msg"]
    assert "hunter" not in str(result)


def test_a_wrong_option_of_the_role_is_named_as_its_variable(folder: Path) -> None:
    action = Action(answered(), folder, jobs=[JOB], prune="maybe")
    action._task._role = "timer"
    with pytest.raises(Exception, match=r"argument `timer_prune` is of type .* 'maybe'"):
        run(action)
    action._task._role = None
    with pytest.raises(Exception, match="argument 'prune' is of type"):
        run(action)


def test_an_unknown_option(folder: Path) -> None:
    with pytest.raises(Exception, match="no_such_option"):
        run(Action(answered(), folder, jobs=[JOB], no_such_option=1))
