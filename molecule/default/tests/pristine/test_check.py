# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on a host where nothing exists yet: it says what an apply would do, and does nothing."""

from __future__ import annotations

import hashlib

import pytest
from harness import CHECKOUT, UNIT_DIRECTORY, snapshot

FOUR_JOBS = f"@{CHECKOUT}/inventory/group_vars/all.yml"
NAMES = ["zendesk-it-glue", "it-glue-backup", "jamf-pro-notifications", "zendesk-statusio"]
MAJOR = {"debian12": "252", "debian13": "257"}


@pytest.fixture(scope="module")
def checked(site, host):
    """The host before, the run in check mode, the host after it."""
    before = snapshot(host)
    run = site.play("--check", "--diff", "--extra-vars", FOUR_JOBS)
    return before, run, snapshot(host)


def test_systemd_is_running_in_the_expected_version(host, machine):
    assert host.check_output("systemctl is-system-running") == "running"
    assert host.check_output("systemctl --version").split()[1] == MAJOR[machine]


def test_reports_the_four_jobs_as_changed(checked):
    run = checked[1]
    assert run.status == 0, run.output
    assert run.result["changed"]
    assert run.actions() == {name: ["install", "arm", "enable"] for name in NAMES}


def test_changes_nothing(checked):
    before, _run, after = checked
    assert after == before


def test_shows_a_diff_of_eight_new_files(checked):
    run = checked[1]
    diffs = {diff["after_header"]: diff for diff in run.result["diff"]}
    assert set(diffs) == {f"{UNIT_DIRECTORY}/{name}.{kind}" for name in NAMES for kind in ("service", "timer")}
    assert {diff["before"] for diff in diffs.values()} == {""}
    assert "+OnCalendar=Mon *-*-* 08:00:00" in run.output


def test_predicts_exactly_what_an_apply_does(checked, site, host):
    """This one applies; a clean slate follows."""
    before, predicted, _after = checked
    applied = site.play("--diff", "--extra-vars", FOUR_JOBS)
    assert applied.status == 0, applied.output
    assert applied.actions() == predicted.actions()
    assert applied.result["diff"] == predicted.result["diff"]

    after = snapshot(host)
    folders = {UNIT_DIRECTORY, f"{UNIT_DIRECTORY}/timers.target.wants"}
    new = {path: found for path, found in after.files.items() if before.files.get(path) != found}
    files = {
        diff["after_header"]: ["-rw-r--r--", 0, 0, hashlib.sha256(diff["after"].encode()).hexdigest()]
        for diff in predicted.result["diff"]
    }
    links = {
        f"{UNIT_DIRECTORY}/timers.target.wants/{name}.timer": ["lrwxrwxrwx", 0, 0, f"{UNIT_DIRECTORY}/{name}.timer"]
        for name in NAMES
    }
    found = {path: [*entry[:3], entry[4]] for path, entry in new.items() if path not in folders}
    assert found == files | links
    assert set(before.files) <= set(after.files)
    assert set(after.stamps) - set(before.stamps) == {f"/var/lib/systemd/timers/stamp-{name}.timer" for name in NAMES}
    assert set(after.timers) - set(before.timers) == {f"{name}.timer" for name in NAMES}
