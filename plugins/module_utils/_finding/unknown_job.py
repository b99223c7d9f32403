# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which job was probably meant, when there is none of a name; pure."""

from __future__ import annotations

from typing import Mapping, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import shown, slip


def foreign_words(name: str, foreign: str) -> str:
    """Return that a name is a timer, and no job of ours."""
    return f"{name} is {foreign}, and no job of this collection; `status -e all=true` shows it"


class UnknownJob(Exception):
    """There is no such job on this host."""

    def __init__(self, name: str, known: Mapping[str, object], silent: Sequence[str] = (), foreign: str = "") -> None:
        """silent: accounts that may have it, and could not be looked at. foreign: what the name is besides."""
        meant = slip(name, known)
        # As the modules return it.
        self.data = [{"name": name, "nearest": meant, "foreign": foreign}]
        if not name:
            super().__init__("no job is named: say which one with -e job=NAME; the playbook `status` lists them")
            return
        if foreign:
            super().__init__(foreign_words(shown(name), foreign))
            return
        fix = f"did you mean {meant}?" if meant else "the playbook `status` lists them"
        unseen = f"; {', '.join(silent)} could not be looked at" if silent else ""
        super().__init__(f"{shown(name)} is not a job on this host; {fix}{unseen}")
