# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply leaves while it is under way, each owner its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock, marker, own_file


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of the collection, empty."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(lock, "RUN_DIRECTORY", str(folder))
    return folder


def owners() -> dict[str, str]:
    """Return the marked jobs, each with its owner."""
    return {job: found.owner for job, found in marker.marked_jobs().items()}


def test_marker(run: Path) -> None:
    assert owners() == {}
    marker.mark("one", ["b", "a"])
    assert owners() == {"a": "one", "b": "one"}
    marker.mark("one", ["c"])
    assert owners() == {"c": "one"}
    assert (run / "applying.json").stat().st_mode & 0o777 == 0o600
    marker.mark("one", [])
    assert owners() == {}
    marker.mark("one", [])
    assert list(run.iterdir()) == []


def test_each_owner_has_its_own_mark() -> None:
    marker.mark("one", ["a", "b"])
    marker.mark("two", ["b", "c"])
    # A job that another declaration takes over is that one's from then on.
    assert owners() == {"a": "one", "b": "two", "c": "two"}
    marker.mark("two", [])
    assert owners() == {"a": "one"}


def test_what_concerns_a_declaration() -> None:
    marker.mark("one", ["a", "b"])
    marker.mark("two", ["c"])
    assert marker.interrupted_jobs("one", set()) == ["a", "b"]
    assert marker.interrupted_jobs("two", {"b", "x"}) == ["b", "c"]
    assert marker.interrupted_jobs("three", set()) == []


@pytest.mark.parametrize("text", ["", "[", '{"a"', "nonsense", "[]", '["a"]', "1", "null"])
def test_a_broken_marker_is_none(text: str, run: Path) -> None:
    (run / "applying.json").write_text(text)
    assert owners() == {}


def test_a_new_marker_never_stands_half_written(monkeypatch: pytest.MonkeyPatch) -> None:
    marker.mark("one", ["a"])

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        marker.mark("one", ["b"])
    assert owners() == {"a": "one"}


@pytest.mark.parametrize("name", ["applying.json", "applying.json.new"])
def test_a_link_in_the_place_of_the_marker_is_not_followed(name: str, run: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("theirs")
    (run / name).symlink_to(tmp_path / "other")
    if name == "applying.json":
        with pytest.raises(OSError, match="symbolic"):
            marker.marked_jobs()
        (run / name).unlink()
    marker.mark("one", ["a"])
    assert (tmp_path / "other").read_text() == "theirs"
    assert owners() == {"a": "one"}
    assert [path.name for path in run.iterdir()] == ["applying.json"]


def test_the_stage(tmp_path: Path) -> None:
    stage = Path(marker.stage_directory(str(tmp_path), "one"))
    assert stage.parent == tmp_path
    # systemd does not read what begins with a dot.
    assert stage.name.startswith(".")
    assert str(stage) != marker.stage_directory(str(tmp_path), "two")
    marker.remove_stage(str(stage))
    assert not marker.is_leftover(str(tmp_path), "one")
    (stage / "new").mkdir(parents=True)
    (stage / "new" / "a.timer").write_text("x")
    assert marker.is_leftover(str(tmp_path), "one")
    assert not marker.is_leftover(str(tmp_path), "two")
    marker.remove_stage(str(stage))
    assert not marker.is_leftover(str(tmp_path), "one")


def test_a_link_in_the_place_of_the_stage_goes_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "a").write_text("x")
    stage = marker.stage_directory(str(tmp_path), "one")
    Path(stage).symlink_to(tmp_path / "precious")
    assert marker.is_leftover(str(tmp_path), "one")
    marker.remove_stage(stage)
    assert not marker.is_leftover(str(tmp_path), "one")
    assert (tmp_path / "precious" / "a").read_text() == "x"


@pytest.mark.parametrize("kind", ["pipe", "directory", "deep"])
def test_what_is_no_note_in_its_place_is_none(tmp_path: Path, kind: str) -> None:
    place = tmp_path / f"{marker.NOTE_PREFIX}one"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        place.write_text("[" * 100000)
    assert marker.noted_files(str(tmp_path), "one") == ()
