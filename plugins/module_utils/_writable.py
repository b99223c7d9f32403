# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who but root can change a path, by owner and mode of it and of the directories that lead to it."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._facts import Facts

GROUP_WRITE = 0o020
OTHER_WRITE = 0o002
STICKY = 0o1000


def lineage(path: str) -> list[str]:
    """Return the directories that lead to a path, the root first, and the path itself."""
    parts = path.split("/")
    return ["/".join(parts[:number]) or "/" for number in range(1, len(parts) + 1)]


def first_writable(path: str, facts: Facts) -> tuple[str, str] | None:
    """Return the first place on the way to a path that somebody but root can change, and who; links are followed."""
    places = [place for one in dict.fromkeys((path, facts.real(path))) for place in lineage(one)]
    for place in dict.fromkeys(places):
        who = who_can_write(place, facts)
        if who:
            return place, who
    return None


def who_can_write(path: str, facts: Facts, strict: bool = False) -> str:
    """Return who but root can change a path by owner and mode, or an empty text.

    `strict` is for a directory that nobody else may even make a file in: a sticky one, or that of a group which has
    no members yet, counts too.
    """
    found = facts.path(path)
    # In a directory such as /tmp, only the owner of a file can replace it.
    kept_apart = found.kind == "directory" and found.mode & STICKY and not strict
    if found.kind == "absent":
        return ""
    if found.uid not in (0, facts.uid):
        account = facts.user(str(found.uid))
        return f"the user {account.name if account else found.uid}"
    if found.mode & OTHER_WRITE and not kept_apart:
        return "everybody"
    if found.mode & GROUP_WRITE and found.gid != 0 and not kept_apart:
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
