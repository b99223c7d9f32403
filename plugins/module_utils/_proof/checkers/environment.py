# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of the environment of a job: what looks like a shell's, and is none (systemd.exec(5), Environment)."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import WARNING
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.commands import listed, write
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    MOST_BYTES,
    SEARCH_PATH,
    present_environment_files,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.shell import home_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.variables import variables_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import words_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.environment_file import (
    NAME,
    Variable,
    parse_environment_file,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import marked_secrets

# In a job's own folder.
SECRETS_FILE = "secrets"
# Variables that people extend in a shell; of anything else a dollar may well be a part.
_EXTENDED = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_SUBSTITUTION = re.compile(r"\$\([a-z/][^()]*\)")
_SHOWN = re.compile(r"(?:^|_)(?:PATH|HOME|DIR|DIRECTORY)$|PATH$")
_EXPORT = re.compile(r"(?:export|declare -x|set)\s+")


class Given(NamedTuple):
    """A variable, its field, its file (empty: Environment=), and whether it comes with the job."""

    field: str
    path: str
    variable: Variable
    is_own: bool


def given_variables(job: ProofJob, known: Context) -> list[Given]:
    """Return what Environment= and the files of EnvironmentFile= hold, as far as they can be read."""
    found = []
    words = [word.text for value in job.service.values("Service", "Environment") for word in words_of(value)]
    for name, equals, value in (word.partition("=") for word in words):
        found += [Given("environment", "", Variable(0, name, value), is_own=True)] if equals else []
    for path in present_environment_files(job, known):
        is_own = path in known.facts.expected
        # Written by this collection, of the variables that `secrets` names.
        hidden = path == os.path.join(known.request.folder_of(job.name), SECRETS_FILE)
        field, place = ("environment", "") if hidden else ("environment_file", path)
        for variable in parse_environment_file(known.facts.text(path, MOST_BYTES)):
            found.append(Given(field, place, variable, is_own))
    return found


def check_environment(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse variables that a shell would have made of it: `$NAME` in a value, `export` in a file."""
    findings = []
    given = given_variables(job, known)
    names = {*variables_of(job, "ExecStart", ("HOME", "LOGNAME", "SHELL"))}
    names.update(one.variable.name for one in given if one.variable.is_valid)
    for one in given:
        found = left_out(job, one) or unexpanded(job, one, names, known)
        if found:
            # What others have put on the host may serve a shell, too.
            findings.append(found if one.is_own else found._replace(kind=WARNING))
    return findings


def left_out(job: ProofJob, given: Given) -> Finding | None:
    """Return the finding about a line of a file that systemd leaves out; a value is never shown."""
    variable = given.variable
    if not given.path or variable.is_valid:
        return None
    where = f"line {variable.line} of {given.path}"
    name = _EXPORT.sub("", variable.name)
    if name != variable.name and NAME.fullmatch(name.partition("=")[0]):
        said = variable.name.split()[0]
        reason = f"{where}: systemd leaves it out, for no shell reads the file, and `{said}` is not part of a name"
        return job.finding("invalid-environment-file", given.field, None, reason, f"write {name}=... without `{said}`")
    if variable.value is None:
        reason = f"{where} is not an assignment, and systemd leaves it out"
    else:
        reason = f"{where} has no name of a variable before the `=`, and systemd leaves it out"
    fix = "write NAME=value, a name of letters, digits and _"
    return job.finding("invalid-environment-file", given.field, None, reason, fix)


def unexpanded(job: ProofJob, given: Given, names: set[str], known: Context) -> Finding | None:
    """Return the finding about a value in which nothing is replaced; only the names of variables are shown."""
    value = given.variable.value or ""
    used = [found.group() for found in _EXTENDED.finditer(value) if (found.group(1) or found.group(2)) in names]
    used += ["$(...)"] if _SUBSTITUTION.search(value) else []
    if not used:
        return None
    where = f"line {given.variable.line} of {given.path}: " if given.path else ""
    reason = f"{where}{given.variable.name} holds {listed(used)}, and systemd replaces nothing in a value"
    fix = fix_value(job, given.variable, known)
    return job.finding("unexpanded-variable", given.field, None, reason, fix)


def fix_value(job: ProofJob, variable: Variable, known: Context) -> str:
    """Return what to write instead; the value is shown only of a variable that holds paths."""
    general = "write what is meant to stand there, or set it in a script"
    if not _SHOWN.search(variable.name) or variable.name in marked_secrets(job.service):
        return general
    meant = {"PATH": ":".join(SEARCH_PATH), "HOME": home_of(job, known)}

    def replace(found: re.Match[str]) -> str:
        return meant.get(found.group(1) or found.group(2), "") or found.group()

    whole = _EXTENDED.sub(replace, variable.value or "")
    return general if "$" in whole else write(f"{variable.name}: {whole}", general)
