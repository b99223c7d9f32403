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
FAR, OTHER = "*-*-* 00:00:07", "*-*-* 00:00:09"
# Timers wait for the time to be set: a host on which that takes until it is let.
SLOW_BOOT = """\
[Unit]
DefaultDependencies=no
Before=time-set.target
Wants=time-set.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for i in $(seq 6000); do [ -e /run/downtime-go ] && break; sleep 0.1; done'
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
    jobs = [
        job("persistent"),
        job("transient", persistent=False),
        job("untouched"),
        # It was not persistent for a while: its old stamp is no reason to run.
        job("toggled", persistent=False),
    ]
    # What gets another state while the host boots.
    before = [job("changed"), job("loose", persistent=False), job("paused")]
    after = [job("changed", OTHER), job("loose", OTHER, persistent=False), job("paused", state="suspended"), job("new")]
    # Their last runs: one has failed, and one is under way when the host goes down.
    last = {"schedule": soon(10).strftime("%Y-%m-%d %H:%M:%S"), "after_last_run": "remove"}
    done = [job("failed", **last), job("cut", **last)]
    done[0]["command"] = recorder("downtime-failed", "false")
    done[1]["command"] = recorder("downtime-cut", "sleep infinity")
    site.apply([*jobs[:3], job("toggled"), *before, *done], **OWNER)
    for name in ("failed", "cut"):
        wait_until(lambda name=name: runs(host, f"downtime-{name}"), 30, f"downtime-{name} has run")
    due = soon(20)
    jobs[:2] = [job("persistent", daily(due)), job("transient", daily(due), persistent=False)]
    site.apply([*jobs, *before], **OWNER)
    host.check_output("touch --date '3 days ago' /var/lib/systemd/timers/stamp-downtime-toggled.timer")
    seen.toggled = site.apply([*jobs[:3], job("toggled"), *before], **OWNER)
    host.check_output("printf %%s %s > %s && systemctl enable %s", SLOW_BOOT, SLOW, SLOW.rpartition("/")[2])
    assert utc_now() < due, "this machine is too slow for the test"
    podman("stop", "--time", "10", container)
    wait_until(lambda: utc_now() > due + timedelta(seconds=1), 120, "the elapse goes by")
    podman("start", container)
    wait_until(lambda: host.run("systemctl show --property=Version").rc == 0, 30, "systemd answers")
    # A scenario that comes after this one finds the host as it was booted first.
    share_mounts(container)
    seen.state = host.run("systemctl is-system-running").stdout.strip()
    seen.booting = site.apply([*jobs[:3], job("toggled"), *before], **OWNER)
    seen.changing = site.apply([*jobs[:3], job("toggled"), *after], **OWNER)
    seen.changing_again = site.apply([*jobs[:3], job("toggled"), *after], **OWNER)
    host.check_output("touch /run/downtime-go")
    host.run("systemctl is-system-running --wait")
    wait_until(lambda: runs(host, "downtime-persistent"), 30, "the missed run is caught up")
    seen.later = site.apply([*jobs[:3], job("toggled"), *after, *done], **OWNER)
    seen.paused = host.run("systemctl is-active downtime-paused.timer").stdout.strip()
    return seen


def test_the_apply_came_during_the_boot(story):
    assert story.state in ("initializing", "starting")
    assert not story.booting.result["changed"]


def test_a_start_that_waits_for_the_boot_is_left_to_it(story):
    rows = story.changing.rows()
    armed = {name: rows[f"downtime-{name}"]["armed"] for name in ("changed", "loose", "new", "paused", "untouched")}
    assert armed == {"changed": "queued", "loose": "queued", "new": "queued", "paused": "no", "untouched": "queued"}
    waiting = {one["job"] for one in story.changing.result["findings"] if one["code"] == "start-waits"}
    assert {f"downtime-{name}" for name, word in armed.items() if word == "queued"} <= waiting
    # One line for all of them.
    assert sum("waits for another unit" in text for text in story.changing.result["warnings"]) == 1
    assert not story.changing_again.result["changed"]
    assert story.paused == "inactive"


def test_a_last_run_that_did_not_end_well_keeps_its_job(story):
    assert {story.later.rows()[f"downtime-{name}"]["armed"] for name in ("failed", "cut")} == {"done"}


def test_what_was_missed_is_caught_up_once(story, host):  # noqa: ARG001
    assert len(runs(host, "downtime-persistent")) == 1


@pytest.mark.parametrize("name", ["transient", "untouched", "toggled", "changed", "loose", "paused", "new"])
def test_nothing_else_runs(story, host, name):  # noqa: ARG001
    assert runs(host, f"downtime-{name}") == []


@pytest.mark.parametrize("name", ["persistent", "transient", "untouched", "toggled", "changed", "loose", "new"])
def test_all_timers_are_armed_after_the_boot(story, host, name):
    assert is_armed(host, f"downtime-{name}")
    assert not story.later.result["changed"]
