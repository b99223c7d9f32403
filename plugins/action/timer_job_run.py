# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of timer_job_run: waits in short slices, and prints what comes meanwhile."""

from __future__ import annotations

import time
from itertools import chain, repeat
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.no_log import keeps_no_log
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run import progress_line, shown_lines
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printer import print_now

# Seconds of each slice; the last one is repeated. Short ones first: most jobs are short.
SLICES = (2, 3, 5, 10)
ON_TIMEOUT = ("leave", "stop")
# A run that writes much is read up to here between two slices.
MOST_LINES = 10000


class ActionModule(ActionBase):
    """One module execution for each slice; one in all for a short job."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True

    @keeps_no_log
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        args = dict(self._task.args)
        wait = self._task.args.get("wait", True)
        self._check(args)
        in_one_go = self._task.check_mode or self._task.async_val or str(wait).lower() in ("false", "no", "0", "off")
        if in_one_go:
            result.update(self._module(args, task_vars, wrap_async=bool(self._task.async_val)))
            return result
        result.update(self._follow(args, task_vars))
        return result

    @staticmethod
    def _check(args: dict[str, Any]) -> None:
        """Refuse what the slices would hide from the module."""
        limit = str(args.get("timeout") or 0)
        if not limit.isdigit():
            raise AnsibleActionFail(f"the time limit {limit!r} is not a whole number of seconds; 0 is no limit")
        if args.get("on_timeout", "leave") not in ON_TIMEOUT:
            raise AnsibleActionFail(f"on_timeout {args['on_timeout']!r} is neither `leave` nor `stop`")

    def _module(self, args: dict[str, Any], task_vars: dict[str, Any], wrap_async: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = self._execute_module(
            module_name="dotmobi.systemd_timers.timer_job_run",
            module_args=args,
            task_vars=task_vars,
            wrap_async=wrap_async,
        )
        found.pop("invocation", None)
        return found

    def _follow(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        host = str(task_vars.get("inventory_hostname", ""))
        name = str(args.get("name", ""))
        show = str(args.get("show", False)).lower() in ("true", "yes", "1", "on") and not self._task.no_log
        most = int(args.get("lines", 200))
        limit = int(args.get("timeout") or 0)
        began = time.monotonic()
        lines: list[dict[str, Any]] = []
        changed = joined = False
        for length in chain(SLICES, repeat(SLICES[-1])):
            left = limit - (time.monotonic() - began) if limit else length
            is_last = bool(limit) and left <= length
            args.update(timeout=max(1, round(min(left, length))), _slice=not is_last)
            args["on_timeout"] = self._task.args.get("on_timeout", "leave") if is_last else "leave"
            args["lines"] = MOST_LINES if show else most
            found = self._module(args, task_vars)
            lines += found.get("lines", [])
            changed, joined = changed or found.get("changed", False), joined or found.get("joined", False)
            if show:
                print_now(shown_lines(host, found.get("lines", [])))
            if found.get("finished") is not False or found.get("failed") or is_last:
                break
            args.update(invocation_id=found["invocation_id"], _after=found.get("cursor") or args.get("_after"))
            if show:
                print_now([progress_line(host, name, time.monotonic() - began)])
        return told(found, limit, lines[-most:] if most else [], changed=changed, joined=joined)


def told(
    found: dict[str, Any], limit: int, lines: list[dict[str, Any]], *, changed: bool, joined: bool
) -> dict[str, Any]:
    """Return the result of the last slice, as if there had been one only."""
    if "finished" not in found:
        return found
    found.pop("cursor", None)
    found.update(lines=lines, changed=changed, joined=joined)
    if found["stopped"]:
        found["msg"] = f"{found['name']}: ran for more than {limit} s, and was stopped"
    elif not found["finished"]:
        found["msg"] = f"{found['name']}: still runs after {limit} s, and goes on"
    return found
