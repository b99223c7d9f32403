# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that runs once when it is installed, whatever becomes of the apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import model
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, Killed, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

JOB = wanted(run_on_install=True)
RUN = "start backup.service"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    monkeypatch.setattr(model, "STATE_DIRECTORY", str(tmp_path / "state"))
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


# Chains.


def chained(name: str, *starters: str, first: bool = True) -> WantedJob:
    """Return a job of a chain. (A sample is declared alone, so its starters are put in.)"""
    when: dict[str, Any] = {"schedule": None, "triggered_by": []} if starters else {}
    job = wanted(name=name, run_on_install=first, **when)
    mark = f"TriggeredBy={' '.join(starters)}"
    return job._replace(service=job.service.replace("TriggeredBy=-", mark), followed=True)


def started(host: FakeHost) -> list[str]:
    return [one for call in host.verbs() if call.startswith("start ") for one in call.split()[1:] if "service" in one]


def test_a_follower_is_left_to_the_run_of_its_starter(host: FakeHost) -> None:
    jobs = [chained("c", "b"), chained("a"), chained("b", "a", first=False), chained("lone")]
    outcome = host.converge(*jobs)
    rows = {one["name"]: one for one in outcome.result["jobs"]}
    assert sorted(started(host)) == ["a.service", "lone.service"]
    assert rows["c"]["actions"] == ["install", "run after b", "enable"]
    assert {name: one["runs_now"] for name, one in rows.items()} == {"a": True, "b": False, "c": False, "lone": True}
    prepared = "".join(one.get("prepared", "") for one in outcome.result["diff"])
    assert "c: this apply lets the job run when b has succeeded, because it is new (run_on_install)\n" in prepared
    assert not (host.root / "state").exists()
    assert not host.converge(*jobs).result["changed"]


@pytest.mark.parametrize("way", ["starter is old", "starter is suspended", "starter between is suspended"])
def test_a_follower_runs_itself_when_nothing_starts_it(host: FakeHost, way: str) -> None:
    jobs = [chained("a"), chained("b", "a"), chained("c", "b")]
    if way == "starter is old":
        host.converge(*jobs[:1])
        assert host.converge(*jobs).errors == []
        assert started(host) == ["b.service"]
        return
    suspended = 0 if way == "starter is suspended" else 1
    jobs[suspended] = jobs[suspended]._replace(state="suspended")
    assert host.converge(*jobs).errors == []
    assert started(host) == (["b.service"] if suspended == 0 else ["a.service", "c.service"])


def test_a_killed_apply_of_a_chain_is_completed(host: FakeHost) -> None:
    jobs = [chained("a"), chained("b", "a")]
    host.faults["daemon-reload"] = [Killed()]
    with pytest.raises(Killed):
        host.converge(*jobs)
    host.converge(*jobs)
    assert started(host) == ["a.service"]
    assert not (host.root / "state").exists()
    assert not host.converge(*jobs).result["changed"]


# The note of a killed apply.

NOTE = Path("state") / "backup" / "first-run"


def kill(host: FakeHost, *jobs: WantedJob, before_install: bool = False, reboot: bool = False) -> None:
    host.faults["daemon-reload"] = [Killed()]
    with pytest.raises(Killed):
        host.converge(*jobs)
    assert (host.root / NOTE).read_text() == "default\n"
    if before_install:
        for path in [*host.units.glob("backup.*"), *host.units.glob("*.wants/backup.*")]:
            path.unlink()
    if reboot:
        (host.root / "run" / "applying.json").unlink()


@pytest.mark.parametrize("reboot", [False, True])
@pytest.mark.parametrize("before_install", [False, True])
@pytest.mark.parametrize("then", ["plain", "suspended", "absent", "pruned", "gone"])
def test_no_note_is_left_of_a_job_that_is_not_to_run(
    host: FakeHost, then: str, before_install: bool, reboot: bool
) -> None:
    kill(host, JOB, before_install=before_install, reboot=reboot)
    other = wanted(name="other")
    after = {"plain": wanted(), "suspended": JOB._replace(state="suspended"), "absent": wanted(state="absent")}
    jobs = [other, after[then]] if then in after else [other]
    options: dict[str, Any] = {"prune": then == "pruned", "keep_skips": True}
    foreseen = host.converge(*jobs, check_mode=True, **options).result
    found = host.converge(*jobs, **options).result
    assert [one["actions"] for one in foreseen["jobs"]] == [one["actions"] for one in found["jobs"]]
    assert RUN not in host.verbs()
    # An orphan keeps all it has until it is pruned, or declared again.
    assert (host.root / NOTE).exists() is (then == "gone" and not before_install)
    assert not host.converge(*jobs, **options).result["changed"]
    if then == "gone" and not before_install:
        host.converge(other, JOB, **options)
        assert RUN in host.verbs()
        assert not (host.root / "state").exists()


@pytest.mark.parametrize("before_install", [False, True])
def test_a_job_that_is_renamed_after_a_killed_apply_runs_once(host: FakeHost, before_install: bool) -> None:
    kill(host, JOB, before_install=before_install, reboot=True)
    new = wanted(name="new", renamed_from="backup", run_on_install=True)
    assert host.converge(new).errors == []
    assert started(host) == ["new.service"]
    assert not (host.root / "state").exists()
    assert not host.converge(new).result["changed"]


def test_the_note_of_another_declaration_is_its_own(host: FakeHost) -> None:
    kill(host, JOB, before_install=True, reboot=True)
    host.converge(wanted(name="other"), owner="another", keep_skips=True)
    assert (host.root / NOTE).exists()


def test_a_change_by_hand_leaves_the_note(host: FakeHost) -> None:
    kill(host, JOB)
    host.converge(JOB._replace(run_on_install=None))
    assert RUN not in host.verbs()
    host.converge(JOB)
    assert RUN in host.verbs()


@pytest.mark.parametrize(
    "timer", [{"schedule": "Mon 08:00"}, {"schedule": None, "on_boot": "5min", "persistent": False}]
)
def test_it_is_not_run_by_its_timer_as_well(host: FakeHost, timer: dict[str, Any]) -> None:
    """A stamp of old, or a time after boot that has passed, would."""
    host.set_stamp("backup", 1)
    host.converge(wanted(run_on_install=True, on_reschedule="run", **timer))
    runs_by_timer = "on_boot" in timer
    assert "start backup.timer" in host.verbs()
    assert (RUN in host.verbs()) is not runs_by_timer
    assert runs_by_timer or (host.stamp("backup") or 0) > 1
