# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of what only a shell understands: no shell runs a command (systemd.service(5), Command lines)."""

from __future__ import annotations

import json
import re
import shlex
from typing import Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import LONGEST_VALUE, Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.commands import (
    SHELL_OPTION,
    SHELLS,
    Text,
    basename,
    is_code,
    listed,
    names_in,
    texts,
    write,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import Command
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.script import ASSIGNMENT, is_shell_word
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import is_true

ONLY_BASH = ("source", "[[", "shopt", "declare", "pushd", "popd", "<<<", "&>")
_OPERATORS = ("|", "||", "|&", "&&", "&")
# Not `>=1.2`, and not `<name>`.
_REDIRECTION = re.compile(r"(?!<[^<>]+>$)(?:[0-9]*|&)(?:>>?\|?|<<?<?)(?!=)[^=]*$")
_GLUED_REDIRECTION = re.compile(r"[\w./]+(?:>>?|<)(?:/|&[0-9]$)")
_SUBSTITUTION = re.compile(r"(?<!\$)\$\(")
# Wildcards and `~` are errors where a program takes names of files, and nothing else.
TAKES_FILES = names_in(
    "rm rmdir mkdir ls ln cp mv cat chmod chown chgrp touch stat head tail gzip gunzip bzip2 xz zcat zstd du wc shred "
    "truncate md5sum sha1sum sha256sum sha512sum"
)
_FILES = re.compile(r"(?:\.{0,2}/|[\w.-]+/).*[*?\[]|\*")
# Only bash and its like have braces.
_BRACES = re.compile(r"(?<!\$)\{[^{}\s]*(?:,|\.\.)[^{}\s]*\}")
_BLANK = re.compile(r"\s")
_HOME = re.compile(r"~(?=/|$)")
_HOME_VARIABLE = re.compile(r"\$\{HOME\}|\$HOME\b")
# What a shell takes as it is, or expands in names of files.
_PLAIN_OR_PATTERN = re.compile(r"([\w@%+=:,./*?{}\[\]-]+)")


def no_file(_path: str) -> bool:
    """Tell that no file has the name of a pattern."""
    return False


def only_shell(command: Command, is_file: Callable[[str], bool] = no_file) -> list[str]:
    """Return what of a command only a shell would understand, as it is to be shown.

    In quotes nothing is meant for a shell, but for names of files: a list is written to the unit file in quotes, and
    whoever writes a pattern there means the files. `is_file` tells whether one really has that name.
    """
    program = "" if "@" in command.prefix else command.argv[0]
    found = []
    last = len(command.argv) - 1
    # A whole path in quotes is one, whatever it ends in.
    if is_shell_word(program) and not (command.quoted[0] and program.startswith("/")):
        found.append(";" if last and program.endswith(";") else program)
    for number in range(1, len(command.argv)):
        word = command.argv[number]
        # `sh -c date>/srv/x`: a whole script in one word.
        script = SHELL_OPTION.match(command.argv[number - 1]) and is_code(command, number)
        if script:
            continue
        files = "" if is_code(command, number) else _files(word, basename(program), is_file)
        found.append((not command.quoted[number] and _only_shell(word, number == last)) or files)
    return [one for one in found if one]


def _only_shell(word: str, last: bool) -> str:
    """Return the word, or the part of it, that only a shell would understand; an empty text when there is none."""
    if _SUBSTITUTION.search(word):
        return "$(...)"
    if "`" in word:
        return "`...`"
    if word in _OPERATORS or _REDIRECTION.match(word) or _GLUED_REDIRECTION.match(word):
        return word
    plain = "=" not in word and "?" not in word and not word.startswith("-")
    if plain and (word.startswith(("|", "&&")) or word.endswith(("|", "&&")) or (last and word.endswith("&"))):
        return word
    return ";" if word.endswith(";") and not last else ""


def _files(word: str, program: str, is_file: Callable[[str], bool]) -> str:
    """Return a word that names a home directory, or that a program of files would take literally."""
    if word.startswith("~/") or (word == "~" and program in TAKES_FILES):
        return word
    pattern = _FILES.match(word) or _BRACES.search(word)
    return word if program in TAKES_FILES and not word.startswith("-") and pattern and not is_file(word) else ""


def home_of(job: ProofJob, known: Context) -> str:
    """Return the home directory of the job's user, or an empty text when nobody can tell."""
    user = job.service.last("Service", "User", known.facts.own_user)
    account = (
        known.facts.user(user) if "%" not in user and not is_true(job.service.last("Service", "DynamicUser")) else None
    )
    return account.home if account else ""


def check_shell_syntax(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse pipes, redirections and the like: no shell runs the command (systemd.service(5), Command lines)."""

    def is_file(path: str) -> bool:
        return path.startswith("/") and known.facts.path(path).kind != "absent"

    findings = []
    for text in texts(job):
        found = [one for command in text.commands for one in only_shell(command, is_file)]
        if found:
            reason = f"no shell runs it, and only a shell understands {listed(found)}"
            has_home = bool(job.service.last("Service", "User")) or not known.request.scope.is_system
            fix = _fix_shell(text, found, home_of(job, known), has_home=has_home)
            findings.append(job.finding("shell-syntax", text.field, text.value, reason, fix))
    return findings


def _fix_shell(text: Text, found: list[str], home: str, *, has_home: bool) -> str:
    """Return the fix: the same command with a shell, if that is short; or without what needs none.

    `has_home`: the environment holds HOME, so a shell knows what `~` is.
    """
    command = text.commands[0]
    if all(_HOME.match(one) for one in found):
        return _fix_home(text, home)
    assigned = ASSIGNMENT.match(found[0])
    if len(found) == 1 and assigned and text.value.startswith(command.prefix + found[0]):
        rest = text.value[len(command.prefix) + len(found[0]) :].strip()
        return f"set {assigned.group(1)} in environment, and " + write(rest, "leave it out here")
    if found == ["&"] and text.value.endswith(" &"):
        return write(text.value[:-1].strip(), "leave it out") + ": nothing waits for a job"
    general = general_shell(text)
    if len(text.commands) > 1 or command.prefix not in ("", "-") or not text.value.startswith(command.prefix):
        return general
    shell, script = _script(text.value[len(command.prefix) :], command, found)
    if not has_home and (_HOME_VARIABLE.search(script) or any(_HOME.match(one) for one in found)):
        if not home:
            return general
        script = re.sub(r"(?<![^\s=:])~(?=/|\s|$)", home, _HOME_VARIABLE.sub(home, script))
    if text.field == "command" and not command.prefix:
        fixed = f"[{shell}, -c, {json.dumps(script, ensure_ascii=False)}]"
    else:
        # A list has no prefix, and in a directive it would be several commands.
        escaped = script.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
        fixed = f'{command.prefix}{shell} -c "{escaped}"'
    return f"write {fixed}" if len(fixed) <= LONGEST_VALUE else general


def _for_a_shell(word: str) -> str:
    """Return a word with a pattern for names of files as a shell takes it; all else in it stays as it is."""
    pieces = [piece for piece in _PLAIN_OR_PATTERN.split(word) if piece]
    return "".join(piece if _PLAIN_OR_PATTERN.fullmatch(piece) else shlex.quote(piece) for piece in pieces)


def general_shell(text: Text) -> str:
    """Return how to write a script of the shell: only the field takes a list, of a directive it is several commands."""
    return 'write [/bin/sh, -c, "..."]' if text.field == "command" else 'write /bin/sh -c "..."'


def _fix_home(text: Text, home: str) -> str:
    """Return the fix for `~`, which needs no shell: the directory itself."""
    general = "write the directory itself, such as /root for root"
    if not home or _BLANK.search(home):
        return general
    return write(re.sub(r"(?<![^\s\"'])~(?=[/\s\"']|$)", home, text.value), general)


def _script(value: str, command: Command, found: list[str]) -> tuple[str, str]:
    """Return the shell and the script that do what the command says; `sh -c` without quotes has most of it already."""
    in_braces = any(_BRACES.search(one) for one in found)
    shell = "/bin/bash" if in_braces or any(one.startswith(ONLY_BASH) for one in found) else "/bin/sh"
    patterns = [word for word, quoted in zip(command.argv, command.quoted) if quoted and word in found]
    if patterns:
        # A shell expands nothing in quotes.
        words = [_for_a_shell(word) if word in found else shlex.quote(word) for word in command.argv]
        return shell, " ".join(words).replace("%%", "%").replace("$$", "$")
    if basename(command.argv[0]) in SHELLS and command.argv[1] == "-c":
        shell, value = command.argv[0], value.split("-c", 1)[1].strip()
    return shell, value.replace("%%", "%").replace("$$", "$")
