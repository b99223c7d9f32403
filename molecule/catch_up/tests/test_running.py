# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job is removed while it runs: its run goes on, unless it is to be stopped, and the result says which."""

from __future__ import annotations

import pytest
from harness import recorder, runs, show, wait_until

OWNER = {"timer_owner": "running"}
NAMES = ("running-finish", "running-stop", "running-pruned")
GO = "/srv/running-go"


def jobs(**fields):
    then = f"until [ -e {GO} ]; do sleep 0.1; done; echo end >> /srv/runs/$0.end"
    return [{"name": name, "schedule": "*-*-* 00:00:07", "command": recorder(name, then), **fields} for name in NAMES]


def state(host, name):
    return show(host, f"{name}.service", "ActiveState")["ActiveState"]


class Story:
    """What was seen."""


@pytest.fixture(scope="module")
def story(site, host):
    seen = Story()
    site.apply(jobs(), **OWNER)
    services = " ".join(f"{name}.service" for name in NAMES)
    host.check_output(f"systemctl start --no-block {services}")
    wait_until(lambda: all(runs(host, name) for name in NAMES), 20, "the jobs run")
    absent = [
        {"name": "running-finish", "state": "absent"},
        {"name": "running-stop", "state": "absent", "on_remove": "stop"},
    ]
    seen.run = site.apply(absent, timer_prune=True, timer_prune_limit=10000, **OWNER)
    seen.states = {name: state(host, name) for name in NAMES}
    seen.again = site.apply(absent, timer_prune=True, timer_prune_limit=10000, **OWNER)
    host.check_output("touch %s", GO)
    wait_until(lambda: all(state(host, name) == "inactive" for name in NAMES), 20, "the runs end")
    host.check_output("rm %s", GO)
    return seen


def test_the_result_says_what_becomes_of_each(story):
    told = {name: actions[-1] for name, actions in story.run.actions().items()}
    assert told == {
        "running-finish": "let its run finish",
        "running-stop": "stop its run",
        "running-pruned": "let its run finish",
    }


def test_only_the_one_is_stopped(story, host):
    assert story.states == {
        "running-finish": "activating",
        "running-stop": "inactive",
        "running-pruned": "activating",
    }
    ends = host.run("ls /srv/runs").stdout.split()
    assert {name for name in NAMES if f"{name}.end" in ends} == {"running-finish", "running-pruned"}


def test_a_second_run_changes_nothing(story):
    assert not story.again.result["changed"]
