# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what modules returned on all hosts, on the controller: readable, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.diagnosis import verdict
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.no_log import keeps_no_log
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run import (
    change_lines,
    log_lines,
    run_lines,
    schedule_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.status import detail_lines, status_lines
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.troubleshoot import (
    as_data,
    diagnosis_lines,
    examination_lines,
    questions,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.unknown_jobs import (
    left_out,
    nothing_to_remove,
    unknown_everywhere,
    without_job,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import DOUBTFUL, Shown
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printer import put, width
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import describe

# What Ansible itself adds to a result.
NOISE = (
    "changed",
    "failed",
    "failed_when_result",
    "failed_when_suppressed_exception",
    "invocation",
    "warnings",
    "deprecations",
    "_ansible_no_log",
    "cursor",
)

Results = Mapping[str, Mapping[str, Any]]


class ActionModule(ActionBase):
    """Runs on the controller alone."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("kind", "results", "output", "limit", "gone_is_fine"))

    @keeps_no_log
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Print; change nothing."""
        result = super().run(tmp, task_vars)
        kinds: dict[str, Callable[[Results, int], list[Shown]]] = {
            "status": lambda results, limit: status_lines(results, limit, width()),
            "details": lambda results, _limit: detail_lines(results, width()),
            "change": lambda results, _limit: change_lines(results, self._task.check_mode, width()),
            "run": lambda results, _limit: run_lines(results, width()),
            "logs": lambda results, _limit: log_lines(results, several_jobs=True, width=width()),
            "log": lambda results, _limit: log_lines(results, several_jobs=False, width=width()),
            "schedule": lambda results, _limit: schedule_lines(results, words_of(results)),
            "examination": lambda results, _limit: examination_lines(results),
            "diagnosis": lambda results, _limit: diagnosis_lines(results),
        }
        _validation, options = self.validate_argument_spec(
            {
                "kind": {"type": "str", "required": True, "choices": list(kinds)},
                "results": {"type": "dict", "required": True},
                "output": {"type": "str", "default": "text", "choices": ["text", "json"]},
                "limit": {"type": "int", "default": 500},
                "gone_is_fine": {"type": "bool", "default": False},
            }
        )
        results = options["results"]
        result["changed"] = False
        looked = {host: found.get("status", found) for host, found in results.items()}
        silent = bool(set((task_vars or {}).get("ansible_play_hosts_all", [])).difference(results))
        error = unknown_everywhere(looked, silent)
        gone = nothing_to_remove(looked) if error and options["gone_is_fine"] else ""
        if gone and options["output"] == "text":
            put(result, [Shown(gone, DOUBTFUL)])
            return result
        if error and not gone:
            result.update(failed=True, msg=error)
            return result
        if options["kind"] == "examination":
            result.update(questions(results))
            if options["output"] == "json":
                # All of it comes with the diagnosis.
                return result
        if options["kind"] == "diagnosis":
            result["verdicts"] = {host: verdict(case) for host, case in results.items()}
            if options["output"] == "json":
                results = {host: as_data(case) for host, case in results.items()}
        if options["output"] == "json":
            plain = {host: {k: v for k, v in found.items() if k not in NOISE} for host, found in results.items()}
            put(result, [Shown(json.dumps(plain))])
            return result
        absent = without_job(looked)
        having = {host: found for host, found in results.items() if host not in absent}
        lines = kinds[options["kind"]](having, options["limit"]) if having else []
        put(result, [*lines, *([Shown(left_out(looked), DOUBTFUL)] if absent else [])])
        return result


def words_of(results: Results) -> str:
    """Return the expression in plain words, where it has any."""
    for result in results.values():
        for one in result["calendars"]:
            words = describe([one["expression"]])
            return words if one["valid"] and words != one["expression"] else ""
    return ""
