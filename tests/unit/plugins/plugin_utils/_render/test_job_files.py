# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a job has beside its pair: what they hold, where they lie, what an apply makes of them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.job_files import (
    interpreter_of,
    long_names,
    quoted_variables,
    read_sources,
    shared_units,
    with_files,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import complete, wanted

FOLDER = "/own/backup"
ABSENT = WantedJob("backup", "absent", "skip", "", "")


def script(text: str, **fields: Any) -> dict[str, Any]:
    return complete(command=None, script={"content": text, **fields})


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


# What a job becomes.


def test_a_script_is_run_by_its_interpreter() -> None:
    plain, files = with_files(script("#!/usr/bin/env python3\nprint(1)\n", args=["a b", 1]), "/own")
    assert plain["command"] == ["/usr/bin/env", "python3", f"{FOLDER}/script", "a b", "1"]
    assert files == [JobFile(f"{FOLDER}/script", "#!/usr/bin/env python3\nprint(1)\n", 0o755)]


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("echo", None, ["/bin/sh"]),
        ("#!/bin/bash\n", None, ["/bin/bash"]),
        ("#! /bin/bash -eu \n", None, ["/bin/bash", "-eu"]),
        ("#!/usr/bin/env -S python3 -I\n", None, ["/usr/bin/env", "-S python3 -I"]),
        ("#!\n", None, ["/bin/sh"]),
        ("#!/bin/bash\n", "/usr/bin/python3 -I", ["/usr/bin/python3", "-I"]),
    ],
)
def test_the_interpreter(text: str, given: str | None, expected: list[str]) -> None:
    assert interpreter_of(script(text, interpreter=given)["script"]) == expected


def test_secret_variables_go_to_a_file_of_root() -> None:
    job = complete(environment={"A": "1", "B": "2"}, secrets=["B", "C"], environment_file="/etc/x")
    plain, files = with_files(job, "/own")
    assert plain["environment"] == {"A": "1"}
    assert plain["environment_files"] == [f"{FOLDER}/secrets", "/etc/x"]
    assert files == [JobFile(f"{FOLDER}/secrets", 'B="2"\n', 0o600)]


def test_an_environment_file_with_content() -> None:
    plain, files = with_files(complete(environment_file={"content": "A=1\n"}), "/own")
    assert plain["environment_files"] == [f"{FOLDER}/environment"]
    assert files == [JobFile(f"{FOLDER}/environment", "A=1\n", 0o600)]


def test_credentials() -> None:
    given = {"a": {"content": "x"}, "b": {"encrypted": "y"}, "c": {"path": "/etc/c"}, "d": None}
    plain, files = with_files(complete(credentials=given), "/own")
    assert plain["loaded_credentials"] == [
        ("LoadCredential", f"a:{FOLDER}/credential-a"),
        ("LoadCredentialEncrypted", f"b:{FOLDER}/credential-b"),
        ("LoadCredential", "c:/etc/c"),
    ]
    assert files == [
        JobFile(f"{FOLDER}/credential-a", "x", 0o600),
        JobFile(f"{FOLDER}/credential-b", "y", 0o600),
    ]


def test_a_plain_job_has_no_files() -> None:
    assert with_files(complete(), "/own")[1] == []


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_shell_reads_a_quoted_value_to_the_letter(value: str) -> None:
    """systemd reads environment files as a shell does, expansions aside (systemd.exec(5))."""
    words = shlex.shlex(quoted_variables({"A": value}), posix=True)
    words.whitespace_split = True
    words.escapedquotes = '"'
    # Within double quotes a shell takes a backslash for one before these alone, and Python's parser before fewer.
    expected = value.replace("$", "\\$").replace("`", "\\`")
    words.commenters = ""
    assert list(words) == [f"A={expected}"]


def test_sources_are_read() -> None:
    jobs = [
        complete(command=None, script={"src": "a"}, environment_file={"src": "b"}, credentials={"c": {"src": "c"}}),
    ]
    assert read_sources(jobs, lambda name: f"text of {name}") == []
    plain, files = with_files(jobs[0], "/own")
    assert [one.text for one in files] == ["text of b", "text of c", "text of a"] or sorted(
        one.text for one in files
    ) == ["text of a", "text of b", "text of c"]
    assert plain["command"] == ["/bin/sh", f"{FOLDER}/script"]


def test_a_source_that_cannot_be_read_is_named() -> None:
    def read(name: str) -> str:
        if name == "gone":
            raise FileNotFoundError("Could not find gone\nsearched in: /x")
        return "a\0"

    jobs = [complete(command=None, script={"src": "gone"}, credentials={"token": {"src": "bad"}})]
    found = [(one.job, one.field, one.value, one.reason, one.code) for one in read_sources(jobs, read)]
    assert found == [
        ("backup", "script.src", "gone", "cannot be read: Could not find gone", "missing-source"),
        ("backup", "credentials.token.src", "bad", "contains a NUL character", "control-character"),
    ]


def test_a_further_unit_with_the_name_of_another_job() -> None:
    files = {"a": [JobFile("a-notify.service", "")], "a-notify": [], "b": [JobFile("/own/b/script", "")]}
    (one,) = shared_units(files)
    assert (one.job, one.code) == ("a-notify", "duplicate-name")


def test_names_with_all_that_is_added_to_them() -> None:
    name = "x" * 241
    assert long_names(name, [JobFile("/own/script", ""), JobFile(f"{name}.servic_", "")]) == []
    (one,) = long_names(name, [JobFile(f"{name}-replace.service", "")])
    assert (one.field, one.code, one.fix) == ("name", "invalid-name", "shorten it by 2")
    assert "NAME-replace.service has 257 bytes, and 255 is the most" in one.reason
    (other,) = long_names("a", [JobFile("/own/a/credential-" + "y" * 250, "")])
    assert (other.field, other.code) == ("credentials", "invalid-value")
    assert long_names("a", []) == []


# What an apply makes of them.


def deployed(host: FakeHost, **fields: Any) -> WantedJob:
    return wanted(str(host.own), **{"command": None, "script": {"content": "one\n"}, **fields})


def test_files_come_and_go_with_the_job(host: FakeHost) -> None:
    job = deployed(host, credentials={"token": {"content": "hunter2"}})
    result = host.converge(job).result
    folder = host.own / "backup"
    assert (folder / "script").read_text() == "one\n"
    assert (folder / "script").stat().st_mode & 0o777 == 0o755
    assert (folder / "credential-token").stat().st_mode & 0o777 == 0o600
    assert (host.own.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o755, 0o755)
    assert "hunter2" not in str(result)
    assert not host.converge(job).result["changed"]
    result = host.converge(ABSENT).result
    assert result["jobs"][0]["actions"] == ["remove", "disarm", "disable"]
    assert "hunter2" not in str(result)
    assert not host.own.exists()


def test_a_changed_script_needs_no_reload_and_no_timer(host: FakeHost) -> None:
    host.converge(deployed(host))
    result = host.converge(deployed(host, script={"content": "two\n"})).result
    assert host.verbs() == []
    assert result["jobs"][0]["actions"] == ["update script"]
    assert result["diff"] == [
        {
            "before_header": str(host.own / "backup" / "script"),
            "after_header": str(host.own / "backup" / "script"),
            "before": "one\n",
            "after": "two\n",
        }
    ]
    assert (host.own / "backup" / "script").read_text() == "two\n"


def test_what_is_declared_no_more_goes(host: FakeHost) -> None:
    host.converge(deployed(host, environment_file={"content": "A=1\n"}))
    result = host.converge(deployed(host)).result
    assert result["jobs"][0]["actions"] == ["update", "remove environment"]
    assert [path.name for path in (host.own / "backup").iterdir()] == ["script"]
    result = host.converge(wanted()).result
    assert result["jobs"][0]["actions"] == ["update", "remove script", "remove its directory"]
    assert not host.own.exists()
    assert not host.converge(wanted()).result["changed"]


def test_owner_and_mode_are_corrected(host: FakeHost) -> None:
    job = deployed(host, environment={"A": "b"}, secrets=["A"])
    host.converge(job)
    (host.own / "backup" / "secrets").chmod(0o644)
    result = host.converge(job).result
    assert result["jobs"][0]["actions"] == ["correct owner and mode"]
    assert host.verbs() == []
    assert (host.own / "backup" / "secrets").stat().st_mode & 0o777 == 0o600


def test_what_somebody_keeps_in_the_folder_of_a_job_stays(host: FakeHost) -> None:
    """A directory is none of ours."""
    host.converge(deployed(host))
    (host.own / "backup" / "data").mkdir()
    host.converge(ABSENT)
    assert [path.name for path in (host.own / "backup").iterdir()] == ["data"]
