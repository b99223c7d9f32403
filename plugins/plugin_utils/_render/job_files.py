# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a job has beside its pair: script, environment, secret variables, credentials.

They lie in the job's own folder, which only root can write. What holds secrets only root can read; systemd reads it
for the job.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.files import check_file_text
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue

# In bytes; that of a unit, too (systemd.unit(5)).
LONGEST_FILE_NAME = 255
SCRIPT_MODE = 0o755
SECRET_MODE = 0o600
DEFAULT_INTERPRETER = ["/bin/sh"]

# What a backslash has to stand before, between double quotes.
_SPECIAL = re.compile(r'[\\"$`]')

# Returns the text of a file on the controller; raises OSError, UnicodeError, or an error of Ansible.
Reader = Callable[[str], str]


def file_fields(job: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the dictionary of each part of a job that can have its text from a file."""
    if job["script"]:
        yield "script", job["script"]
    if isinstance(job["environment_file"], dict):
        yield "environment_file", job["environment_file"]
    for name, given in (job["credentials"] or {}).items():
        yield f"credentials.{name}", given


def read_sources(jobs: Iterable[Mapping[str, Any]], read: Reader) -> list[Finding]:
    """Put the text of each `src` in the place of its `content`; return what could not be read."""
    findings = []
    for job in jobs:
        for field, given in file_fields(job):
            if given.get("src") is None or job["state"] == "absent":
                continue
            try:
                given["content"] = check_file_text(read(given["src"]))
            except BadValue as error:
                finding = Finding(job["name"], f"{field}.src", given["src"], error.reason, error.fix, error.code)
                findings.append(finding)
            except Exception as error:  # noqa: BLE001  Ansible has errors of several kinds
                fix = "put it into `files/` beside the playbook or the inventory, or write its whole path"
                reason = f"cannot be read: {str(error).splitlines()[0]}"
                findings.append(Finding(job["name"], f"{field}.src", given["src"], reason, fix, "missing-source"))
    return findings


def interpreter_of(script: Mapping[str, Any]) -> list[str]:
    """Return what runs a script: what is given, else its first line as the kernel reads it (execve(2))."""
    if script["interpreter"]:
        return list(script["interpreter"])
    first = str(script.get("content") or "").split("\n", 1)[0]
    if not first.startswith("#!"):
        return DEFAULT_INTERPRETER
    return first[2:].strip().split(None, 1) or DEFAULT_INTERPRETER


def quoted_variables(variables: Mapping[str, str]) -> str:
    """Return the lines of an environment file; each value is read back byte for byte (systemd.exec(5))."""
    quoted = {name: _SPECIAL.sub(r"\\\g<0>", value) for name, value in variables.items()}
    return "".join(f'{name}="{value}"\n' for name, value in quoted.items())


class JobFolder:
    """The folder of one job: collects its files, and says where they will be."""

    def __init__(self, job: Mapping[str, Any], files_directory: str) -> None:
        self.job = job
        self.folder = os.path.join(files_directory, job["name"])
        self.files: list[JobFile] = []

    def add(self, name: str, text: str, mode: int) -> str:
        """Add a file and return its path."""
        path = os.path.join(self.folder, name)
        self.files.append(JobFile(path, text, mode))
        return path

    def script(self) -> list[str] | None:
        """Return the command that runs the script."""
        script = self.job["script"]
        if not script:
            return None
        path = self.add("script", script.get("content") or "", SCRIPT_MODE)
        return [*interpreter_of(script), path, *script["args"]]

    def environment_files(self) -> list[str]:
        """Return the paths of all environment files; what the user gives comes last and wins."""
        paths = []
        secrets = {name: value for name, value in self.job["environment"].items() if name in self.job["secrets"]}
        if secrets:
            paths.append(self.add("secrets", quoted_variables(secrets), SECRET_MODE))
        given = self.job["environment_file"]
        if isinstance(given, Mapping):
            paths.append(self.add("environment", given.get("content") or "", SECRET_MODE))
        elif given:
            paths.append(given)
        return paths

    def credentials(self) -> list[tuple[str, str]]:
        """Return directive and value for each credential."""
        found = []
        for name, given in (self.job["credentials"] or {}).items():
            if given.get("path"):
                found.append(("LoadCredential", f"{name}:{given['path']}"))
            elif given.get("encrypted") is not None:
                path = self.add(f"credential-{name}", given["encrypted"], SECRET_MODE)
                found.append(("LoadCredentialEncrypted", f"{name}:{path}"))
            else:
                path = self.add(f"credential-{name}", given.get("content") or "", SECRET_MODE)
                found.append(("LoadCredential", f"{name}:{path}"))
        return found


def with_files(job: Mapping[str, Any], files_directory: str) -> tuple[dict[str, Any], list[JobFile]]:
    """Return a job as the templates take it, every path known, and its files."""
    folder = JobFolder(job, files_directory)
    environment_files = folder.environment_files()
    plain = {
        **job,
        "command": folder.script() or job["command"],
        "environment": {name: value for name, value in job["environment"].items() if name not in job["secrets"]},
        "environment_files": environment_files,
        "loaded_credentials": folder.credentials(),
    }
    return plain, folder.files


def long_names(job: str, files: Iterable[JobFile]) -> list[Finding]:
    """Refuse a job whose further units or files would have names that no file system takes, and no systemd."""
    longest = max((os.path.basename(one.name) for one in files), key=lambda name: len(name.encode()), default="")
    more = len(longest.encode()) - LONGEST_FILE_NAME
    if more <= 0:
        return []
    if longest.startswith(job):
        what = longest.replace(job, "NAME", 1)
        reason = f"is too long for what stands beside the pair: {what} has {more + LONGEST_FILE_NAME} bytes, and "
        reason += f"{LONGEST_FILE_NAME} is the most"
        return [Finding(job, "name", job, reason, f"shorten it by {more}", "invalid-name")]
    reason = f"has {more + LONGEST_FILE_NAME} bytes, and {LONGEST_FILE_NAME} is the most for the name of a file"
    return [Finding(job, "credentials", longest, reason, f"shorten it by {more}", "invalid-value")]


def shared_units(files: Mapping[str, Iterable[JobFile]]) -> list[Finding]:
    """Refuse a further unit of a job that has the name of another job's unit."""
    pairs = {f"{name}{suffix}": name for name in files for suffix in (".service", ".timer")}
    return [
        Finding(
            pairs[one.name],
            "name",
            pairs[one.name],
            f"is the name of a unit of the job {job}",
            "choose another name",
            "duplicate-name",
        )
        for job, found in files.items()
        for one in found
        if one.name in pairs
    ]
