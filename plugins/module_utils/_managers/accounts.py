# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at accounts: their homes, the jobs of ours that they have, and whether their managers answer.

Each is looked at by a process of that user, all at the same time, and in bounded time: whoever lingers could else
keep root waiting. Who does not answer is left out, and named.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import (
    LINGER_DIRECTORY,
    child_of,
    has_manager,
    identity_of,
    settled_home,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import LARGEST_UNIT_FILE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import (
    LARGEST_UNIT_DIRECTORY,
    SUFFIXES,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.own_file import read_ordinary
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import Owner, owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import Child, Line, NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

LOOK_SECONDS = 15.0
# Whoever is heard after the time is over has said all long ago.
GRACE_SECONDS = 1.0
ONLY_ROOT = "only root can look at its jobs"


class Seen(NamedTuple):
    """An account that was looked at, and the marks in its unit files."""

    scope: Scope
    marks: list[Owner]

    def jobs(self, owner: str = "") -> set[str]:
        """Return its jobs that belong to a declaration, or to any."""
        return {mark.job for mark in self.marks if owner in ("", mark.owner)}


class Looked(NamedTuple):
    """What came of it, by account as it was asked for.

    refused: who cannot have units of its own: why, and how to fix it. silent: who could not be looked at, and why.
    """

    seen: dict[str, Seen]
    refused: dict[str, tuple[str, str]]
    silent: dict[str, str]


def lingering_accounts() -> list[str]:
    """Return the names of the accounts whose managers run without a login. Everybody may know them."""
    try:
        return sorted(os.listdir(LINGER_DIRECTORY))
    except OSError:
        return []


def look_at(make_runner: Callable[[], Runner], accounts: Iterable[str], declared: Iterable[str] = ()) -> Looked:
    """Look at accounts; needs root. declared: those that have to answer, whether they have a job already or not."""
    looked = Looked({}, {}, {})
    children: dict[str, tuple[Scope, Child]] = {}
    deadline = time.monotonic() + LOOK_SECONDS
    wanted = set(declared)
    for account in dict.fromkeys([*wanted, *accounts]):
        scope, reason, fix = identity_of(account)
        if scope is None:
            looked.refused[account] = reason, fix
        else:
            children[account] = scope, child_of(scope, _work(make_runner, scope, account in wanted))
    for account, (scope, child) in children.items():
        _hear(looked, account, scope, child, deadline)
    return looked


def look_at_lingering(make_runner: Callable[[], Runner], account: str = "") -> Looked:
    """Look at the accounts that linger, or at one of them. Who has no job of ours is left out of what was seen."""
    if os.geteuid() != 0:
        return Looked({}, {}, {})
    looked = look_at(make_runner, [name for name in lingering_accounts() if account in ("", name)])
    return looked._replace(seen={name: one for name, one in looked.seen.items() if one.marks})


def _work(make_runner: Callable[[], Runner], scope: Scope, is_declared: bool) -> Callable[[Line], Any]:
    """Return what the process of an account does: it tells first what it has read, and then what its manager says."""

    def work(line: Line) -> str:
        home, reason, fix = settled_home(scope)
        settled = scope._replace(home=home)
        marks = [] if reason else marks_of(settled)
        line.say({"home": home, "reason": reason, "fix": fix, "marks": marks})
        if reason or not (marks or is_declared) or not has_manager(settled):
            return ""
        done = make_runner()(["systemctl", "--user", "show", "--property=Version"])
        return "" if done.rc == 0 else done.stderr.strip() or done.stdout.strip() or f"exit status {done.rc}"

    return work


def _hear(looked: Looked, account: str, scope: Scope, child: Child, deadline: float) -> None:
    """Put what the process of an account says to the rest, and end it."""
    try:
        found = child.hear(max(deadline, time.monotonic() + GRACE_SECONDS))
        if "error" in found:
            raise NoAnswer(f"has failed: {found['error']}")
        trouble = _trouble_of(child, deadline)
    except NoAnswer as error:
        looked.silent[account] = f"the process that looks at its unit files {error}"
        return
    finally:
        child.end()
    if found["reason"]:
        looked.refused[account] = found["reason"], found["fix"]
    elif trouble:
        looked.silent[account] = f"its user manager does not answer, see systemctl status user@{scope.uid}: {trouble}"
    else:
        looked.seen[account] = Seen(scope._replace(home=found["home"]), [Owner(*mark) for mark in found["marks"]])


def _trouble_of(child: Child, deadline: float) -> str:
    """Return why the manager of an account does not answer, or an empty text."""
    try:
        return str(child.answer(max(deadline, time.monotonic() + GRACE_SECONDS)))
    except NoAnswer as error:
        return f"who asked it {error}"


def marks_of(scope: Scope) -> list[Owner]:
    """Return the marks of the unit files that an account has and that are its own. Raises OSError.

    Files of others, where a link leads to the directory of the system, are none of its jobs.
    """
    try:
        names = sorted(name for name in os.listdir(scope.unit_directory) if name.endswith(SUFFIXES))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found: dict[Owner, None] = {}
    left = LARGEST_UNIT_DIRECTORY
    for name in names:
        text = _text_of(os.path.join(scope.unit_directory, name), scope.uid)
        left -= len(text)
        if left < 0:
            raise OSError(f"{scope.unit_directory} holds more than {LARGEST_UNIT_DIRECTORY // 2**20} MiB of units")
        mark = owner_of(text)
        if mark:
            found[mark] = None
    return list(found)


def _text_of(path: str, uid: int) -> str:
    """Return the text of an ordinary file of a user, an empty text of anything else."""
    try:
        found = read_ordinary(path, LARGEST_UNIT_FILE, uid)
    except OSError:
        return ""
    return (found or b"").decode("utf-8", "replace")
