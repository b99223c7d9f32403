# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the tables of the playbooks beside it, whatever callback prints the rest. Ansible finds it by its place."""

from __future__ import annotations

DOCUMENTATION = r"""
name: timer_lines
type: notification
short_description: Prints the tables of the playbooks of dotmobi.systemd_timers
version_added: 0.1.0
description:
  - Prints what the playbooks of this collection show to people, after the line that the configured callback prints.
  - Does nothing when the callback P(dotmobi.systemd_timers.plain#callback) is configured, which does it itself.
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printer import install, print_result


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Prints lines of results."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "timer_lines"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave it to another callback when one prints already."""
        super().__init__(*args, **kwargs)
        self.disabled = not install(self._display)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Print the lines of a task."""
        # Before ansible-core 2.19 the name had an underscore.
        print_result(self._display, result.result if hasattr(result, "result") else result._result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Print the lines of an item of a loop."""
        self.v2_runner_on_ok(result)
