# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that jobs log to: `output: log`, the job that rotates the files, and its program."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._logs import rotation_jobs, settle_outputs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._options import check_options
from ansible_collections.dotmobi.systemd_timers.tests.unit.programs import program
from ansible_collections.dotmobi.systemd_timers.tests.unit.samples import complete

rotate_logs = program("rotate_logs")
OPTIONS = {"owner": "default", "log_directory": "/srv/logs", "log_keep": 3}


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
    assert found.mend


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
    assert set(found) == {"a.log", "a.log.1", "a.log.2.gz", "a.log.3.gz", "empty.log", "other.txt", "link.log"}
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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1"]
    assert (tmp_path / "a.log.1").read_text() == "two"


def test_a_file_that_cannot_be_rotated_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("a")
    (tmp_path / "a.log.1").mkdir()
    (tmp_path / "b.log").write_text("b")
    assert rotate_logs.main(["rotate", str(tmp_path), "1"]) == 1
    assert "a.log: Is a directory" in capsys.readouterr().err
    assert (tmp_path / "b.log.1").read_text() == "b"
