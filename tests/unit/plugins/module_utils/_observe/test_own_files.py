# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what a job's own record names is deleted beside its pair; what others keep there stays."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import sealed, unsealed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import (
    PROGRAMS,
    Record,
    further_units,
    is_known,
    record_lines,
    record_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import own_pairs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import files_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.notify import unit_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, Killed, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import ROOT, wanted

ABSENT = WantedJob("backup", "absent", "skip", "", "")
SECRET = "hunter2hunter2"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


def deployed(host: FakeHost, own: Path | None = None, **fields: Any) -> WantedJob:
    """Return a job with a script and a secret in its folder, notices and a unit that replaces runs."""
    given = {
        "command": None,
        "script": {"content": "true\n"},
        "credentials": {"token": {"content": SECRET}},
        "on_failure": {"webhook": [{"url": f"https://example.org/{SECRET}"}]},
        "concurrency": {"policy": "replace"},
        **fields,
    }
    return wanted(str(own or host.own), **given)


def plain() -> WantedJob:
    return wanted(command="/bin/true")


def left(folder: Path) -> list[str]:
    """Return what a folder holds, nothing when it is gone."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def codes(findings: Any) -> list[tuple[str, Any]]:
    return [(one.code, one.value) for one in findings]


def without_record(text: str) -> str:
    """Return a unit as it was written before there were records."""
    return sealed(re.sub(r"(?m)^(Folder|Files|Units)=.*\n", "", unsealed(text)))


# The record.


def test_a_record_is_read_as_it_was_written(host: FakeHost) -> None:
    job = deployed(host)
    found = record_of(job.service, "backup")
    assert found is not None
    assert found.folder == f"{host.own}/backup"
    assert set(found.paths()) | set(found.units) == {one.name for one in job.files}
    assert record_of(plain().service, "backup") is None
    assert all(map(is_known, found.files))


@pytest.mark.parametrize(
    "lines",
    [
        "Folder=/etc\nFiles=passwd",
        "Folder=/srv/../etc/backup\nFiles=passwd",
        "Folder=backup\nFiles=script",
        "Folder=/srv/backup\nFiles=../../etc/passwd . ..",
        "Files=passwd",
        "Folder=/srv/backup\nFiles=",
    ],
)
def test_a_record_reaches_no_further_than_the_folder_of_its_job(lines: str) -> None:
    found = record_of(f"[X-Ansible]\nOwner=a\nJob=backup\n{lines}\n", "backup")
    assert found is not None
    assert found.files == ()


def test_a_service_that_names_the_folder_says_when_no_file_in_it_is_its_own() -> None:
    service = "[Service]\nExecStart=/srv/jobs/backup/run.sh\n"
    assert record_lines([], "/srv/jobs/backup", service) == "Files=\n"
    assert record_lines([], "/srv/job/backup", service) == ""
    assert record_of(f"{service}[X-Ansible]\nFiles=\n", "backup") == Record("", (), ())


def test_names_of_units_and_programs_are_those_that_are_deployed() -> None:
    for name in ("backup", "backup@db1"):
        assert further_units(name) == (f"{name}-replace.service", unit_of({"name": name}))
    assert {path.name for path in (ROOT / "roles" / "timer" / "files").glob("*.py")} == PROGRAMS | {"rotate_logs.py"}


# What an apply makes of it.


def test_a_folder_with_other_content_is_refused_before_the_first_apply(host: FakeHost) -> None:
    folder = host.own / "backup"
    folder.mkdir(parents=True)
    (folder / "run.sh").write_text("precious")
    (folder / "script").write_text("of somebody else")
    before = host.picture()
    outcome = host.converge(deployed(host))
    assert codes(outcome.errors) == [("files-directory", str(folder))]
    assert "run.sh, script" in outcome.errors[0].reason
    assert host.picture() == before
    # A job that keeps nothing there has no part in it, now and when it goes.
    for job in (wanted(str(host.own), command=["/bin/true", f"{folder}/script"]), ABSENT):
        outcome = host.converge(job)
        assert (outcome.errors, outcome.warnings, outcome.result["changed"]) == ([], [], True)
    assert left(folder) == ["run.sh", "script"]


def test_what_somebody_puts_there_later_stays_and_is_told(host: FakeHost) -> None:
    job, folder = deployed(host), host.own / "backup"
    host.converge(job)
    (folder / "credential-mine").write_text("x")
    (folder / "data").mkdir()
    (folder / os.fsdecode(b"caf\xe9")).write_text("x")
    outcome = host.converge(job)
    names = [f"{folder}/{name}" for name in ("caf\\xe9", "credential-mine", "data")]
    assert codes(outcome.warnings) == [("foreign-file", name) for name in names]
    assert not outcome.result["changed"]
    # It is not written over either.
    taken = deployed(host, credentials={"mine": {"content": SECRET}})
    assert ("files-directory", f"{folder}/credential-mine") in codes(host.converge(taken).errors)
    outcome = host.converge(ABSENT)
    assert outcome.result["changed"]
    assert [code for code, _value in codes(outcome.warnings)] == ["foreign-file"] * 3
    assert left(folder) == sorted([os.fsdecode(b"caf\xe9"), "credential-mine", "data"])
    assert not host.converge(ABSENT).result["changed"]


def test_a_copy_that_keeps_the_marks_stays(host: FakeHost) -> None:
    host.converge(plain())
    copies = ["mine.service", "mine.timer", "backup-replace.service", "backup-notify@.service", "mine@.service"]
    for name in copies:
        text = (host.units / f"backup.{name.rpartition('.')[2]}").read_text()
        (host.units / name).write_text(text)
    assert not host.converge(plain()).result["changed"]
    result = host.converge(ABSENT).result
    assert left(host.units) == sorted([*copies, "timers.target.wants"])
    assert result["orphans"] == []
    assert host.converge(prune=True).result["orphans"] == []
    assert set(copies) <= set(left(host.units))


def test_a_further_unit_that_somebody_has_edited_stays_and_is_told(host: FakeHost) -> None:
    host.converge(deployed(host))
    unit = host.units / "backup-replace.service"
    unit.write_text(unit.read_text().replace("[Service]", "[Service]\nNice=5"))
    edited = unit.read_text()
    outcome = host.converge(deployed(host, concurrency=None))
    assert codes(outcome.warnings) == [("foreign-file", "backup-replace.service")]
    assert unit.read_text() == edited
    # Wanted again it is drift, as an edit of the pair is.
    assert host.converge(deployed(host)).warnings == []
    assert unit.read_text() != edited


@pytest.mark.parametrize("goal", ["plain", "absent"])
def test_what_was_written_before_there_were_records_goes_by_its_names(host: FakeHost, goal: str) -> None:
    host.converge(deployed(host))
    for unit in host.units.glob("backup*"):
        unit.write_text(without_record(unit.read_text()))
    (host.own / "backup" / "data").write_text("x")
    outcome = host.converge(plain() if goal == "plain" else ABSENT)
    assert codes(outcome.warnings) == [("foreign-file", f"{host.own}/backup/data")]
    assert left(host.own / "backup") == ["data"]
    kept = ["backup.service", "backup.timer"] if goal == "plain" else []
    assert [name for name in left(host.units) if name.startswith("backup")] == kept


def test_a_service_that_is_deleted_by_hand_comes_back(host: FakeHost) -> None:
    host.converge(deployed(host))
    (host.units / "backup.service").unlink()
    job = deployed(host, script={"content": "false\n"})
    outcome = host.converge(job)
    assert (codes(outcome.errors), codes(outcome.warnings)) == ([], [])
    # The whole pair: what is to the letter what the job is to have needs no record.
    for unit in host.units.glob("backup*"):
        unit.unlink()
    assert codes(host.converge(job).errors) == []
    host.converge(ABSENT)
    assert left(host.own) == []


def test_nothing_stays_in_a_directory_that_jobs_have_no_more(host: FakeHost) -> None:
    host.converge(deployed(host))
    (host.own / "backup" / "mine").write_text("x")
    elsewhere = host.root / "elsewhere"
    job = deployed(host, elsewhere)
    outcome = host.converge(job, files_directory=str(elsewhere))
    assert codes(outcome.warnings) == [("foreign-file", f"{host.own}/backup/mine")]
    assert SECRET not in str(outcome)
    assert left(host.own / "backup") == ["mine"]
    assert "credential-token" in left(elsewhere / "backup")
    assert not host.converge(job, files_directory=str(elsewhere)).result["changed"]
    # Removed when the directory is another one again.
    host.converge(ABSENT)
    assert left(elsewhere) == []


@pytest.mark.parametrize("runs", [False, True])
@pytest.mark.parametrize("seal", ["old", "none"])
@pytest.mark.parametrize("folder", ["{root}/srv/backup", "{own}/../srv/backup", "{own}/link/backup"])
def test_an_edited_record_deletes_nothing_elsewhere(host: FakeHost, folder: str, seal: str, runs: bool) -> None:
    """Also not by what cleans up after a run that is under way."""
    host.converge(deployed(host))
    place = host.root / "srv" / "backup"
    place.mkdir(parents=True)
    (place / "script").write_text("precious")
    (host.own / "link").symlink_to(place.parent)
    unit = host.units / "backup.service"
    text = unit.read_text()
    given = folder.format(root=host.root, own=host.own)
    lines = [f"Folder={given}" if line.startswith("Folder=") else line for line in text.split("\n")]
    assert lines != text.split("\n")
    unit.write_text("\n".join(line for line in lines if seal == "old" or not line.startswith("Hash=")))
    if runs:
        host.states["backup.service"] = ("activating", "start")
    host.converge(ABSENT)
    assert not unit.exists()
    if runs:
        assert str(place / "script") not in host.end_run("backup")
    assert left(place) == ["script"]
    assert not host.converge(ABSENT).result["changed"]


def test_a_folder_that_has_become_a_link_is_left_alone(host: FakeHost) -> None:
    host.converge(deployed(host))
    place = host.root / "srv"
    (host.own / "backup").rename(place)
    (host.own / "backup").symlink_to(place)
    before = left(place)
    host.converge(ABSENT)
    assert left(place) == before
    assert not host.converge(ABSENT).result["changed"]


def test_a_failed_move_is_undone(host: FakeHost) -> None:
    host.converge(deployed(host))
    before = host.picture()
    host.faults["daemon-reload"] = [(1, "", "no")]
    with pytest.raises(Exception, match="daemon-reload"):
        host.converge(deployed(host, host.root / "elsewhere"), files_directory=str(host.root / "elsewhere"))
    after = host.picture()
    assert {name: found for name, found in after.items() if name != "loaded"} == {
        name: found for name, found in before.items() if name != "loaded"
    }


@pytest.mark.parametrize("reboot", [False, True])
@pytest.mark.parametrize("goal", ["plain", "absent", "moved", "pruned"])
def test_what_a_killed_run_had_begun_with_is_its_own(host: FakeHost, goal: str, reboot: bool) -> None:
    """Also when the unit that recorded a file is gone, and the marker with a reboot."""
    host.converge(deployed(host))
    elsewhere = host.root / "elsewhere"
    jobs = {"plain": [plain()], "absent": [ABSENT], "moved": [deployed(host, elsewhere)], "pruned": []}[goal]
    options: dict[str, Any] = {"files_directory": str(elsewhere)} if goal == "moved" else {}
    options["prune"] = goal == "pruned"
    host.faults["daemon-reload"] = [Killed()]
    with pytest.raises(Killed):
        host.converge(*jobs, **options)
    if reboot:
        (host.root / "run" / marker.MARKER_NAME).unlink(missing_ok=True)
    host.converge(*jobs, **options)
    assert left(host.own / "backup") == []
    assert not host.converge(*jobs, **options).result["changed"]
    assert not [name for name in left(host.units) if name.startswith(".")]


def test_the_first_apply_that_is_killed_is_completed(host: FakeHost) -> None:
    host.faults["daemon-reload"] = [Killed()]
    with pytest.raises(Killed):
        host.converge(deployed(host))
    (host.root / "run" / marker.MARKER_NAME).unlink()
    # With another text than the one that is there already.
    outcome = host.converge(deployed(host, script={"content": "false\n"}))
    assert codes(outcome.errors) == []
    host.converge(ABSENT)
    assert left(host.own) == []


# What a diff shows.


def test_the_diff_of_a_removal_shows_no_secret_whatever_its_mode(host: FakeHost) -> None:
    job = deployed(
        host,
        environment={"ORDINARY": SECRET},
        secrets=["ORDINARY"],
        environment_file={"content": f"A={SECRET}\n"},
    )
    host.converge(job)
    for path in (host.own / "backup").iterdir():
        path.chmod(0o755)
    for goal in (ABSENT, plain()):
        result = host.converge(goal, check_mode=True).result
        assert SECRET not in str(result)
        shown = {Path(one["before_header"]).name: one["before"] for one in result["diff"] if "before" in one}
        assert shown["script"] == "true\n"
        assert shown["notify.json"] == "(secret)\n"
        assert shown["notifier.py"] == "(a program of dotmobi.systemd_timers)\n"


def test_the_change_of_one_job_keeps_what_it_has(host: FakeHost) -> None:
    job = deployed(host)
    host.converge(job)
    (host.own / "backup" / "mine").write_text("x")
    request = Request([], "default", False, "strict", str(host.units), "", str(host.own))
    found = files_of([own_pairs(str(host.units))["backup"]], request)["backup"]
    assert {one.name for one in found} == {one.name for one in job.files}
