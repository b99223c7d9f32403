# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job gets another name: one pair goes, one comes, and neither is a run lost nor doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import UNIT_DIRECTORY, daily, is_armed, recorder, runs, show, snapshot, soon, utc_now, wait_until

OWNER = {"timer_owner": "rename"}
FAR = "*-*-* 00:00:07"
STAMP = "/var/lib/systemd/timers/stamp-{}.timer"


def job(name, schedule=FAR, **fields):
    return {"name": name, "schedule": schedule, "command": recorder(name), **fields}


def after(passed, ahead):
    return [
        job("rename-new", renamed_from="rename-old"),
        job("rename-ahead-new", daily(ahead), renamed_from="rename-ahead-old"),
        job("rename-passed-new", daily(passed), renamed_from="rename-passed-old"),
        job("rename-transient-new", daily(passed), persistent=False, renamed_from="rename-transient-old"),
        job("rename-running-new", renamed_from="rename-running-old"),
    ]


OLD = ["rename-old", "rename-ahead-old", "rename-passed-old", "rename-transient-old", "rename-running-old"]


class Story:
    """What was seen before and after."""


def tell(site, host):
    seen = Story()
    ahead = soon(25)
    before = [job(name) for name in OLD]
    before[1] = job("rename-ahead-old", daily(ahead))
    before[4]["command"] = recorder("rename-running-old", "until [ -e /srv/go ]; do sleep 0.1; done")
    site.apply(before, **OWNER)
    host.check_output("systemctl start --no-block rename-running-old.service")
    wait_until(lambda: runs(host, "rename-running-old"), 20, "the job runs")
    # So that a stamp that was made anew would tell.
    host.check_output("touch --date '5 seconds ago' %s", STAMP.format("rename-old"))
    seen.stamp = snapshot(host).stamps[STAMP.format("rename-old")]
    passed = utc_now() - timedelta(seconds=2)
    jobs = after(passed, ahead)
    seen.check = site.apply(jobs, "--check", **OWNER)
    seen.run = site.apply(jobs, **OWNER)
    assert utc_now() < ahead, "this machine is too slow for the test"
    seen.found = snapshot(host)
    seen.again = site.apply(jobs, **OWNER)
    wait_until(lambda: runs(host, "rename-ahead-new"), 160, "the job elapses under its new name")
    host.check_output("touch /srv/go")
    wait_until(
        lambda: show(host, "rename-running-old.service", "ActiveState")["ActiveState"] != "activating", 20, "it ends"
    )
    host.check_output("rm /srv/go")
    return seen


@pytest.mark.parametrize("old", OLD)
def test_the_old_pair_is_gone_and_the_new_one_armed(story, host, old):
    new = old.replace("-old", "-new")
    assert is_armed(host, new)
    assert show(host, f"{old}.timer", "LoadState") == {"LoadState": "not-found"}
    assert [path for path in story.found.files if path.startswith(UNIT_DIRECTORY) and old in path] == []
    assert STAMP.format(old) not in story.found.stamps
    assert story.run.actions()[old][:1] == ["remove"]
    assert story.run.actions()[new] == ["install", "arm", "enable"]


def test_the_time_of_the_last_run_is_carried_over(story):
    assert story.found.stamps[STAMP.format("rename-new")] == story.stamp


def test_what_is_ahead_runs_once_under_the_new_name(story, host):  # noqa: ARG001
    assert runs(host, "rename-ahead-old") == []
    assert len(runs(host, "rename-ahead-new")) == 1


@pytest.mark.parametrize("name", ["rename-old", "rename-new", "rename-passed-new", "rename-transient-new"])
def test_nothing_runs_by_surprise(story, host, name):  # noqa: ARG001
    assert runs(host, name) == []


def test_a_run_under_the_old_name_is_left_to_finish(story, host):
    assert story.run.actions()["rename-running-old"] == ["remove", "disarm", "disable", "let its run finish"]
    assert len(runs(host, "rename-running-old")) == 1
    assert runs(host, "rename-running-new") == []


def test_check_mode_says_the_same(story):
    assert story.check.actions() == story.run.actions()


def test_the_line_can_stay(story):
    assert not story.again.result["changed"]


def test_a_name_that_is_declared_still_is_refused(site):
    run = site.refuse([job("rename-a"), job("rename-b", renamed_from="rename-a")], **OWNER)
    assert 'rename-b: renamed_from "rename-a": is the name of a job that is declared still; ' in run.message
