# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines are what the other scenarios take them for."""

from __future__ import annotations

MAJOR = {"debian12": "252", "debian13": "257"}


def test_systemd_is_running_in_the_expected_version(host, machine):
    assert host.check_output("systemctl is-system-running") == "running"
    assert host.check_output("systemctl --version").split()[1] == MAJOR[machine]
