# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of what a job needs on the host: programs, scripts, directories, files (systemd.exec(5))."""

from __future__ import annotations

import glob
import os
import re
from typing import NamedTuple, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import PYTHON
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob, field_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import (
    PREFIXES,
    commands_of,
    has_specifier,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.script import (
    interpreter_of,
    is_shell_word,
    script_of,
)

COMMAND_KEYS = (
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecReload",
    "ExecStop",
    "ExecStopPost",
)
# Where systemd looks for a program without a slash (systemd.service(5), Command lines).
SEARCH_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
# With one of these the job sees another tree than the proof does.
TREE_DIRECTIVES = (
    "RootDirectory",
    "RootImage",
    "BindPaths",
    "BindReadOnlyPaths",
    "TemporaryFileSystem",
    "MountImages",
    "ExtensionImages",
    "ExtensionDirectories",
)
# Made by systemd before the job starts.
OWN_DIRECTORIES = (
    ("RuntimeDirectory", "/run"),
    ("StateDirectory", "/var/lib"),
    ("CacheDirectory", "/var/cache"),
    ("LogsDirectory", "/var/log"),
    ("ConfigurationDirectory", "/etc"),
)
# Larger ones are no environment files.
MOST_BYTES = 1024 * 1024
FIX_COMMAND = "install it before the job, or correct the path"
_OUTPUT_FILE = re.compile(r"^(?:file|append|truncate):(/.*)$")
# A path of EnvironmentFile= is a pattern: wildcards, and a backslash before what is to be none.
_WILDCARD = re.compile(r"(?<!\\)(?:\\\\)*[*?\[]")
_ESCAPE = re.compile(r"\\(.)")


class Program(NamedTuple):
    """A command of the service with what it leads to on the host.

    path: the program, absolute. script: what an interpreter is to run, absolute. Each is empty when there is none,
    or nobody can tell. missing_ok: the prefix `-`. as_root: the prefixes that keep the privileges of PID 1.
    """

    key: str
    value: str
    name: str
    path: str
    script: str
    missing_ok: bool
    as_root: bool

    @property
    def field(self) -> str:
        """Return the field that holds the command."""
        return field_of("Service", self.key)


def sees_this_tree(job: ProofJob) -> bool:
    """Tell whether the paths that the job sees are those of the host."""
    return not any(job.service.values("Service", key) for key in TREE_DIRECTIVES)


def own_directory(path: str, job: ProofJob, known: Context) -> bool:
    """Tell whether a directory is made before the job starts: by systemd, or by this apply."""
    made = [
        os.path.join(base, name.partition(":")[0])
        for key, base in OWN_DIRECTORIES
        for value in job.service.values("Service", key)
        for name in value.split()
    ]
    if known.request.log_directory:
        made.append(known.request.log_directory)
    return any(path == one or path.startswith(f"{one}/") for one in made)


def find_program(name: str, job: ProofJob, known: Context) -> str:
    """Return the absolute path of a program, or an empty text."""
    if "/" in name:
        return name if name.startswith("/") else ""
    paths = [os.path.join(folder, name) for folder in search_path(job)]
    return next((path for path in paths if known.facts.path(path).kind == "file"), "")


def search_path(job: ProofJob) -> Sequence[str]:
    """Return where systemd looks for a program without a slash (systemd.exec(5), ExecSearchPath=)."""
    own = [path for value in job.service.values("Service", "ExecSearchPath") for path in value.split(":")]
    return own or SEARCH_PATH


def working_directory(job: ProofJob, known: Context) -> str:
    """Return the directory that the commands start in, without the `-` that lets it be missing."""
    value = job.service.last("Service", "WorkingDirectory", "/").lstrip("-")
    if value == "~":
        account = known.facts.user(job.service.last("Service", "User", known.facts.own_user))
        return account.home if account else ""
    return value.replace("%%", "%") if not has_specifier(value) else ""


def programs(job: ProofJob, known: Context) -> list[Program]:
    """Return the commands of a service whose program can be known; verify speaks of the others."""
    found = []
    for key in COMMAND_KEYS:
        for value in job.service.values("Service", key):
            for command in commands_of(value):
                if not command.path or has_specifier(command.path):
                    continue
                path = find_program(command.path, job, known)
                script = script_of([path or command.path, *command.argv[1:]])
                if "$" in script or has_specifier(script):
                    script = ""
                elif script:
                    script = os.path.join(working_directory(job, known), script.replace("%%", "%"))
                found.append(
                    Program(
                        key,
                        value,
                        command.path,
                        path,
                        script if script.startswith("/") else "",
                        "-" in command.prefix,
                        any(one in command.prefix for one in "+!"),
                    )
                )
    return found


def neighbour(path: str, known: Context) -> str:
    """Return the name beside a missing one that was probably meant, as a whole path, or an empty text."""
    folder, name = os.path.split(path)
    meant = slip(name, known.facts.listing(folder))
    return os.path.join(folder, meant) if meant and meant != name else ""


def fix_missing(path: str, known: Context, otherwise: str) -> str:
    """Return the fix for a missing path: the name that was probably meant, or the general one."""
    meant = neighbour(path, known)
    return f'write "{meant}", or {otherwise}' if meant else otherwise


def check_programs(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse programs that are not there, or that the kernel cannot execute."""
    if not sees_this_tree(job):
        return []
    findings = []
    for program in programs(job, known):
        relative = "/" in program.name and not program.path
        if program.missing_ok or relative or is_shell_word(program.name):
            continue
        code, reason, fix = program_fault(program, job, known)
        if code:
            findings.append(job.finding(code, program.field, program.name, reason, fix))
    return findings


def not_found(program: Program, job: ProofJob, known: Context) -> tuple[str, str]:
    """Return reason and fix for a program without a slash that is nowhere."""
    folders = search_path(job)
    reason = f"is in none of the directories that systemd searches: {', '.join(folders)}"
    line = program.value.lstrip(PREFIXES)
    rest = line[len(program.name) :].strip()
    if line.startswith(f"{program.name} ") and rest.startswith("/") and known.facts.user(program.name):
        # The column of a system crontab that names the user.
        return reason, f"set `user: {program.name}`, and write {rest}"
    similar = slip(program.name, {name for folder in folders for name in known.facts.listing(folder)})
    fix = "install its package before the job, or write its whole path"
    return reason, f'write "{similar}", or {fix}' if similar else fix


def program_fault(program: Program, job: ProofJob, known: Context) -> tuple[str, str, str]:
    """Return code, reason and fix; empty texts when there is no fault."""
    if not program.path:
        return ("missing-command", *not_found(program, job, known))
    found = known.facts.path(program.path)
    if found.kind == "absent":
        fix = fix_missing(program.path, known, FIX_COMMAND)
        return "missing-command", "does not exist on this host", fix
    if found.kind == "directory":
        return "not-executable", "is a directory", "write the path of a program in it"
    if found.kind != "file" or not found.executable:
        return "not-executable", "has no execute permission", f"chmod 0755 {program.path}"
    return interpreter_fault(program.path, known)


def interpreter_fault(path: str, known: Context) -> tuple[str, str, str]:
    """Return what is wrong with the first line of a script, in the same way (execve(2), Interpreter scripts)."""
    head = known.facts.head(path)
    words = interpreter_of(head)
    if words is None:
        # A NUL byte: no text, but a program of a kind that the kernel may know.
        if b"\x00" in head or not known.facts.can_read(path):
            return "", "", ""
        return "bad-interpreter", "is neither a program nor a script that begins with #!", "begin it with #!/bin/sh"
    if words[-1].endswith("\r"):
        return (
            "bad-interpreter",
            "has the line ends of DOS, so the kernel looks for an interpreter whose name ends in a carriage return",
            f"sed -i 's/\\r$//' {path}",
        )
    interpreter = words[0]
    looked_for = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if known.facts.path(interpreter).kind != "file":
        fix = fix_missing(interpreter, known, "install it, or correct the first line")
        return (
            "bad-interpreter",
            f"names the interpreter {interpreter or '(none)'}, which does not exist on this host",
            fix,
        )
    if interpreter.endswith("/env") and looked_for:
        places = [os.path.join(folder, looked_for[0]) for folder in SEARCH_PATH]
        if not any(known.facts.path(place).kind == "file" for place in places):
            fix = "install it, or correct the first line"
            return "bad-interpreter", f"is to be run by {looked_for[0]}, which does not exist on this host", fix
    return "", "", ""


def check_python(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse programs of this collection beside a job where nothing can run them: each run would fail."""
    needed = any(one.is_program for one in job.wanted.files)
    if not needed or known.facts.path(PYTHON).kind != "absent":
        return []
    reason = "does not exist on this host, and the programs beside the job need it"
    return [job.finding("missing-command", "command", PYTHON, reason, "install python3")]


def check_scripts(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse `python3 SCRIPT` and its like where the script is not there."""
    findings = []
    for program in programs(job, known) if sees_this_tree(job) else []:
        if not program.script or program.missing_ok or own_directory(program.script, job, known):
            continue
        kind = known.facts.path(program.script).kind
        if kind == "absent":
            reason, otherwise = "does not exist on this host", "deploy it before the job, or correct the path"
            fix = fix_missing(program.script, known, otherwise)
            findings.append(job.finding("missing-script", program.field, program.script, reason, fix))
    return findings


def check_working_directory(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse a working directory that is not there (systemd.exec(5), WorkingDirectory=)."""
    given = job.service.last("Service", "WorkingDirectory")
    path = working_directory(job, known)
    if not given or given.startswith("-") or not path.startswith("/") or own_directory(path, job, known):
        return []
    kind = known.facts.path(path).kind if sees_this_tree(job) else "directory"
    if kind == "directory":
        return []
    reason = "does not exist on this host" if kind == "absent" else "is not a directory"
    if given == "~":
        reason = f"is {path}, which {reason}"
    fix = "make it before the job, or write a - before it"
    fix = fix_missing(path, known, fix) if kind == "absent" else fix
    return [job.finding("missing-directory", "working_directory", given, reason, fix)]


def check_output(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse output to a file in a directory that is not there (systemd.exec(5), StandardOutput=)."""
    findings = []
    for key in ("StandardOutput", "StandardError"):
        value = job.service.last("Service", key)
        match = _OUTPUT_FILE.match(value)
        if not match or has_specifier(value) or not sees_this_tree(job):
            continue
        folder = os.path.dirname(match.group(1).replace("%%", "%"))
        if own_directory(folder, job, known) or known.facts.path(folder).kind == "directory":
            continue
        reason = f"the directory {folder} does not exist on this host"
        fix = "make it before the job, or set timer_log_directory"
        findings.append(job.finding("missing-directory", field_of("Service", key), value, reason, fix))
    return findings[:1]


def check_credentials(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse credentials that are not there (systemd.exec(5), LoadCredential=); the run would fail with status 243."""
    findings = []
    for key in ("LoadCredential", "LoadCredentialEncrypted"):
        for value in job.service.values("Service", key):
            name, _colon, path = value.partition(":")
            # Without a path systemd searches for it, and one that the host was booted with is none of its files.
            if not path.startswith("/") or has_specifier(path) or known.facts.path(path).kind != "absent":
                continue
            fix = fix_missing(path, known, "deploy it before the job, or give the credential its `content`")
            reason = f"{name}: {path} does not exist on this host"
            findings.append(job.finding("missing-credential", "credentials", None, reason, fix))
    return findings


def environment_files(job: ProofJob, known: Context) -> list[str]:
    """Return the files that systemd reads variables from, there or not. Of a pattern: what it matches, and where more
    may come to match.
    """
    found = []
    for value in job.service.values("Service", "EnvironmentFile"):
        pattern = value.lstrip("-").replace("%%", "%")
        if has_specifier(value.lstrip("-")):
            continue
        wildcard = _WILDCARD.search(pattern)
        if wildcard:
            folder = _ESCAPE.sub(r"\1", os.path.dirname(pattern[: wildcard.end()]))
            found += [*known.facts.matches(shell_pattern(pattern)), os.path.join(folder, "*")]
        else:
            found.append(_ESCAPE.sub(r"\1", pattern))
    return found


def present_environment_files(job: ProofJob, known: Context) -> list[str]:
    """Return those of the environment files that are there."""
    return [path for path in environment_files(job, known) if known.facts.path(path).kind == "file"]


def is_pattern(value: str) -> bool:
    """Tell whether a value of EnvironmentFile= is to match several files."""
    return bool(_WILDCARD.search(value))


def shell_pattern(pattern: str) -> str:
    """Return a pattern of systemd as Python's glob takes it: an escaped letter stands for itself."""
    return _ESCAPE.sub(lambda found: glob.escape(found.group(1)), pattern)


def check_environment_files(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse environment files that are not there (systemd.exec(5), EnvironmentFile=)."""
    findings = []
    for value in job.service.values("Service", "EnvironmentFile"):
        if value.startswith("-") or has_specifier(value):
            continue
        pattern = value.replace("%%", "%")
        path = _ESCAPE.sub(r"\1", pattern)
        if _WILDCARD.search(pattern):
            there = bool(known.facts.matches(shell_pattern(pattern)))
        else:
            there = known.facts.path(path).kind == "file"
        if not there:
            fix = fix_missing(path, known, "deploy it before the job, or write a - before it")
            reason = "does not exist on this host"
            if path != pattern and known.facts.path(pattern).kind == "file":
                reason = f"systemd looks for {path}, which {reason}: a backslash is an escape here"
                fix = "write two backslashes for one"
            findings.append(job.finding("missing-environment-file", "environment_file", value, reason, fix))
    return findings
