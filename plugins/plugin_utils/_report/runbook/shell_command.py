# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in the words of a shell what a service runs, for somebody who tries it manually; pure.

Only where the shell does just the same: what systemd alone replaces, and secrets, have no such words.
"""

from __future__ import annotations

import re
import shlex

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import unwrapped
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import SECRET
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import (
    Command,
    commands_of,
    has_specifier,
    words_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.script import script_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText

# They give the process what only systemd can, or take it out of the host's tree.
SPECIAL = (
    *("EnvironmentFile", "PassEnvironment", "DynamicUser", "RootDirectory", "RootImage", "BindPaths", "StandardInput"),
    *("LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential"),
)
_VARIABLE = re.compile(r"\$(?:\{|[A-Za-z_])")


def own_commands(service: UnitText) -> list[Command]:
    """Return the commands of the job itself, without the program that repeats it."""
    values = [one for value in service.values("Service", "ExecStart") for one in unwrapped(value)]
    return [command for value in values for command in commands_of(value)]


def shell_lines(service: UnitText, user: str) -> list[str]:
    """Return a line for each command of the job; none when one of them has no words in a shell."""
    commands = own_commands(service)
    settings = [word.text for value in service.values("Service", "Environment") for word in words_of(value)]
    directory = service.last("Service", "WorkingDirectory")
    arguments = [word for command in commands for word in (command.path, *command.argv[1:])]
    if (
        any(command.prefix for command in commands)
        or any(service.values("Service", key) for key in SPECIAL)
        or not all("=" in one for one in settings)
        or directory[:1] not in ("", "/")
        or not all(is_plain(one) for one in (*settings, directory, *arguments))
        or any(_VARIABLE.search(one.replace("$$", "")) for one in arguments)
    ):
        return []
    start = ["sudo", *(["-u", f"#{user}" if user.isdigit() else user] if user not in ("", "root") else [])]
    place = [*([f"--chdir={directory}"] if directory else []), *settings]
    start += ["env", *(one.replace("%%", "%") for one in place)] if place else []
    return [
        shlex.join([*start, command.path, *(word.replace("$$", "$").replace("%%", "%") for word in command.argv[1:])])
        for command in commands
    ]


def is_plain(word: str) -> bool:
    """Tell whether systemd would take a word as it stands."""
    return SECRET not in word and not has_specifier(word)


def programs(service: UnitText) -> list[str]:
    """Return the paths of what the job runs: each program, and the script that an interpreter is given."""
    found: list[str] = []
    for command in own_commands(service):
        paths = [command.path, script_of([command.path, *command.argv[1:]])]
        found += [path for path in paths if path.startswith("/") and is_plain(path) and path not in found]
    return found
