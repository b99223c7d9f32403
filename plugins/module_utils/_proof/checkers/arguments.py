# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of single words of a command: too long for the kernel, a relative path for the program."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import LONGEST_VALUE, Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.commands import texts, write
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import (
    Command,
    commands_of,
    has_specifier,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.script import ASSIGNMENT

# The kernel takes 128 KiB with the NUL byte at the end (execve(2), Limits on size of arguments).
LONGEST_ARGUMENT = 128 * 1024 - 1


def _too_long(word: str) -> bool:
    return len(word) * 4 > LONGEST_ARGUMENT and (
        len(word.replace("%%", "%").encode("utf-8", "surrogateescape")) > LONGEST_ARGUMENT
    )


def check_argument_length(job: ProofJob) -> list[Finding]:
    """Refuse arguments and variables that the kernel does not hand over (execve(2)); the run would fail with 203."""
    findings = []
    fix = "put it in a file"
    for text in texts(job):
        plain = [
            word if ":" in command.prefix else word.replace("$$", "$")
            for command in text.commands
            for word in command.argv
        ]
        if any(map(_too_long, plain)):
            reason = f"holds an argument of more than {LONGEST_ARGUMENT} bytes"
            # One character more than is shown.
            value = text.value[: LONGEST_VALUE + 1]
            findings.append(job.finding("argument-too-long", text.field, value, reason, fix))
    for value in job.service.values("Service", "Environment"):
        words = [word for command in commands_of(f"x {value}") for word in command.argv]
        for word in words:
            if _too_long(word):
                reason = f"{word.partition('=')[0]} has more than {LONGEST_ARGUMENT} bytes"
                # No value: it may be a secret.
                findings.append(job.finding("argument-too-long", "environment", None, reason, fix))
    return findings


def check_relative(job: ProofJob, home: str = "") -> list[Finding]:
    """Refuse programs with a relative path, which systemd does not take (systemd.service(5), Command lines).

    home: the home directory of the job's user, as far as it is known.
    """
    findings = []
    for text in texts(job):
        relative = [command for command in text.commands if is_relative(command)]
        if relative:
            path = relative[0].path
            reason = f"{path} is no absolute path, and systemd refuses the unit"
            if "$" in path:
                reason = (
                    f"systemd replaces no variable in the place of the program, and refuses the relative path {path}"
                )
            fix = _fix_relative(job, relative[0], text.value, home)
            findings.append(job.finding("relative-command", text.field, text.value, reason, fix))
    return findings


def is_relative(command: Command) -> bool:
    """Tell whether the program is a relative path, unless a specifier may make it absolute; not `A=/x` for a shell."""
    return "/" in command.path and command.path[0] not in "/%" and not ASSIGNMENT.match(command.path)


def _fix_relative(job: ProofJob, command: Command, value: str, home: str) -> str:
    """Return the fix: the path from the working directory or the home directory, if that is known."""
    general = "write the absolute path"
    path = command.path
    directory = job.service.last("Service", "WorkingDirectory").lstrip("-")
    if path.startswith("~/"):
        directory, path = home, path[2:]
    if not directory.startswith("/") or has_specifier(directory) or path[0] == "~" or "$" in path:
        return general
    # All of the command: who follows the advice is not to lose arguments.
    whole = value.replace(command.path, os.path.normpath(os.path.join(directory, path)), 1)
    return write(whole, general)
