# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job is suspended, resumed, rescheduled and removed by playbooks; nothing runs, its files and neighbours stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import FILES_DIRECTORY, UNIT_DIRECTORY, Site, active_since, is_armed, recorder, runs, show, snapshot
from operating import all_of, as_json, machines, only_readable, row_of
from printed import command

OWNER = {"timer_owner": "change"}
JOBS = [
    {"name": "change-me", "schedule": "*-*-* 00:00:07", "script": {"content": "#!/bin/sh\necho ran >> /srv/ran\n"}},
    {"name": "change-not", "schedule": "*-*-* 00:00:07", "command": recorder("change-not")},
]
GONE = {"name": "change-gone", "schedule": "Mon 08:00", "command": "/bin/true"}
SCRIPT = f"{FILES_DIRECTORY}/change-me"
# What the next stop of the timer would do to the host.
HOSTILE = "daily\nRandomizedDelaySec=5h\n[Unit]\nOnSuccess=poweroff.target\n[Timer]"
STAMP = "/var/lib/systemd/timers/stamp-change-me.timer"


class Story:
    """What was printed, and how each machine stood after it."""

    def __init__(self):
        self.plays = {}
        self.seen = {}


@pytest.fixture(scope="module")
def story(everywhere, tmp_path_factory):
    told = Story()
    site = Site("timer_hosts", tmp_path_factory.mktemp("change"))

    def look(_site, host):
        return {
            "armed": is_armed(host, "change-me"),
            "units": snapshot(host).units(),
            "neighbour": active_since(host, "change-not.timer"),
            "ran": host.file("/srv/ran").exists or bool(runs(host, "change-not")),
            "timer": host.run("cat %s/change-me.timer", UNIT_DIRECTORY).stdout,
        }

    def step(name, *options, **variables):
        told.plays[name] = site.play(*options, **variables)
        told.seen[name] = all_of(everywhere(look))

    def side_by_side(**calls):
        """Changes that are all to change nothing."""

        def play(name):
            options, variables = calls[name]
            own = Site("timer_hosts", tmp_path_factory.mktemp(name))
            return own.play(*options, playbook="reschedule", job="change-me", **variables)

        with ThreadPoolExecutor(len(calls)) as pool:
            told.plays.update(zip(calls, pool.map(play, calls), strict=True))
        told.seen.update(dict.fromkeys(calls, all_of(everywhere(look))))

    def type_it(name, form):
        told.plays[name] = site.type(command(form), job="change-me")
        told.seen[name] = all_of(everywhere(look))

    step("apply", timer_jobs=[*JOBS, GONE], **OWNER)
    type_it("suspend", "suspend -e job=JOB")
    # So that there is something to catch up.
    all_of(everywhere(lambda _site, host: host.check_output("touch -d '3 days ago' %s", STAMP)))
    type_it("resume", "resume -e job=JOB")
    side_by_side(
        bad=((), {"schedule": "25:00"}),
        hostile=((), {"schedule": HOSTILE}),
        # As a shell hands on `-e schedule='Tue 09:00'`.
        cut=(("-e", "schedule=Tue 09:00"), {}),
        would=(("--check",), {"schedule": "Tue,Wed 09:00"}),
    )
    type_it("reschedule", "reschedule -e job=JOB -e \"schedule='Tue 09:00'\"")
    step("status", playbook="status", job="change-me", output="json")
    step("again", timer_jobs=JOBS, **OWNER)
    step("after", playbook="status", job="change-me", output="json")
    type_it("remove", "remove -e job=JOB")
    step("gone", playbook="remove", job="change-me")
    return told


def done(story, name, machine):
    run = story.plays[name]
    assert run.status == 0, run.output
    only_readable(run)
    return row_of(machines(run, "Show what was done"), machine)


def test_suspend(story, machine):
    assert done(story, "suspend", machine)[1:] == ["change-me", "disarm, disable", "suspended", "-"]
    assert "the next apply arms it again" in story.plays["suspend"].output
    before, after = story.seen["apply"][machine], story.seen["suspend"][machine]
    assert before["armed"]
    assert not after["armed"]
    # The link that enables it, and nothing else: its script is still there.
    gone = before["units"].keys() ^ after["units"].keys()
    assert gone == {f"{UNIT_DIRECTORY}/timers.target.wants/change-me.timer"}
    assert any(path.startswith(SCRIPT) for path in after["units"])


def test_resume(story, machine):
    assert done(story, "resume", machine)[2:4] == ["arm, enable", "armed"]
    assert story.seen["resume"][machine]["armed"]
    assert story.seen["resume"][machine]["units"] == story.seen["apply"][machine]["units"]


def test_a_bad_schedule_changes_nothing(story, machine):
    run = story.plays["bad"]
    assert run.status != 0
    only_readable(run)
    assert 'change-me: schedule "25:00": is not a valid calendar expression' in " ".join(run.output.split())
    assert story.seen["bad"][machine] == story.seen["resume"][machine]


def test_a_schedule_adds_no_directive(story, machine):
    run = story.plays["hostile"]
    assert run.status != 0
    only_readable(run)
    assert "contains a line break; write it on one line" in " ".join(run.output.split())
    assert story.seen["hostile"][machine] == story.seen["bad"][machine]


def test_a_schedule_that_the_shell_has_cut_is_refused_with_what_to_write(story, machine):
    run = story.plays["cut"]
    assert run.status == 2, run.output
    only_readable(run)
    assert """write -e "schedule='Tue 09:00'\"""" in " ".join(run.output.split())
    assert story.seen["cut"][machine] == story.seen["bad"][machine]


def test_check_mode_says_what_it_would_do(story, machine):
    assert done(story, "would", machine)[1:] == ["change-me", "update, reschedule", "to be armed", "-"]
    assert row_of(machines(story.plays["would"], "Show what was done"), "HOST")[2] == "WOULD DO"
    assert story.seen["would"][machine] == story.seen["bad"][machine]


def test_reschedule(story, machine):
    assert done(story, "reschedule", machine)[2:4] == ["update, reschedule", "armed"]
    text = story.seen["reschedule"][machine]["timer"]
    assert [line for line in text.splitlines() if line.startswith("OnCalendar=")] == ["OnCalendar=Tue 09:00"]
    (job,) = as_json(story.plays["status"])[machine]["jobs"]
    assert job["health"] == "drifted"
    assert job["drift"] == ["rescheduled manually, declared was: *-*-* 00:00:07"]
    assert job["next_elapse"].endswith("T09:00:00+00:00")
    assert story.plays["status"].status != 0


def test_the_next_apply_goes_back_to_the_variables(story, machine):
    assert story.plays["again"].status == 0, story.plays["again"].output
    assert story.seen["again"][machine]["units"] == story.seen["apply"][machine]["units"]


def test_hosts_with_the_same_orphan_share_a_warning(story):
    said = " ".join(story.plays["again"].output.split())
    assert said.count("[WARNING]: debian12, debian13: change-gone: installed by this declaration, but no longer") == 1
    assert said.count("change-gone") == 1


def test_what_was_done_stands_in_one_line(story):
    assert story.plays["again"].output.count("debian12, debian13: 1 changed: change-me\n") == 1


def test_a_job_that_never_ran_is_not_taken_for_one_that_has(story, machine):
    """It was suspended and resumed, and got another schedule: each time its stamp was set."""
    (job,) = as_json(story.plays["after"])[machine]["jobs"]
    assert (job["health"], job["last_run"], job["last_trigger"]) == ("never-ran", None, None)
    assert story.plays["after"].status == 0


def test_remove(story, machine, host):
    assert done(story, "remove", machine)[2:] == ["remove, disarm, disable", "absent", "-"]
    left = [path for path in story.seen["remove"][machine]["units"] if "change-me" in path]
    assert left == []
    assert not host.file(STAMP).exists
    assert show(host, "change-me.timer", "LoadState") == {"LoadState": "not-found"}


def test_what_is_removed_already_is_no_error(story):
    run = story.plays["gone"]
    assert run.status == 0, run.output
    assert "change-me is not there on debian12, debian13: nothing to do\n" in run.output
    assert "changed=0" in run.output
    assert story.seen["gone"] == story.seen["remove"]
    only_readable(run)


def test_nothing_has_run_and_the_neighbour_was_left_alone(story, machine):
    assert not any(seen[machine]["ran"] for seen in story.seen.values())
    assert len({seen[machine]["neighbour"] for seen in story.seen.values()}) == 1
