# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploying one job does not move the next elapse of any other, of ours or of somebody else."""

from __future__ import annotations

import pytest
from harness import UNIT_DIRECTORY, active_since, recorder, show

OWNER = {"timer_owner": "neighbours"}
FOREIGN = "[Timer]\nOnCalendar=*-*-* 03:00:00\n{}\n[Install]\nWantedBy=timers.target\n"
UNITS = {
    "neighbour-plain": "",
    "neighbour-fixed": "RandomizedDelaySec=2h\nFixedRandomDelay=yes",
    # What a reload does to such a timer is systemd's own doing: docs/how-it-works.md.
    "neighbour-drawn": "RandomizedDelaySec=20h",
}


def job(name, **fields):
    return {"name": f"neighbour-{name}", "schedule": "*-*-* 04:00:00", "command": recorder(name), **fields}


def elapses(host, names):
    return {name: show(host, f"{name}.timer", "NextElapseUSecRealtime") for name in names}


OURS = ["neighbour-jitter", "neighbour-other"]


class Story:
    """What was seen before and after."""


@pytest.fixture(scope="module")
def story(site, host):
    seen = Story()
    for name, more in UNITS.items():
        host.check_output("printf %%b %s > %s/%s.timer", FOREIGN.format(more), UNIT_DIRECTORY, name)
        host.check_output("printf '[Service]\\nExecStart=/bin/true\\n' > %s/%s.service", UNIT_DIRECTORY, name)
    timers = " ".join(f"{name}.timer" for name in UNITS)
    host.check_output(f"systemctl daemon-reload && systemctl enable --now {timers}")
    jobs = [job("jitter", jitter="2h"), job("other")]
    site.apply(jobs, **OWNER)
    seen.before = elapses(host, [*OURS, *UNITS])
    seen.since = {name: active_since(host, f"{name}.timer") for name in [*OURS, *UNITS]}
    seen.run = site.apply([*jobs, job("new", jitter="1h")], **OWNER)
    seen.after = elapses(host, [*OURS, *UNITS])
    seen.since_then = {name: active_since(host, f"{name}.timer") for name in [*OURS, *UNITS]}
    yield seen
    host.run(f"systemctl disable --now {timers}")
    host.run(f"rm {UNIT_DIRECTORY}/neighbour-plain.* {UNIT_DIRECTORY}/neighbour-[fd]*; systemctl daemon-reload")


def test_only_the_new_job_is_touched(story):
    assert list(story.run.actions()) == ["neighbour-new"]
    assert story.since_then == story.since


@pytest.mark.parametrize("name", [*OURS, "neighbour-plain", "neighbour-fixed"])
def test_the_next_elapse_stays(story, name):
    assert story.after[name] == story.before[name]


def test_a_reload_draws_a_delay_anew_that_is_not_fixed(story):
    """What the docs say that one reload does: the odds that 20 hours give the same second twice are small."""
    assert story.after["neighbour-drawn"] != story.before["neighbour-drawn"]
