# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job is suspended, its time goes by, it is resumed: it has not run and does not run then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import (
    UNIT_DIRECTORY,
    daily,
    following,
    is_armed,
    next_elapse,
    recorder,
    runs,
    show,
    soon,
    utc_now,
    wait_until,
)

OWNER = {"timer_owner": "suspend"}
JOBS = {"suspend-persistent": True, "suspend-transient": False}
# Stopped and started manually while the others are suspended: it does run, so the others would have, too.
CONTROL = "suspend-control"


def declared(when, state):
    jobs = [
        {"name": name, "schedule": daily(when), "persistent": persistent, "state": state, "command": recorder(name)}
        for name, persistent in JOBS.items()
    ]
    return [*jobs, {"name": CONTROL, "schedule": daily(when), "command": recorder(CONTROL)}]


class Story:
    """What was seen on the way."""


def tell(site, host):
    seen = Story()
    seen.when = soon(15)
    site.apply(declared(seen.when, "present"), **OWNER)
    assert all(is_armed(host, name) for name in JOBS)
    seen.suspended = site.apply(declared(seen.when, "suspended"), **OWNER)
    assert utc_now() < seen.when, "this machine is too slow for the test"
    host.check_output("systemctl stop %s", f"{CONTROL}.timer")
    seen.properties = {name: show(host, f"{name}.timer", "ActiveState", "UnitFileState") for name in JOBS}
    seen.files = {
        name: [host.file(f"{UNIT_DIRECTORY}/{name}.{k}").is_file for k in ("service", "timer")] for name in JOBS
    }
    wait_until(lambda: utc_now() > seen.when + timedelta(seconds=2), 120, "the elapse goes by")
    seen.meanwhile = {name: runs(host, name) for name in JOBS}
    host.check_output("systemctl start %s", f"{CONTROL}.timer")
    wait_until(lambda: runs(host, CONTROL), 20, "the control runs")
    seen.resumed = site.apply(declared(seen.when, "present"), **OWNER)
    seen.now = utc_now()
    return seen


@pytest.mark.parametrize("name", JOBS)
def test_a_suspended_job_is_installed_and_not_armed(story, name):
    assert story.suspended.actions()[name] == ["disarm", "disable"]
    assert story.properties[name] == {"ActiveState": "inactive", "UnitFileState": "disabled"}
    assert story.files[name] == [True, True]
    assert story.meanwhile[name] == []


@pytest.mark.parametrize("name", JOBS)
def test_a_resumed_job_is_armed_and_does_not_run(story, host, name):
    assert story.resumed.actions()[name] == ["arm", "enable"]
    assert is_armed(host, name)
    assert next_elapse(host, f"{name}.timer") == following(story.when, story.now)
    assert runs(host, name) == []


def test_resuming_again_changes_nothing(story, site):
    assert not site.apply(declared(story.when, "present"), **OWNER).result["changed"]
