# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the part of the system leads those of accounts: with real processes, which end, stop, or say no."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import NOT_KEPT
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge import coordinator
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.coordinator import (
    Coordinator,
    Participant,
    _failed,
    _outcome,
    _Part,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers import account as _account
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import child_process
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import Child, Line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

DONE = {"outcome": [[], [], [], {"changed": True}]}
Work = Callable[[Participant], object]


def well(member: Participant) -> object:
    """Go the whole way, and let the manager be started on it."""
    member.begin()
    if not member.ready():
        return {"outcome": [[], [], [], {}]}
    trouble = member.start_manager()
    if trouble or not member.keep():
        return {"failure": trouble or NOT_KEPT, "undone": True, "trouble": ""}
    return DONE


def dies(member: Participant) -> object:
    member.begin()
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def stops_half_way(member: Participant) -> object:
    member.begin()
    member.ready()
    os.kill(os.getpid(), signal.SIGSTOP)
    return None


def part(account: str, work: Work, *jobs: WantedJob) -> _Part:
    request = Request(list(jobs), "default", False, "strict", "", "", scope=Scope(account, 1, 1, "/nowhere"))

    def do(to_lead: Line) -> object:
        return work(Participant(to_lead))

    return _Part(request, len(jobs), Child(lambda: None, do))


class Logind:
    """Keeps who lingers, as logind does; the manager of one that lingers runs."""

    def __init__(self, folder: Path, trouble: str = "") -> None:
        self.folder = folder
        self.trouble = trouble
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str]) -> Completed:
        self.calls.append(argv[1:])
        if self.trouble:
            return Completed(1, "", self.trouble)
        if argv[1] == "enable-linger":
            (self.folder / argv[2]).touch()
        elif argv[1] == "disable-linger":
            (self.folder / argv[2]).unlink()
        return Completed(0, "", "")


@pytest.fixture
def logind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logind:
    def runs(scope: Scope) -> bool:
        return (tmp_path / scope.account).exists()

    monkeypatch.setattr(_account, "LINGER_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(_account, "has_manager", runs)
    monkeypatch.setattr(coordinator, "has_manager", runs)
    monkeypatch.setattr(child_process, "STOPPED_SECONDS", 0.2)
    return Logind(tmp_path)


def led(logind: Logind, *parts: _Part) -> tuple[Coordinator, bool]:
    """Lead the parts to the end; return whether all is kept."""
    lead = Coordinator(logind, list(parts), {})
    lead.begin()
    kept = lead.ready() and lead.keep()
    lead.close()
    return lead, kept


def test_all_goes_well(logind: Logind) -> None:
    lead, kept = led(logind, part("alice", well, wanted()), part("bob", well, wanted()))
    assert kept
    assert lead.ends == {"alice": DONE, "bob": DONE}
    assert [call[0] for call in logind.calls] == ["enable-linger", "enable-linger"]


def test_a_part_that_dies_before_anything_was_changed(logind: Logind) -> None:
    lead, kept = led(logind, part("alice", dies, wanted()), part("bob", well, wanted()))
    assert not kept
    failure = _failed(lead, None)
    assert str(failure) == "alice: the process that works for it has ended without an answer"
    assert (failure.undone, failure.aftermath) == (True, "the host stands as before")
    assert logind.calls == []


def test_a_part_that_is_stopped_half_way(logind: Logind) -> None:
    """What the others have done is taken back, and so is the linger that was given to one of them."""
    lead, kept = led(logind, part("alice", well, wanted()), part("bob", stops_half_way, wanted()))
    assert not kept
    failure = _failed(lead, None)
    assert str(failure) == "bob: the process that works for it is stopped (SIGSTOP)"
    assert failure.aftermath == (
        "and going back failed too: bob: what its process had begun is completed by the next apply"
    )
    assert [call[0] for call in logind.calls if call[0] != "show-user"] == ["enable-linger", "disable-linger"]


@pytest.mark.parametrize("work", [dies, stops_half_way])
def test_an_account_without_a_declared_job_fails_nobody(work: Work, logind: Logind) -> None:
    lead, kept = led(logind, part("mallory", work), part("bob", well, wanted()))
    assert kept
    assert lead.ends == {"bob": DONE}
    assert list(lead.silent) == ["mallory"]


def test_a_logind_that_does_not_answer(logind: Logind) -> None:
    """Nothing was done, so there is nothing to take back."""
    logind.trouble = "Failed to connect to bus"
    lead, kept = led(logind, part("alice", well, wanted()))
    assert not kept
    failure = _failed(lead, None)
    assert str(failure) == "loginctl enable-linger alice: Failed to connect to bus"
    assert (failure.undone, failure.trouble) == (True, "")
    assert [call[0] for call in logind.calls] == ["enable-linger"]


def test_what_an_account_says_of_no_job_is_said_of_the_account() -> None:
    found = Finding("", "systemd", None, "does not answer", "", "systemd-answer")
    of_job = found._replace(job="backup")
    assert [line(one) for one in _outcome([[found, of_job], [], [], {}], "alice").errors] == [
        "alice: systemd: does not answer [systemd-answer]",
        "backup: systemd: does not answer [systemd-answer]",
    ]
