# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of this collection that are deployed with a job."""

from __future__ import annotations

import functools
import os

DIRECTORY = os.path.join(os.path.dirname(__file__), "..", "..", "..", "roles", "timer", "files")


@functools.cache
def program_text(name: str) -> str:
    """Return the text of a program in roles/timer/files."""
    with open(os.path.join(DIRECTORY, name), encoding="utf-8") as stream:
        return stream.read()
