# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that jobs log to: `output: log`, the job that rotates the files, and its program."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.log_output import (
    rotation_jobs,
    settle_outputs,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.options import check_options
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.programs import program
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import complete

rotate_logs = program("rotate_logs")
OPTIONS = {"owner": "default", "log_directory": "/srv/logs", "log_keep": 3}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != rotate_logs.LOCK)


def rotated(folder: Path, keep: int = 3, program_path: str = "/etc/a/script") -> int:
    return int(rotate_logs.main([program_path, str(folder), str(keep)]))


def test_a_log_is_a_file_of_the_job() -> None:
    jobs = [complete(output="log"), complete(output="journal"), complete(output="log", state="absent")]
    assert settle_outputs(jobs, "/srv/logs") == []
    assert [job["output"] for job in jobs] == ["append:/srv/logs/backup.log", "journal", "log"]


@pytest.mark.parametrize(
    ("fields", "directory", "reason"),
    [
        ({}, "", "needs timer_log_directory, which is not set"),
        ({"scope": "user", "user": "app"}, "/srv/logs", "is for jobs of the system: the directory is root's"),
    ],
)
def test_a_log_that_cannot_be(fields: dict[str, Any], directory: str, reason: str) -> None:
    (found,) = settle_outputs([complete(output="log", **fields)], directory)
    assert (found.field, found.value, found.reason) == ("output", "log", reason)
    assert found.fix


def test_the_rotation_is_a_job_of_its_own() -> None:
    (job,) = rotation_jobs(OPTIONS, [complete()])
    assert (job["name"], job["script"]["args"]) == ("log-rotation", ["/srv/logs", "3"])
    assert [one["name"] for one in rotation_jobs({**OPTIONS, "owner": "web"}, [])] == ["log-rotation-web"]
    assert rotation_jobs({**OPTIONS, "log_keep": 0}, []) == []
    assert rotation_jobs({**OPTIONS, "log_directory": None}, []) == []
    assert rotation_jobs(OPTIONS, [complete(name="log-rotation")]) == []


def test_to_keep_files_of_no_directory_is_refused() -> None:
    options = {**OPTIONS, "log_directory": "", "unit_directory": "/etc/systemd/system", "files_directory": "/etc/x"}
    (found,) = check_options(options)
    assert found.reason == "has no timer_log_directory whose files it could rotate"


def test_files_move_on_day_by_day(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    (tmp_path / "empty.log").touch()
    (tmp_path / "other.txt").write_text("x")
    (tmp_path / "link.log").symlink_to("other.txt")
    for day in range(1, 6):
        log.write_text(f"day {day}\n")
        log.chmod(0o640)
        assert rotate_logs.main(["rotate", str(tmp_path), "3"]) == 0
        assert log.read_text() == ""
        assert log.stat().st_mode & 0o777 == 0o640
    found = {path.name: path for path in tmp_path.iterdir()}
    kept = {"a.log", "a.log.1", "a.log.2.gz", "a.log.3.gz"}
    assert set(found) == {*kept, "empty.log", "other.txt", "link.log", rotate_logs.LOCK}
    assert found[rotate_logs.LOCK].stat().st_mode & 0o777 == 0o600
    assert found["a.log.1"].read_text() == "day 5\n"
    assert [gzip.decompress(found[f"a.log.{number}.gz"].read_bytes()) for number in (2, 3)] == [b"day 4\n", b"day 3\n"]
    assert (found["link.log"].is_symlink(), found["other.txt"].read_text()) == (True, "x")


def test_a_running_job_loses_no_line(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("a") as stream:
        stream.write("before\n")
        stream.flush()
        rotate_logs.main(["rotate", str(tmp_path), "3"])
        stream.write("after\n")
    assert (tmp_path / "a.log.1").read_text() == "before\nafter\n"


def test_one_file_kept_is_never_compressed(tmp_path: Path) -> None:
    for text in ("one", "two"):
        (tmp_path / "a.log").write_text(text)
        rotate_logs.main(["rotate", str(tmp_path), "1"])
    assert names(tmp_path) == ["a.log", "a.log.1"]
    assert (tmp_path / "a.log.1").read_text() == "two"


def test_a_file_that_cannot_be_rotated_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("a")
    (tmp_path / "a.log.1").mkdir()
    (tmp_path / "b.log").write_text("b")
    assert rotate_logs.main(["rotate", str(tmp_path), "1"]) == 1
    assert "a.log: Is a directory" in capsys.readouterr().err
    assert (tmp_path / "b.log.1").read_text() == "b"


def test_a_smaller_number_to_keep_removes_the_older_files(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for day in range(1, 8):
        log.write_text(f"day {day}")
        rotated(tmp_path, 6)
    # What somebody else has named after a day has no place in the row.
    (tmp_path / "a.log.20240101.gz").touch()
    (tmp_path / "gone.log.5.gz").touch()
    assert len(names(tmp_path)) == 9
    assert rotated(tmp_path, 2) == 0
    kept = ["a.log", "a.log.1", "a.log.2.gz", "a.log.20240101.gz", "gone.log.5.gz"]
    assert names(tmp_path) == kept
    assert rotated(tmp_path, 2) == 0
    assert names(tmp_path) == kept


def test_what_a_program_still_writes_to_is_not_compressed(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("a") as stream:
        for number in range(3):
            stream.write(f"line {number}\n")
            stream.flush()
            with log.open("a") as other:
                other.write("other\n")
            assert rotated(tmp_path) == 0
        stream.write("the last\n")
    assert names(tmp_path) == ["a.log", "a.log.1", "a.log.2.gz", "a.log.3"]
    assert (tmp_path / "a.log.3").read_text() == "line 0\nother\nline 1\nline 2\nthe last\n"
    log.write_text("more")
    assert rotated(tmp_path, 4) == 0
    assert names(tmp_path) == ["a.log", "a.log.1", "a.log.2.gz", "a.log.3.gz", "a.log.4.gz"]


def test_nothing_but_an_ordinary_file_of_one_name_is_touched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root's own")
    secret.chmod(0o600)
    folder = tmp_path / "logs"
    folder.mkdir()
    os.mkfifo(folder / "fifo.log")
    os.mkfifo(folder / "a.log.2")
    (folder / "hard.log").hardlink_to(secret)
    (folder / "link.log").symlink_to(secret)
    (folder / "b.log.2").symlink_to(secret)
    for name in ("a.log", "b.log"):
        (folder / name).write_text(name)
    assert rotated(folder, 3) == 0
    assert names(folder) == [
        "a.log", "a.log.1", "a.log.3", "b.log", "b.log.1", "b.log.3", "fifo.log", "hard.log", "link.log",
    ]  # fmt: skip
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("root's own", 0o600)


def test_a_link_that_takes_the_place_of_a_file_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who can write the directory exchanges files for links between any two steps."""
    secret = tmp_path / "secret"
    secret.write_text("root's own")
    secret.chmod(0o600)
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("a.log", "a.log.1"):
        (folder / name).write_text(f"text of {name}")
        (folder / name).chmod(0o644)

    def exchanged(name: str) -> None:
        (folder / name).rename(folder / "aside")
        (folder / name).symlink_to(secret)

    def is_in_use(descriptor: int) -> bool:
        exchanged("a.log.2")
        exchanged("a.log")
        return bool(in_use(descriptor))

    in_use = rotate_logs.is_in_use
    monkeypatch.setattr(rotate_logs, "is_in_use", is_in_use)
    assert rotated(folder) == 0
    assert gzip.decompress((folder / "a.log.2.gz").read_bytes()) == b"text of a.log.1"
    assert (folder / "a.log.1").is_symlink()
    assert ((folder / "a.log").is_symlink(), (folder / "a.log").read_text()) == (False, "")
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("root's own", 0o600)


def test_a_directory_of_two_declarations_is_rotated_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "a.log"
    log.write_text("one")
    assert rotated(tmp_path) == 0
    log.write_text("two")
    assert rotated(tmp_path, program_path="/etc/b/script") == 0
    assert "has just been rotated by another declaration" in capsys.readouterr().out
    assert names(tmp_path) == ["a.log", "a.log.1"]
    # Its own next turn, and the other's when the first has gone.
    assert rotated(tmp_path) == 0
    monkeypatch.setattr(rotate_logs, "RECENT_SECONDS", 0.0)
    log.write_text("three")
    assert rotated(tmp_path, program_path="/etc/b/script") == 0
    assert names(tmp_path) == ["a.log", "a.log.1", "a.log.2.gz", "a.log.3.gz"]


def test_a_rotation_waits_for_another_and_not_for_ever(tmp_path: Path) -> None:
    directory = rotate_logs.Directory(str(tmp_path))
    lock = rotate_logs.locked(directory)
    with pytest.raises(rotate_logs.NotRotated, match="another rotation has held"):
        rotate_logs.locked(directory, 0.0)
    os.close(lock)
    os.close(rotate_logs.locked(directory, 0.0))
    directory.close()
