# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A story that waits for its time: it begins in test_skip.py, others are told meanwhile, test_unskipped.py ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import Site, daily, recorder, runs, soon, utc_now
from operating import all_of
from printed import command

OWNER = {"timer_owner": "skip"}
# Four playbooks run before the first elapse; the second comes so many seconds later.
FIRST, AFTER = 60, 10


class Story:
    """What was printed, and how each machine stood after it."""

    def __init__(self, everywhere, site):
        self.everywhere = everywhere
        self.site = site
        self.plays = {}
        self.ran = {}
        first = soon(FIRST).replace(microsecond=0)
        self.elapses = [first, first + timedelta(seconds=AFTER)]
        self.jobs = [
            {"name": "skip-me", "schedule": [daily(one) for one in self.elapses], "command": recorder("skip-me")},
            {"name": "skip-not", "schedule": "*-*-31", "state": "suspended", "command": "/bin/true"},
        ]

    def look(self, name):
        self.ran[name] = all_of(self.everywhere(lambda _site, host: runs(host, "skip-me")))

    def step(self, name, *options, **variables):
        self.plays[name] = self.site.play(*options, **variables)

    def apply(self, name):
        self.step(name, timer_jobs=self.jobs, **OWNER)


@pytest.fixture(scope="session")
def skip_story(everywhere, tmp_path_factory):
    """Until before the first elapse."""
    told = Story(everywhere, Site("timer_hosts", tmp_path_factory.mktemp("skip")))
    told.apply("apply")
    told.plays["skip"] = told.site.type(command("skip_next -e job=JOB"), job="skip-me")
    all_of(everywhere(lambda _site, host: host.check_output("systemctl start skip-me.service")))
    told.look("manually")
    told.apply("again")
    told.step("status", playbook="status", job="skip-me", output="json")
    told.in_time = utc_now() < told.elapses[0]
    told.step("suspended", playbook="skip_next", job="skip-not")
    return told
