# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is due while an apply is under way happens once: not never, and not twice.

A program that stands before the real one makes the apply as long as a large one is.
"""

from __future__ import annotations

import shlex
from datetime import timedelta

import pytest
from harness import broken_start, daily, pace, recorder, runs, utc_now, wait_until

OWNER = {"timer_owner": "window"}
FAR, OTHER = "*-*-* 00:00:07", "*-*-* 00:00:08"
BREAK, FIX = broken_start("window-breaks")
# From the start of ansible-playbook until the elapse, and how long the program sleeps, on an idle machine.
AHEAD, SLEEP = 9, 14
STORIES = {
    # Between stop and start.
    "reload": ("systemctl", "daemon-reload"),
    # Between observation and stop.
    "proof": ("systemd-analyze", "verify"),
}


def job(name, schedule=FAR, **fields):
    return {"name": f"window-{name}", "schedule": schedule, "command": recorder(f"window-{name}"), **fields}


def slow(program, verb, seconds):
    """Put a program before the real one that sleeps before the verb, once."""
    path = f"/usr/local/bin/{program}"
    lines = ["#!/bin/sh", f'if [ "$1" = {verb} ] && [ ! -e /srv/slept ]; then touch /srv/slept; sleep {seconds}; fi']
    text = "\n".join([*lines, f'exec /usr/bin/{program} "$@"', ""])
    return f"rm -f /srv/slept; printf %s {shlex.quote(text)} > {path} && chmod 0755 {path}"


def declared(due, *, edited):
    """All jobs have an elapse that is due meanwhile, before and after the edit."""
    second = OTHER if edited else FAR
    return [
        job("rescheduled", [due, second]),
        job("described", due, description="Edited" if edited else "As it was"),
        job("described-transient", due, persistent=False, description="Edited" if edited else "As it was"),
    ]


NAMES = [one["name"] for one in declared(FAR, edited=False)]


def tell_one(site, host, program, verb, *, broken):
    """Apply an edit during which the jobs are due; the number of runs of each."""
    host.run("rm -rf /srv/runs")
    busy = pace()
    due = utc_now() + timedelta(seconds=busy * (AHEAD + 12))
    near = due - timedelta(seconds=busy * AHEAD)
    site.apply(declared(daily(due), edited=False), **OWNER)
    assert utc_now() < near, "this machine is too slow for the test"
    wait_until(lambda: utc_now() > near, 120, "the time comes near")
    host.check_output(slow(program, verb, busy * SLEEP))
    jobs = declared(daily(due), edited=True)
    try:
        if broken:
            host.check_output(BREAK)
            run = site.refuse([*jobs, job("breaks")], **OWNER)
            host.check_output(FIX)
            assert run.result["undone"], run.message
        else:
            site.apply(jobs, **OWNER)
    finally:
        host.check_output("rm /usr/local/bin/%s", program)
    assert utc_now() > due, "the apply was over before the jobs were due"
    wait_until(lambda: utc_now() > due + timedelta(seconds=busy * SLEEP + 4), 120, "time goes by")
    return {name: len(runs(host, name)) for name in NAMES}


CASES = [(name, broken) for name in STORIES for broken in (False, True)]


def tell(site, host):
    return {(name, broken): tell_one(site, host, *STORIES[name], broken=broken) for name, broken in CASES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("story", "broken"), CASES)
def test_what_is_due_meanwhile_runs_once(stories, machine, story, broken, name):
    assert stories[machine].result()[story, broken][name] == 1
