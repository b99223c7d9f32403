# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is under way keeps its units and its files, whatever applies do, and however these end. As root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import steps
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import (
    SYSTEM_PLACES,
    cleaner_of,
    pin_files,
    places_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.file_places import moved
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import own_file
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, Killed, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

RUNS = ("activating", "start")
ABSENT = WantedJob("backup", "absent", "skip", "", "")
REFUSED = (1, "", "Refusing to reload, not enough space available on /run/systemd.\n")


class Story:
    """A host with the job, a run of it under way. version: what its files hold."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        root.mkdir(exist_ok=True)
        self.host = make_host(root, patch)
        self.first = self.host.own / "backup"
        self.second = self.host.own / ".other" / "backup"
        self.control = root / "runtime" / "system.control"
        self.before = self.job()
        self.apply(self.before)
        self.host.states["backup.service"] = RUNS

    def job(self, version: str = "1", **fields: Any) -> WantedJob:
        given = {
            "command": None,
            "script": {"content": f"#!/bin/sh\n{version}\n"},
            "on_failure": {"command": "/bin/true"},
        }
        return wanted(str(self.host.own), **{**given, **fields})

    def apply(self, *jobs: WantedJob, **options: Any) -> dict[str, Any]:
        outcome = self.host.converge(*jobs, **options)
        assert outcome.errors == []
        return outcome.result

    def changes(self, *jobs: WantedJob, **options: Any) -> list[str]:
        """Apply, in check mode first; return what was done to the first job. A second apply does nothing."""
        before = self.host.picture()
        foreseen = self.apply(*jobs, check_mode=True, **options)
        assert self.host.picture() == before
        done = self.apply(*jobs, **options)
        assert done["diff"] == foreseen["diff"]
        assert [one["actions"] for one in done["jobs"]] == [one["actions"] for one in foreseen["jobs"]]
        self.is_settled(*jobs, **options)
        return list(done["jobs"][0]["actions"]) if done["jobs"] else []

    def is_settled(self, *jobs: WantedJob, **options: Any) -> None:
        again = self.apply(*jobs, **options)
        assert (again["changed"], again["diff"], self.host.verbs()) == (False, [], [])

    def runs_as_it_began(self) -> None:
        """The run has the units and files that it began with."""
        assert self.host.loaded["backup.service"] == self.before.service
        texts = {one.name: one.text for one in self.before.files}
        assert (self.control / "backup-notify@.service").read_text() == texts["backup-notify@.service"]
        for one in self.before.files:
            assert not one.name.startswith("/") or Path(one.name).read_text() == one.text, one.name

    def is_clean(self) -> None:
        """Nothing is left of a pin."""
        left = [path for path in self.host.root.rglob("*") if path.is_file() and "backup" in path.name]
        assert not [path for path in left if "runtime" in path.parts or ".runs" in path.parts or "runs" in path.parts]
        assert not self.control.exists() or not list(self.control.iterdir())
        assert not list(self.host.own.glob(".runs/*"))
        assert cleaner_of("backup") not in self.host.loaded


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return Story(tmp_path, monkeypatch)


def test_a_job_that_goes_leaves_its_run_all_it_has(story: Story) -> None:
    assert "let its run finish" in story.changes(ABSENT)
    assert story.host.verbs() == []
    assert not list(story.host.units.glob("backup*"))
    story.runs_as_it_began()
    story.host.end_run("backup", ("failed", "failed"))
    story.is_clean()
    assert not story.host.own.exists()
    assert "backup.service" not in story.host.loaded
    story.is_settled(ABSENT)


def test_a_pruned_job_is_not_declared_while_it_goes(story: Story) -> None:
    assert "let its run finish" in story.changes(prune=True)
    story.runs_as_it_began()
    assert story.apply(prune=True)["jobs"] == []


def test_a_change_of_the_unit_alone_leaves_the_files_where_they_are(story: Story) -> None:
    after = story.job(timeout="1h")
    assert story.changes(after) == ["update", "let its run finish"]
    story.runs_as_it_began()
    story.host.end_run("backup")
    assert story.host.loaded["backup.service"] == after.service
    assert sorted(path.name for path in story.first.iterdir()) == sorted(
        Path(one.name).name for one in after.files if one.name.startswith("/")
    )
    story.is_clean()
    story.is_settled(after)


def test_new_files_go_beside_those_of_the_run_and_come_back_with_the_next_change(story: Story) -> None:
    assert "let its run finish" in story.changes(story.job("2"))
    story.runs_as_it_began()
    assert (story.second / "script").read_text() == "#!/bin/sh\n2\n"
    text = (story.host.units / "backup.service").read_text()
    assert f" {story.second}/script" in text
    assert f"Folder={story.second}\n" in text
    assert f" {story.second}/notifier.py" in (story.host.units / "backup-notify@.service").read_text()
    # Once more, while it lasts.
    story.changes(story.job("3"))
    story.runs_as_it_began()
    assert (story.second / "script").read_text() == "#!/bin/sh\n3\n"
    story.host.end_run("backup")
    story.is_clean()
    assert not story.first.exists()
    story.is_settled(story.job("3"))
    # Nothing runs.
    assert story.changes(story.job("4")) != []
    assert (story.first / "script").read_text() == "#!/bin/sh\n4\n"
    assert not story.second.parent.exists()


def test_two_folders_are_enough_for_runs_that_follow_each_other(story: Story) -> None:
    story.apply(story.job("2"))
    story.host.end_run("backup")
    story.host.states["backup.service"] = RUNS
    story.before = story.before._replace(
        service=(story.host.units / "backup.service").read_text(),
        files=tuple(
            JobFile(one.name.replace(str(story.first), str(story.second)), "") for one in story.job("2").files[:0]
        ),
    )
    story.changes(story.job("3"))
    assert (story.second / "script").read_text() == "#!/bin/sh\n2\n"
    assert (story.first / "script").read_text() == "#!/bin/sh\n3\n"
    story.host.end_run("backup")
    assert not story.second.parent.exists()
    story.is_clean()
    story.is_settled(story.job("3"))


@pytest.mark.parametrize("after", ["as it was", "otherwise", "absent"])
def test_a_change_that_is_changed_again(after: str, story: Story) -> None:
    story.changes(story.job("2", timeout="1h"))
    last = {"as it was": story.before, "otherwise": story.job("5"), "absent": ABSENT}[after]
    story.changes(last)
    story.runs_as_it_began()
    story.host.end_run("backup")
    story.is_clean()
    story.is_settled(last)
    if after == "absent":
        assert not story.host.own.exists()
    else:
        assert not (story.first.exists() and story.second.exists())


@pytest.mark.parametrize("again", ["1", "2"])
def test_a_job_that_goes_and_comes_back(again: str, story: Story) -> None:
    story.changes(ABSENT)
    story.changes(story.job(again))
    story.runs_as_it_began()
    story.host.end_run("backup")
    story.is_clean()
    story.is_settled(story.job(again))
    assert (story.second / "script").read_text() == f"#!/bin/sh\n{again}\n"


def test_a_job_that_is_suspended_or_not_changed_needs_no_pin(story: Story) -> None:
    story.changes(story.job(state="suspended"))
    assert not story.control.exists()
    story.changes(story.job(schedule="Tue 09:00"))
    assert not story.control.exists()


def test_a_service_that_only_remains_has_no_run(story: Story) -> None:
    story.host.states["backup.service"] = ("active", "exited")
    story.changes(story.job("2"))
    assert not story.control.exists()
    assert (story.first / "script").read_text() == "#!/bin/sh\n2\n"


def test_a_run_that_is_to_be_stopped_is_not_kept(story: Story) -> None:
    assert "stop its run" in story.changes(ABSENT._replace(on_remove="stop"))
    assert not story.control.exists()
    assert not story.host.own.exists()


def test_a_run_that_begins_during_the_proof_is_seen(story: Story) -> None:
    del story.host.states["backup.service"]
    story.host.during["--dump-configuration-items"] = []
    begins = iter([None, RUNS])

    def list_units(arguments: list[str]) -> Any:
        state = next(begins, RUNS)
        if state:
            story.host.states["backup.service"] = state
        return FakeHost._list_units(story.host, arguments)

    story.host._list_units = list_units  # type: ignore[method-assign]
    assert "let its run finish" in story.apply(story.job("2"))["jobs"][0]["actions"]
    story.runs_as_it_began()


def test_after_a_boot_the_next_apply_cleans_up(story: Story) -> None:
    story.changes(ABSENT)
    boot(story)
    assert story.first.exists()
    assert story.apply(prune=False)["jobs"][0]["actions"] == ["clean up after its run"]
    story.host.end_run("backup")
    assert not story.host.own.exists()
    story.is_clean()
    story.is_settled()


def test_after_a_boot_the_new_version_is_whole(story: Story) -> None:
    after = story.job("2")
    story.changes(after)
    boot(story)
    assert "clean up after its run" in story.changes(after)
    story.host.end_run("backup")
    story.is_settled(after)
    assert not story.first.exists()


def boot(story: Story) -> None:
    """What is below /run is gone, and nothing runs."""
    subprocess.run(["rm", "-rf", story.host.root / "runtime", story.host.root / "run"], check=True)
    story.host.states.clear()
    story.host.loaded.clear()


CHANGES = ("files", "unit", "absent")


def change(story: Story, kind: str) -> WantedJob:
    return {"files": story.job("2"), "unit": story.job(timeout="1h"), "absent": ABSENT}[kind]


@pytest.mark.parametrize("kind", CHANGES)
def test_an_apply_that_fails_takes_the_pin_back(kind: str, story: Story) -> None:
    before = story.host.picture()
    story.host.faults["daemon-reload"] = [REFUSED]
    with pytest.raises(ApplyFailed) as caught:
        story.apply(change(story, kind))
    assert (caught.value.undone, caught.value.trouble) == (True, "")
    assert story.host.picture() == before


@pytest.mark.parametrize("kind", ["unit", "absent"])
def test_a_second_apply_that_fails_leaves_the_pin_of_the_first(kind: str, story: Story) -> None:
    story.apply(story.job("3"))
    before = story.host.picture()
    story.host.faults["daemon-reload"] = [REFUSED]
    with pytest.raises(ApplyFailed):
        story.apply(change(story, kind))
    assert story.host.picture() == before
    story.runs_as_it_began()


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("ends", [False, True])
def test_a_killed_apply_is_completed_and_the_run_kept(kind: str, ends: bool, tmp_path: Path) -> None:
    """It is killed after each call by which it changes files; the run ends before the next apply, or not."""
    number, reached = 0, True
    while reached:
        number += 1
        with pytest.MonkeyPatch.context() as patch:
            story = Story(tmp_path / str(number), patch)
            faulty = Faults(number)
            patch.setattr(steps, "os", faulty)
            patch.setattr(own_file, "os", faulty)
            wish = change(story, kind)
            try:
                story.apply(wish)
            except Killed:
                reached = True
            else:
                reached = False
            patch.setattr(steps, "os", os)
            patch.setattr(own_file, "os", os)
            if ends:
                story.host.states.pop("backup.service", None)
            story.apply(wish)
            if not ends:
                story.runs_as_it_began()
            story.is_settled(wish)
            if cleaner_of("backup") in story.host.loaded:
                story.host.end_run("backup")
            story.is_clean()
            story.is_settled(wish)
            assert not (story.first.exists() and story.second.exists())
    assert number > 10


class Faults:
    """The calls of the system by which an apply changes files; it is killed after one of them."""

    CHANGING = ("mkdir", "rename", "unlink", "rmdir")

    def __init__(self, number: int) -> None:
        self.left = number

    def __getattr__(self, name: str) -> Any:
        really = getattr(os, name)
        if name not in self.CHANGING:
            return really

        def call(*words: Any, **more: Any) -> Any:
            done = really(*words, **more)
            self.left -= 1
            if self.left == 0:
                raise Killed
            return done

        return call


def test_the_script_is_one_for_the_shell_and_holds_hostile_paths() -> None:
    service = wanted("/srv/it's $HOME", name="a@b", on_failure={"mail": "root"}).service
    units = {"a@b.service": service, r"a\x40b-notify@.service": "x"}
    parts = {one.name: one for one in pin_files("a@b", units, (), SYSTEM_PLACES)}
    script = parts["/run/dotmobi.systemd_timers/runs/a@b.sh"]
    assert subprocess.run(["sh", "-n"], input=script.text, text=True, check=False).returncode == 0
    assert script.mode == 0o600
    assert "is_busy SubState a@b.service || is_busy SubState,Job 'a?x40b-notify@*.service'" in script.text
    assert "while [ -L /run/systemd/units/invocation:a@b.service ]; do" in script.text
    assert "'/srv/it'\"'\"'s $HOME/a@b/notify.json'" in script.text
    assert parts[f"/run/systemd/system/{cleaner_of('a@b')}"].text.count("ExecStart=/bin/sh /run/dotmobi") == 2


@pytest.mark.parametrize(
    ("service", "order"),
    [
        ({}, "Before"),
        ({"Restart": "no"}, "Before"),
        # It is under way while systemd restarts it, which must not wait; or it stays active after the run.
        ({"Restart": "on-failure"}, "After"),
        ({"RemainAfterExit": True}, "After"),
    ],
)
def test_the_next_run_waits_for_what_cleans_up(service: dict[str, Any], order: str) -> None:
    text = wanted(service=service).service
    parts = {one.name: one.text for one in pin_files("backup", {"backup.service": text}, (), SYSTEM_PLACES)}
    assert f"\n{order}=backup.service\n" in parts[f"/run/systemd/system/{cleaner_of('backup')}"]
    script = parts["/run/dotmobi.systemd_timers/runs/backup.sh"]
    assert ("while [ -L /run" in script) is (order == "Before")
    # What waits for this unit is not waited for.
    assert ("is_busy SubState,Job backup.service" in script) is (order == "After")


def test_an_account_has_its_pins_in_its_own_places() -> None:
    places = places_of(Scope("app", 1000, 1000, "/home/app"), "/run/user/1000/dotmobi.systemd_timers", "/home/app/x")
    assert places.control == "/run/user/1000/systemd/user.control"
    assert places.units == "/run/user/1000/systemd/user"
    assert places.systemctl == "systemctl --user"
    assert places.invocations == "/run/user/1000/systemd/units"


def test_files_move_with_what_refers_to_them_and_nothing_else() -> None:
    job = wanted(
        "/srv/own",
        command=["/bin/sh", "-c", "cat /srv/own/backup2/x /a/srv/own/backup/x /srv/own/backup/x"],
        environment_file={"content": "A=/srv/own/backup/x\n"},
    )
    other = moved(job, "/srv/own/backup", "/srv/own/.other/backup")
    assert "cat /srv/own/backup2/x /a/srv/own/backup/x /srv/own/.other/backup/x" in other.service
    assert "EnvironmentFile=/srv/own/.other/backup/environment" in other.service
    assert [(one.name, one.text) for one in other.files] == [
        ("/srv/own/.other/backup/environment", "A=/srv/own/backup/x\n")
    ]
    assert moved(other, "/srv/own/.other/backup", "/srv/own/backup") == job
