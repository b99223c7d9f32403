# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of accounts: what reaches them, and what is read of an account. As root, with accounts of this machine."""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers import accounts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import as_account
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.accounts import marks_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import unit_files
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import Owner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import make_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import ObserveError

DAEMON = pwd.getpwnam("daemon")
MARK = "[X-Ansible]\nOwner={}\nJob={}\n"


def test_a_process_of_an_account_has_nothing_of_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("http_proxy", "http://user:password@proxy")
    monkeypatch.chdir(tmp_path)
    scope = Scope("daemon", DAEMON.pw_uid, DAEMON.pw_gid, "/nowhere")

    def work() -> Any:
        program = make_runner()(["sh", "-c", "env; id -u; id -G; pwd; umask"]).stdout.split("\n")
        return [os.getresuid(), os.getresgid(), os.getgroups(), sorted(os.environ), str(Path.cwd()), program]

    uids, gids, groups, names, place, program = as_account(scope, work)
    assert set(uids) == {DAEMON.pw_uid}
    assert set(gids) == {DAEMON.pw_gid}
    assert set(groups) == set(os.getgrouplist("daemon", DAEMON.pw_gid))
    assert names == ["HOME", "LOGNAME", "PATH", "USER", "XDG_RUNTIME_DIR"]
    assert place == "/"
    assert program[-5:] == [str(DAEMON.pw_uid), " ".join(map(str, groups)), "/", "0022", ""]
    assert not [line for line in program if "password" in line]


@pytest.fixture
def scope(tmp_path: Path) -> Scope:
    found = Scope("me", os.getuid(), os.getgid(), str(tmp_path))
    Path(found.unit_directory).mkdir(parents=True)
    return found


def put(scope: Scope, name: str, text: str) -> Path:
    path = Path(scope.unit_directory) / name
    path.write_text(text)
    return path


def test_the_marks_of_an_account(scope: Scope) -> None:
    put(scope, "a.service", MARK.format("default", "a"))
    put(scope, "a.timer", MARK.format("default", "a"))
    put(scope, "b.timer", MARK.format("other", "b"))
    put(scope, "foreign.timer", "[Timer]\n")
    put(scope, "none.conf", MARK.format("default", "none"))
    assert marks_of(scope) == [Owner("default", "a"), Owner("other", "b")]


def test_what_is_no_unit_file_of_the_account_is_none_of_its_jobs(scope: Scope) -> None:
    """A link to the directory of the system, for example. A pipe would be waited for."""
    os.chown(put(scope, "a.timer", MARK.format("default", "a")), 1, 1)
    os.mkfifo(Path(scope.unit_directory) / "b.timer")
    (Path(scope.unit_directory) / "d.service").mkdir()
    (Path(scope.unit_directory) / "c.timer").symlink_to(put(scope, "c.conf", MARK.format("default", "c")))
    assert marks_of(scope) == []


def test_an_account_without_units(scope: Scope) -> None:
    Path(scope.unit_directory).rmdir()
    assert marks_of(scope) == []


def test_links_that_lead_nowhere_are_told(scope: Scope) -> None:
    Path(scope.unit_directory).rmdir()
    Path(scope.unit_directory).parent.rmdir()
    Path(scope.unit_directory).parent.symlink_to("systemd")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        marks_of(scope)


def test_only_so_much_is_read(scope: Scope) -> None:
    """Sparse files take no room on the disk."""
    for number in range(17):
        os.truncate(put(scope, f"{number}.service", ""), 4 * 2**20)
    with pytest.raises(OSError, match="holds more than 64 MiB of units"):
        marks_of(scope)
    with pytest.raises(ObserveError, match="holds more than 64 MiB of unit files"):
        unit_files(scope.unit_directory)


def test_who_does_not_answer_in_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(accounts, "GRACE_SECONDS", 0.1)
    # A home in a file system that does not answer.
    monkeypatch.setattr(accounts, "settled_home", lambda _scope: time.sleep(1000))
    looked = accounts.look_at(make_runner, ["daemon", "no-such-account", "root"])
    assert looked.seen == {}
    assert looked.silent == {"daemon": "the process that looks at its unit files did not answer within 0 seconds"}
    assert {name: reason for name, (reason, _fix) in looked.refused.items()} == {
        "no-such-account": "does not exist on this host",
        "root": "is root, whose jobs belong to the system",
    }
