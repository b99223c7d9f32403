# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the units say so that programs stand beside a job, what does not fit together, what the proof sees of it."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import TemplateError

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import unwrapped, wrapped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import UNSET
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import view
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import commands_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import notify
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.attempts import Helpers, beside
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import (
    Rendered,
    compile_templates,
    render,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import ROOT, TEMPLATES, complete, wanted

FOLDER = "/etc/dotmobi.systemd_timers"
PROGRAMS = ROOT / "roles" / "timer" / "files"
ATTEMPTS = f"/usr/bin/python3 -I {FOLDER}/j/attempts.py"
GATE = f"/usr/bin/python3 -I {FOLDER}/j/gate.py"


def stands(**fields: Any) -> Helpers:
    return beside(complete(name="j", **fields), FOLDER)


def units(**fields: Any) -> Rendered:
    return render(TEMPLATES, complete(name="j", **fields), "o", FOLDER)


def said(**fields: Any) -> list[str]:
    merged = merge_jobs(
        {"timer_jobs": [{"name": "j", "schedule": "daily", "command": "/bin/x", **fields}]},
        {},
        "skip",
        rules=[notify.refusals],
    )
    return [line(found) for found in merged.findings]


def test_a_job_that_needs_no_program_has_none():
    for fields in ({}, {"retries": 0}, {"retries": {"delay": "5s"}}, {"concurrency": "queue"}):
        assert stands(command=["/bin/x"], **fields) == Helpers("/bin/x", "", [], "j.service", (), "")
        assert units(**fields) == units()


# --- attempts


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"retries": 2}, "--attempts 3 --delay 10 --kill-after 90 j"),
        ({"retries": {"attempts": 2, "delay": "1min"}}, "--attempts 2 --delay 60 --kill-after 90 j"),
        (
            {"retries": {"attempts": 5, "delay": "1.5s", "backoff": 2, "max_delay": "1min"}},
            "--attempts 5 --delay 1.5 --backoff 2 --max-delay 60 --kill-after 90 j",
        ),
        (
            {"retries": {"attempts": 5, "delay": "2h", "backoff": 2}},
            "--attempts 5 --delay 7200 --backoff 2 --max-delay 7200 --kill-after 90 j",
        ),
        (
            {"retries": 1, "service": {"SuccessExitStatus": ["3 TEMPFAIL", "SIGUSR1"]}},
            "--attempts 2 --delay 10 --kill-after 90 --success 3,TEMPFAIL,SIGUSR1 j",
        ),
        (
            {"retries": 1, "concurrency": "replace"},
            "--attempts 2 --delay 10 --kill-after 90 --success SIGTERM j",
        ),
        (
            {"retries": 1, "service": {"KillMode": "mixed", "IgnoreSIGPIPE": False}},
            "--attempts 2 --delay 10 --kill-after 90 --forward --sigpipe j",
        ),
    ],
)
def test_the_options_of_the_attempts(fields, options):
    found = stands(command=["/bin/echo", "50 %", "$HOME"], **fields)
    assert found.command == f'{ATTEMPTS} {options} -- /bin/echo "50 %%" "$$HOME"'
    assert "attempts.py" in found.programs


def test_every_program_that_is_deployed_is_there_and_imports_what_is_deployed_with_it():
    every = ({"retries": 1}, {"skip_next": "x"}, {"heartbeat": "https://example.com/x"})
    found = {one for fields in every for one in units(**fields).files if one.is_program}
    # The program of the job that rotates logs is its script: tests/unit/test_logs.py.
    found |= {JobFile(f"{FOLDER}/j/rotate_logs.py", (PROGRAMS / "rotate_logs.py").read_text(), 0o755, True)}
    deployed = {one.name.rpartition("/")[2]: one for one in found}
    assert set(deployed) == {path.name for path in PROGRAMS.glob("*.py")}
    for name, one in deployed.items():
        assert one == (f"{FOLDER}/j/{name}", (PROGRAMS / name).read_text(), 0o755, True)


def test_a_text_keeps_the_syntax_of_systemd():
    text = "/bin/sh -c 'echo %n ${HOME}' ; "
    found = stands(command="/bin/echo %n ${HOME} 'a b'", retries=1).command
    assert found.endswith(" -- /bin/echo %n ${HOME} 'a b'")
    assert len(commands_of(text)) == 1


def test_a_script_can_be_repeated():
    found = units(command=None, script={"content": "#!/bin/bash\ntrue\n"}, retries=1)
    assert f"-- /bin/bash {FOLDER}/j/script\n" in found.service
    assert [one.name for one in found.files] == [
        f"{FOLDER}/j/script",
        f"{FOLDER}/j/attempts.py",
        f"{FOLDER}/j/job_journal.py",
    ]


@pytest.mark.parametrize("command", ["/bin/x", "/bin/x -- y", '/bin/x " -- "', ""])
def test_the_proof_sees_the_command_behind_the_program(command):
    assert unwrapped(wrapped(f"{FOLDER}/j", "--attempts 3 j", [command])) == [command]
    assert unwrapped(command) == [command]
    assert unwrapped(wrapped(f"{FOLDER}/j", "--attempts 3 j", [command, "/bin/y"])) == [command, "/bin/y"]


def test_the_proof_sees_the_job_as_it_is_without_retries():
    plain, repeated = (wanted("j", command="/bin/sh -c 'echo %%H'", **more) for more in ({}, {"retries": 3}))
    assert plain.service != repeated.service
    seen, expected = view(repeated).service, view(plain).service
    assert seen.values("Service", "ExecStart") == expected.values("Service", "ExecStart")


# --- the gate

CLEAN = "/usr/bin/env -i PATH=/usr/bin:/bin"


def condition(options: str) -> str:
    script = f"{GATE} begin j {options}; case $$? in 0) exit 0;; 113) exit 113;; *) exit 255;; esac"
    return f'ExecCondition=+{CLEAN} INVOCATION_ID=${{INVOCATION_ID}} /bin/sh -c "{script}"'


def stop_post(options: str) -> str:
    kept = " ".join(f"{name}=${{{name}}}" for name in ("INVOCATION_ID", "SERVICE_RESULT"))
    return f"ExecStopPost=-+{CLEAN} {kept} {GATE} end j {options}"


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            {"concurrency": "forbid"},
            [condition("--forbid --accuracy 1"), stop_post("--forbid")],
        ),
        (
            {"concurrency": {"group": "db"}},
            [
                condition("--group db --limit 1 --wait 3600"),
                stop_post("--group db --limit 1"),
            ],
        ),
        (
            {"concurrency": {"policy": "forbid", "group": "db", "group_limit": 2, "group_wait": "1min"}},
            [
                condition("--forbid --accuracy 1 --group db --limit 2 --wait 60"),
                stop_post("--forbid --group db --limit 2"),
            ],
        ),
        (
            {"starting_deadline": "10min", "jitter": "5min", "accuracy": "1min"},
            [condition("--deadline 600 --accuracy 60 --jitter 300")],
        ),
        ({"skip_next": "CHG-4711"}, [condition("--skip-next CHG-4711")]),
        ({"skip_next": "2026-12-24"}, [condition("--skip-date 2026-12-24")]),
        (
            {"skip_next": "2026-12-24", "timezone": "Asia/Tokyo"},
            [condition("--skip-date 2026-12-24 --zone Asia/Tokyo")],
        ),
    ],
)
def test_the_lines_of_the_gate(fields, lines):
    assert stands(**fields).lines == [*lines, f"UnsetEnvironment={UNSET}"]
    assert stands(**fields).starts == "j.service"
    service = UnitText(units(**fields, service={"ExecStopPost": "/bin/own", "ExecCondition": "/bin/own"}).service)
    for number, key in enumerate(("ExecCondition", "ExecStopPost")):
        expected = [text.partition("=")[2] for text in lines[number : number + 1]]
        assert service.values("Service", key) == ["/bin/own", *expected]


def test_no_command_of_a_unit_with_a_program_of_root_gets_what_the_loader_obeys():
    given = {"service": {"UnsetEnvironment": ["A B"]}, "skip_next": "x"}
    for fields in (given, {**given, "heartbeat": {"url": "https://example.com", "start": True}}):
        service = UnitText(units(**fields).service)
        assert sorted(service.values("Service", "UnsetEnvironment")) == sorted([UNSET, "A B"])
    assert {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_DEBUG_OUTPUT", "GCONV_PATH"} <= set(UNSET.split())
    assert not UnitText(units(retries=3).service).values("Service", "UnsetEnvironment")


def test_replace_has_a_unit_of_its_own():
    found = units(concurrency="replace", skip_next="x", service={"SuccessExitStatus": 3})
    assert "Unit=j-replace.service\n" in found.timer
    service = UnitText(found.service)
    assert service.values("Service", "SuccessExitStatus") == ["3", "SIGTERM"]
    assert not service.values("Service", "ExecCondition")
    (unit,) = [one for one in found.files if one.name == "j-replace.service"]
    assert not unit.is_program
    text = UnitText(unit.text)
    gate = condition("--skip-next x --service j-replace.service")
    assert text.values("Service", "ExecCondition") == [gate.partition("=")[2]]
    assert text.values("Service", "ExecStart") == [f"{GATE} replace j"]
    assert text.values("X-Ansible", "Owner") == ["o"]
    assert text.values("X-Ansible", "Job") == ["j"]


# --- what does not fit together


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"command": "/bin/a ; /bin/b", "retries": 1}, "is several commands, which cannot have retries"),
        ({"command": "-/bin/a", "retries": 1}, 'has the prefix "-" before its program, which cannot have retries'),
        ({"command": "/bin/$A", "retries": 1}, "has a dollar sign in its program, which cannot have retries"),
        ({"service": {"ExecStart": "/bin/a"}, "retries": 1}, "cannot have retries"),
        ({"service": {"RootDirectory": "/srv"}, "retries": 1}, "hides from the job what retries needs"),
        ({"service": {"Restart": "on-failure"}, "retries": 1}, "repeats what retries repeats already"),
        (
            {"service": {"TimeoutStartSec": "5min"}, "concurrency": {"group": "a"}},
            "would end the wait in the group too; write `timeout: 5min`",
        ),
        ({"concurrency": {"group_limit": 2}}, "has group_limit, and no group; add the group"),
        ({"concurrency": "forbid", "every": "1h"}, "needs a schedule: `every` counts from the last run"),
        ({"concurrency": "replace", "timer": {"Unit": "x.service"}}, "is for concurrency to set"),
        ({"concurrency": "forbid", "every_after": "1h"}, "needs a schedule: `every_after` counts from the last run"),
        ({"starting_deadline": "1h", "every": "1h"}, "counts from an elapse of a schedule, and every has none"),
        (
            {"starting_deadline": "1h", "schedule": None, "timer": {"OnCalendar": "daily"}},
            "counts from an elapse of a schedule, and there is none",
        ),
        ({"starting_deadline": "1h", "jitter": "a while"}, 'jitter "a while": is not a time span'),
    ],
)
def test_what_does_not_fit_together_is_one_error(fields, reason):
    (found,) = said(**fields)
    assert reason in found
    assert found.startswith("j: ")


@pytest.mark.parametrize(
    "fields",
    [
        {"retries": 1, "service": {"Restart": "no", "TimeoutStartSec": "1h"}},
        {"retries": 1, "command": "/bin/echo $HOME ';'"},
        {"concurrency": {"policy": None, "group": None}},
        {"concurrency": "forbid", "on_boot": "5min"},
        {"starting_deadline": "1h", "concurrency": {"policy": "replace", "group": "x"}, "skip_next": 7},
    ],
)
def test_what_fits_together(fields):
    assert said(**fields) == []


def test_the_jobs_of_a_group_agree_on_its_limit():
    jobs = [
        {"name": name, "schedule": "daily", "command": "/bin/x", "concurrency": {"group": "g", "group_limit": limit}}
        for name, limit in (("a", 2), ("b", 2), ("c", 1))
    ]
    found = merge_jobs({"timer_jobs": jobs}, {}, "skip", rules=[notify.refusals]).findings
    assert [(one.job, one.reason) for one in found] == [("c", "gives the group g a limit of 1, and a one of 2")]


def test_a_short_form_changes_one_key_of_the_defaults():
    layers = {
        "timer_jobs": [{"name": "a", "schedule": "daily", "command": "/bin/x", "retries": 1, "concurrency": "forbid"}]
    }
    defaults = {"retries": {"attempts": 5, "delay": "1s"}, "concurrency": {"group": "g"}}
    merged = merge_jobs(layers, defaults, "skip", rules=[notify.refusals])
    assert merged.findings == []
    assert merged.jobs[0]["retries"] == {"attempts": 2, "delay": 1.0}
    assert merged.jobs[0]["concurrency"] == {"group": "g", "policy": "forbid"}


# --- time limits


@pytest.mark.parametrize(
    ("fields", "options", "whole"),
    [
        ({"retries": 1}, "", None),
        ({}, "", "1min"),
        # 2 attempts of 60 s and 90 s to end, a delay of 10 s, 30 s to spare for each.
        ({"retries": 1}, "--timeout 60 ", "370s"),
        ({"retries": {"attempts": 3, "delay": "10s", "backoff": 2}, "kill_after": "5s"}, "--timeout 60 ", "315s"),
        # TimeoutStartSec= counts for each command of the unit, the wait in the group among them.
        ({"concurrency": {"group": "g"}}, "--timeout 60 ", "3630s"),
        ({"concurrency": {"group": "g", "group_wait": "1min"}}, "--timeout 60 ", "180s"),
    ],
)
def test_a_time_limit_counts_for_each_attempt(fields, options, whole):
    given = {} if whole is None else {"timeout": "1min"}
    service = UnitText(units(command=["/bin/x"], **fields, **given).service)
    assert options in service.last("Service", "ExecStart")
    assert service.last("Service", "TimeoutStartSec") == (whole or "")
    assert service.last("Service", "TimeoutStopSec") == fields.get("kill_after", "")


def test_a_time_limit_that_cannot_be_read_is_one_error():
    (found,) = said(timeout="a while", retries=1)
    assert 'timeout "a while": is not a time span' in found


# --- templates of users


@pytest.mark.parametrize("fields", [{"retries": 1}, {"skip_next": "x"}, {"concurrency": "replace"}])
def test_a_template_of_a_user_must_not_leave_out_what_a_job_needs(fields):
    own = compile_templates("[Service]\nExecStart={{ job.command | command }}\n", "[Timer]\nOnCalendar=daily\n")
    assert render(own, complete(name="j"), "o", FOLDER).files == []
    with pytest.raises(TemplateError, match=r"leaves out job\.helpers"):
        render(own, complete(name="j", **fields), "o", FOLDER)


# --- several commands


def test_several_commands_are_one_run_with_one_time_limit():
    found = stands(command=None, commands=[["/bin/a", "x y"], "/bin/b $WORDS"], timeout="30s")
    assert found.command.endswith(
        'attempts.py --several --attempts 1 --timeout 30 --kill-after 90 j -- /bin/a "x y" --next-- /bin/b $WORDS'
    )
    assert found.time_limit == "150s"


def test_one_of_several_commands_needs_no_program():
    assert stands(command=None, commands=[["/bin/a", "x y"]]).command == '/bin/a "x y"'


def test_the_proof_sees_each_of_several_commands():
    seen = view(wanted("j", command=None, commands=[["/bin/a", "b; c"], ["/missing"]]))
    assert seen.service.values("Service", "ExecStart") == ['/bin/a "b; c"', "/missing"]
    assert seen.finding("missing-command", "command", "/missing", "is missing").field == "commands"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/bin/a ; /bin/b", "is several commands, which cannot have commands"),
        ("-/bin/a", 'has the prefix "-" before its program, which cannot have commands'),
        ("/bin/$X", "has a dollar sign in its program, which cannot have commands"),
    ],
)
def test_each_of_several_commands_is_one(command, reason):
    merged = merge_jobs(
        {"timer_jobs": [{"name": "j", "schedule": "daily", "commands": [command, "/bin/c"]}]}, {}, "skip"
    )
    assert [(one.field, one.reason) for one in merged.findings] == [("commands", reason)]
