# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever line of our files somebody edits: an apply repairs it or says what is wrong; the next changes nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import steps
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import model
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

EDITS = ("delete", "duplicate", "value")
# What is of others, in all places where we have files.
FOREIGN = (
    *("system/mine.service", "system/backup-mine.service", "system/backup.service.d/mine.conf"),
    *("system/multi-user.target.wants/mine.service", "own/backup/mine", "own/mine/script", "own/.other/mine/script"),
    *("elsewhere/backup/script", "state/mine/ran", "stamps/stamp-mine.timer"),
)


def edited(text: str) -> Iterator[tuple[str, str]]:
    """Yield a file in which one line was changed, for each line and way."""
    yield "empty file", ""
    yield "no last line break", text.rstrip("\n")
    yield "something behind it", f"{text}# mine\n"
    lines = text.split("\n")
    mark = lines.index("[X-Ansible]") if "[X-Ansible]" in lines else 0
    for number, line in enumerate(lines):
        # What the job itself has is compared as a whole; what is read back from the host is in the last section.
        if not line.strip() or 1 < number < mark - 1:
            continue
        key, equals, _value = line.partition("=")
        for edit in EDITS:
            changed = {
                "delete": [],
                "duplicate": [line, line],
                "value": [f"{key}{equals}/elsewhere/backup"],
            }[edit]
            yield f"{edit} {line[:40]!r}", "\n".join([*lines[:number], *changed, *lines[number + 1 :]])


class Edits:
    """A host with a job that has all kinds of files, which is put back before each edit."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root, self.patch = root, patch
        # Nobody resets this host.
        patch.setattr(os, "fsync", lambda _descriptor: None)
        patch.setattr(steps, "_flush", lambda _directory, _paths: None)

    def fresh(self) -> FakeHost:
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        self.patch.setattr(model, "STATE_DIRECTORY", str(self.root / "state"))
        host = make_host(self.root, self.patch)
        for name in FOREIGN:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent.name.endswith(".wants"):
                path.symlink_to(self.root / "system" / path.name)
            else:
                path.write_text("mine\n")
        (self.root / "own" / "backup" / "mine").unlink()
        outcome = host.converge(*self.jobs(host))
        assert outcome.errors == []
        (self.root / "own" / "backup" / "mine").write_text("mine\n")
        return host

    def jobs(self, host: FakeHost) -> list[WantedJob]:
        fields: dict[str, Any] = {
            "command": None,
            "script": {"content": "true\n"},
            "credentials": {"token": {"content": "secret"}},
            "on_failure": {"command": "/bin/true"},
            "concurrency": {"policy": "replace"},
        }
        return [wanted(str(host.own), **fields)]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Return where the host is: in memory if that can be, for it is made anew hundreds of times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name) / "host"


def files_of(host: FakeHost) -> list[str]:
    places = (host.units.glob("backup*"), (host.own / "backup").iterdir())
    found = [str(path.relative_to(host.root)) for place in places for path in place if path.is_file()]
    return sorted(name for name in found if name not in FOREIGN and not name.endswith(".py"))


def settle(host: FakeHost, *jobs: WantedJob, **options: Any) -> str:
    """Apply twice; return what is wrong, or an empty text."""
    first = host.converge(*jobs, **options)
    lost = [name for name in FOREIGN if not (host.root / name).exists()]
    if lost:
        return f"deleted {lost}"
    again = host.converge(*jobs, **options)
    if again.errors != first.errors and first.errors:
        return f"says {again.errors}"
    if again.errors and not first.errors:
        return f"cannot go on: {again.errors}"
    if not first.errors and (again.result["changed"] or host.verbs()):
        return f"changes again: {[one['actions'] for one in again.result['jobs']]} {host.verbs()}"
    return ""


@pytest.mark.parametrize("way", ["apply, then prune", "prune", "absent"])
def test_the_second_apply_changes_nothing(way: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edits = Edits(root, monkeypatch)
    host = edits.fresh()
    texts = {name: (host.root / name).read_text() for name in files_of(host)}
    assert len(texts) == 7, list(texts)
    wrong = []
    for name, original in texts.items():
        for what, text in edited(original):
            host = edits.fresh()
            (host.root / name).write_text(text)
            host.loaded.update({unit: host._text(unit) for unit in host.loaded})
            jobs = {"prune": [], "absent": [wanted(state="absent")]}.get(way, edits.jobs(host))
            trouble = settle(host, *jobs, prune=way == "prune")
            if not trouble and way == "apply, then prune":
                trouble = settle(host, prune=True)
            if trouble:
                wrong.append(f"{name}: {what}: {trouble}")
    assert not wrong, "\n".join(wrong)
