# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what Ansible's own output prints, but of errors of this collection only the message."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plain
type: stdout
short_description: Ansible's own output, with readable errors of this collection
version_added: 0.1.0
description:
  - Prints the same as P(ansible.builtin.default#callback), except that an error of this collection is its message and
    nothing else. What else the result holds is for programs.
  - With C(-v) it prints all of it.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

from typing import Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as Default

COLLECTION = "dotmobi.systemd_timers."
# With these the playbooks of this collection fail.
OWN_WORDS = ("ansible.builtin.assert", "ansible.builtin.fail")


def part(result: Any, name: str) -> Any:
    """Return a part of a task's result; before ansible-core 2.19 they had an underscore."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


def is_ours(task: Any) -> bool:
    """Tell whether a task's message says all that a person has to know."""
    return not task.loop and (task.action.startswith(COLLECTION) or task.action in OWN_WORDS)


class CallbackModule(Default):  # type: ignore[misc]
    """Ansible's own output with readable errors."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "dotmobi.systemd_timers.plain"

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Print the message of an error."""
        task, found = part(result, "task"), part(result, "result")
        message = found.get("msg")
        if self._display.verbosity or not is_ours(task) or not isinstance(message, str):
            super().v2_runner_on_failed(result, ignore_errors)
            return
        if self._last_task_banner != task._uuid:
            self._print_task_banner(task)
        self._handle_warnings(found)
        lines = [f"fatal: [{part(result, 'host').get_name()}]: FAILED!", *message.splitlines()]
        self._display.display("\n  ".join(lines), color=constants.COLOR_ERROR)
        if ignore_errors:
            self._display.display("...ignoring", color=constants.COLOR_SKIP)
