# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks systemctl(1) about the manager, its units and its timers, and reads what it answers."""

from __future__ import annotations

import json
import os
import time
from typing import Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

CONTAINER_FILE = "/run/systemd/container"
MANAGER_COMMAND = [
    "systemctl",
    "show",
    "--property=Version,UnitPath,SystemState",
    "--property=UnitsLoadTimestampMonotonic,UnitsLoadStartTimestampMonotonic,UserspaceTimestampMonotonic",
]
MEMORY_COMMAND = ["systemctl", "show", "--property=Id,LastTriggerUSec,InactiveExitTimestampMonotonic"]
UNREAD_COMMAND = ["systemctl", "show", "--property=Id,NeedDaemonReload"]
UNITS_COMMAND = ["systemctl", "list-units", "--all", "--type=service,timer", "--output=json", "--no-pager"]
TIMERS_COMMAND = ["systemctl", "list-timers", "--all", "--output=json", "--no-pager"]


class ObserveError(Exception):
    """The host cannot be read; the text says why."""


def parse_manager(text: str, boot_time: float) -> Manager:
    """Parse `systemctl show` of the manager; `boot_time` is when the monotonic clock stood at zero (Unix time)."""
    properties = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    digits = properties.get("Version", "").split(".")[0].split("-")[0].split("~")[0].strip("v")
    loaded_at = None
    # systemd 247 to 249 do not tell when they last reloaded: then only the marker of a killed run speaks.
    if "UnitsLoadTimestampMonotonic" in properties:
        reloaded = int(properties["UnitsLoadTimestampMonotonic"] or 0)
        started = int(properties.get("UnitsLoadStartTimestampMonotonic") or 0)
        if reloaded or started:
            loaded_at = boot_time + (reloaded or started) / 1e6
    return Manager(
        int(digits) if digits.isdigit() else 0,
        properties.get("UnitPath", "").split(),
        loaded_at,
        int(properties.get("UserspaceTimestampMonotonic") or 0) / 1e6,
        properties.get("SystemState") in ("initializing", "starting"),
        # In the words of systemctl, see `_managers/account`.
        properties.get("SystemState") != "offline",
    )


def parse_units(text: str) -> dict[str, UnitState]:
    """Parse `systemctl list-units --output=json`."""
    return {
        # The key is missing as long as no unit has a job.
        row["unit"]: UnitState(row["load"], row["active"], row["sub"], row.get("job") or "")
        for row in json.loads(text or "[]")
    }


def parse_timers(text: str) -> dict[str, tuple[float, float]]:
    """Parse `systemctl list-timers --output=json`: timer to (next, last) in Unix seconds, 0 for none.

    Only `next` and `last` can be trusted: `left` and `passed` are wrong in 252 and 257.
    """
    return {
        row["unit"]: ((row.get("next") or 0) / 1e6, (row.get("last") or 0) / 1e6) for row in json.loads(text or "[]")
    }


def parse_blocks(text: str) -> list[dict[str, str]]:
    """Parse `systemctl show` of several units: the properties of each, in order."""
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n")]


class Memory(NamedTuple):
    """What systemd remembers of a unit: that it was active, or ran, and that it has elapsed."""

    ran: bool
    elapsed: bool


def parse_memories(text: str) -> dict[str, Memory]:
    """Parse `systemctl show` of several units."""
    return {
        one["Id"]: Memory(
            one.get("InactiveExitTimestampMonotonic", "0") not in ("", "0"),
            one.get("LastTriggerUSec", "") not in ("", "0", "n/a"),
        )
        for one in parse_blocks(text)
        if "Id" in one
    }


def unread_units(runner: Runner, suspects: Iterable[str]) -> frozenset[str]:
    """Return which of these units in memory PID 1 has to read anew; without suspects free.

    systemd compares times of the same file, where a comparison with its last reload would trust a clock that may have
    been set meanwhile.
    """
    units = sorted(suspects)
    if not units:
        return frozenset()
    found = parse_blocks(_call(runner, [*UNREAD_COMMAND, "--", *units]))
    return frozenset(one["Id"] for one in found if one.get("NeedDaemonReload") == "yes")


def _call(runner: Runner, argv: list[str]) -> str:
    done = runner(argv)
    if done.rc != 0:
        raise ObserveError(f"{' '.join(argv[:2])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def observe_units(runner: Runner) -> dict[str, UnitState]:
    """Return the services and timers in the memory of PID 1."""
    return parse_units(_call(runner, UNITS_COMMAND))


def observe_timers(runner: Runner) -> dict[str, tuple[float, float]]:
    """Return next elapse and last trigger of every timer in memory."""
    return parse_timers(_call(runner, TIMERS_COMMAND))


def observe_manager(runner: Runner) -> Manager:
    """Return what PID 1 says of itself."""
    return parse_manager(_call(runner, MANAGER_COMMAND), time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))


def uptime(manager: Manager) -> float:
    """Return the seconds that OnBootSec= counts; in a container they begin with its own start (systemd.timer(5))."""
    if not manager.running and os.path.exists(CONTAINER_FILE):
        return 0.0
    since_boot = time.clock_gettime(time.CLOCK_MONOTONIC)
    return since_boot - manager.started if os.path.exists(CONTAINER_FILE) else since_boot
