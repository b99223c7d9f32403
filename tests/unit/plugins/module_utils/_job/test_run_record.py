# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which schedules have an end, and the record by which an apply knows that a job has run for the last elapse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import model
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import (
    checksum,
    checksums_of,
    has_last_elapse,
    parse_record,
    recording,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import own_pairs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_job import reset_failed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.job_status import picture
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.live_state import Query
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

PAST, LATER = "2026-12-01 03:00", "2026-12-02 03:00"
THEN = 1796094000  # 2026-12-01 03:00:00 UTC


@pytest.mark.parametrize(
    "expression",
    [
        PAST,
        "2026-12-01",
        "2026-12-01T03:00",
        "Tue 2026-12-01 03:00:00 Europe/Berlin",
        "26-12-01 3:00",
        "2026..2029-01-01",
        "2026..2030/2-*-* 4:00",
        "2026,2028..2029-06~01",
        "@1796094000",
    ],
)
def test_schedules_that_end(expression: str) -> None:
    assert has_last_elapse(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "daily",
        "*-*-* 03:00",
        "*-12-01 03:00",
        "12-01 03:00",
        "12~01",
        "2026/2-12-01 03:00",
        "2026,2028/2-01-01",
        "Mon 08:00",
        "*-2..4-01",
    ],
)
def test_schedules_that_go_on(expression: str) -> None:
    assert not has_last_elapse(expression)


def test_only_a_job_with_a_last_elapse_keeps_a_record() -> None:
    job = wanted(schedule="*-12-01 03:00")
    assert recording(job, "default", Scope()) == job


def test_the_record_is_written_before_anything_of_the_job() -> None:
    job = wanted(schedule=[PAST, LATER], service={"ExecStartPre": ["/bin/true"]})
    found = recording(job, "default", Scope()).service
    assert (
        UnitText(found)
        .values("Service", "ExecStartPre")[0]
        .startswith("-+/usr/bin/env -i PATH=/usr/bin:/bin INVOCATION_ID=${INVOCATION_ID} /bin/sh -c ")
    )
    assert checksums_of(found) == [checksum(PAST), checksum(LATER)]
    # An apply of the same, and a change of the job as it stands, write the same.
    assert recording(job._replace(service=found), "default", Scope()).service == found
    reset = wanted(schedule=PAST, service={"ExecStartPre": ["", "/bin/true"]})
    assert len(UnitText(recording(reset, "default", Scope()).service).values("Service", "ExecStartPre")) == 2


def test_a_job_that_gets_another_date_by_hand_goes_on_to_write_the_declared_one() -> None:
    job = recording(wanted(schedule=PAST), "default", Scope())
    found = recording(job._replace(timer=job.timer.replace(PAST, LATER)), "default", Scope())
    assert checksums_of(found.service) == [checksum(PAST), checksum(LATER)]


def test_an_account_has_its_record_in_its_home() -> None:
    found = recording(wanted(schedule=PAST), "default", Scope("alice", 1000, 1000, "/home/a l%")).service
    assert '"/home/a l%%/.local/share/dotmobi.systemd_timers/backup" default' in found


@pytest.mark.parametrize(
    "text", ["", "default\n", "default soon abc\n", "default 17 abc Success\n", "default 17 abc success more\n"]
)
def test_a_broken_record_is_none(text: str) -> None:
    assert parse_record(text) is None


# --- applies of a job whose last elapse has passed


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    monkeypatch.setattr(model, "STATE_DIRECTORY", str(tmp_path / "state"))
    return make_host(tmp_path, monkeypatch)


@pytest.fixture
def installed(host: FakeHost) -> Callable[..., WantedJob]:
    """Installs a job of one date, which then passes, with or without a run."""

    def install(*, ran: bool = True, **fields: object) -> WantedJob:
        job = wanted(schedule=PAST, **fields)
        assert host.converge(job).errors == []
        host.ended.add(PAST)
        host.states["backup.timer"] = ("active", "elapsed")
        if ran:
            record(host, THEN)
        return job

    return install


def record(host: FakeHost, when: int, owner: str = "default", name: str = "backup", result: str = "success") -> None:
    folder = host.root / "state" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ran").write_text(f"{owner} {when} {checksum(PAST)} {result}\n")


def row(host: FakeHost, *jobs: WantedJob, **options: object) -> dict[str, object]:
    outcome = host.converge(*jobs, **options)
    assert outcome.errors == []
    return {key: outcome.result["jobs"][0][key] for key in ("armed", "actions", "changed")}


DONE_ROW = {"armed": "done", "actions": [], "changed": False}


def test_a_job_that_is_done_blocks_nothing(host: FakeHost, installed: Callable[..., WantedJob]) -> None:
    job = installed()
    assert row(host, job) == DONE_ROW
    assert host.verbs() == []
    changed = wanted(schedule=PAST, command="/bin/false")
    # A clock that is set meanwhile makes it a reload as well.
    assert "update" in row(host, changed)["actions"]
    assert row(host, changed) == DONE_ROW
    other = wanted(name="other", schedule="Mon 08:00")
    assert [one["armed"] for one in host.converge(changed, other).result["jobs"]] == ["done", "now"]


@pytest.mark.parametrize("when", [None, THEN - 1])
def test_a_job_that_never_ran_for_its_date_is_an_error(
    when: int | None, host: FakeHost, installed: Callable[..., WantedJob]
) -> None:
    job = installed(ran=False)
    host.elapses[PAST] = [THEN]
    if when:
        record(host, when)
    assert [one.code for one in host.converge(job).errors] == ["never-elapses"]


def test_another_date_in_the_past_is_an_error_though_the_job_has_run(
    host: FakeHost, installed: Callable[..., WantedJob]
) -> None:
    installed()
    host.ended.add("2026-11-01")
    assert [one.code for one in host.converge(wanted(schedule="2026-11-01")).errors] == ["never-elapses"]


def test_a_list_of_dates_goes_on(host: FakeHost, installed: Callable[..., WantedJob]) -> None:
    installed()
    found = row(host, wanted(schedule=[PAST, "2030-01-01"]))
    assert found["armed"] == "now"


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_job_that_is_done_is_removed_by_its_own_wish(
    check_mode: bool, host: FakeHost, installed: Callable[..., WantedJob]
) -> None:
    job = installed(after_last_run="remove")
    assert row(host, job, check_mode=check_mode) == {
        "armed": "done",
        "actions": ["remove", "disarm", "disable"],
        "changed": True,
    }
    assert (host.units / "backup.service").exists() is check_mode
    if not check_mode:
        assert row(host, job) == DONE_ROW
        # The record goes with the declaration, and not before.
        assert (host.root / "state" / "backup" / "ran").exists()
        assert host.converge(owner="other", keep_skips=True).result["changed"] is False
        assert host.converge(keep_skips=True).result["changed"]
        assert not (host.root / "state").exists()
        assert host.converge().result["changed"] is False


@pytest.mark.parametrize("state", [("activating", "start"), ("failed", "failed")])
def test_a_run_that_goes_on_or_has_failed_keeps_the_job(
    state: tuple[str, str], host: FakeHost, installed: Callable[..., WantedJob]
) -> None:
    job = installed(after_last_run="remove")
    host.loaded["backup.service"] = job.service
    host.states["backup.service"] = state
    assert row(host, job) == DONE_ROW


@pytest.mark.parametrize("result", ["exit-code", "signal", "timeout", "core-dump", "0" * 32, ""])
def test_a_failure_that_systemd_has_forgotten_keeps_the_job(
    result: str, host: FakeHost, installed: Callable[..., WantedJob]
) -> None:
    """After a boot. A run that was cut off has its invocation in the place of a result."""
    job = installed(after_last_run="remove")
    record(host, THEN, result=result)
    assert row(host, job) == DONE_ROW
    record(host, THEN, result="success")
    assert "remove" in row(host, job)["actions"]


@pytest.mark.parametrize(("result", "reason"), [("exit-code", "failed"), ("0" * 32, "was interrupted")])
def test_a_failure_that_systemd_has_forgotten_is_shown_until_it_is_reset(
    result: str, reason: str, host: FakeHost, installed: Callable[..., WantedJob]
) -> None:
    job = installed(after_last_run="remove")
    record(host, THEN, result=result)

    def health() -> tuple[str, str]:
        found = picture(host, Query(str(host.units), [], [], [], False, 1, False))["jobs"][0]
        return found["health"], found["reason"]

    assert health() == ("failing", f"last run: {reason}")
    pair = own_pairs(str(host.units))["backup"]
    assert reset_failed(host, pair, Scope(), check_mode=True)["changed"]
    assert health() == ("failing", f"last run: {reason}")
    assert reset_failed(host, pair, Scope(), check_mode=False)["actions"] == ["reset failed"]
    assert health()[0] == "done"
    assert not reset_failed(host, pair, Scope(), check_mode=False)["changed"]
    assert "remove" in row(host, job)["actions"]


def test_a_run_under_way_has_not_failed_yet(host: FakeHost, installed: Callable[..., WantedJob]) -> None:
    job = installed(after_last_run="remove")
    record(host, THEN, result="0" * 32)
    host.loaded["backup.service"] = job.service
    host.states["backup.service"] = ("activating", "start")
    assert not reset_failed(host, own_pairs(str(host.units))["backup"], Scope(), check_mode=False)["changed"]
    assert picture(host, Query(str(host.units), [], [], [], False, 1, False))["jobs"][0]["health"] == "running"


# --- the two commands of the service, as a shell runs them


def test_the_result_is_written_last_and_once() -> None:
    job = wanted(schedule=PAST, service={"ExecStopPost": ["/bin/true"]})
    found = recording(job, "default", Scope())
    lines = UnitText(found.service).values("Service", "ExecStopPost")
    assert (lines[0], len(lines)) == ("/bin/true", 2)
    assert recording(found, "default", Scope()) == found
    assert (
        recording(found._replace(timer=found.timer.replace(PAST, "daily")), "default", Scope()).service == job.service
    )


def test_a_job_that_is_renamed_is_done_still(host: FakeHost, installed: Callable[..., WantedJob]) -> None:
    installed()
    renamed = wanted(name="new", renamed_from="backup", schedule=PAST)
    assert row(host, renamed)["armed"] == "done"
    assert [path.name for path in (host.root / "state").iterdir()] == ["new"]
    assert row(host, renamed) == DONE_ROW


def test_the_record_goes_with_the_job(host: FakeHost, installed: Callable[..., WantedJob]) -> None:
    installed()
    assert host.converge(prune=True).result["changed"]
    assert not (host.root / "state").exists()
