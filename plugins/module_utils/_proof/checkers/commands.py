# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a service's commands, as the checkers of it share it (systemd.service(5), Command lines); pure.

What systemd makes of a command was captured: tests/unit/fixtures/systemd-*/command-*.yml.
"""

from __future__ import annotations

import os
import re
from typing import Iterable, Iterator, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import LONGEST_VALUE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import COMMAND_KEYS
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import ProofJob, field_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import Command, commands_of


def names_in(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh", "busybox")
# They take programs, patterns or commands of another host as arguments, and those have dollars of their own.
TAKES_CODE = names_in(
    "awk gawk mawk nawk sed grep egrep fgrep rg perl ruby python pypy php node nodejs lua jq yq psql mysql mariadb "
    "sqlite mongo mongosh ssh su runuser script xargs parallel watch docker podman kubectl lxc nsenter chroot expect "
    "tclsh make envsubst systemd-run"
)
_VERSION = re.compile(r"[-0-9.]+$")
SHELL_OPTION = re.compile(r"-[A-Za-z]*c[A-Za-z]*$")


class Text(NamedTuple):
    """A directive that holds commands, as it stands in the unit file."""

    key: str
    value: str
    commands: list[Command]

    @property
    def field(self) -> str:
        """Return the field that the directive comes from."""
        return field_of("Service", self.key)


def texts(job: ProofJob, containing: str = "") -> Iterator[Text]:
    """Return what each command directive of the service holds; no commands when systemd cannot take it apart."""
    for key in COMMAND_KEYS:
        for value in job.service.values("Service", key):
            if containing in value:
                yield Text(key, value, commands_of(value))


def listed(words: Iterable[str]) -> str:
    """Return the words in one phrase: `a, b and c`."""
    unique = list(dict.fromkeys(words))
    return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)


def write(text: str, otherwise: str) -> str:
    """Return a fix that shows what to write, unless that is too long to be read."""
    if len(text) > LONGEST_VALUE:
        return otherwise
    return f"write {text}" if '"' in text else f'write "{text}"'


def basename(word: str) -> str:
    """Return the name of a program without its directory and version."""
    name = os.path.basename(word)
    return _VERSION.sub("", name) or name


def is_code(command: Command, number: int) -> bool:
    """Tell whether a word is a program or a pattern for another interpreter, which has dollars of its own."""
    shell = False
    for word in (command.path, *command.argv[1:number]):
        name = basename(word)
        if name in TAKES_CODE or (shell and SHELL_OPTION.match(word)):
            return True
        shell = shell or name in SHELLS
    return False
