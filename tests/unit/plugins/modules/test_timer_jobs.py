# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module timer_jobs as a whole, on a host in a folder and on hosts that it cannot work on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers import host as _proof_host
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, ProgramMissing
from ansible_collections.dotmobi.systemd_timers.plugins.modules import timer_jobs
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

JOB = wanted()
CAPSYS = pytest.CaptureFixture[str]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def _zone_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer_jobs, "use_host_zone", lambda: None)


def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: CAPSYS,
    runner: Any,
    *jobs: WantedJob,
    proof_only: bool = False,
    as_it_stands: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Run the module on the jobs and return its result."""
    if isinstance(runner, FakeHost):
        runner.calls.clear()
        options.setdefault("unit_directory", str(runner.units))
    monkeypatch.setattr(timer_jobs, "make_runner", lambda: runner)
    how = {"proof_only": proof_only, "as_it_stands": as_it_stands}
    request = json.dumps({"jobs": [job._asdict() for job in jobs], **how})
    with (
        patch_module_args({"jobs": request, "_ansible_diff": True, **options}),
        pytest.raises(SystemExit),
    ):
        timer_jobs.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def lines(result: dict[str, Any]) -> list[str]:
    """Return the findings of a result as lines."""
    return [line(Finding(**found)) for found in result["findings"]]


def test_a_new_job_and_again(host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS) -> None:
    result = run(monkeypatch, capsys, host, JOB)
    assert result["changed"]
    assert lines(result) == []
    (row,) = result["jobs"]
    assert (row["name"], row["active"], row["actions"]) == ("backup", "active (waiting)", ["install", "arm", "enable"])
    assert [diff["after_header"] for diff in result["diff"]] == [
        str(host.units / f"backup.{one}") for one in ("service", "timer")
    ]
    again = run(monkeypatch, capsys, host, JOB)
    assert not again["changed"]
    assert again["jobs"][0]["actions"] == []


@pytest.mark.parametrize("how", [{"_ansible_check_mode": True}, {"proof_only": True}])
def test_a_proof_changes_nothing(
    how: dict[str, Any], host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    result = run(monkeypatch, capsys, host, JOB, **how)
    assert result["changed"]
    assert len(result["diff"]) == 2
    assert host.verbs() == []
    assert list(host.units.iterdir()) == []
    assert not Path(lock.RUN_DIRECTORY).exists()


def test_all_that_is_wrong_is_told_and_nothing_is_done(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    (host.units / "foreign.timer").write_text("[Timer]\nOnCalendar=daily\n")
    (host.units / "masked.service").symlink_to("/dev/null")
    before = host.picture()
    jobs = [
        JOB,
        wanted(name="a", schedule=["bad one", "daily", "bad two"]),
        wanted(name="b", command="/missing/x"),
        wanted(name="c", service={"Tpye": "oneshot"}),
        wanted(name="foreign"),
        wanted(name="masked"),
    ]
    result = run(monkeypatch, capsys, host, *jobs)
    assert not result.get("changed")
    found = lines(result)
    parts = [
        'a: schedule "bad one": is not a valid calendar expression',
        'a: schedule "bad two": is not a valid calendar expression',
        'b: command "/missing/x": does not exist on this host',
        'c: service.Tpye "oneshot": systemd 252 does not know the directive',
        'foreign: name "foreign.timer": ',
        'masked: name "masked.service": is masked on this host; systemctl unmask masked.service [masked]',
    ]
    assert sorted(one for one in found if any(one.startswith(part) for part in parts)) == sorted(found)
    assert len(found) == len(parts)
    assert host.verbs() == []
    assert host.picture() == before


def test_what_the_host_lacks_may_be_tolerated(host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS) -> None:
    result = run(monkeypatch, capsys, host, wanted(command="/missing/x"), proof="warn")
    assert result["changed"]
    assert [(one["field"], one["kind"]) for one in result["findings"]] == [("command", "warning")]
    bad = run(monkeypatch, capsys, host, wanted(name="a", service={"Tpye": "x"}), proof="warn")
    assert [one["field"] for one in bad["findings"]] == ["service.Tpye"]


def test_what_the_host_lacks_is_a_warning_in_check_mode(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    job = wanted(command="/missing/x")
    result = run(monkeypatch, capsys, host, job, _ansible_check_mode=True)
    assert result["changed"]
    assert [row["actions"] for row in result["jobs"]] == [["install", "arm", "enable"]]
    (found,) = result["findings"]
    assert (found["field"], found["kind"]) == ("command", "warning")
    assert "a warning because of check mode" in found["fix"]
    for how in ({"_ansible_check_mode": True, "as_it_stands": True}, {"proof_only": True}):
        (found,) = run(monkeypatch, capsys, host, job, **how)["findings"]
        assert (found["kind"], "check mode" in found["fix"]) == ("", False)


def test_a_unit_of_another_declaration_is_refused(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    run(monkeypatch, capsys, host, JOB)
    for job in (JOB, WantedJob("backup", "absent", "skip", "", "")):
        found = lines(run(monkeypatch, capsys, host, job, owner="team-b"))
        assert len(found) == 2
        assert "belongs to the declaration with timer_owner 'default', not 'team-b'" in found[0]
    assert (host.units / "backup.timer").exists()


def test_a_host_that_was_not_booted_with_systemd(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    monkeypatch.setattr(_proof_host, "BOOTED_DIRECTORY", "/no/such/directory")
    result = run(monkeypatch, capsys, host, JOB)
    assert lines(result) == [
        (
            "systemd: is not running as PID 1 on this host (/no/such/directory does not exist); timers need a host "
            "that was booted with systemd [no-systemd]"
        )
    ]
    assert not result.get("changed")
    assert host.calls == []


def test_a_host_without_systemctl(host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS) -> None:
    def runner(argv: list[str]) -> Completed:
        raise ProgramMissing(argv[0])

    result = run(monkeypatch, capsys, runner, JOB, unit_directory=str(host.units))
    assert lines(result) == [
        "systemctl: is not installed on this host; install systemd's own tools on this host [no-systemd]"
    ]


def test_a_manager_that_does_not_answer(host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS) -> None:
    host.faults["show"] = [(1, "", "Failed to connect to bus: No such file or directory\n")]
    result = run(monkeypatch, capsys, host, JOB)
    assert lines(result) == [
        "systemd: systemctl show failed: Failed to connect to bus: No such file or directory [systemd-answer]"
    ]


@pytest.mark.parametrize(("version", "said"), [("246.6-1", "246"), ("", "unknown")])
def test_a_systemd_that_is_too_old(
    version: str, said: str, host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    host.faults["show"] = [(0, f"Version={version}\nUnitPath={host.units}\n", "")]
    assert lines(run(monkeypatch, capsys, host, JOB)) == [
        f'systemd "{said}": is too old; version {_proof_host.OLDEST_VERSION} or newer is needed [systemd-too-old]'
    ]


def test_a_unit_directory_that_systemd_does_not_read(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS, tmp_path: Path
) -> None:
    (tmp_path / "else").mkdir()
    for directory, reason in (
        ("else", "is not a directory that systemd reads units from"),
        ("none", "is not a directory on"),
    ):
        found = lines(run(monkeypatch, capsys, host, JOB, unit_directory=str(tmp_path / directory)))
        assert len(found) == 1
        assert reason in found[0]


def test_a_unit_directory_that_cannot_be_written(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    monkeypatch.setattr(_proof_host.os, "access", lambda *_arguments: False)
    found = lines(run(monkeypatch, capsys, host, JOB))
    assert len(found) == 1
    assert found[0].endswith("cannot be written; become root, or remount the file system for writing [unit-directory]")


def test_an_apply_that_failed(host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS) -> None:
    host.faults["start"] = [(1, "", "Access denied\n")]
    result = run(monkeypatch, capsys, host, JOB)
    assert result["undone"]
    assert result["failure"].startswith("the apply failed: backup: ")
    assert result["failure"].endswith("(systemctl start: Access denied); the host stands as before")
    assert not [path for path in host.units.rglob("*") if "backup" in path.name]


def test_an_apply_that_failed_says_why_in_the_words_of_systemd(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    host.faults["start"] = [(1, "", 'Job failed. See "journalctl -xe" for details.\n')]
    host.journal = (
        "backup.timer: Failed to enter waiting state: Operation not supported\n"
        "backup.timer: Failed with result 'resources'.\nFailed to start backup.timer.\nother.timer: is none of ours\n"
    )
    result = run(monkeypatch, capsys, host, JOB)
    said = "(systemd: backup.timer: Failed to enter waiting state: Operation not supported); the host stands as before"
    assert result["failure"].endswith(said)


def test_an_apply_that_failed_and_could_not_go_back(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    run(monkeypatch, capsys, host, JOB)
    host.faults["daemon-reload"] = [(1, "", "Access denied\n"), (1, "", "Connection timed out\n")]
    result = run(monkeypatch, capsys, host, wanted(schedule="Tue 09:00"))
    assert not result["undone"]
    assert result["failure"] == (
        "the apply failed: systemctl daemon-reload: Access denied; "
        "and going back failed too: systemctl daemon-reload: Connection timed out"
    )


def test_what_a_job_is_to_become_reaches_the_host(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    run(monkeypatch, capsys, host, JOB)
    result = run(monkeypatch, capsys, host, wanted(name="new", renamed_from="backup"))
    assert [(row["name"], row["state"], row["runs_now"]) for row in result["jobs"]] == [
        ("new", "present", False),
        ("backup", "absent", False),
    ]
    host.states["new.service"] = ("activating", "start")
    result = run(monkeypatch, capsys, host, WantedJob("new", "absent", "skip", "", "", on_remove="stop"))
    assert result["jobs"][0]["actions"][-1] == "stop its run"
    assert host.verbs()[-1] == "stop new.service"


def test_another_apply_is_under_way(host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS) -> None:
    def busy(*_arguments: object) -> None:
        raise lock.LockBusy("another apply has held the lock for more than 120 seconds")

    monkeypatch.setattr(lock, "locked", busy)
    result = run(monkeypatch, capsys, host, JOB)
    assert result["failure"] == (
        "another apply has held the lock for more than 120 seconds; nothing was changed on this host"
    )
    assert host.verbs() == []
    assert list(host.units.iterdir()) == []


def test_how_long_it_waited_is_told_if_it_was_long(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    for waited, told in ((0.9, None), (12.34, 12.3)):
        monkeypatch.setattr(lock, "_take", lambda *_arguments, waited=waited: waited)
        assert run(monkeypatch, capsys, host, JOB).get("waited") == told
    bad = run(monkeypatch, capsys, host, wanted(command="/missing/x"))
    assert (len(bad["findings"]), bad["waited"]) == (1, 12.3)
    host.faults["daemon-reload"] = [(1, "", "no\n")]
    failed = run(monkeypatch, capsys, host, wanted(description="x"))
    assert (failed["undone"], failed["waited"]) == (True, 12.3)


def test_check_mode_tells_of_an_apply_that_is_under_way(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    with lock.locked(0):
        assert run(monkeypatch, capsys, host, JOB, proof_only=True)["under_way"] is True
    assert "under_way" not in run(monkeypatch, capsys, host, JOB, proof_only=True)


def test_a_run_directory_that_others_can_change(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    """Also check mode says so: a run would fail."""
    (host.root / "run").mkdir()
    (host.root / "run").chmod(0o777)
    for check_mode in (True, False):
        result = run(monkeypatch, capsys, host, JOB, _ansible_check_mode=check_mode)
        assert result["failure"].startswith(f"{host.root}/run is not a directory that only root can write; ")
        assert result["failure"].endswith("; nothing was changed on this host")
    assert list(host.units.iterdir()) == []


def test_a_unit_directory_that_others_can_write(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    host.units.chmod(0o1777)
    (found,) = lines(run(monkeypatch, capsys, host, JOB))
    assert f'timer_unit_directory "{host.units}": everybody can change it' in found


def test_unit_files_are_not_in_the_result_of_no_use(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: CAPSYS
) -> None:
    result = run(monkeypatch, capsys, host, JOB)
    assert not result.get("invocation")
