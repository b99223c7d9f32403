# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of what only a shell understands: no shell runs a command (systemd.service(5), Command lines)."""

from __future__ import annotations

import json
import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._command_line import Command
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._command_text import (
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
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import LONGEST_VALUE, Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job_view import JobView
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._script import ASSIGNMENT, is_shell_word

ONLY_BASH = ("source", "[[", "shopt", "declare", "pushd", "popd", "<<<", "&>")
_OPERATORS = ("|", "||", "|&", "&&", "&")
# Not `>=1.2`, and not `<name>`.
_REDIRECTION = re.compile(r"(?!<[^<>]+>$)(?:[0-9]*|&)(?:>>?\|?|<<?<?)(?!=)[^=]*$")
_GLUED_REDIRECTION = re.compile(r"[\w./]+(?:>>?|<)(?:/|&[0-9]$)")
_SUBSTITUTION = re.compile(r"(?<!\$)\$\(")
# Wildcards and `~` are errors where a program takes names of files, and nothing else.
TAKES_FILES = names_in("rm ls cp mv cat chmod chown chgrp touch gzip gunzip bzip2 xz zcat du wc shred truncate")
_FILES = re.compile(r"~(?:/|$)|(?:\.{0,2}/|[\w.-]+/)\S*[*?\[]|\*")


def only_shell(command: Command) -> list[str]:
    """Return what of a command only a shell would understand, as it is to be shown; nothing that is in quotes."""
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
        if not command.quoted[number] and not script:
            found.append(_only_shell(word, number == last) or _files(word, basename(program)))
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


def _files(word: str, program: str) -> str:
    """Return a word with wildcards that a program of files would take literally."""
    return word if program in TAKES_FILES and not word.startswith("-") and _FILES.match(word) else ""


def check_shell_syntax(job: JobView) -> list[Finding]:
    """Refuse pipes, redirections and the like: no shell runs the command (systemd.service(5), Command lines)."""
    findings = []
    for text in texts(job):
        found = [one for command in text.commands for one in only_shell(command)]
        if found:
            reason = f"no shell runs it, and only a shell understands {listed(found)}"
            findings.append(job.finding("shell-syntax", text.field, text.value, reason, _mend_shell(text, found)))
    return findings


def _mend_shell(text: Text, found: list[str]) -> str:
    """Return the mend: the same command with a shell, if that is short; or without what needs none."""
    command = text.commands[0]
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
    if text.field == "command" and not command.prefix:
        mended = f"[{shell}, -c, {json.dumps(script, ensure_ascii=False)}]"
    else:
        # A list has no prefix, and in a directive it would be several commands.
        escaped = script.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
        mended = f'{command.prefix}{shell} -c "{escaped}"'
    return f"write {mended}" if len(mended) <= LONGEST_VALUE else general


def general_shell(text: Text) -> str:
    """Return how to write a script of the shell: only the field takes a list, of a directive it is several commands."""
    return 'write [/bin/sh, -c, "..."]' if text.field == "command" else 'write /bin/sh -c "..."'


def _script(value: str, command: Command, found: list[str]) -> tuple[str, str]:
    """Return the shell and the script that do what the command says; `sh -c` without quotes has most of it already."""
    shell = "/bin/bash" if any(one.startswith(ONLY_BASH) for one in found) else "/bin/sh"
    if basename(command.argv[0]) in SHELLS and command.argv[1] == "-c":
        shell, value = command.argv[0], value.split("-c", 1)[1].strip()
    return shell, value.replace("%%", "%").replace("$$", "$")
