# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test host that no scenario uses, removed in the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import hosts
from clean_environment import clean

clean()
KIND, RELEASE = "test", "debian12"


@pytest.fixture(scope="session", autouse=True)
def name() -> Iterator[str]:
    """Name the host."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMER_TEST_SET", "whole")
        container = hosts.container_name(KIND, RELEASE)
        yield container
        if hosts.inspect(container):
            hosts.remove(container)
