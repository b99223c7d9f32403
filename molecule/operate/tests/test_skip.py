# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `skip_next`: before the run that it leaves out; also when the jobs are applied again."""

from __future__ import annotations

from operating import as_json, machines, only_readable, row_of


def test_what_it_prints(skip_story, machine):
    run = skip_story.plays["skip"]
    assert run.status == 0, run.output
    only_readable(run)
    first, second = (one.strftime("%Y-%m-%d %H:%M:%S+00:00") for one in skip_story.elapses)
    row = row_of(machines(run, "Show what was done"), machine)
    assert row[1:] == ["skip-me", "update", "armed, skips next run", second]
    assert f"the run of {first} is skipped, and no other; `resume` takes that back" in run.output


def test_a_run_by_hand_before_it_is_a_run(skip_story, machine):
    assert skip_story.in_time, "the machine is too slow for this test"
    assert len(skip_story.ran["manually"][machine]) == 1


def test_an_apply_keeps_it(skip_story, machine):
    run = skip_story.plays["again"]
    assert run.status == 0, run.output
    assert not run.results[machine]["changed"]
    assert f"{skip_story.elapses[0]}  armed, skips next run" in run.output
    (job,) = as_json(skip_story.plays["status"])[machine]["jobs"]
    assert job["skipped_elapse"] == skip_story.elapses[0].strftime("%Y-%m-%dT%H:%M:%S+00:00")
    assert job["next_run"] == skip_story.elapses[1].strftime("%Y-%m-%dT%H:%M:%S+00:00")
    assert job["health"] == "ok"
    assert job["drift"] == []


def test_a_job_without_a_next_run(skip_story, machine):
    run = skip_story.plays["suspended"]
    assert run.status != 0
    only_readable(run)
    said = " ".join(run.output.split())
    assert f"fatal: [{machine}]" in said
    assert "skip-not.timer has no next elapse, so there is no run to skip; `status -e job=skip-not` says why" in said
