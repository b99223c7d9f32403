# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests import the code as users' Ansible does: ansible_collections.dotmobi.systemd_timers.plugins…"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".cache" / "collections"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from clean_environment import clean

# Before Ansible is imported, which reads its settings then.
clean()


@pytest.fixture(autouse=True)
def zone() -> Iterator[None]:
    """Let no test leave its time zone to the next: what undoes TZ does not tell the C library."""
    yield
    time.tzset()
