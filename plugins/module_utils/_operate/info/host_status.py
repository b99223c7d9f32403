# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live picture of all jobs on a host: those of the system, and of user managers, which only root looks at."""

from __future__ import annotations

import os
from typing import Any, Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import as_account, user_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.accounts import (
    ONLY_ROOT,
    lingering_accounts,
    look_at_lingering,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
    Source,
    journal_command,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.examine import examine
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.job_status import picture
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.live_state import Query
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.unit_texts import add_texts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

# So many runs of the jobs of an account are looked at, all jobs together.
MOST_RUNS_OF_ACCOUNT = 200


def whole_picture(make_runner: Callable[[], Runner], wish: Query, user: str = "") -> dict[str, Any]:
    """Return the picture of the system with those of the accounts put into it; of one account's jobs, if it is given.

    user: an account, "root" for the jobs of the system. An account that cannot be looked at takes nothing away from the
    others.
    """
    names = lingering_accounts()
    whole = looked_at(make_runner(), wish) if user in ("", "root") else without_jobs(make_runner(), wish)
    for row in whole["jobs"]:
        row["scope"] = "system"
    whole.update(unknown_user=[], unseen=[])
    if user == "root":
        return together(whole, [])
    if os.geteuid() != 0:
        whole["unseen"] = [{"user": name, "reason": ONLY_ROOT} for name in names]
        return together(whole, [])
    looked = look_at_lingering(make_runner, user if user in names else "")
    silent = dict(looked.silent)
    others = []
    for name, seen in looked.seen.items():
        if user in ("", name):
            others += of_account(make_runner, wish, seen.scope, silent)
    if user and user not in looked.seen and user not in silent:
        whole["unknown_user"] = [{"name": user, "nearest": slip(user, looked.seen)}]
    whole["unseen"] = [{"user": name, "reason": why} for name, why in sorted(silent.items()) if user in ("", name)]
    return together(whole, others)


def looked_at(runner: Runner, wish: Query) -> dict[str, Any]:
    """Return the picture of one manager's jobs, with the proof and the units when they are asked for."""
    found = picture(runner, wish)
    if wish.proof:
        examined = examine(runner, wish, wish.files_directory, [row["name"] for row in found["jobs"] if row["owner"]])
        for row in found["jobs"]:
            row["findings"] = examined.findings.get(row["name"], [])
            row["paths"] = examined.paths.get(row["name"], [])
    if wish.units:
        add_texts(found["jobs"], wish.unit_directory)
    return found


def of_account(
    make_runner: Callable[[], Runner], wish: Query, scope: Scope, silent: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the picture of one account's jobs; none when it does not answer, and then why among the silent ones."""
    # Only root may read the messages of user managers on every host.
    journal = make_runner()(journal_command([], MOST_RUNS_OF_ACCOUNT, Source(scope.uid)))

    def work() -> dict[str, Any]:
        run = make_runner()
        answer: Runner = lambda argv: journal if argv[0] == "journalctl" else run(argv)  # noqa: E731
        return looked_at(user_runner(scope, answer), own)

    own = wish._replace(
        unit_directory=scope.unit_directory, files_directory=scope.files_directory, everything=False, scope=scope
    )
    try:
        found: dict[str, Any] = as_account(scope, work)
    except NoAnswer as error:
        silent[scope.account] = f"the process that looks at its jobs {error}"
        return []
    for row in found["jobs"]:
        row.update(scope="user", user=scope.account)
    return [found]


def without_jobs(runner: Runner, wish: Query) -> dict[str, Any]:
    """Return the picture of the system without a job in it: no job has an empty name, and no run is asked about."""
    whole = picture(runner, wish._replace(names=[""], everything=False, exposure=False))
    return {**whole, "unknown": [{"name": name, "nearest": ""} for name in wish.names]}


def together(whole: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """Put pictures into one; a name is unknown when nobody has a job of that name."""
    for found in others:
        whole["jobs"] += found["jobs"]
        whole["unhealthy"] += found["unhealthy"]
        whole["history_readable"] = whole["history_readable"] or found["history_readable"]
        for word, number in found["counts"].items():
            whole["counts"][word] += number
    lists = [{one["name"]: one["nearest"] for one in found["unknown"]} for found in (whole, *others)]
    unknown = [name for name in lists[0] if all(name in one for one in lists)]
    meant = {name: [one[name] for one in lists if one[name]] for name in unknown}
    foreign = {one["name"]: one.get("foreign", "") for one in whole["unknown"]}
    whole["unknown"] = [
        {"name": name, "nearest": slip(name, meant[name]), "foreign": foreign[name]} for name in unknown
    ]
    whole["jobs"].sort(key=lambda row: (row["name"], row["user"]))
    return whole
