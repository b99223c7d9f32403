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
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import file_state as _file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import observe as _observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import (
    observe,
    observe_stamps,
    odd_stamps,
    stale_units,
    suspects,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import (
    enablement_links,
    read_directories,
    unit_files,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import (
    MANAGER_COMMAND,
    TIMERS_COMMAND,
    UNITS_COMMAND,
    UNREAD_COMMAND,
    ObserveError,
    observe_manager,
    parse_blocks,
    parse_manager,
    parse_timers,
    parse_units,
    unread_units,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import (
    RUNNING_VERSIONS,
    answer,
    capture,
    file_of,
    wanted,
)

DEAD = UnitState("loaded", "inactive", "dead")
DAY = 86400
# As captured: one whose file has changed since, one that is not there, one that was read as it is.
UNREAD = ["boot-only.timer", "no-such.timer", "waiting.timer"]


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_captured_commands_are_the_ones_that_are_run(version: int) -> None:
    assert capture(version, "pid1-manager")["command"] == MANAGER_COMMAND
    assert capture(version, "pid1-units")["command"] == UNITS_COMMAND
    assert capture(version, "pid1-timers")["command"] == TIMERS_COMMAND
    assert capture(version, "pid1-unread")["command"] == [*UNREAD_COMMAND, "--", *UNREAD]


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_manager(version: int) -> None:
    text = answer(version, "pid1-manager").stdout
    manager = parse_manager(text, 1000.0)
    assert manager.version == version
    assert {"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"} <= set(manager.unit_path)
    properties = dict(line.split("=", 1) for line in text.splitlines())
    # A job of the capture fails on purpose.
    assert properties["SystemState"] == "degraded"
    assert not manager.booting
    assert manager.started == int(properties["UserspaceTimestampMonotonic"]) / 1e6
    if version == 247:
        assert manager.loaded_at is None
    else:
        # Timers were made and systemd reloaded after the boot.
        assert manager.loaded_at == 1000.0 + int(properties["UnitsLoadTimestampMonotonic"]) / 1e6
        assert manager.loaded_at > 1000.0 + int(properties["UnitsLoadStartTimestampMonotonic"]) / 1e6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Manager(0, [], None)),
        ("Version=\nUnitPath=\n", Manager(0, [], None)),
        ("Version=252.39-1~deb12u2\n", Manager(252, [], None)),
        ("Version=v255\n", Manager(255, [], None)),
        ("Version=258~rc1-1\n", Manager(258, [], None)),
        ("Version=254-rc2-g1234567\n", Manager(254, [], None)),
        ("UnitsLoadTimestampMonotonic=0\nUnitsLoadStartTimestampMonotonic=2500000\n", Manager(0, [], 102.5)),
        ("UnitsLoadTimestampMonotonic=0\nUnitsLoadStartTimestampMonotonic=0\n", Manager(0, [], None)),
        ("UnitPath=/a /b\nUserspaceTimestampMonotonic=1500000\n", Manager(0, ["/a", "/b"], None, 1.5)),
        ("SystemState=initializing\n", Manager(0, [], None, booting=True)),
        ("SystemState=starting\n", Manager(0, [], None, booting=True)),
        ("SystemState=running\n", Manager(0, [], None)),
        ("SystemState=degraded\n", Manager(0, [], None)),
        ("SystemState=stopping\n", Manager(0, [], None)),
    ],
)
def test_manager_that_says_less(text: str, expected: Manager) -> None:
    assert parse_manager(text, 100.0) == expected


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_units(version: int) -> None:
    text = answer(version, "pid1-units").stdout
    units = parse_units(text)
    assert len(units) == len(json.loads(text)) > 30
    assert units["waiting.timer"] == units["repeating.timer"] == UnitState("loaded", "active", "waiting")
    assert units["boot-only.timer"] == units["past.timer"] == UnitState("loaded", "active", "elapsed")
    assert units["repeating.service"] == units["boot-only.service"] == UnitState("loaded", "failed", "failed")
    assert units["waiting.service"] == DEAD
    assert "stopped.timer" not in units
    assert "no-trigger.timer" not in units
    assert all(name.endswith((".service", ".timer")) for name in units)


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_timers(version: int) -> None:
    timers = parse_timers(answer(version, "pid1-timers").stdout)
    following, last = timers["waiting.timer"]
    # Mondays at 08:00 UTC; day 4 of the Unix era was the first Monday.
    assert (following - 8 * 3600) / DAY % 7 == 4
    assert last == 0
    following, last = timers["repeating.timer"]
    assert 3590 < following - last < 3610
    following, last = timers["boot-only.timer"]
    assert following == 0
    assert last > 1.79e9
    assert timers["past.timer"] == (0, 0)
    assert timers["fstrim.timer"] == (0, 0)


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_units_that_systemd_has_to_read_anew(version: int) -> None:
    calls = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        return answer(version, "pid1-unread")

    assert unread_units(runner, set(UNREAD)) == {"boot-only.timer"}
    assert calls == [[*UNREAD_COMMAND, "--", *UNREAD]]


@pytest.mark.parametrize(
    ("state", "stale"),
    [
        # Put back by hand, with its old times: systemd does not ask to reload.
        (file_of("", changed_at=3000.0), frozenset(["backup.timer"])),
        # Opened by hand: its text is as it was.
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


def test_without_suspects_nobody_is_asked() -> None:
    def runner(argv: list[str]) -> Completed:
        pytest.fail(f"asked {argv}")

    assert unread_units(runner, []) == frozenset()


def test_a_call_about_suspects_that_fails_is_told() -> None:
    with pytest.raises(ObserveError, match=r"^systemctl show failed: Connection timed out$"):
        unread_units(lambda _argv: Completed(1, "", "Connection timed out\n"), ["a.timer"])


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


def test_blocks() -> None:
    assert parse_blocks("Id=a\nX=1=2\n\nId=b\n") == [{"Id": "a", "X": "1=2"}, {"Id": "b"}]
    assert parse_blocks("") == [{}]


def test_no_units_and_no_timers() -> None:
    assert parse_units("[]") == parse_units("") == {}
    assert parse_timers("[]\n") == parse_timers("") == {}
    assert parse_timers('[{"unit": "a.timer"}]') == {"a.timer": (0, 0)}


def test_a_call_that_fails_is_told() -> None:
    def runner(_argv: list[str]) -> Completed:
        return Completed(1, "", "Failed to connect to bus: No such file or directory\n")

    with pytest.raises(ObserveError, match=r"^systemctl show failed: Failed to connect to bus: No such file or dir"):
        observe_manager(runner)


def test_file_state(tmp_path: Path) -> None:
    path = tmp_path / "a.timer"
    path.write_bytes(b"[Timer]\nx=\xff\r\n")
    path.chmod(0o640)
    found = file_state(str(path))
    assert found._replace(changed_at=0.0) == FileState("file", "[Timer]\nx=\ufffd\r\n", 0o640, os.getuid(), os.getgid())
    assert found.changed_at == path.stat().st_ctime
    link = tmp_path / "b.timer"
    link.symlink_to("/dev/null")
    assert file_state(str(link)) == FileState("symlink", target="/dev/null")
    assert file_state(str(tmp_path)) == FileState("other")
    assert file_state(str(tmp_path / "none")) == NO_FILE
    assert file_state(str(path / "below")) == NO_FILE


def test_a_fifo_and_a_huge_file_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.timer")
    with (tmp_path / "b.timer").open("wb") as stream:
        stream.truncate(_file_state.LARGEST_UNIT_FILE + 1)
    assert unit_files(str(tmp_path)) == {"a.timer": FileState("other"), "b.timer": FileState("other")}


def test_unit_files(tmp_path: Path) -> None:
    for name in ("a.timer", "a.service", "a.mount", "a.timer.bak", ".hidden"):
        (tmp_path / name).write_text(name)
    assert {name: state.text for name, state in unit_files(str(tmp_path)).items()} == {
        "a.service": "a.service",
        "a.timer": "a.timer",
    }
    assert unit_files(str(tmp_path / "none")) == {}


def test_enablement_links(tmp_path: Path) -> None:
    for folder in ("timers.target.wants", "x.target.requires", "a.timer.d"):
        (tmp_path / folder).mkdir()
    (tmp_path / "timers.target.wants" / "a.timer").symlink_to("/etc/systemd/system/a.timer")
    (tmp_path / "timers.target.wants" / "b.timer").symlink_to("../b.timer")
    (tmp_path / "timers.target.wants" / "c.timer").write_text("no link")
    (tmp_path / "timers.target.wants" / "d.mount").symlink_to("/x")
    (tmp_path / "x.target.requires" / "a.timer").symlink_to("/gone")
    (tmp_path / "a.timer.d" / "e.timer").symlink_to("/x")
    (tmp_path / "linked.wants").symlink_to("timers.target.wants")
    (tmp_path / "file.wants").write_text("no folder")
    assert enablement_links(str(tmp_path)) == {
        "a.timer": {"timers.target.wants/a.timer": "/etc/systemd/system/a.timer", "x.target.requires/a.timer": "/gone"},
        "b.timer": {"timers.target.wants/b.timer": "../b.timer"},
    }
    assert enablement_links(str(tmp_path / "none")) == {}


def test_directories_of_units(tmp_path: Path) -> None:
    home, vendor, alias = tmp_path / "etc", tmp_path / "lib", tmp_path / "alias"
    home.mkdir()
    vendor.mkdir()
    alias.symlink_to(home)
    for folder, name in ((home, "a.timer"), (vendor, "b.timer"), (vendor, "c.timer")):
        (folder / name).write_text("")
    (vendor / "a.timer.d").mkdir()
    for name in ("x.conf", "a.conf", "no"):
        (vendor / "a.timer.d" / name).write_text("")
    (vendor / "c.timer.d").mkdir()
    path = [str(home), str(alias), str(tmp_path / "none"), str(vendor)]
    found = read_directories(path, str(home), ["a.timer", "b.timer"])
    assert found.elsewhere == {"b.timer": str(vendor / "b.timer")}
    assert found.drop_ins == {"a.timer": [str(vendor / "a.timer.d" / name) for name in ("a.conf", "x.conf")]}
    assert found.names == {"a.timer", "b.timer", "c.timer", "a.timer.d", "c.timer.d"}


def test_the_first_of_the_search_path_wins(tmp_path: Path) -> None:
    for folder in ("run", "lib"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.timer").write_text("")
    path = [str(tmp_path / "run"), str(tmp_path / "lib")]
    assert read_directories(path, "/nowhere", ["a.timer"]).elsewhere == {"a.timer": str(tmp_path / "run" / "a.timer")}


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


def test_an_instance_has_the_drop_ins_of_its_template(tmp_path: Path) -> None:
    folders = ["a-b@x.service.d", "a-b@.service.d", "a-@x.service.d", "a-@.service.d"]
    others = ["a-b.service.d", "a-b@y.service.d", "a-b@.timer.d", "a-.service.d"]
    for folder in (*folders, *others):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.conf").touch()
    found = read_directories([str(tmp_path)], str(tmp_path), ["a-b@x.service"])
    assert sorted(found.drop_ins["a-b@x.service"]) == sorted(str(tmp_path / one / "c.conf") for one in folders)


def test_an_instance_is_taken_when_its_template_is_there(tmp_path: Path) -> None:
    (tmp_path / "a@.timer").touch()
    found = read_directories([str(tmp_path)], str(tmp_path), ["a@x.service", "a@x.timer", "b@x.timer"])
    assert found.elsewhere == {"a@x.timer": str(tmp_path / "a@.timer")}
