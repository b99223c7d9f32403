# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who but root can change a path, by owner and mode of it and of the directories that lead to it."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts

GROUP_WRITE = 0o020
OTHER_WRITE = 0o002
STICKY = 0o1000
# Ubuntu lets the group of its syslog daemon write there, and all services that log there trust that daemon.
LOGS, LOG_DAEMON = "/var/log", "syslog"


def lineage(path: str) -> list[str]:
    """Return the directories that lead to a path, the root first, and the path itself."""
    parts = path.split("/")
    return ["/".join(parts[:number]) or "/" for number in range(1, len(parts) + 1)]


def first_writable(path: str, facts: Facts) -> tuple[str, str] | None:
    """Return the first place on the way to a path that somebody but root can change, and who; links are followed.

    What is missing can be made by whoever may make a file in the last directory that is there.
    """
    for one in dict.fromkeys((path, facts.real(path))):
        places = lineage(one)
        there = [place for place in places if facts.path(place).kind != "absent"]
        for place in there:
            who = who_can_write(place, facts, making=place == there[-1] and there != places)
            if who:
                return place, who
    return None


def first_replaceable(path: str, facts: Facts) -> tuple[str, str] | None:
    """Return the first place where somebody but root can put another file, or a link, in the place of this one.

    Who can only change what is in the file is none of them.
    """
    for one in dict.fromkeys((path, facts.real(path))):
        culprit = first_writable(os.path.dirname(one), facts)
        if culprit:
            return culprit
        # In a directory such as /tmp, whoever owns the file can replace it, and everybody can make a missing one.
        folder, found = facts.path(os.path.dirname(one)), facts.path(one)
        if folder.mode & STICKY and (found.kind == "absent" or found.uid not in (0, facts.uid)):
            who = who_can_write(os.path.dirname(one), facts, making=True)
            if who:
                return os.path.dirname(one), who
    return None


def who_can_write(path: str, facts: Facts, strict: bool = False, making: bool = False) -> str:
    """Return who but root can change a path by owner and mode, or an empty text.

    `making` is for a directory in which something is missing: a sticky one counts too. `strict` is for one that nobody
    else may even make a file in: that of a group which has no members yet counts as well.
    """
    found = facts.path(path)
    # In a directory such as /tmp, only the owner of a file can replace it.
    kept_apart = found.kind == "directory" and found.mode & STICKY and not (strict or making)
    if found.kind == "absent":
        return ""
    if found.uid not in (0, facts.uid):
        account = facts.user(str(found.uid))
        return f"the user {account.name if account else found.uid}"
    if found.mode & OTHER_WRITE and not kept_apart:
        return "everybody"
    if found.mode & GROUP_WRITE and found.gid != 0 and not kept_apart:
        if not strict and path == LOGS and found.gid == facts.group(LOG_DAEMON):
            return ""
        return _in_words(others_in(found.gid, facts)) or (f"the group {found.gid}" if strict and facts.uid == 0 else "")
    return ""


def others_in(gid: int, facts: Facts) -> list[str]:
    """Return who is in a group, but for root and for whom it is all about."""
    own = facts.user(facts.own_user) if facts.uid else None
    return [name for name in facts.members(gid) if own is None or name != own.name]


def _in_words(members: list[str]) -> str:
    if len(members) == 1:
        return f"the user {members[0]}"
    return f"the users {', '.join(members[:3])}" if members else ""
