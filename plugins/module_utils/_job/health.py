# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for how a job is, and what to do about drift; data."""

from __future__ import annotations

OK = "ok"
RUNNING = "running"
NEVER_RAN = "never-ran"
SUSPENDED = "suspended"
OVERDUE = "overdue"
FAILING = "failing"
DRIFTED = "drifted"
BROKEN = "broken"
DONE = "done"
HEALTHS = (OK, RUNNING, NEVER_RAN, OVERDUE, FAILING, SUSPENDED, DRIFTED, BROKEN, DONE)
# These are what a monitor cries for.
UNHEALTHY = (OVERDUE, FAILING, DRIFTED, BROKEN)
FIX_DRIFT = "apply the declaration again, or declare the change"
