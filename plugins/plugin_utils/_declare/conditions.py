# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names in the field `conditions` and what each becomes (systemd.unit(5), Conditions; systemd.service(5))."""

from __future__ import annotations

from typing import NamedTuple


class Condition(NamedTuple):
    """The directive, the kind of its value (bool, word, text or path), when it holds, and an example.

    A word is a boolean or a text. Texts and paths may be lists, which must all hold; `!` before one negates it.
    """

    directive: str
    kind: str
    holds: str
    example: str


COMMAND = "command"
CONDITIONS: dict[str, Condition] = {
    "ac_power": Condition(
        "ConditionACPower", "bool", "The host is on mains power, or has no battery. `false` is the contrary.", "true"
    ),
    "host": Condition("ConditionHost", "text", "The host has this name (a pattern) or machine ID.", "db1*"),
    "path_exists": Condition("ConditionPathExists", "path", "The path exists.", "/srv/data/ready"),
    "path_is_directory": Condition("ConditionPathIsDirectory", "path", "The path is a directory.", "/srv/data"),
    "path_is_mount_point": Condition("ConditionPathIsMountPoint", "path", "Something is mounted there.", "/mnt/backup"),
    "file_not_empty": Condition("ConditionFileNotEmpty", "path", "The file is there and not empty.", "/srv/queue"),
    "directory_not_empty": Condition(
        "ConditionDirectoryNotEmpty", "path", "The directory is there and holds something.", "/srv/incoming"
    ),
    "virtualization": Condition(
        "ConditionVirtualization",
        "word",
        "The host is a virtual machine or container. Or of a kind: `vm`, `container`, `kvm`, ...",
        "false",
    ),
    COMMAND: Condition(
        "ExecCondition",
        "command",
        "The command exits with 0. With 1 to 254 the run is skipped, with 255 it has failed. "
        "It runs as the job's user, with its environment.",
        "[/usr/bin/test, -s, /srv/queue]",
    ),
}
