# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which job was probably meant, when there is none of a name; pure."""

from __future__ import annotations

from typing import Mapping, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import nearest, shown


class UnknownJob(Exception):
    """There is no such job on this host."""

    def __init__(self, name: str, known: Mapping[str, object], silent: Sequence[str] = ()) -> None:
        """silent: accounts that may have it, and could not be looked at."""
        meant = nearest(name, known)
        # As the modules return it.
        self.data = [{"name": name, "nearest": meant}]
        if not name:
            super().__init__("no job is named: say which one with -e job=NAME; the playbook `status` lists them")
            return
        mend = f"did you mean {meant}?" if meant else "the playbook `status` lists them"
        unseen = f"; {', '.join(silent)} could not be looked at" if silent else ""
        super().__init__(f"{shown(name)} is not a job on this host; {mend}{unseen}")
