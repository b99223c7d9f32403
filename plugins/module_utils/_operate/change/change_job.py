# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the change of one installed job, of the system or of an account, and tells what came of it."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.converge import converge
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import as_account, user_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.find_job import Place
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import InstalledJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.run_records import (
    acknowledge,
    read_record,
    unseen_failure,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import (
    RESCHEDULE,
    RESET_FAILED,
    SKIP_NEXT,
    Change,
    NotChangeable,
    failed_units,
    hint,
    request_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.next_run import skip_of_next
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.lock import LockBusy
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import CalendarError
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    ObserveError,
    observe_units,
)


class Mode(NamedTuple):
    """How Ansible wants it done."""

    check: bool
    diff: bool


def do_change(
    make_runner: Callable[[], Runner], place: Place, change: Change, host: Request, mode: Mode
) -> dict[str, Any]:
    """Return what the module returns; with `failed` when it has failed. host: where the units and files of jobs are."""
    scope = place.scope
    if scope.is_system:
        return changed_by(make_runner(), place.pair, change, host, mode)
    own = host._replace(unit_directory=scope.unit_directory, files_directory=scope.files_directory, scope=scope)

    def work() -> dict[str, Any]:
        return changed_by(user_runner(scope, make_runner()), place.pair, change, own, mode)

    try:
        # As in every apply, root keeps others away while the account's process works.
        with contextlib.nullcontext(0.0) if mode.check else lock.locked():
            answer: dict[str, Any] = as_account(scope, work)
    except LockBusy as error:
        return failure(str(error))
    except NoAnswer as error:
        fix = "what it had begun is completed by the next apply, or when you do this again"
        return failure(f"{place.shown_name}: the process that works for {scope.account} {error}; {fix}")
    return answer


def failure(message: str) -> dict[str, Any]:
    """Return the result of a change that has failed."""
    return {"failed": True, "msg": message}


def changed_by(runner: Runner, pair: InstalledJob, change: Change, host: Request, mode: Mode) -> dict[str, Any]:
    """Do it through one manager."""
    try:
        if change.kind == RESET_FAILED:
            return reset_failed(runner, pair, host.scope, mode.check)
        if change.kind == SKIP_NEXT:
            if not host.scope.is_system:
                raise NotChangeable(
                    f"{pair.name} is a job of a user manager, which cannot skip a run; suspend it instead"
                )
            change = change._replace(skip=skip_of_next(runner, pair))
        request = request_of(pair, change, host)
        outcome = converge(runner, request, mode.check, with_diff=mode.diff)
    except (NotChangeable, LockBusy, CalendarError, ObserveError, ProgramMissing) as error:
        return failure(str(error))
    except ApplyFailed as error:
        return failure(f"{pair.name}: {error}; {error.aftermath}")
    if outcome.errors:
        return failure("\n".join(["nothing was changed on this host:", *map(line, outcome.errors)]))
    (row,) = [one for one in outcome.result["jobs"] if one["name"] == pair.name]
    if mode.check and change.kind == RESCHEDULE:
        # What the timer has still.
        row["next_elapse"] = None
    # The run that is skipped is none.
    following = iso8601(change.skip.until) if change.skip and change.skip.until else None
    return {
        **{key: row[key] for key in ("name", "actions", "state", "next_elapse", "active", "armed", "skipped_elapse")},
        "next_run": following if change.skip else row["next_elapse"],
        **({"diff": outcome.result["diff"]} if "diff" in outcome.result else {}),
        "changed": outcome.result["changed"],
        "hint": hint(change),
        "proof_warnings": [line(found) for found in outcome.warnings],
    }


def reset_failed(runner: Runner, pair: InstalledJob, scope: Scope, check_mode: bool) -> dict[str, Any]:
    """Let systemd and the record of the last run forget failures, and return what the module returns of it.

    Raises NotChangeable.
    """
    units = observe_units(runner)
    failed = failed_units(pair, units)
    if failed and not check_mode:
        done = runner(["systemctl", "reset-failed", "--", *failed])
        if done.rc != 0:
            raise NotChangeable(f"{pair.name}: {done.stderr.strip()}")
    record = unseen_failure(pair.name, read_record(scope.state_directory, pair.name), units)
    if record and not check_mode:
        try:
            acknowledge(scope.state_directory, pair.name, record)
        except OSError as error:
            raise NotChangeable(f"{pair.name}: the record of its last run: {error}") from error
    changed = bool(failed or record)
    return {"changed": changed, "name": pair.name, "actions": ["reset failed"] if changed else []}
