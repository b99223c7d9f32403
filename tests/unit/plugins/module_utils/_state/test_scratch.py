# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that units are verified in: private, gone in the end, and gone with the next apply when it is not."""

from __future__ import annotations

import os
import signal
import tempfile
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import scratch as _scratch
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.scratch import remove_leftovers, scratch

UNITS = {"a.service": "[Service]\n# \u00e9\n", "a.timer": "[Timer]\n"}


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the directory of the collection, which an apply has made, and the one of temporary files."""
    run, temporary = tmp_path / "run", tmp_path / "tmp"
    run.mkdir(mode=0o700)
    temporary.mkdir()
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(run))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return run, temporary


def test_a_folder_of_files(places: tuple[Path, Path]) -> None:
    with scratch(UNITS) as name:
        folder = Path(name)
        assert folder.parent == places[0]
        assert folder.name.startswith("systemd-timers-proof-")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == UNITS
    assert list(places[0].iterdir()) == []


def test_it_is_gone_after_an_error(places: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="inside"), scratch(UNITS):
        raise ValueError("inside")
    assert list(places[0].iterdir()) == []


def test_without_a_directory_of_ours_it_is_a_temporary_one_and_nothing_is_made(places: tuple[Path, Path]) -> None:
    places[0].rmdir()
    with scratch(UNITS) as folder:
        assert Path(folder).parent == places[1]
    assert not places[0].exists()


def test_a_directory_that_others_can_write_is_not_used(places: tuple[Path, Path]) -> None:
    places[0].chmod(0o777)
    with scratch(UNITS) as folder:
        assert Path(folder).parent == places[1]


def test_run_is_not_filled_up(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scratch.os, "statvfs", lambda _path: SimpleNamespace(f_bavail=9 * 1024, f_frsize=4096))
    with scratch(UNITS) as folder:
        assert Path(folder).parent == places[0]
    with scratch({f"{number}.timer": "x" for number in range(1500)}) as folder:
        assert Path(folder).parent == places[1]


def leave(in_run: bool) -> str:
    """Return the folder of a proof that was killed."""

    def prove() -> None:
        with scratch(UNITS):
            os.kill(os.getpid(), signal.SIGKILL)

    place = Path(lock.RUN_DIRECTORY if in_run else tempfile.gettempdir())
    before = set(place.iterdir())
    process = get_context("fork").Process(target=prove)
    process.start()
    process.join(20)
    (left,) = set(place.iterdir()) - before
    return str(left)


@pytest.mark.parametrize("in_run", [True, False])
def test_what_a_killed_proof_leaves_goes_and_what_is_in_use_stays(
    in_run: bool, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_run:
        monkeypatch.setattr(_scratch, "place_for", lambda _size: str(places[1]))
    left = leave(in_run)
    with scratch(UNITS) as live:
        remove_leftovers()
        assert not Path(left).exists()
        assert len(list(Path(live).iterdir())) == len(UNITS)
    remove_leftovers()
    assert [list(place.iterdir()) for place in places] == [[], []]


def test_what_is_not_ours_stays(places: tuple[Path, Path], tmp_path: Path) -> None:
    run, temporary = places
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "a").write_text("x")
    (temporary / "systemd-timers-proof-link").symlink_to(tmp_path / "precious")
    (temporary / "systemd-timers-proof-file").write_text("x")
    (temporary / "systemd-timers-proof-theirs").mkdir()
    os.chown(temporary / "systemd-timers-proof-theirs", 1000, 1000)
    (temporary / "other").mkdir()
    (run / "lock").write_text("")
    before = sorted(tmp_path.rglob("*"))
    remove_leftovers()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_was_taken_for_a_leftover_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    mkdtemp = tempfile.mkdtemp

    def make(**options: str) -> str:
        made.append(mkdtemp(**options))
        if len(made) == 1:
            remove_leftovers()
        return made[-1]

    monkeypatch.setattr(_scratch.tempfile, "mkdtemp", make)
    with scratch(UNITS) as folder:
        assert folder == made[1]
        assert not Path(made[0]).exists()
