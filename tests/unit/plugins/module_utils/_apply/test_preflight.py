# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last look before the first change: what somebody else has changed, and what cannot be written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import preflight, steps, transaction
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.preflight import obstacles
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, Killed, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import empty_host, wanted

JOB = wanted()
EDITED = wanted(schedule="Tue 09:00", command="/bin/false")
LINK = "timers.target.wants/backup.timer"
CHANGED = "{} was changed by somebody else during the proof; look at it, and run again"


def found(folder: Path, kind: str, *items: str) -> list[str]:
    """Return what keeps one step from a folder whose files are as they were observed."""
    observed = empty_host(files={"a.timer": file_state(str(folder / "a.timer"))})
    return obstacles(str(folder), Plan([Step(kind, list(items))], [], []), observed)


CHANGES: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("[Timer]\nOnCalendar=hourly\n"),
    "mode": lambda path: path.chmod(0o600),
    "owner": lambda path: os.chown(path, 1000, -1),
    "group": lambda path: os.chown(path, -1, 4),
    "removed": lambda path: path.unlink(),
    "masked": lambda path: (path.unlink(), path.symlink_to("/dev/null")),
    "the same text again": lambda path: (path.rename(f"{path}.old"), path.write_text("[Timer]\n")),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["install", "correct", "delete"])
def test_a_file_that_somebody_has_changed(kind: str, change: str, tmp_path: Path) -> None:
    path = tmp_path / "a.timer"
    path.write_text("[Timer]\n")
    observed = empty_host(files={"a.timer": file_state(str(path))})
    plan = Plan([Step(kind, ["a.timer"])], [], [])
    assert obstacles(str(tmp_path), plan, observed) == []
    CHANGES[change](path)
    assert obstacles(str(tmp_path), plan, observed) == [CHANGED.format(path)]


def test_a_file_that_somebody_has_made(tmp_path: Path) -> None:
    plan = Plan([Step("install", ["a.timer"])], [], [])
    assert obstacles(str(tmp_path), plan, empty_host()) == []
    (tmp_path / "a.timer").write_text("[Timer]\n")
    assert obstacles(str(tmp_path), plan, empty_host()) == [CHANGED.format(tmp_path / "a.timer")]


@pytest.mark.parametrize("kind", ["stop", "touch_stamp", "start", "reload"])
def test_a_file_that_no_step_writes_is_nobodys_obstacle(kind: str, tmp_path: Path) -> None:
    plan = Plan([Step(kind, ["a.timer"])], [], [])
    (tmp_path / "a.timer").write_text("[Timer]\n")
    assert obstacles(str(tmp_path), plan, empty_host()) == []


def test_a_file_of_two_steps_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "a.timer").write_text("[Timer]\n")
    plan = Plan([Step("install", ["a.timer"]), Step("correct", ["a.timer"])], [], [])
    assert obstacles(str(tmp_path), plan, empty_host()) == [CHANGED.format(tmp_path / "a.timer")]


@pytest.mark.parametrize("kind", ["link", "unlink", "link_again", "unlink_again"])
def test_a_folder_of_links_that_is_read_only(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "timers.target.wants"
    # It will be made.
    assert found(tmp_path, kind, LINK) == []
    folder.mkdir()
    assert found(tmp_path, kind, LINK) == []
    monkeypatch.setattr(preflight.os, "access", lambda path, _mode: str(path) != str(folder))
    said = f"{folder} cannot be written; remount the file system for writing, or see lsattr"
    assert found(tmp_path, kind, LINK, LINK) == [said]
    assert found(tmp_path, kind, "other.target.wants/backup.timer") == []
    assert found(tmp_path, "start", LINK) == []


# In an apply.


@pytest.fixture
def armed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    host = make_host(tmp_path, monkeypatch)
    host.converge(JOB)
    return host


def change_at_last(host: FakeHost, monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let something happen after the proof, when the new files have been written."""
    really = steps.StepRunner.prepare

    def prepare(self: steps.StepRunner, files: list[JobFile], modes: dict[str, int], further: list[str]) -> None:
        really(self, files, modes, further)
        change()

    monkeypatch.setattr(transaction.StepRunner, "prepare", prepare)
    host.calls.clear()


def test_an_apply_changes_nothing_where_somebody_else_has(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    path = armed.units / "backup.timer"
    text = JOB.timer.replace("Mon 08:00", "Sun 01:00")
    with monkeypatch.context() as patch:
        change_at_last(armed, patch, lambda: path.write_text(text))
        with pytest.raises(ApplyFailed, match=r"backup\.timer was changed by somebody else during the proof") as caught:
            armed.converge(EDITED)
    assert (caught.value.undone, caught.value.trouble) == (True, "")
    assert armed.verbs() == []
    assert path.read_text() == text
    assert (armed.units / "backup.service").read_text() == JOB.service
    assert not marker.is_leftover(str(armed.units), "default")
    assert sorted(marker.marked_jobs()) == []
    # Somebody looks at it, and runs again.
    assert armed.converge(EDITED).result["changed"]
    assert path.read_text() == EDITED.timer


def test_all_that_somebody_else_has_changed_is_told(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    units = [armed.units / "backup.service", armed.units / "backup.timer"]
    change_at_last(armed, monkeypatch, lambda: [path.chmod(0o600) for path in units])
    with pytest.raises(ApplyFailed) as caught:
        armed.converge(EDITED)
    assert str(caught.value) == "; ".join(CHANGED.format(path) for path in units)


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_apply_does_not_begin_where_links_cannot_be_made(
    check_mode: bool, armed: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = armed.picture()
    folder = str(armed.units / "timers.target.wants")
    really = os.access
    monkeypatch.setattr(preflight.os, "access", lambda path, mode: str(path) != folder and really(path, mode))
    armed.calls.clear()
    (error,) = armed.converge(EDITED, check_mode=check_mode).errors
    assert error.reason == f"{folder} cannot be written; remount the file system for writing, or see lsattr"
    # What changes no link is applied.
    assert armed.converge(wanted(description="x"), check_mode=True).errors == []
    armed.calls.clear()
    assert armed.verbs() == []
    assert armed.picture() == before


@pytest.mark.parametrize("unit", ["backup.timer", "backup.service"])
def test_what_a_killed_run_has_left_is_no_foreign_change(
    unit: str, armed: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed after a file had been kept, and before the new one took its place."""
    rename = os.rename

    def killed(source: str, target: str) -> None:
        if target.endswith(unit):
            raise Killed
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(steps.os, "rename", killed)
        with pytest.raises(Killed):
            armed.converge(EDITED)
    assert armed.converge(EDITED).result["changed"]
    assert (armed.units / unit).read_text() in (EDITED.timer, EDITED.service)
