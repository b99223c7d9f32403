# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live picture of all jobs on a host: those of the system, and of user managers, which only root looks at."""

from __future__ import annotations

import os
from typing import Any, Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._account import (
    as_account,
    lingering,
    user_runner,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._examine import examine
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._picture import Wish, picture
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Runner


def whole_picture(make_runner: Callable[[], Runner], wish: Wish) -> dict[str, Any]:
    """Return the picture of the system with those of the accounts put into it."""
    whole = looked_at(make_runner(), wish)
    for row in whole["jobs"]:
        row["scope"] = "system"
    accounts = lingering() if os.geteuid() == 0 else []
    others = [of_account(make_runner, wish, scope) for scope in accounts]
    return together(whole, [one for one in others if one])


def looked_at(runner: Runner, wish: Wish) -> dict[str, Any]:
    """Return the picture of one manager's jobs, with the proof when it is asked for."""
    found = picture(runner, wish)
    if wish.proof:
        examined = examine(runner, wish, wish.files_directory, [row["name"] for row in found["jobs"] if row["owner"]])
        for row in found["jobs"]:
            row["findings"] = examined.findings.get(row["name"], [])
            row["paths"] = examined.paths.get(row["name"], [])
    return found


def of_account(make_runner: Callable[[], Runner], wish: Wish, scope: Scope) -> dict[str, Any]:
    """Return the picture of one account's jobs."""
    own = wish._replace(
        unit_directory=scope.unit_directory, files_directory=scope.files_directory, everything=False, scope=scope
    )
    found: dict[str, Any] = as_account(scope, lambda: looked_at(user_runner(scope, make_runner()), own)) or {}
    for row in found.get("jobs", []):
        row.update(scope="user", user=scope.account)
    return found


def together(whole: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """Put pictures into one; a name is unknown when nobody has a job of that name."""
    for found in others:
        whole["jobs"] += found["jobs"]
        whole["unhealthy"] += found["unhealthy"]
        for word, number in found["counts"].items():
            whole["counts"][word] += number
    lists = [{one["name"]: one["nearest"] for one in found["unknown"]} for found in (whole, *others)]
    unknown = [name for name in lists[0] if all(name in one for one in lists)]
    meant = {name: [one[name] for one in lists if one[name]] for name in unknown}
    whole["unknown"] = [{"name": name, "nearest": nearest(name, meant[name])} for name in unknown]
    whole["jobs"].sort(key=lambda row: (row["name"], row["user"]))
    return whole
