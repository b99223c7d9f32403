# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real downtime: what was missed is caught up at boot, once, also when an apply comes during the boot."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from harness import daily, is_armed, recorder, runs, soon, utc_now, wait_until
from hosts import share_mounts

OWNER = {"timer_owner": "downtime"}
FAR = "*-*-* 00:00:07"
# Timers wait for the time to be set: a host on which that takes a while.
SLOW_BOOT = """\
[Unit]
DefaultDependencies=no
Before=time-set.target
Wants=time-set.target
[Service]
Type=oneshot
ExecStart=/bin/sleep 12
[Install]
WantedBy=multi-user.target
"""
SLOW = "/etc/systemd/system/downtime-slow.service"


def job(name, schedule=FAR, **fields):
    return {"name": f"downtime-{name}", "schedule": schedule, "command": recorder(f"downtime-{name}"), **fields}


def podman(*argv):
    subprocess.run(["podman", *argv], check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Story:
    """What was seen before and after."""


def tell(site, host):
    seen = Story()
    container = host.backend.name
    due = soon(20)
    jobs = [
        job("persistent", daily(due)),
        job("transient", daily(due), persistent=False),
        job("untouched"),
        # It was not persistent for a while: its old stamp is no reason to run.
        job("toggled", persistent=False),
    ]
    site.apply([*jobs[:3], job("toggled")], **OWNER)
    site.apply(jobs, **OWNER)
    host.check_output("touch --date '3 days ago' /var/lib/systemd/timers/stamp-downtime-toggled.timer")
    seen.toggled = site.apply([*jobs[:3], job("toggled")], **OWNER)
    host.check_output("printf %%s %s > %s && systemctl enable %s", SLOW_BOOT, SLOW, SLOW.rpartition("/")[2])
    assert utc_now() < due, "this machine is too slow for the test"
    podman("stop", "--time", "10", container)
    wait_until(lambda: utc_now() > due + timedelta(seconds=1), 120, "the elapse goes by")
    podman("start", container)
    wait_until(lambda: host.run("systemctl show --property=Version").rc == 0, 30, "systemd answers")
    # A scenario that comes after this one finds the host as it was booted first.
    share_mounts(container)
    seen.state = host.run("systemctl is-system-running").stdout.strip()
    seen.booting = site.apply([*jobs[:3], job("toggled")], **OWNER)
    host.run("systemctl is-system-running --wait")
    wait_until(lambda: runs(host, "downtime-persistent"), 30, "the missed run is caught up")
    seen.later = site.apply([*jobs[:3], job("toggled")], **OWNER)
    return seen


@pytest.fixture(scope="module")
def stories(everywhere):
    return everywhere(tell)


@pytest.fixture
def story(stories, machine):
    return stories[machine].result()


def test_the_apply_came_during_the_boot(story):
    assert story.state in ("initializing", "starting")
    assert not story.booting.result["changed"]


def test_what_was_missed_is_caught_up_once(story, host):  # noqa: ARG001
    assert len(runs(host, "downtime-persistent")) == 1


@pytest.mark.parametrize("name", ["downtime-transient", "downtime-untouched", "downtime-toggled"])
def test_nothing_else_runs(story, host, name):  # noqa: ARG001
    assert runs(host, name) == []


@pytest.mark.parametrize("name", ["persistent", "transient", "untouched", "toggled"])
def test_all_timers_are_armed_after_the_boot(story, host, name):
    assert is_armed(host, f"downtime-{name}")
    assert not story.later.result["changed"]
