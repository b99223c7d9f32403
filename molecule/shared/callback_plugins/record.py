# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appends the result of every task to the file that RECORD names, one JSON object per line; tests read it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: record
    type: notification
    short_description: Records the results of tasks for tests
    description:
        - Appends the result of every task to the file that the environment variable RECORD names.
    requirements:
        - enabled by C(callbacks_enabled)
"""


class CallbackModule(CallbackBase):
    """Beside the output that a user sees."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, state, result):
        line = {"host": result.host.get_name(), "action": result.task.action, "state": state, "result": result.result}
        with Path(os.environ["RECORD"]).open("a", encoding="utf-8") as record:
            record.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self._record("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):  # noqa: ARG002
        self._record("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._record("unreachable", result)
