# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every checker of a value raises."""

from __future__ import annotations


class BadValue(Exception):
    """A value that cannot be used: why, how to mend it, the code of the finding. `more`: what else is wrong with it."""

    def __init__(
        self, reason: str, mend: str = "", code: str = "invalid-value", more: tuple[BadValue, ...] = ()
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend
        self.code = code
        self.more = more
