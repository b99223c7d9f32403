# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two declarations on one host: each sees to its own jobs; one takes a job over on purpose only."""

from __future__ import annotations

import pytest
from harness import active_since, is_armed, recorder, show, snapshot

FAR = "*-*-* 00:00:07"
MINE = {"timer_owner": "owner-a", "timer_prune": True}
THEIRS = {"timer_owner": "owner-b", "timer_prune": True}


def job(name, **fields):
    return {"name": name, "schedule": FAR, "command": recorder(name), **fields}


class Story:
    """What was seen."""


@pytest.fixture(scope="module")
def story(site, host):
    seen = Story()
    site.apply([job("owner-kept"), job("owner-moves")], **MINE)
    before = snapshot(host)
    seen.since = active_since(host, "owner-moves.timer")
    seen.refused = site.refuse([job("owner-moves"), job("owner-theirs")], **THEIRS)
    assert snapshot(host) == before
    seen.taken = site.apply([job("owner-moves", take_over_from="owner-a"), job("owner-theirs")], **THEIRS)
    seen.since_then = active_since(host, "owner-moves.timer")
    seen.again = site.apply([job("owner-moves", take_over_from="owner-a"), job("owner-theirs")], **THEIRS)
    seen.complaint = site.refuse([job("owner-kept"), job("owner-moves")], **MINE)
    seen.pruned = site.apply([job("owner-kept")], **MINE)
    return seen


def test_a_job_of_another_declaration_is_refused_and_the_way_is_told(story):
    assert "belongs to the declaration with timer_owner 'owner-a', not 'owner-b'" in story.refused.message
    assert "take the job over on purpose with `take_over_from: owner-a`" in story.refused.message


def test_it_is_taken_over_without_touching_its_timer(story, host):
    assert story.taken.actions() == {"owner-moves": ["update"], "owner-theirs": ["install", "arm", "enable"]}
    assert story.since_then == story.since
    assert is_armed(host, "owner-moves")
    assert not story.again.result["changed"]


def test_the_other_declaration_is_told(story):
    assert "belongs to the declaration with timer_owner 'owner-b', not 'owner-a'" in story.complaint.message


def test_pruning_leaves_the_jobs_of_others(story, host):
    assert story.pruned.actions() == {}
    assert is_armed(host, "owner-theirs")
    assert show(host, "owner-moves.timer", "LoadState") == {"LoadState": "loaded"}
