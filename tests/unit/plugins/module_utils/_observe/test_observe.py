# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host: systemctl as three versions answer, files and links as they lie there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import observe as _observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import (
    observe,
    observe_stamps,
    odd_stamps,
    stale_units,
    suspects,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    ObserveError,
    observe_manager,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import (
    RUNNING_VERSIONS,
    capture,
    file_of,
    wanted,
)


@pytest.mark.parametrize(
    ("state", "stale"),
    [
        # Put back manually, with its old times: systemd does not ask to reload.
        (file_of("", changed_at=3000.0), frozenset(["backup.timer"])),
        # Opened manually: its text is as it was.
        (file_of("", changed_at=3000.0, mode=0o666), frozenset()),
        (file_of("", changed_at=3000.0, uid=1000), frozenset()),
        (file_of("", changed_at=1000.0), frozenset()),
    ],
)
def test_a_file_that_was_put_back_is_told_from_one_that_was_opened(state: FileState, stale: frozenset[str]) -> None:
    def answers(_argv: list[str]) -> Completed:
        return Completed(0, "Id=backup.timer\nNeedDaemonReload=no\n", "")

    manager = Manager(252, [], 2000.0)
    assert stale_units(answers, {"backup.timer": state}, ["backup.timer"], manager, []) == stale


@pytest.mark.parametrize(
    ("loaded_at", "changed_at", "dirty", "found"),
    [
        (2000.0, 1999.0, [], set()),
        (2000.0, 2000.5, [], {"a.timer"}),
        (2000.0, 1999.0, ["a"], {"a.timer", "a.service"}),
        # systemd 247 to 249 do not tell when they reloaded: only a killed run makes suspicious.
        (None, 9999.0, [], set()),
        (None, 9999.0, ["a"], {"a.timer", "a.service"}),
        (2000.0, 1999.0, ["not-in-memory"], set()),
    ],
)
def test_suspects(loaded_at: float | None, changed_at: float, dirty: list[str], found: set[str]) -> None:
    files = {"a.timer": changed_at, "b.timer": 1.0, "not-loaded.timer": 9999.0}
    loaded = ["a.timer", "a.service", "b.timer"]
    assert suspects(files, loaded, Manager(252, [], loaded_at), dirty) == found


def test_a_call_that_fails_is_told() -> None:
    def runner(_argv: list[str]) -> Completed:
        return Completed(1, "", "Failed to connect to bus: No such file or directory\n")

    with pytest.raises(ObserveError, match=r"^systemctl show failed: Failed to connect to bus: No such file or dir"):
        observe_manager(runner)


def test_stamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_observe, "STAMP_DIRECTORY", str(tmp_path))
    (tmp_path / "stamp-a.timer").write_text("")
    os.utime(tmp_path / "stamp-a.timer", ns=(1, 123456789))
    (tmp_path / "other").write_text("")
    (tmp_path / "stamp-b.timer").symlink_to("other")
    assert observe_stamps() == {"a.timer": 123456789}
    monkeypatch.setattr(_observe, "STAMP_DIRECTORY", str(tmp_path / "none"))
    assert observe_stamps() == {}
    assert odd_stamps(["a", "b"]) == []


def test_stamps_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_observe, "STAMP_DIRECTORY", str(tmp_path))
    (tmp_path / "stamp-good.timer").write_text("")
    (tmp_path / "stamp-link.timer").symlink_to("/etc/hostname")
    (tmp_path / "stamp-folder.timer").mkdir()
    (tmp_path / "stamp-theirs.timer").symlink_to("x")
    assert odd_stamps(["folder", "good", "link", "none"]) == [
        ("folder", str(tmp_path / "stamp-folder.timer"), FileState("other")),
        ("link", str(tmp_path / "stamp-link.timer"), FileState("symlink", target="/etc/hostname")),
    ]


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_observe(version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all that a host has, only the declared and the marked jobs."""
    monkeypatch.setattr(_observe, "STAMP_DIRECTORY", str(tmp_path / "stamps"))
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(tmp_path / "run"))
    home = tmp_path / "system"
    (home / "timers.target.wants").mkdir(parents=True)
    jobs = [wanted(name=name) for name in ("waiting", "past", "new")]
    for job in [*jobs[:2], wanted(name="orphan")]:
        (home / f"{job.name}.timer").write_text(job.timer)
        (home / f"{job.name}.service").write_text(job.service)
        (home / "timers.target.wants" / f"{job.name}.timer").symlink_to(f"../{job.name}.timer")
    (home / "foreign.timer").write_text(wanted(name="foreign").timer.replace("Owner=default", "Owner=else"))
    (home / "plain.timer").write_text("[Timer]\nOnCalendar=daily\n")
    answers = [capture(version, f"pid1-{name}") for name in ("units", "timers")]
    calls = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        found = next(found for found in answers if found["command"] == argv)
        return Completed(found["rc"], found["stdout"], found["stderr"])

    request = Request(jobs, "default", False, "strict", str(home), str(tmp_path / "logs"))
    observed = observe(runner, request, Manager(version, [str(home)], None))
    names = ["new", "orphan", "past", "waiting"]
    assert observed.orphans == ["orphan"]
    assert sorted(observed.files) == sorted(f"{name}{suffix}" for name in names for suffix in (".service", ".timer"))
    assert observed.files["new.timer"] == NO_FILE
    assert observed.files["waiting.timer"].text == jobs[0].timer
    assert sorted(observed.links) == ["orphan.timer", "past.timer", "waiting.timer"]
    assert sorted(observed.units) == ["past.service", "past.timer", "waiting.service", "waiting.timer"]
    assert observed.next_elapse["waiting.timer"] > observed.next_elapse["past.timer"] == 0
    assert (observed.dirty, observed.leftover, observed.log_directory_exists) == ([], False, False)
    assert observed.uptime > 0
    assert (observed.stale, observed.referenced, observed.marked) == (frozenset(), {}, {})
    assert len(calls) == 2


def home_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *jobs: WantedJob) -> Path:
    """Return a folder of units that has these jobs, on a host without stamps and without a killed run."""
    monkeypatch.setattr(_observe, "STAMP_DIRECTORY", str(tmp_path / "stamps"))
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(tmp_path / "run"))
    home = tmp_path / "system"
    home.mkdir()
    for job in jobs:
        (home / f"{job.name}.timer").write_text(job.timer)
        (home / f"{job.name}.service").write_text(job.service)
    return home


def answering(**answers: str) -> Callable[[list[str]], Completed]:
    """Return a runner that has both pairs of names in memory, and says what else it is told to."""
    rows = [
        {"unit": f"{name}{suffix}", "load": "loaded", "active": "inactive", "sub": "dead"}
        for name in ("new", "old")
        for suffix in (".service", ".timer")
    ]

    def runner(argv: list[str]) -> Completed:
        text = json.dumps(rows) if "list-units" in argv else answers.get(argv[1].replace("-", "_"), "[]")
        return Completed(0, text, "")

    return runner


def test_a_former_name_is_observed_and_no_orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_of(tmp_path, monkeypatch, wanted(name="old"), wanted(name="other"))
    request = Request([wanted(name="new", renamed_from="old")], "default", False, "strict", str(home), "")
    observed = observe(answering(), request, Manager(252, [str(home)], None))
    assert observed.orphans == ["other"]
    assert observed.files["old.timer"].kind == "file"
    assert observed.files["new.timer"] == NO_FILE
    assert "old.timer" in observed.units


@pytest.mark.parametrize(
    ("schedules", "marked"),
    [
        (["Unit=old.service\nOnCalendar=Mon 08:00"], {"old": 123456789}),
        (["Unit=old.service\nOnCalendar=Tue 08:00", "Unit=old.service\nOnCalendar=Mon 08:00"], {"old": 123456789}),
        (["Unit=old.service\nOnCalendar=Tue 08:00"], {}),
        ([], {}),
        # Of a version that did not know it.
        (None, {}),
    ],
)
def test_a_killed_run_says_since_when_and_for_which_schedules(
    schedules: list[str] | None, marked: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(tmp_path, monkeypatch, wanted(name="old"))
    (tmp_path / "run").mkdir()
    about = ["default", 123456789, *([] if schedules is None else [schedules])]
    (tmp_path / "run" / "applying.json").write_text(json.dumps({"old": about, "theirs": ["other", 5, ["x"]]}))
    request = Request([wanted(name="old")], "default", False, "strict", str(home), "")
    shown = "Id=old.timer\nNeedDaemonReload=yes\n\nId=old.service\nNeedDaemonReload=no\n"
    observed = observe(answering(show=shown), request, Manager(247, [str(home)], None))
    assert (observed.dirty, observed.marked) == (["old"], marked)
    assert observed.stale == {"old.timer"}


def test_a_unit_that_refers_to_a_rescheduled_timer_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_of(tmp_path, monkeypatch, wanted(name="old", persistent=False))
    (home / "other.service").write_text("[Unit]\nWants=old.timer\n")
    edited = wanted(name="old", schedule="Tue 09:00", persistent=False)
    for job, referenced in ((edited, {"old.timer": "other.service"}), (wanted(name="old", persistent=False), {})):
        request = Request([job], "default", False, "strict", str(home), "")
        assert observe(answering(), request, Manager(252, [str(home)], None)).referenced == referenced
