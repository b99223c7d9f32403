# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units refer to a timer, so that a reload does not make systemd forget it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import references as _references
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.references import (
    references,
    refers,
    remembered,
    unit_of,
    unit_texts,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import empty_host, host_with, wanted

OFF = wanted(persistent=False)
EDITED = wanted(persistent=False, schedule="Tue 09:00")


def kept(job: WantedJob, before: WantedJob | None = OFF, **changes: Any) -> list[str]:
    """Return the timers about which it has to be known who refers to them."""
    host = (host_with(before) if before else empty_host())._replace(**changes)
    request = Request([job], "default", False, "strict", "/etc/systemd/system", "")
    return remembered(request, host.files, host.units)


def test_a_timer_in_memory_that_gets_another_schedule() -> None:
    assert kept(EDITED) == ["backup.timer"]
    assert kept(wanted(schedule=None, every="1h"), wanted(schedule=None, every="2h")) == ["backup.timer"]
    # Persistence is switched off, so no stamp holds it.
    assert kept(EDITED, wanted()) == ["backup.timer"]


@pytest.mark.parametrize(
    ("job", "before", "changes"),
    [
        (OFF, OFF, {}),
        (wanted(persistent=False, accuracy="1min"), OFF, {}),
        # A stamp holds it.
        (wanted(schedule="Tue 09:00"), OFF, {}),
        (EDITED, OFF, {"units": {}}),
        (EDITED, None, {}),
        (wanted(persistent=False, schedule="Tue 09:00", state="suspended"), OFF, {}),
        (WantedJob("backup", "absent", "skip", "", ""), OFF, {}),
    ],
)
def test_a_timer_about_which_nobody_needs_to_know(
    job: WantedJob, before: WantedJob | None, changes: dict[str, Any]
) -> None:
    assert kept(job, before, **changes) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Unit]\nWants=a.timer\n", True),
        ("[Unit]\nAfter=network.target a.timer\n", True),
        ("[Unit]\nRequires=b.timer \\\n  a.timer\n", True),
        ("[Install]\nAlso=a.timer\n", True),
        ("[Unit]\nWants=aa.timer\n", False),
        ("[Unit]\nWants=a.timer.d\n", False),
        ("[Unit]\n# Wants=a.timer\n", False),
        ("[Service]\nExecStart=/bin/systemctl start a.timer\n", False),
        ("[Unit]\nDescription=see a.service\n", False),
        ("", False),
    ],
)
def test_what_refers_to_a_timer(text: str, expected: bool) -> None:
    assert refers(text, "a.timer") is expected


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/etc/systemd/system/a.timer", "a.timer"),
        ("/etc/systemd/system/a.timer.d/x.conf", "a.timer"),
        ("/usr/lib/systemd/system/x@.service.d/10-y.conf", "x@.service"),
    ],
)
def test_the_unit_of_a_path(path: str, unit: str) -> None:
    assert unit_of(path) == unit


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_references(tmp_path: Path) -> None:
    home, vendor = tmp_path / "etc", tmp_path / "lib"
    write(home / "a.timer", "[Unit]\nBefore=a.timer\n")
    write(home / "a.service", "[Unit]\nWants=a.timer\n")
    write(home / "a.timer.d" / "x.conf", "[Unit]\nBefore=a.timer\n")
    write(home / "timers.target.wants" / "c.service", "[Unit]\nWants=c.timer\n")
    write(vendor / "other.service", "[Unit]\nWants=b.timer c.timer\n")
    write(vendor / "x.target.d" / "10.conf", "[Unit]\nWants=d.timer\n")
    write(vendor / "x.target.d" / "no", "[Unit]\nWants=e.timer\n")
    path = [str(home), str(tmp_path / "none"), str(vendor)]
    # Neither the pair itself, nor links that enable it.
    assert references(path, ["a.timer", "b.timer", "c.timer", "d.timer", "e.timer"]) == {
        "b.timer": "other.service",
        "c.timer": "other.service",
        "d.timer": "x.target",
    }


def test_the_first_that_refers_to_a_timer_is_named(tmp_path: Path) -> None:
    for folder, name in (("etc", "z.service"), ("lib", "a.service")):
        write(tmp_path / folder / name, "[Unit]\nWants=b.timer\n")
    assert references([str(tmp_path / "etc"), str(tmp_path / "lib")], ["b.timer"]) == {"b.timer": "z.service"}


def test_without_timers_no_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_references, "unit_texts", lambda *_words: pytest.fail("looked through the folders"))
    assert references(["/etc/systemd/system"], []) == {}


def test_what_cannot_be_read_refers_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "gone.service").symlink_to("/no/such/file")
    (tmp_path / "folder.service").mkdir()
    (tmp_path / "bytes.service").write_bytes(b"\xff\xfe a.timer")
    (tmp_path / "loop.d").symlink_to("loop.d")
    assert references([str(tmp_path)], ["a.timer"]) == {}


def test_a_folder_of_the_search_path_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "lib" / "a.service", "")
    (tmp_path / "usr").symlink_to("lib")
    assert unit_texts([str(tmp_path / "lib"), str(tmp_path / "usr")]) == [str(tmp_path / "lib" / "a.service")]
