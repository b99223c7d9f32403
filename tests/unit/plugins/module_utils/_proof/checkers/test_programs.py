# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job needs on the host: programs, scripts, directories, files."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    check_environment_files,
    check_output,
    check_programs,
    check_python,
    check_scripts,
    check_working_directory,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Checker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import PathFacts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.script import interpreter_of, script_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import (
    FILE,
    FOLDER,
    PROGRAM,
    FakeFacts,
    job_view,
    known,
)

HOST = FakeFacts(
    {
        "/opt/tools/report": PROGRAM,
        "/opt/tools/report.py": FILE,
        "/opt/tools/plain": PROGRAM,
        "/opt/tools/empty": PROGRAM,
        "/opt/tools/dos": PROGRAM,
        "/opt/tools/gone": PROGRAM,
        "/opt/tools/nothing": PROGRAM,
        "/opt/tools/env-good": PROGRAM,
        "/opt/tools/env-split": PROGRAM,
        "/opt/tools/env-bad": PROGRAM,
        "/usr/bin/env": PROGRAM,
        "/usr/local/bin/tool": PROGRAM,
        "/bin/sh": PROGRAM,
        "/srv/data": FOLDER,
        "/etc/app/env": FILE,
        "/etc/app/a\\b": FILE,
        "/etc/app/a*b": FILE,
        "/etc/app/conf.d/a.conf": FILE,
        "/home/app": FOLDER,
        "/dev/null": PathFacts("other", 0o666),
    },
    heads={
        "/opt/tools/report": b"#!/bin/sh\n",
        "/opt/tools/plain": b"echo hello\n",
        "/opt/tools/empty": b"",
        "/opt/tools/dos": b"#!/bin/sh\r\necho\r\n",
        "/opt/tools/gone": b"#! /usr/bin/pyton3 -u\n",
        "/opt/tools/nothing": b"#!\n",
        "/opt/tools/env-good": b"#!/usr/bin/env python3\n",
        "/opt/tools/env-split": b"#!/usr/bin/env -S LANG=C python3 -u\n",
        "/opt/tools/env-bad": b"#!/usr/bin/env ruby\n",
    },
)


def found(checker: Checker, **fields: Any) -> list[Finding]:
    """Return what a checker says of a job on that host."""
    job = job_view(**fields)
    return checker(job, known(job.wanted, facts=HOST))


def told(checker: Checker, **fields: Any) -> list[str]:
    """Return the lines of it, without the name of the job."""
    return [line(one).removeprefix("backup: ") for one in found(checker, **fields)]


@pytest.mark.parametrize(
    "command",
    [
        "/opt/tools/report --all",
        ["/opt/tools/report", "a b"],
        "tool",
        "-/not/there",
        "-@/not/there zero",
        "/opt/tools/env-good",
        "/opt/tools/env-split",
        "%h/bin/tool",
        "/opt/tools/%n",
        # systemd itself refuses these.
        "bin/report",
        '/bin/true "open',
    ],
)
def test_programs_that_may_stand(command: Any) -> None:
    assert found(check_programs, command=command) == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "/opt/tools/reprot --all",
            (
                'command "/opt/tools/reprot": does not exist on this host; write "/opt/tools/report", or install it '
                "before "
                "the job, or correct the path [missing-command]"
            ),
        ),
        (
            ["/nowhere/x"],
            (
                'command "/nowhere/x": does not exist on this host; install it before the job, or correct the path '
                "[missing-command]"
            ),
        ),
        (
            "toll -x",
            (
                'command "toll": is in none of the directories that systemd searches: /usr/local/sbin, '
                '/usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin; write "tool", or install its package before the '
                "job, or write its whole path [missing-command]"
            ),
        ),
        (
            "root /usr/bin/true -x",
            (
                'command "root": is in none of the directories that systemd searches: /usr/local/sbin, '
                "/usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin; set `user: root`, and write /usr/bin/true -x "
                "[missing-command]"
            ),
        ),
        ("/srv/data", 'command "/srv/data": is a directory; write the path of a program in it [not-executable]'),
        (
            "/opt/tools/report.py",
            (
                'command "/opt/tools/report.py": has no execute permission; chmod 0755 /opt/tools/report.py '
                "[not-executable]"
            ),
        ),
        (
            "/opt/tools/plain",
            (
                'command "/opt/tools/plain": is neither a program nor a script that begins with #!; begin it with '
                "#!/bin/sh [bad-interpreter]"
            ),
        ),
        (
            "/opt/tools/empty",
            (
                'command "/opt/tools/empty": is neither a program nor a script that begins with #!; begin it with '
                "#!/bin/sh [bad-interpreter]"
            ),
        ),
        (
            "/opt/tools/dos",
            (
                'command "/opt/tools/dos": has the line ends of DOS, so the kernel looks for an interpreter whose '
                "name ends "
                r"in a carriage return; sed -i 's/\r$//' /opt/tools/dos [bad-interpreter]"
            ),
        ),
        (
            "/opt/tools/gone",
            (
                'command "/opt/tools/gone": names the interpreter /usr/bin/pyton3, which does not exist on this '
                "host; write "
                '"/usr/bin/python3", or install it, or correct the first line [bad-interpreter]'
            ),
        ),
        (
            "/opt/tools/nothing",
            (
                'command "/opt/tools/nothing": names the interpreter (none), which does not exist on this host; '
                "install it, "
                "or correct the first line [bad-interpreter]"
            ),
        ),
        (
            "/opt/tools/env-bad",
            (
                'command "/opt/tools/env-bad": is to be run by ruby, which does not exist on this host; install it, or '
                "correct the first line [bad-interpreter]"
            ),
        ),
    ],
)
def test_programs_that_cannot_run(command: Any, expected: str) -> None:
    assert told(check_programs, command=command) == [expected]


def test_every_command_of_the_service_is_looked_at() -> None:
    service = {"ExecStartPre": ["/bin/true", "/no/pre"], "ExecStopPost": "/no/post", "ExecCondition": "-/no/condition"}
    places = [(one.field, one.value) for one in found(check_programs, service=service)]
    assert places == [("service.ExecStartPre", "/no/pre"), ("service.ExecStopPost", "/no/post")]


def test_a_search_path_of_the_service_comes_before_the_usual_one() -> None:
    assert found(check_programs, command="report", service={"ExecSearchPath": "/opt/none:/opt/tools"}) == []
    assert found(check_programs, command="tool", service={"ExecSearchPath": "/opt/tools"})


@pytest.mark.parametrize("directive", ["RootDirectory", "BindPaths", "TemporaryFileSystem"])
def test_another_tree_is_not_judged(directive: str) -> None:
    fields = {"command": "/not/there", "working_directory": "/not/there", "service": {directive: "/srv/root"}}
    for checker in (check_programs, check_scripts, check_working_directory):
        assert found(checker, **fields) == []


@pytest.mark.parametrize(
    ("argv", "script"),
    [
        (["/usr/bin/python3", "/x.py"], "/x.py"),
        (["/usr/bin/python3.11", "-u", "-W", "error", "x.py", "-c"], "x.py"),
        (["python3", "-m", "http.server"], ""),
        (["python3", "-c", "print()"], ""),
        (["python3", "-uc", "print()"], ""),
        (["python3", "-"], ""),
        (["python3"], ""),
        (["python3", "--", "-x.py"], "-x.py"),
        (["python3", "--check-hash-based-pycs", "always", "x.py"], ""),
        (["/bin/sh", "-c", "x"], ""),
        (["/bin/sh", "-ec", "x"], ""),
        (["/bin/bash", "-e", "-o", "pipefail", "/x.sh"], "/x.sh"),
        (["/bin/bash", "+e", "/x.sh"], "/x.sh"),
        (["/usr/bin/perl", "-w", "-I", "/lib", "/x.pl"], "/x.pl"),
        (["/usr/bin/perl", "-we", "1"], ""),
        (["/usr/bin/node", "--inspect=1", "/x.js"], "/x.js"),
        (["/usr/bin/env", "A=1", "B=2", "python3", "/x.py"], "/x.py"),
        (["/usr/bin/env", "-i", "python3", "/x.py"], ""),
        (["/usr/bin/rsync", "/a", "/b"], ""),
        ([], ""),
    ],
)
def test_script_of(argv: list[str], script: str) -> None:
    assert script_of(argv) == script


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"#!/bin/sh -e\necho", ["/bin/sh", "-e"]),
        (b"#! /bin/sh", ["/bin/sh"]),
        (b"#!", [""]),
        (b"\x7fELF", None),
        (b"", None),
        (b" #!/bin/sh", None),
    ],
)
def test_interpreter_of(head: bytes, words: list[str] | None) -> None:
    assert interpreter_of(head) == words


def test_a_missing_script_is_named_with_its_neighbour() -> None:
    assert told(check_scripts, command="/usr/bin/python3 /opt/tools/raport.py") == [
        (
            'command "/opt/tools/raport.py": does not exist on this host; write "/opt/tools/report.py", or deploy '
            "it before "
            "the job, or correct the path [missing-script]"
        )
    ]


def test_a_relative_script_is_looked_for_in_the_working_directory() -> None:
    fields = {"command": ["/usr/bin/python3", "report.py"]}
    assert found(check_scripts, working_directory="/opt/tools", **fields) == []
    assert [one.value for one in found(check_scripts, **fields)] == ["/report.py"]


@pytest.mark.parametrize("command", ["/usr/bin/python3 ${WHERE}/x.py", "/usr/bin/python3 %h/x.py", "-/bin/sh /no.sh"])
def test_scripts_that_nobody_can_know(command: str) -> None:
    assert found(check_scripts, command=command) == []


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        (
            "/srv/daat",
            (
                'working_directory "/srv/daat": does not exist on this host; write "/srv/data", or make it before '
                "the job, "
                "or write a - before it [missing-directory]"
            ),
        ),
        (
            "/etc/app/env",
            (
                'working_directory "/etc/app/env": is not a directory; make it before the job, or write a - before it '
                "[missing-directory]"
            ),
        ),
    ],
)
def test_working_directories_that_are_none(directory: str, expected: str) -> None:
    assert told(check_working_directory, working_directory=directory) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"working_directory": "/srv/data"},
        {"working_directory": "-/not/there"},
        {"working_directory": "~", "user": "app"},
        {"working_directory": "/var/lib/app/work", "service": {"StateDirectory": "other app:alias"}},
        {"working_directory": "/run/app", "service": {"RuntimeDirectory": "app"}},
        {"service": {"WorkingDirectory": "%S/app"}},
    ],
)
def test_working_directories_that_may_stand(fields: dict[str, Any]) -> None:
    assert found(check_working_directory, **fields) == []


def test_a_home_that_is_missing_is_named() -> None:
    lines = told(check_working_directory, working_directory="~", user="root")
    assert lines[0].startswith('working_directory "~": is /root, which does not exist on this host; ')


def test_the_log_directory_of_the_apply_is_not_missing() -> None:
    job = job_view(working_directory="/srv/logs", output="append:/srv/logs/backup.log")
    assert check_working_directory(job, known(job.wanted, facts=HOST, log_directory="/srv/logs")) == []
    assert check_output(job, known(job.wanted, facts=HOST, log_directory="/srv/logs")) == []
    assert check_output(job, known(job.wanted, facts=HOST)) != []


def test_output_to_a_file_needs_its_directory() -> None:
    assert told(check_output, output="append:/srv/log/backup.log") == [
        (
            'output "append:/srv/log/backup.log": the directory /srv/log does not exist on this host; make it '
            "before the "
            "job, or set timer_log_directory [missing-directory]"
        )
    ]
    for output in ("journal", "append:/srv/data/backup.log", "file:%S/x/y"):
        assert found(check_output, output=output) == []


def test_environment_files() -> None:
    assert told(check_environment_files, environment_file="/etc/app/evn") == [
        (
            'environment_file "/etc/app/evn": does not exist on this host; write "/etc/app/env", or deploy it '
            "before the "
            "job, or write a - before it [missing-environment-file]"
        )
    ]
    service = {"EnvironmentFile": ["/etc/app/env", "-/not/there", "/etc/app/conf.d/*.conf", "%S/x"]}
    assert found(check_environment_files, service=service) == []
    escaped = {"EnvironmentFile": ["/etc/app/a\\\\b", "/etc/app/a\\*b"]}
    assert found(check_environment_files, service=escaped) == []
    # It would read another file, if that is there.
    assert told(check_environment_files, environment_file="/etc/app/a\\b") == [
        (
            'environment_file "/etc/app/a\\\\b": systemd looks for /etc/app/ab, which does not exist on this host: a '
            "backslash is an escape here; write two backslashes for one [missing-environment-file]"
        )
    ]
    missing = found(check_environment_files, service={"EnvironmentFile": "/etc/nothing/*.conf"})
    assert [one.code for one in missing] == ["missing-environment-file"]


# --- programs beside a job


def test_programs_beside_a_job_need_python() -> None:
    without = FakeFacts({"/bin/sh": PROGRAM})
    del without.paths["/usr/bin/python3"]
    for fields in ({"retries": 1}, {"concurrency": "forbid"}, {"skip_next": "x"}):
        job = job_view(command="/bin/sh", **fields)
        assert check_python(job, known(job.wanted, facts=HOST)) == []
        (one,) = check_python(job, known(job.wanted, facts=without))
        assert (one.code, one.value) == ("missing-command", "/usr/bin/python3")
    plain = job_view(command="/bin/sh")
    assert check_python(plain, known(plain.wanted, facts=without)) == []


def test_the_command_behind_the_attempts_is_proved() -> None:
    (one,) = found(check_programs, command="/not/there", retries=1)
    assert (one.code, one.field, one.value) == ("missing-command", "command", "/not/there")
    (one,) = found(check_scripts, command="/usr/bin/python3 /not/there.py", retries=1)
    assert (one.code, one.value) == ("missing-script", "/not/there.py")
