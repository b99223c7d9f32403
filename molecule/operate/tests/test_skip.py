# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `skip_next`: exactly one run that the timer starts is left out, also when the jobs are applied again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import Site, daily, recorder, runs, show, soon, utc_now, wait_until
from operating import all_of, as_json, machines, of_machine, only_readable, row_of

OWNER = {"timer_owner": "skip"}
# Four playbooks run before the first elapse; the second comes so many seconds later.
FIRST, AFTER = 60, 10


class Story:
    """What was printed, and how each machine stood after it."""

    def __init__(self):
        self.plays = {}
        self.ran = {}


@pytest.fixture(scope="module")
def story(everywhere, tmp_path_factory):
    told = Story()
    site = Site("timer_hosts", tmp_path_factory.mktemp("skip"))
    first = soon(FIRST).replace(microsecond=0)
    told.elapses = [first, first + timedelta(seconds=AFTER)]
    jobs = [
        {"name": "skip-me", "schedule": [daily(one) for one in told.elapses], "command": recorder("skip-me")},
        {"name": "skip-not", "schedule": "*-*-31", "state": "suspended", "command": "/bin/true"},
    ]

    def look(name):
        told.ran[name] = all_of(everywhere(lambda _site, host: runs(host, "skip-me")))

    def step(name, *options, **variables):
        told.plays[name] = site.play(*options, **variables)

    step("apply", timer_jobs=jobs, **OWNER)
    step("skip", playbook="skip_next", job="skip-me")
    all_of(everywhere(lambda _site, host: host.check_output("systemctl start skip-me.service")))
    look("by hand")
    step("again", timer_jobs=jobs, **OWNER)
    step("status", playbook="status", job="skip-me", output="json")
    told.in_time = utc_now() < told.elapses[0]
    step("suspended", playbook="skip_next", job="skip-not")

    def has_run(_site, host):
        wait_until(lambda: len(runs(host, "skip-me")) > 1, FIRST + 60, "the second elapse has run the job")

    all_of(everywhere(has_run))
    look("second")
    step("after", playbook="status", job="skip-me", output="json")
    step("table", playbook="status", owner="skip")
    step("clean", timer_jobs=jobs, **OWNER)
    step("clean again", timer_jobs=jobs, **OWNER)
    step("remove", playbook="remove", job="skip-me")
    return told


def test_what_it_prints(story, machine):
    run = story.plays["skip"]
    assert run.status == 0, run.output
    only_readable(run)
    assert row_of(machines(run, "Show what was done"), machine)[1:4] == ["skip-me", "update", "present"]
    first = story.elapses[0].strftime("%Y-%m-%d %H:%M:%S+00:00")
    assert f"the run of {first} is skipped, and no other; `resume` takes that back" in run.output


def test_a_run_by_hand_before_it_is_a_run(story, machine):
    assert story.in_time, "the machine is too slow for this test"
    assert len(story.ran["by hand"][machine]) == 1


def test_an_apply_keeps_it(story, machine):
    run = story.plays["again"]
    assert run.status == 0, run.output
    assert not run.results[machine]["changed"]
    assert f"{story.elapses[0]}  armed, skips next run" in run.output
    (job,) = as_json(story.plays["status"])[machine]["jobs"]
    assert job["skips"] == story.elapses[0].strftime("%Y-%m-%dT%H:%M:%S+00:00")
    assert job["health"] == "ok"
    assert job["drift"] == []


def test_exactly_one_run_is_skipped(story, machine):
    by_hand, second = story.ran["second"][machine]
    assert story.elapses[0].timestamp() > by_hand
    assert story.elapses[1].timestamp() <= second
    (job,) = as_json(story.plays["after"])[machine]["jobs"]
    assert [one["result"] for one in job["runs"]] == ["success", "exec-condition", "success"]
    assert job["skips"] is None
    # Over and done, it is no drift.
    table = of_machine(machines(story.plays["table"], "Show the jobs"), machine)
    assert row_of(table, "skip-me")[-1] == "ok"


def test_the_next_apply_cleans_up(story, machine):
    assert story.plays["clean"].actions_of(machine) == {"skip-me": ["update"]}
    assert not story.plays["clean again"].results[machine]["changed"]


def test_nothing_is_left_of_a_job_that_is_removed(story, host):
    assert story.plays["remove"].status == 0, story.plays["remove"].output
    assert not host.file("/var/lib/dotmobi.systemd_timers/skip-me").exists
    assert show(host, "skip-me.service", "LoadState") == {"LoadState": "not-found"}


def test_a_job_without_a_next_run(story, machine):
    run = story.plays["suspended"]
    assert run.status != 0
    only_readable(run)
    said = " ".join(run.output.split())
    assert f"fatal: [{machine}]" in said
    assert "skip-not.timer has no next elapse, so there is no run to skip; `status -e job=skip-not` says why" in said
