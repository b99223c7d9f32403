# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says of itself and of its units; pure."""

from __future__ import annotations

from typing import Mapping, NamedTuple


class UnitState(NamedTuple):
    """A unit in the memory of PID 1, in the words of `systemctl list-units`; `job` is what it waits to do."""

    load: str
    active: str
    sub: str
    job: str = ""

    @property
    def is_queued(self) -> bool:
        """Tell whether it is about to start, and waits for others: of the boot, or for the clock to be set."""
        return self.active == "inactive" and self.job == "start"

    @property
    def is_stoppable(self) -> bool:
        """Tell whether it is active, or will be."""
        return self.active in ("active", "activating", "reloading") or self.is_queued


NOT_ACTIVE = UnitState("not-found", "inactive", "dead")


class Manager(NamedTuple):
    """PID 1: its version, where it looks for units, when it last read them (Unix time, None: unknown).

    started: when it started, on the monotonic clock, in seconds. booting: whether the host is still on its way up.
    running: False for the manager of an account that the apply is to start.
    """

    version: int
    unit_path: list[str]
    loaded_at: float | None
    started: float = 0.0
    booting: bool = False
    running: bool = True


UNDER_WAY = ("active", "activating", "deactivating", "reloading")


def is_under_way(job: str, units: Mapping[str, UnitState]) -> bool:
    """Tell whether a run of a job is under way."""
    state = units.get(f"{job}.service", NOT_ACTIVE)
    # RemainAfterExit= keeps a service active that does nothing any more.
    return state.active in UNDER_WAY and state.sub != "exited"
