# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply leaves while it is under way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _journal


@pytest.fixture(autouse=True)
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run" / "dotmobi.systemd_timers"
    monkeypatch.setattr(_journal, "RUN_DIRECTORY", str(run))
    monkeypatch.setattr(_journal, "MARKER", str(run / "applying.json"))
    monkeypatch.setattr(_journal, "LOCK", str(run / "lock"))


def test_marker() -> None:
    assert _journal.interrupted_jobs() == []
    _journal.mark(["b", "a"])
    assert _journal.interrupted_jobs() == ["a", "b"]
    _journal.mark(["c"])
    assert _journal.interrupted_jobs() == ["c"]
    _journal.mark([])
    assert _journal.interrupted_jobs() == []
    _journal.mark([])
    assert list(Path(_journal.RUN_DIRECTORY).iterdir()) == []


@pytest.mark.parametrize("text", ["", "[", '["a"', "nonsense"])
def test_a_broken_marker_is_none(text: str) -> None:
    _journal.mark(["a"])
    Path(_journal.MARKER).write_text(text)
    assert _journal.interrupted_jobs() == []


def test_a_new_marker_never_stands_half_written(monkeypatch: pytest.MonkeyPatch) -> None:
    _journal.mark(["a"])

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_journal.json, "dump", full)
    with pytest.raises(OSError, match="No space"):
        _journal.mark(["b"])
    assert _journal.interrupted_jobs() == ["a"]


def hold(run: str, pipe: Connection) -> None:
    """Hold the lock until told to go."""
    _journal.RUN_DIRECTORY, _journal.LOCK = run, f"{run}/lock"
    with _journal.locked(5):
        pipe.send("held")
        pipe.recv()


@pytest.fixture
def holder() -> tuple[multiprocessing.Process, Connection]:
    """Return another process that holds the lock, and the way to tell it to go."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=hold, args=(_journal.RUN_DIRECTORY, theirs), daemon=True
    )
    process.start()
    assert ours.poll(20)
    assert ours.recv() == "held"
    return process, ours


def test_the_lock_keeps_another_process_out_and_says_so(holder: tuple[multiprocessing.Process, Connection]) -> None:
    process, pipe = holder
    began = time.monotonic()
    said = r"another apply has held .*/lock for more than 0 seconds"
    with pytest.raises(_journal.LockBusy, match=said), _journal.locked(0.3):
        pytest.fail("two processes hold the lock")
    assert 0.3 <= time.monotonic() - began < 3
    pipe.send("go")
    with _journal.locked(10):
        pass
    process.join(10)
    assert process.exitcode == 0


def test_a_killed_process_leaves_no_lock(holder: tuple[multiprocessing.Process, Connection]) -> None:
    process, _pipe = holder
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    with _journal.locked(10):
        pass
    process.join(10)
    assert process.exitcode == -signal.SIGKILL


def test_the_lock_is_free_after_an_error() -> None:
    with pytest.raises(ValueError, match="inside"), _journal.locked(1):
        raise ValueError("inside")
    with _journal.locked(0):
        pass


def test_the_folder_is_the_administrators_alone() -> None:
    with _journal.locked(1):
        assert Path(_journal.RUN_DIRECTORY).stat().st_mode & 0o777 == 0o700
        assert Path(_journal.LOCK).stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    Path(_journal.RUN_DIRECTORY).mkdir(parents=True)
    Path(_journal.LOCK).symlink_to(tmp_path / "other")
    with pytest.raises(_journal.LockBusy, match="symbolic"), _journal.locked(1):
        pytest.fail("followed the link")
    assert not (tmp_path / "other").exists()


def test_the_stage(tmp_path: Path) -> None:
    stage = Path(_journal.stage_directory(str(tmp_path)))
    assert stage.parent == tmp_path
    # systemd does not read what begins with a dot.
    assert stage.name.startswith(".")
    _journal.remove_stage(str(tmp_path))
    assert not _journal.is_leftover(str(tmp_path))
    (stage / "new").mkdir(parents=True)
    (stage / "new" / "a.timer").write_text("x")
    assert _journal.is_leftover(str(tmp_path))
    _journal.remove_stage(str(tmp_path))
    assert not _journal.is_leftover(str(tmp_path))


def test_a_link_in_the_place_of_the_stage_goes_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "a").write_text("x")
    Path(_journal.stage_directory(str(tmp_path))).symlink_to(tmp_path / "precious")
    assert _journal.is_leftover(str(tmp_path))
    _journal.remove_stage(str(tmp_path))
    assert not _journal.is_leftover(str(tmp_path))
    assert (tmp_path / "precious" / "a").read_text() == "x"
