# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the corpus of broken jobs: one file for each kind of fault (README.md says what stands in it)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).resolve().parent
VERSIONS = (252, 257)
# What a job of a case gets when it has none of its own.
COMMAND = "/bin/true"
SCHEDULE = "daily"
TRIGGER_FIELDS = ("schedule", "every", "on_boot")
ANY_TEXT = "<...>"
_CODE_POINT = re.compile(r"\{U\+([0-9A-F]{4})\}")
_REPEATED = re.compile(r"\{(.) \* (\d+)\}")


class Case(NamedTuple):
    """A file of the corpus; `jobs` are complete. On a version that is not among `versions` they are good."""

    name: str
    about: str
    jobs: list[dict[str, Any]]
    says: list[str]
    prepare: str = ""
    restore: str = ""
    variables: Mapping[str, Any] = {}
    alone: bool = False
    versions: tuple[int, ...] = VERSIONS

    @property
    def job_names(self) -> set[str]:
        """The jobs by name, as findings have it."""
        return {str(job["name"]) for job in self.jobs if "name" in job}

    @property
    def codes(self) -> set[str]:
        """The codes of the lines."""
        return {code_of(line) for line in self.says}

    def says_on(self, version: int) -> list[str]:
        """The lines that a version of systemd brings about: none where the jobs are good."""
        return [line.replace("VERSION", str(version)) for line in self.says] if version in self.versions else []

    def differences(self, lines: Iterable[str], version: int) -> str:
        """What is not as the case says, like a diff; nothing when all is."""
        found, expected = list(lines), self.says_on(version)
        if len(found) == len(expected) and all(map(is_said, found, expected)):
            return ""
        return "\n".join(
            [f"tests/corpus/{self.name}.yml:", *(f"- {one}" for one in expected), *(f"+ {one}" for one in found)]
        )


def code_of(line: str) -> str:
    """Return the code in brackets at the end of a line."""
    return line.rpartition("[")[2].rstrip("]")


def is_said(line: str, expected: str) -> bool:
    """Tell whether a line is the expected one."""
    return re.fullmatch(".+".join(map(re.escape, expected.split(ANY_TEXT))), line) is not None


def expanded(value: Any) -> Any:
    """Return a value with `{x * 3}` written out as `xxx`, `{U+DCE9}` as that code, `{corpus}` as this folder."""
    if isinstance(value, str):
        value = value.replace("{corpus}", str(FOLDER))
        value = _CODE_POINT.sub(lambda found: chr(int(found.group(1), 16)), value)
        return _REPEATED.sub(lambda found: found.group(1) * int(found.group(2)), value)
    if isinstance(value, dict):
        return {expanded(key): expanded(item) for key, item in value.items()}
    return [expanded(item) for item in value] if isinstance(value, list) else value


def completed(job: dict[str, Any]) -> dict[str, Any]:
    """Return a job with a command and a schedule, so that it has only the faults that it is there for."""
    job = {"command": COMMAND, **job}
    return job if set(job).intersection(TRIGGER_FIELDS) else {"schedule": SCHEDULE, **job}


def read(path: Path) -> Case:
    """Read one file of the corpus."""
    given = expanded(yaml.safe_load(path.read_text("utf-8")))
    jobs = given.pop("jobs")
    jobs = jobs if given.pop("bare", False) else [completed(job) for job in jobs]
    return Case(path.stem, jobs=jobs, **{**given, "versions": tuple(given.pop("versions", VERSIONS))})


def load() -> list[Case]:
    """Return all cases."""
    return [read(path) for path in sorted(FOLDER.glob("*.yml"))]


def together(cases: Iterable[Case]) -> list[Case]:
    """Return the cases that can be in one run."""
    return [case for case in cases if not case.alone and not case.variables]


def apart(cases: Iterable[Case]) -> list[Case]:
    """Return the cases that need a run of their own."""
    return [case for case in cases if case.alone or case.variables]


def preparation(cases: Iterable[Case]) -> str:
    """Return a script of the shell that puts on a host what stands there before, each case in a shell of its own."""
    return "\n".join(["set -e", *(f"(\n{case.prepare}\n)" for case in cases if case.prepare)])


def restoration(cases: Iterable[Case]) -> str:
    """Return a script that takes away again what is there of it."""
    return "\n".join(["true", *(f"(\n{case.restore}\n)" for case in cases if case.restore), "true"])
