# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of what systemd opens as root for a job, whoever its user is: output, input, credentials, variables.

It follows links. Who can put one there lets root write where that user cannot, or reads what only root may.
"""

from __future__ import annotations

import os
import re
from typing import Iterator, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import LOADER_VARIABLES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.access import (
    account_of,
    is_dynamic,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    MOST_BYTES,
    OWN_DIRECTORIES,
    environment_files,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob, field_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.writable import first_replaceable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import has_specifier, words_of

STREAMS = ("StandardInput", "StandardOutput", "StandardError")
CREDENTIALS = ("LoadCredential", "LoadCredentialEncrypted")
FIX_OUTPUT = "log to a directory that only root can change"
FIX_INPUT = "move it to a directory that only root can change"
FIX_CREDENTIAL = "give the credential its `content` or `src`, or move the file to a directory that only root can change"
FIX_VARIABLES = "deploy it with the job (`environment_file: {src: FILE}`), or move it to a directory of root's"
_STREAM_FILE = re.compile(r"(?:file|append|truncate):(/.*)")
_ASSIGNED = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)


class Opened(NamedTuple):
    """A path that systemd opens: the field that it comes from, its value, what to do."""

    path: str
    field: str
    value: str
    fix: str


def opened_by_systemd(job: ProofJob, known: Context) -> Iterator[Opened]:
    """Yield all paths that systemd opens as root before the job's user comes into it."""
    for key in STREAMS:
        value = job.service.last("Service", key)
        match = _STREAM_FILE.fullmatch(value)
        if match and not has_specifier(value):
            fix = FIX_INPUT if key == "StandardInput" else FIX_OUTPUT
            yield Opened(match.group(1).replace("%%", "%"), field_of("Service", key), value, fix)
    for key in CREDENTIALS:
        for value in job.service.values("Service", key):
            path = value.partition(":")[2]
            if path.startswith("/") and not has_specifier(path):
                yield Opened(path.replace("%%", "%"), "credentials", path, FIX_CREDENTIAL)
    for path in environment_files(job, known):
        yield Opened(path, "environment_file", path, FIX_VARIABLES)


def check_opened(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse what systemd opens as root where somebody else can put a link in its place."""
    # The manager of an account opens what that account can open.
    if known.facts.uid != 0:
        return []
    findings: list[Finding] = []
    own = {one.name for one in job.wanted.files}
    for one in dict.fromkeys(opened_by_systemd(job, known)):
        if one.path in own:
            continue
        culprit = owner_to_be(one.path, job, known) or first_replaceable(one.path, known.facts)
        if culprit:
            place, who = culprit
            reason = f"systemd opens it as root, and {who} can put a link to another file there: {place}"
            found = job.finding("writable-by-others", one.field, one.value, reason, one.fix)
            if found not in findings:
                findings.append(found)
    return findings


def owner_to_be(path: str, job: ProofJob, known: Context) -> tuple[str, str] | None:
    """Return the directory that systemd gives to the job's user before the job starts, when a path is in it, and who.

    systemd.exec(5), LogsDirectory= and its like.
    """
    account = account_of(job, known)
    if account is None and not is_dynamic(job):
        return None
    for key, base in OWN_DIRECTORIES:
        # Of /etc they stay root's.
        for value in job.service.values("Service", key) if key != "ConfigurationDirectory" else ():
            for name in value.split():
                place = os.path.join(base, name.partition(":")[0])
                if path.startswith(f"{place}/"):
                    return place, f"the user {account.name}" if account else "the user of the job"
    return None


def check_loader_variables(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse variables that never reach the job: UnsetEnvironment= takes them away (systemd.exec(5))."""
    unset = {name for value in job.service.values("Service", "UnsetEnvironment") for name in value.split()}
    unset.intersection_update(LOADER_VARIABLES)
    if not unset:
        return []
    given = [("environment", _names("\n".join(_words(job))))]
    given += [
        ("environment_file", _names(known.facts.text(path, MOST_BYTES))) for path in environment_files(job, known)
    ]
    reason = "does not reach the job: a program of root beside it must not get it"
    return [
        job.finding("loader-variable", field, name, reason, f"set it in the command: [/usr/bin/env, {name}=..., ...]")
        for field, names in given
        for name in sorted(unset.intersection(names))
    ]


def _words(job: ProofJob) -> Iterator[str]:
    """Yield the assignments of Environment=."""
    for value in job.service.values("Service", "Environment"):
        yield from (word.text for word in words_of(value))


def _names(text: str) -> set[str]:
    return set(_ASSIGNED.findall(text))
