# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that is no job of ours, and yet a timer of the host, is answered with that."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.unknown_job import UnknownJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import foreign_timer
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.unknown_jobs import unknown_everywhere


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("etc", "usr", "info"):
        (tmp_path / folder).mkdir()
    for unit in ("usr/apt-daily.timer", "usr/own@.timer", "etc/mine.timer"):
        (tmp_path / unit).touch()
    (tmp_path / "info" / "apt:amd64.list").write_text("/.\n/usr/lib/systemd/system/apt-daily.timer\n/usr/bin/apt\n")
    monkeypatch.setattr(foreign_timer, "DIRECTORIES", tuple(str(tmp_path / one) for one in ("etc", "usr")))
    monkeypatch.setattr(foreign_timer, "PACKAGE_LISTS", str(tmp_path / "info" / "*.list"))
    return tmp_path


def test_whose_timer_it_is(host: Path) -> None:
    assert foreign_timer.foreign_timer("apt-daily") == f"a timer of package apt, {host}/usr/apt-daily.timer"
    assert foreign_timer.foreign_timer("mine") == f"a timer of this host, {host}/etc/mine.timer"


@pytest.mark.parametrize("name", ["", "nothing", "../usr/apt-daily", "a b", "apt-daily\n", "*"])
def test_other_names_are_nothing(host: Path, name: str) -> None:
    assert host.exists()
    assert foreign_timer.foreign_timer(name) == ""


def test_it_is_told_in_place_of_a_guess() -> None:
    foreign = "a timer of package apt, /usr/lib/systemd/system/apt-daily.timer"
    error = UnknownJob("apt-daily", {"apt-dail": 1}, foreign=foreign)
    said = f"is {foreign}, and no job of this collection; `status -e all=true` shows it"
    assert str(error) == f'"apt-daily" {said}'
    assert unknown_everywhere({"web1": {"unknown": error.data, "jobs": []}}) == f"apt-daily {said}"
