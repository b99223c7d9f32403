# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed manually (drift.yml) is seen, named and shown, before converge fixes it."""

from __future__ import annotations

import pytest
from harness import CHECKOUT, UNIT_DIRECTORY, snapshot


@pytest.fixture(scope="module")
def checked(site, host):
    before = snapshot(host)
    run = site.play("--check", "--diff", "--extra-vars", f"@{CHECKOUT}/inventory/group_vars/all.yml")
    assert snapshot(host) == before
    assert run.status == 0, run.output
    return run


def test_each_drift_is_named(checked):
    assert checked.actions() == {
        # Edited and put back: the text is right, what systemd has loaded is not.
        "zendesk-it-glue": ["reload"],
        "it-glue-backup": ["update"],
        "jamf-pro-notifications": ["arm", "disable the service itself"],
        "zendesk-statusio": ["correct owner and mode", "enable"],
    }


def test_diff_shows_the_edited_lines_alone(checked):
    changed = [
        line
        for line in checked.output.splitlines()
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))
    ]
    assert changed == ["-Nice=5", "-owner 0:0, mode 0666", "+owner 0:0, mode 0644"]
    files = {diff["after_header"] for diff in checked.result["diff"] if "after_header" in diff}
    assert files == {f"{UNIT_DIRECTORY}/it-glue-backup.service", f"{UNIT_DIRECTORY}/zendesk-statusio.service"}
