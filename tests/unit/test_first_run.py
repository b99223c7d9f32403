# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that runs once when it is installed, whatever becomes of the apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _model
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.tests.unit.fake_systemd import FakeHost, Killed, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.samples import wanted

JOB = wanted(run_on_install=True)
RUN = "start backup.service"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    monkeypatch.setattr(_model, "STATE_DIRECTORY", str(tmp_path / "state"))
    return make_host(tmp_path, monkeypatch)


def row(host: FakeHost, job: WantedJob = JOB, **options: Any) -> dict[str, Any]:
    outcome = host.converge(job, **options)
    assert outcome.errors == []
    return outcome.result["jobs"][0]


def test_it_runs_when_it_is_installed_and_not_again(host: FakeHost) -> None:
    foreseen = row(host, check_mode=True)
    assert (foreseen["actions"], foreseen["runs_now"], host.verbs()) == (["install", "run", "arm", "enable"], True, [])
    found = row(host)
    assert (found["actions"], found["runs_now"]) == (foreseen["actions"], True)
    assert host.verbs()[-1] == RUN
    assert not (host.root / "state").exists()
    assert row(host)["actions"] == []
    assert row(host, wanted(run_on_install=True, command="/bin/false"))["runs_now"] is False
    assert RUN not in host.verbs()


def test_the_diff_says_so(host: FakeHost) -> None:
    outcome = host.converge(JOB, check_mode=True)
    prepared = "".join(one.get("prepared", "") for one in outcome.result["diff"])
    assert "backup: this apply runs the job once, because it is new (run_on_install)" in prepared


def test_not_a_job_that_is_there_already(host: FakeHost) -> None:
    row(host, wanted())
    assert row(host)["runs_now"] is False
    assert row(host, wanted(name="new", renamed_from="backup", run_on_install=True))["runs_now"] is False
    assert not [call for call in host.calls if call.startswith("start new.service")]


def test_not_one_that_is_suspended(host: FakeHost) -> None:
    assert row(host, JOB._replace(state="suspended"))["runs_now"] is False
    assert row(host)["runs_now"] is False


def test_an_apply_that_fails_runs_nothing_and_the_next_one_does(host: FakeHost) -> None:
    host.refused.add("backup.timer")
    with pytest.raises(ApplyFailed):
        host.converge(JOB)
    assert RUN not in host.verbs()
    assert not (host.root / "state").exists()
    host.refused.clear()
    assert row(host)["runs_now"]
    assert host.verbs().count(RUN) == 1


@pytest.mark.parametrize("verb", ["daemon-reload", "start"])
def test_a_killed_apply_that_is_completed_runs_it_once(verb: str, host: FakeHost) -> None:
    host.faults[verb] = [Killed()]
    with pytest.raises(Killed):
        host.converge(JOB)
    assert row(host, check_mode=True)["runs_now"]
    assert row(host)["runs_now"]
    assert host.verbs().count(RUN) == 1
    assert row(host)["runs_now"] is False


def test_an_apply_that_is_killed_with_the_run_does_not_run_it_twice(host: FakeHost) -> None:
    host.faults["start"] = [None, Killed()]
    with pytest.raises(Killed):
        host.converge(JOB)
    assert host.verbs()[-1] == RUN
    assert row(host)["runs_now"] is False
