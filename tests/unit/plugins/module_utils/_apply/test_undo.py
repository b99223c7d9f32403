# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: exactly what was done is taken back, and what cannot be is told. As root, because unit files are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import undo
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.steps import Done, StepFailed, StepRunner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import new_files, touched_modes
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan, goal_of, make_plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, ProgramMissing
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import observe_manager
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import (
    DEAD,
    WAITING,
    FakeHost,
    make_host,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

OLD_STAMP = 1795000000 * 10**9
FIRED = 1795000000
SPANS: dict[str, int | None] = {"1h": 3600 * 10**6, "5min": 300 * 10**6}
JOB, SECOND = wanted(), wanted(name="second")
EDITED = wanted(schedule="Tue 09:00")
OFF = wanted(persistent=False)
OFF_EDITED = wanted(persistent=False, schedule="Tue 09:00")
ABSENT = WantedJob("backup", "absent", "skip", "", "")
REFUSED = (1, "", "Refusing to reload, not enough space available on /run/systemd.\n")
LINK = "timers.target.wants/backup.timer"
TIMER, SERVICE = ["backup.timer"], ["backup.service"]


class Way:
    """One way there, and back."""

    def __init__(self, fake: FakeHost, *jobs: WantedJob) -> None:
        marker.remove_stage(marker.stage_directory(str(fake.units), "default"))
        self.fake = fake
        self.picture = fake.picture()
        request = Request(list(jobs), "default", False, "strict", str(fake.units), str(fake.logs), str(fake.own))
        self.before: Observed = observe(fake, request, observe_manager(fake))
        goals = [goal_of(job, self.before, SPANS) for job in jobs]
        self.plan: Plan = make_plan(goals, self.before, str(fake.units))
        self.host = StepRunner(fake, request)
        self.host.prepare(new_files(goals, self.plan), touched_modes(goals, self.plan))
        fake.calls.clear()

    def go(self, *steps: Step) -> Way:
        """Execute these steps, or all of the plan."""
        self.host.execute(list(steps) or self.plan.steps)
        return self

    def back(self) -> str:
        """Go back; return what could not be taken back."""
        self.fake.calls.clear()
        trouble = undo.undo(self.host, self.before)
        self.host.clean_up(undone=True)
        self.host.remove_made_directories()
        return trouble

    def returns(self) -> None:
        """Go back, and find the host as it was."""
        assert self.back() == ""
        assert self.fake.picture() == self.picture
        assert self.fake.surprises == []


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


@pytest.fixture
def armed(empty: FakeHost) -> FakeHost:
    """Return a host that has two jobs armed for some time."""
    return armed_with(empty, JOB, SECOND)


def armed_with(fake: FakeHost, *jobs: WantedJob) -> FakeHost:
    """Arm jobs on a host; each has run some time ago."""
    fake.converge(*jobs)
    for job in jobs:
        fake.fire(job.name, FIRED)
    fake.calls.clear()
    return fake


# Each kind of what can be done.


def test_nothing_done_is_nothing_to_take_back(armed: FakeHost) -> None:
    Way(armed, EDITED).returns()
    assert armed.calls == []


def test_a_file_that_was_replaced(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go(Step("install", TIMER))
    assert (armed.units / "backup.timer").read_text() == EDITED.timer
    assert way.host.done == [Done("install", "backup.timer", True)]
    way.returns()
    assert armed.verbs() == ["daemon-reload"]


def test_a_file_that_is_new(empty: FakeHost) -> None:
    way = Way(empty, JOB).go(Step("install", SERVICE))
    assert way.host.done == [Done("install", "backup.service", False)]
    way.returns()


def test_a_replaced_file_has_its_mode_and_owner_again(armed: FakeHost) -> None:
    (armed.units / "backup.timer").chmod(0o640)
    os.chown(armed.units / "backup.timer", 1, 2)
    Way(armed, EDITED).go(Step("install", TIMER)).returns()
    about = (armed.units / "backup.timer").stat()
    assert (about.st_mode & 0o7777, about.st_uid, about.st_gid) == (0o640, 1, 2)


def test_a_file_whose_mode_and_owner_were_corrected(armed: FakeHost) -> None:
    (armed.units / "backup.timer").chmod(0o666)
    os.chown(armed.units / "backup.timer", 1000, 4)
    way = Way(armed, JOB).go(Step("correct", TIMER))
    assert way.host.done == [Done("correct", "backup.timer", (1000, 4, 0o666))]
    way.returns()
    about = (armed.units / "backup.timer").stat()
    assert (about.st_mode & 0o7777, about.st_uid, about.st_gid) == (0o666, 1000, 4)


def test_a_file_that_was_deleted(armed: FakeHost) -> None:
    way = Way(armed, ABSENT).go(Step("delete", ["backup.service", "backup.timer"]))
    assert not (armed.units / "backup.timer").exists()
    way.returns()


def test_a_link_that_was_made_and_its_folder(empty: FakeHost) -> None:
    way = Way(empty, JOB).go(Step("link", [LINK]))
    assert (empty.units / LINK).is_symlink()
    way.returns()
    assert not (empty.units / "timers.target.wants").exists()


def test_a_folder_that_is_used_by_others_meanwhile_stays(empty: FakeHost) -> None:
    way = Way(empty, JOB).go(Step("link", [LINK]))
    (empty.units / "timers.target.wants" / "foreign.timer").symlink_to("/dev/null")
    assert way.back() == ""
    assert [path.name for path in (empty.units / "timers.target.wants").iterdir()] == ["foreign.timer"]


def test_a_log_directory_and_those_that_lead_to_it(empty: FakeHost) -> None:
    empty.logs = empty.root / "deep" / "er" / "logs"
    way = Way(empty, JOB).go(Step("make_log_directory", []))
    assert empty.logs.is_dir()
    way.returns()
    assert not (empty.root / "deep").exists()


@pytest.mark.parametrize("kind", ["unlink", "unlink_again"])
@pytest.mark.parametrize("target", ["/nowhere", "../backup.timer"])
def test_a_link_that_was_removed(kind: str, target: str, armed: FakeHost) -> None:
    (armed.units / LINK).unlink()
    (armed.units / LINK).symlink_to(target)
    Way(armed, EDITED).go(Step(kind, [LINK])).returns()
    assert str((armed.units / LINK).readlink()) == target


def test_a_link_that_was_removed_and_made_otherwise(armed: FakeHost) -> None:
    (armed.units / LINK).unlink()
    (armed.units / LINK).symlink_to("/nowhere")
    Way(armed, JOB).go(Step("unlink", [LINK]), Step("link", [LINK])).returns()


def test_a_link_that_was_made_and_removed_was_not_there(empty: FakeHost) -> None:
    Way(empty, JOB).go(Step("link", [LINK]), Step("unlink", [LINK])).returns()


def test_a_link_whose_folder_is_gone(armed: FakeHost) -> None:
    """Somebody has removed the empty folder meanwhile."""
    armed.converge(JOB, wanted(name="second", state="suspended"))
    way = Way(armed, EDITED).go(Step("unlink", [LINK]))
    (armed.units / "timers.target.wants").rmdir()
    way.returns()


def test_a_timer_that_was_stopped(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go(Step("stop", TIMER))
    assert "backup.timer" not in armed.states
    way.returns()
    # It is forgotten once more: its start could repeat its last run.
    assert armed.verbs() == ["daemon-reload", "start backup.timer"]


@pytest.mark.parametrize("sub", ["elapsed", "dead"])
def test_a_timer_that_was_not_waiting_is_not_started(sub: str, armed: FakeHost) -> None:
    """One that had elapsed for good would elapse again."""
    armed.states["backup.timer"] = ("active" if sub == "elapsed" else "inactive", sub)
    way = Way(armed, ABSENT).go(Step("stop", TIMER))
    assert way.back() == ""
    assert "start backup.timer" not in armed.verbs()


def test_a_stamp_that_was_touched(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go(Step("touch_stamp", TIMER))
    assert armed.stamp("backup") != OLD_STAMP
    way.returns()
    assert armed.stamp("backup") == OLD_STAMP
    assert armed.verbs() == []


def test_a_stamp_that_was_made(empty: FakeHost) -> None:
    way = Way(empty, JOB).go(Step("touch_stamp", TIMER))
    assert empty.stamp("backup") is not None
    way.returns()


def test_a_stamp_that_was_carried_to_a_new_name(armed: FakeHost) -> None:
    way = Way(armed, wanted(name="new", renamed_from="backup")).go(Step("carry_stamp", ["backup.timer new.timer"]))
    assert armed.stamp("new") == OLD_STAMP
    way.returns()


def test_a_carried_stamp_gives_back_what_lay_there(armed: FakeHost) -> None:
    armed.set_stamp("new", 12345 * 10**9)
    Way(armed, wanted(name="new", renamed_from="backup")).go(Step("carry_stamp", ["backup.timer new.timer"])).returns()


def test_a_stamp_that_somebody_has_set_meanwhile_is_left(armed: FakeHost) -> None:
    """The job has run: systemd has kept that time."""
    way = Way(armed, EDITED).go(Step("touch_stamp", TIMER))
    armed.set_stamp("backup", OLD_STAMP + 7)
    assert way.back() == ""
    assert armed.stamp("backup") == OLD_STAMP + 7


def test_a_stamp_that_is_gone_meanwhile_is_not_made_again(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go(Step("touch_stamp", TIMER))
    (armed.stamps / "stamp-backup.timer").unlink()
    assert way.back() == ""
    assert armed.stamp("backup") is None


def test_a_timer_that_was_started(empty: FakeHost) -> None:
    """Its stamp was made by that."""
    way = Way(empty, JOB).go()
    assert (empty.states["backup.timer"], empty.stamp("backup") is not None) == (WAITING, True)
    way.returns()
    assert empty.verbs() == ["stop backup.timer", "daemon-reload"]


def test_a_stamp_of_a_former_life_is_no_stamp_of_a_start(empty: FakeHost) -> None:
    empty.set_stamp("backup", OLD_STAMP)
    Way(empty, JOB).go().returns()
    assert empty.stamp("backup") == OLD_STAMP


def test_a_reload_is_followed_by_another(armed: FakeHost) -> None:
    Way(armed, JOB).go(Step("reload", [])).returns()
    assert armed.verbs() == ["daemon-reload"]


# A part of a plan, or all of it.

CHANGES = {
    "new": [wanted(name="third")],
    "reschedule": [EDITED],
    "command": [wanted(command="/bin/false")],
    "suspend": [wanted(state="suspended")],
    "remove": [ABSENT],
    "rename": [wanted(name="third", renamed_from="backup"), ABSENT],
    "all at once": [EDITED, wanted(name="second", state="suspended"), wanted(name="third")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_part_of_a_plan_is_taken_back(change: str, armed: FakeHost) -> None:
    steps = Way(armed, *CHANGES[change]).plan.steps
    for number in range(len(steps) + 1):
        way = Way(armed, *CHANGES[change])
        if number:
            way.go(*steps[:number])
        way.returns()


@pytest.mark.parametrize("change", CHANGES)
def test_jobs_that_were_not_touched_are_not_touched_on_the_way_back(change: str, armed: FakeHost) -> None:
    armed_with(armed, wanted(name="bystander"))
    steps = Way(armed, *CHANGES[change]).plan.steps
    for number in range(1, len(steps) + 1):
        way = Way(armed, *CHANGES[change]).go(*steps[:number])
        way.returns()
        assert not [call for call in armed.verbs() if "bystander" in call]


def test_after_a_failure_at_the_first_step_nothing_of_the_others_is_restarted(armed: FakeHost) -> None:
    """The plan would have stopped one timer and started another; neither has been."""
    way = Way(armed, EDITED, wanted(name="third"))
    way.host.done.append(Done("make_directory", str(armed.root / "none")))
    way.returns()
    assert armed.verbs() == []


# What fails on the way back.


def test_a_reload_that_is_refused_leaves_a_persistent_timer_started(armed: FakeHost) -> None:
    """Its stamp keeps it from repeating its last run."""
    way = Way(armed, EDITED).go(*Way(armed, EDITED).plan.steps[:-1])
    armed.faults["daemon-reload"] = [REFUSED]
    assert way.back() == ("systemctl daemon-reload: Refusing to reload, not enough space available on /run/systemd.")
    assert armed.states["backup.timer"] == WAITING
    assert armed.stamp("backup") == OLD_STAMP
    assert (armed.units / "backup.timer").read_text() == JOB.timer
    assert (armed.units / LINK).is_symlink()


def test_a_reload_that_is_refused_leaves_a_timer_that_has_run_stopped(empty: FakeHost) -> None:
    armed_with(empty, OFF, wanted(name="second", persistent=False), wanted(name="third"))
    del empty.fired["second.timer"]
    edited = [wanted(name=name, persistent=False, schedule="Tue 09:00") for name in ("backup", "second")]
    way = Way(empty, *edited, wanted(name="third", schedule="Tue 09:00")).go(
        Step("stop", ["backup.timer", "second.timer", "third.timer"])
    )
    empty.faults["daemon-reload"] = [REFUSED]
    trouble = way.back()
    assert trouble.endswith(
        "; backup.timer: left stopped, because systemd remembers the last run, and could repeat it at the start"
    )
    assert empty.verbs() == ["daemon-reload", "start second.timer third.timer"]
    assert empty.states == {"second.timer": WAITING, "third.timer": WAITING}
    assert empty.surprises == []
    # The next boot starts it.
    assert all((empty.units / LINK.replace("backup", name)).is_symlink() for name in ("backup", "second", "third"))


def test_a_timer_that_another_unit_refers_to_is_left_stopped_where_it_has_run(empty: FakeHost) -> None:
    """The reload succeeds, and systemd remembers it all the same."""
    armed_with(empty, OFF)
    empty.pinned.add("backup.timer")
    way = Way(empty, ABSENT).go(Step("stop", TIMER))
    assert way.back().startswith("backup.timer: left stopped, because systemd remembers")
    assert empty.surprises == []


def test_a_stop_that_is_refused_stops_nothing_and_leaves_no_trouble(empty: FakeHost) -> None:
    """The timer has run before, and is active all the time."""
    armed_with(empty, OFF)
    way = Way(empty, OFF_EDITED)
    empty.faults["stop"] = [REFUSED]
    with pytest.raises(StepFailed):
        way.go(Step("stop", TIMER))
    way.returns()


def test_a_stop_on_the_way_back_that_is_refused_is_told_and_the_rest_goes_back(empty: FakeHost) -> None:
    way = Way(empty, JOB).go()
    empty.faults["stop"] = [(1, "", "Access denied\n")]
    assert way.back() == "systemctl stop: Access denied"
    assert list(empty.units.iterdir()) == []


def test_a_start_on_the_way_back_that_is_refused_is_told_and_the_links_are_back(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go()
    armed.faults["start"] = [(1, "", "Access denied\n")]
    assert way.back() == "systemctl start: Access denied"
    assert (armed.units / LINK).is_symlink()
    assert (armed.units / "backup.timer").read_text() == JOB.timer
    assert armed.stamp("backup") == OLD_STAMP


def test_a_timer_that_is_not_active_again_is_told(armed: FakeHost) -> None:
    """systemctl exits 0, and the timer is not active."""
    way = Way(armed, EDITED).go()
    armed.faults["start"] = [(0, "", "")]
    assert way.back() == "backup.timer: not active again"


@pytest.mark.parametrize("fault", [(1, "", "Connection timed out\n"), ProgramMissing("systemctl")])
def test_a_systemd_that_does_not_say_what_it_remembers_is_told(fault: Any, armed: FakeHost) -> None:
    way = Way(armed, EDITED).go()
    armed.faults["list-units"] = [fault]
    assert way.back() != ""
    assert armed.states["backup.timer"] == WAITING


def test_the_same_trouble_is_told_once(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go()
    armed.faults["list-units"] = [(1, "", "Connection timed out\n")] * 2
    trouble = way.back()
    assert trouble.count("Connection timed out") == 1


def test_systemctl_that_is_gone_is_told_once_and_the_files_are_back(armed: FakeHost) -> None:
    way = Way(armed, EDITED).go()
    picture = way.picture

    def gone(argv: list[str]) -> Completed:
        raise ProgramMissing(argv[0])

    way.host.runner = gone
    assert way.back() == "systemctl is not installed on this host"
    after = armed.picture()
    assert {name: one for name, one in after.items() if name not in ("states", "loaded")} == {
        name: one for name, one in picture.items() if name not in ("states", "loaded")
    }


def read_only(monkeypatch: pytest.MonkeyPatch, name: str, part: str) -> None:
    """Let a call of the system fail where its path has this part."""
    really = getattr(os, name)

    def call(*words: Any, **more: Any) -> Any:
        if any(part in str(word) for word in words):
            raise OSError(30, "Read-only file system", words[-1])
        return really(*words, **more)

    monkeypatch.setattr(undo.os, name, call)


def test_a_folder_of_links_that_is_read_only_now(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer runs on with its old schedule, and the missing link is told."""
    way = Way(armed, EDITED).go()
    with monkeypatch.context() as patch:
        read_only(patch, "symlink", "timers.target.wants")
        trouble = way.back()
    assert trouble == f"[Errno 30] Read-only file system: '{armed.units / LINK}'"
    assert armed.states["backup.timer"] == WAITING
    assert (armed.units / "backup.timer").read_text() == JOB.timer


def test_a_unit_folder_that_is_read_only_now(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer is rather armed with a file that could not go back than left stopped."""
    way = Way(armed, EDITED, wanted(name="second", command="/bin/false")).go()
    with monkeypatch.context() as patch:
        read_only(patch, "rename", "/backup.timer")
        trouble = way.back()
    assert trouble == f"[Errno 30] Read-only file system: '{armed.units / 'backup.timer'}'"
    assert armed.states["backup.timer"] == WAITING
    assert (armed.units / "backup.timer").read_text() == EDITED.timer
    assert (armed.units / "second.service").read_text() == SECOND.service
    assert (armed.units / LINK).is_symlink()


def test_a_stamp_that_cannot_be_set_is_told(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(armed, EDITED).go()
    with monkeypatch.context() as patch:
        patch.setattr(undo, "set_stamp", Mock(side_effect=OSError(30, "Read-only file system")))
        assert way.back() == "[Errno 30] Read-only file system"
    assert armed.states["backup.timer"] == WAITING


def test_a_step_that_was_cut_off_before_its_effect_is_no_trouble(armed: FakeHost) -> None:
    """Each is noted before it is done."""
    way = Way(armed, EDITED, wanted(name="third"))
    way.host.done += [
        Done("install", "backup.timer", True),
        Done("install", "third.timer", False),
        Done("delete", "second.timer", True),
        Done("link", "timers.target.wants/third.timer"),
        Done("unlink", LINK, str(armed.units / "backup.timer")),
        Done("touch_stamp", "third.timer", (None, 5)),
        Done("touch_stamp", "backup.timer", (OLD_STAMP, 5)),
    ]
    way.returns()
    assert armed.states.get("third.timer", DEAD) == DEAD
