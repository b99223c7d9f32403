# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The points at which the parts of one apply wait for each other; pure.

A part is the system, or the user manager of one account. Nobody changes anything before all have passed the proof, and
nobody keeps its changes before all have succeeded.
"""

from __future__ import annotations


class Barrier:
    """What a part asks on its way. This one is for a part that is alone: it never waits."""

    def begin(self) -> bool:
        """Tell whether to begin: no other apply is under way on the host."""
        return True

    def ready(self) -> bool:
        """Tell whether to apply: all parts have passed the proof."""
        return True

    def start_manager(self) -> str:
        """Let the manager of the account start, now that all is in its place; return why it did not."""
        return ""

    def keep(self) -> bool:
        """Tell whether to keep what has been applied: all parts have succeeded."""
        return True

    def close(self) -> None:
        """All has been done or undone. The lock of the host is still held."""
