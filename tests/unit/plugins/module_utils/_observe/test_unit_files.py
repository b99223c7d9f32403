# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories of unit files, and what lies in the place of a file."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import file_state as _file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.file_state import file_state
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import (
    enablement_links,
    read_directories,
    unit_files,
)


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
