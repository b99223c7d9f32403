# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `skip_next`: exactly one run that the timer starts is left out. It began in test_skip.py."""

from __future__ import annotations

import pytest
from harness import runs, show, wait_until
from operating import all_of, as_json, machines, of_machine, row_of

# The story began before others, and with its first elapse ahead by less than that.
LONGEST = 240


@pytest.fixture(scope="module")
def story(skip_story, everywhere):
    def has_run(_site, host):
        wait_until(lambda: len(runs(host, "skip-me")) > 1, LONGEST, "the second elapse has run the job")

    all_of(everywhere(has_run))
    skip_story.look("second")
    skip_story.step("after", playbook="status", job="skip-me", output="json")
    skip_story.step("table", playbook="status", owner="skip")
    skip_story.apply("clean")
    skip_story.apply("clean again")
    skip_story.step("remove", playbook="remove", job="skip-me")
    return skip_story


def test_exactly_one_run_is_skipped(story, machine):
    by_hand, second = story.ran["second"][machine]
    assert story.elapses[0].timestamp() > by_hand
    assert story.elapses[1].timestamp() <= second
    (job,) = as_json(story.plays["after"])[machine]["jobs"]
    assert [one["result"] for one in job["runs"]] == ["success", "exec-condition", "success"]
    assert job["skipped_elapse"] is None
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
