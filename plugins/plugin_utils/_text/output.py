# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a callback prints: what goes on is for people, and does not stand in the way of what a program reads."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ansible.utils.display import Display

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printer import leave_unread


class Output:
    """Ansible's `Display` for a callback: a pipe that nobody reads any more is no error.

    aside: print on standard error, because standard output is for a program.
    """

    def __init__(self, display: Display) -> None:
        """Print on it."""
        self._display = display
        self.aside = False

    def __getattr__(self, name: str) -> Any:
        """Return what is the same as there."""
        return getattr(self._display, name)

    def display(self, msg: str, color: str | None = None, stderr: bool = False, **more: Any) -> None:
        """Print a line."""
        try:
            self._display.display(msg, color=color, stderr=stderr or self.aside, **more)
        except (OSError, ValueError):
            # As with what our own tasks print: they go on.
            leave_unread()

    def end(self) -> None:
        """Print what was kept back; this is the last chance to see that nobody reads it."""
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            leave_unread()

    def banner(self, msg: str, color: str | None = None, cows: bool = True) -> None:
        """Print a head line."""
        if cows and self._display.b_cowsay and not self.aside:
            self._display.banner(msg, color, cows)
            return
        text = msg.strip()
        stars = "*" * max(self._display.columns - len(text), 3)
        self.display(f"\n{text} {stars}", color=color)


def wants_json(extra_variables: Mapping[str, Any]) -> bool:
    """Tell whether the command line asks a playbook of ours for JSON."""
    return extra_variables.get("output") == "json"
