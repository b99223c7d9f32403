# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the jobs of all hosts in one table, on the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.no_log import keeps_no_log
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import Shown
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printer import put, width
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.table import (
    HEAD,
    NO_JOBS,
    job_rows,
    summary_lines,
    table,
)


class ActionModule(ActionBase):
    """Runs on the controller alone."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("jobs", "limit"))

    @keeps_no_log
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Print the table; change nothing."""
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            {"jobs": {"type": "dict", "required": True}, "limit": {"type": "int", "default": 60}}
        )
        check_mode = self._task.check_mode
        rows = job_rows(options["jobs"], check_mode)
        head = [*HEAD[:-1], "WOULD DO"] if check_mode else HEAD
        lines = [*table(head, rows, options["limit"], width()), "", *summary_lines(options["jobs"], check_mode)]
        put(result, map(Shown, lines if rows else [NO_JOBS]))
        result["changed"] = False
        return result
