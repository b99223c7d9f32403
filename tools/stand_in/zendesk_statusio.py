# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the user's own script of this name, for sandbox and test hosts: it does no work, it only says so."""

import os
from pathlib import Path

print(
    f"stand-in for zendesk_statusio.py in {Path.cwd()},",
    "PYTHONUNBUFFERED is set" if os.environ.get("PYTHONUNBUFFERED") else "PYTHONUNBUFFERED is not set",
)
