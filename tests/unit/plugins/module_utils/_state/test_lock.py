# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock that keeps applies apart, and the directory that it is in. As root, because the directory is root's."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock, lock_holders
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.lock import LockBusy, is_held, locked
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import INHERITED, make_runner

Holder = "tuple[multiprocessing.Process, Connection]"


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the place of the directory; nothing is there."""
    folder = tmp_path / "run"
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(folder))
    return folder


def hold(run: str, pipe: Connection, program: str = "") -> None:
    """Hold the lock until told to go, or until a program has ended."""
    lock.RUN_DIRECTORY = run
    with locked(5):
        pipe.send("held")
        if program:
            make_runner()(["sh", "-c", program])
        pipe.recv()


def start_holder(run: Path, program: str = "") -> Holder:
    """Return another process that holds the lock, and the way to tell it to go."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=hold, args=(str(run), theirs, program), daemon=True)
    process.start()
    assert ours.poll(20)
    assert ours.recv() == "held"
    return process, ours


def wait_until(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_lock_keeps_another_process_out_and_says_who_holds_it(run: Path) -> None:
    process, pipe = start_holder(run)
    began = time.monotonic()
    with pytest.raises(LockBusy) as caught, locked(0.3):
        pytest.fail("two processes hold the lock")
    assert 0.3 <= time.monotonic() - began < 3
    said = str(caught.value)
    assert said.startswith(f"another apply has held {run}/lock for more than 0 seconds: process {process.pid} (")
    assert said.endswith(f"or end it with `kill {process.pid}`: the next run completes its apply")
    pipe.send("go")
    with locked(10):
        pass
    process.join(10)
    assert process.exitcode == 0


def test_who_holds_it_is_not_always_to_be_seen(run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _process, pipe = start_holder(run)
    monkeypatch.setattr(lock_holders, "PROCESSES", str(tmp_path / "none"))
    with pytest.raises(LockBusy, match="`lslocks` shows which process"), locked(0):
        pytest.fail("two processes hold the lock")
    pipe.send("go")


def test_how_long_it_waited(run: Path) -> None:
    with locked(1) as waited:
        assert waited < 1
    _process, _pipe = start_holder(run, "sleep 1")
    _pipe.send("go")
    with locked(20) as waited:
        assert 0.5 < waited < 10


def test_a_killed_process_leaves_no_lock(run: Path) -> None:
    process, _pipe = start_holder(run)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    with locked(10):
        pass
    process.join(10)
    assert process.exitcode == -signal.SIGKILL


def test_what_a_killed_process_has_started_holds_the_lock_until_it_ends(run: Path, tmp_path: Path) -> None:
    process, _pipe = start_holder(run, f"touch {tmp_path}/begun; sleep 2; touch {tmp_path}/ended")
    wait_until(tmp_path / "begun")
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    assert is_held()
    with pytest.raises(LockBusy, match=r"process \d+ \(sh -c touch .*\)"), locked(0):
        pytest.fail("the program goes on")
    with locked(20) as waited:
        assert (tmp_path / "ended").exists()
        assert waited > 0.5


def test_what_goes_on_after_an_apply_does_not_hold_the_lock(run: Path) -> None:
    with locked(1):
        make_runner()(["sh", "-c", "sleep 5 >/dev/null 2>&1 &"])
        assert len(INHERITED) == 1
    assert INHERITED == []
    assert not is_held()
    with locked(0):
        pass
    assert run.exists()


def test_the_lock_is_free_after_an_error() -> None:
    with pytest.raises(ValueError, match="inside"), locked(1):
        raise ValueError("inside")
    with locked(0):
        pass


def test_looking_at_the_lock_makes_nothing(run: Path) -> None:
    assert not is_held()
    assert not run.exists()
    run.mkdir(mode=0o700)
    assert not is_held()
    assert list(run.iterdir()) == []
    _process, pipe = start_holder(run)
    assert is_held()
    pipe.send("go")
    with locked(10):
        pass
    assert not is_held()


def test_the_folder_is_the_administrators_alone(run: Path) -> None:
    with locked(1):
        assert run.stat().st_mode & 0o777 == 0o700
        assert (run / "lock").stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_place_of_the_lock_is_not_followed(run: Path, tmp_path: Path) -> None:
    run.mkdir(mode=0o700)
    (run / "lock").symlink_to(tmp_path / "other")
    with pytest.raises(LockBusy, match="symbolic"), locked(1):
        pytest.fail("followed the link")
    assert not is_held()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("mode", [0o775, 0o770])
def test_a_directory_that_a_umask_has_left_open_to_the_group_of_root_is_closed(mode: int, run: Path) -> None:
    run.mkdir()
    run.chmod(mode)
    os.chown(run, 0, 0)
    lock.check_directory()
    assert run.stat().st_mode & 0o777 == mode
    with locked(1):
        assert run.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("what", ["link", "open", "group", "theirs", "file"])
def test_a_directory_that_others_can_change_is_not_used(what: str, run: Path, tmp_path: Path) -> None:
    if what == "link":
        (tmp_path / "other").mkdir(mode=0o700)
        run.symlink_to("other")
    elif what == "file":
        run.write_text("")
    else:
        run.mkdir()
        run.chmod({"open": 0o777, "group": 0o770}.get(what, 0o700))
        os.chown(run, 1000 if what == "theirs" else 0, 1000 if what == "group" else 0)
    for ask in (lock.check_directory, lambda: locked(1).__enter__()):
        with pytest.raises(LockBusy) as caught:
            ask()
        assert str(caught.value) == (
            f"{run} is not a directory that only root can write; find out who made it, and remove it: it is made anew"
        )
    assert not is_held()
    assert [path.name for path in tmp_path.rglob("lock")] == []
    assert run.is_symlink() == (what == "link")


def test_a_directory_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(tmp_path / "none" / "run"))
    with pytest.raises(LockBusy, match=r"cannot be taken: .*No such file"), locked(1):
        pytest.fail("no directory")
