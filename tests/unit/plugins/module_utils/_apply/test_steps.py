# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies on a host in a folder: order, going back, being killed. As root, because unit files are root's."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import steps as _apply
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.steps import StepFailed, StepRunner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import sealed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile, Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import cleaner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.model import Step
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import marker as _journal
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import own_file
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import DONE, FakeHost, Killed, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

# Stands for the directory of the jobs' files.
OWN = "/OWN"
OLD_STAMP = 1795000000 * 10**9
JOB = wanted()
EDITED = wanted(schedule="Tue 09:00")
OTHER_COMMAND = wanted(command="/bin/false")
SUSPENDED = wanted(state="suspended")
ABSENT = WantedJob("backup", "absent", "skip", "", "")
REFUSED = (1, "", "Refusing to reload, not enough space available on /run/systemd.\n")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


@pytest.fixture
def armed(host: FakeHost) -> FakeHost:
    """Return a host that has the job and a second one armed for some time."""
    host.converge(JOB, wanted(name="second"))
    for name in ("backup", "second"):
        os.utime(host.stamps / f"stamp-{name}.timer", ns=(OLD_STAMP, OLD_STAMP))
    host.calls.clear()
    return host


def link(host: FakeHost) -> Path:
    """Return the link that enables the timer."""
    return host.units / "timers.target.wants" / "backup.timer"


def stamp(host: FakeHost) -> int:
    """Return the time of the timer's stamp."""
    return (host.stamps / "stamp-backup.timer").stat().st_mtime_ns


# What succeeds.


def test_a_new_job(host: FakeHost) -> None:
    outcome = host.converge(JOB)
    assert outcome.errors == []
    assert outcome.result["changed"]
    assert host.verbs() == ["daemon-reload", "start backup.timer"]
    for unit, text in (("backup.service", JOB.service), ("backup.timer", JOB.timer)):
        about = (host.units / unit).stat()
        assert (host.units / unit).read_text() == text
        assert (about.st_mode & 0o7777, about.st_uid, about.st_gid) == (0o644, 0, 0)
    assert link(host).readlink() == host.units / "backup.timer"
    assert link(host).parent.stat().st_mode & 0o777 == 0o755
    assert host.states == {"backup.timer": ("active", "waiting")}
    assert sorted(path.name for path in host.units.iterdir()) == [
        "backup.service",
        "backup.timer",
        "timers.target.wants",
    ]
    assert _journal.marked_jobs() == {}


def test_the_second_run_only_looks(armed: FakeHost) -> None:
    before = armed.picture()
    outcome = armed.converge(JOB, wanted(name="second"))
    assert not outcome.result["changed"]
    assert outcome.result["diff"] == []
    assert armed.verbs() == []
    assert armed.picture() == before


def test_a_new_schedule(armed: FakeHost) -> None:
    armed.converge(EDITED, wanted(name="second"))
    assert armed.verbs() == ["stop backup.timer", "daemon-reload", "start backup.timer"]
    assert armed.surprises == []
    assert armed.loaded["backup.timer"] == EDITED.timer
    assert stamp(armed) > OLD_STAMP
    assert (armed.stamps / "stamp-second.timer").stat().st_mtime_ns == OLD_STAMP
    assert link(armed).is_symlink()


def test_a_new_command(armed: FakeHost) -> None:
    armed.converge(OTHER_COMMAND, wanted(name="second"))
    assert armed.verbs() == ["daemon-reload"]
    assert armed.loaded["backup.service"] == OTHER_COMMAND.service
    assert stamp(armed) == OLD_STAMP


def test_suspend_and_resume(armed: FakeHost) -> None:
    armed.converge(SUSPENDED)
    assert armed.verbs() == ["stop backup.timer", "daemon-reload"]
    assert not link(armed).exists()
    assert (armed.units / "backup.timer").exists()
    assert not armed.converge(SUSPENDED).result["changed"]
    armed.converge(JOB)
    assert armed.verbs() == ["daemon-reload", "start backup.timer"]
    assert stamp(armed) > OLD_STAMP
    assert armed.surprises == []


def test_remove(armed: FakeHost) -> None:
    armed.converge(ABSENT)
    assert armed.verbs() == ["stop backup.timer", "daemon-reload"]
    left = [path.name for path in [*armed.units.rglob("*"), *armed.stamps.iterdir()] if "backup" in path.name]
    assert left == []
    assert not armed.converge(ABSENT).result["changed"]


def test_orphans_are_told_and_pruned_on_demand(armed: FakeHost) -> None:
    assert armed.converge(JOB).result["orphans"] == ["second"]
    assert (armed.units / "second.timer").exists()
    outcome = armed.converge(JOB, prune=True)
    assert outcome.result["orphans"] == []
    assert [row["state"] for row in outcome.result["jobs"]] == ["present", "absent"]
    assert not (armed.units / "second.timer").exists()


def test_many_jobs_cost_as_many_calls_as_one(host: FakeHost) -> None:
    host.converge(*[wanted(name=f"job{number}") for number in range(60)])
    assert len(host.calls) <= 14
    assert [verb.split()[0] for verb in host.verbs()] == ["daemon-reload", "start"]
    assert len(host.states) == 60


def test_drift_by_hand_is_put_right(armed: FakeHost) -> None:
    (armed.units / "backup.service").chmod(0o666)
    link(armed).unlink()
    (armed.units / "backup.timer").write_text("[Timer]\nOnCalendar=hourly\n[X-Ansible]\nOwner=default\nJob=backup\n")
    outcome = armed.converge(JOB, wanted(name="second"))
    assert outcome.result["changed"]
    assert (armed.units / "backup.timer").read_text() == JOB.timer
    assert (armed.units / "backup.service").stat().st_mode & 0o777 == 0o644
    assert link(armed).is_symlink()
    assert not armed.converge(JOB, wanted(name="second")).result["changed"]
    assert armed.surprises == []


def test_the_log_directory_is_made(host: FakeHost) -> None:
    outcome = host.converge(JOB, log_directory=str(host.logs))
    assert host.logs.stat().st_mode & 0o777 == 0o755
    assert any("logs: make the directory" in one.get("prepared", "") for one in outcome.result["diff"])
    assert not host.converge(JOB, log_directory=str(host.logs)).result["changed"]


# Check mode.

CHANGES: dict[str, tuple[list[WantedJob], dict[str, Any]]] = {
    "new": ([JOB, wanted(name="second"), wanted(name="third")], {}),
    "reschedule": ([EDITED, wanted(name="second")], {}),
    "command": ([OTHER_COMMAND, wanted(name="second")], {}),
    "suspend": ([SUSPENDED, wanted(name="second")], {}),
    "remove": ([ABSENT, wanted(name="second")], {}),
    "prune": ([JOB], {"prune": True}),
    "rename": ([wanted(name="third", renamed_from="backup"), wanted(name="second")], {}),
    "persistence": ([wanted(persistent=False), wanted(name="second")], {}),
    "log directory": ([JOB, wanted(name="second"), wanted(name="third")], {"log_directory": "LOGS"}),
    "script": ([wanted(OWN, command=None, script={"content": "b"}), wanted(name="second")], {}),
    "secrets": ([wanted(OWN, environment={"A": "b"}, secrets=["A"]), wanted(name="second")], {}),
    "all at once": ([EDITED, wanted(name="second", state="suspended"), wanted(name="third")], {}),
}


def placed(job: WantedJob, own: str) -> WantedJob:
    """Return a job whose files lie in the folder of this host."""
    files = tuple(one._replace(name=one.name.replace(OWN, own)) for one in job.files)
    return job._replace(service=job.service.replace(OWN, own), files=files)


def change_of(host: FakeHost, change: str) -> tuple[list[WantedJob], dict[str, Any]]:
    """Return the jobs and options of a change, with the paths of this host."""
    jobs, options = CHANGES[change]
    jobs = [placed(job, str(host.own)) for job in jobs]
    return jobs, {name: str(host.logs) if value == "LOGS" else value for name, value in options.items()}


@pytest.mark.parametrize("change", CHANGES)
def test_check_mode_says_what_a_run_does(change: str, armed: FakeHost) -> None:
    jobs, options = change_of(armed, change)
    before = armed.picture()
    foreseen = armed.converge(*jobs, check_mode=True, **options)
    assert armed.verbs() == []
    assert armed.picture() == before
    done = armed.converge(*jobs, **options)
    assert armed.picture() != before
    assert foreseen.result["diff"] == done.result["diff"]
    assert [row["actions"] for row in foreseen.result["jobs"]] == [row["actions"] for row in done.result["jobs"]]
    assert armed.verbs().count("daemon-reload") == 1
    assert not armed.converge(*jobs, **options).result["changed"]
    assert armed.surprises == []


# What fails.


def apply_fails(host: FakeHost, jobs: list[WantedJob], **options: Any) -> ApplyFailed:
    """Apply, and return how it failed."""
    with pytest.raises(ApplyFailed) as caught:
        host.converge(*jobs, **options)
    return caught.value


def verbs_of(change: str) -> list[str]:
    """Return the verbs that a change calls."""
    return {
        "new": ["daemon-reload", "start"],
        "log directory": ["daemon-reload", "start"],
        "command": ["daemon-reload"],
        "script": ["daemon-reload"],
        "secrets": ["daemon-reload"],
        "persistence": ["daemon-reload"],
        "suspend": ["stop", "daemon-reload"],
        "remove": ["stop", "daemon-reload"],
        "prune": ["stop", "daemon-reload"],
    }.get(change, ["stop", "daemon-reload", "start"])


@pytest.mark.parametrize(("change", "verb"), [(change, verb) for change in CHANGES for verb in verbs_of(change)])
def test_a_verb_that_fails_leaves_the_host_as_it_was(change: str, verb: str, armed: FakeHost) -> None:
    jobs, options = change_of(armed, change)
    before = armed.picture()
    armed.faults[verb] = [REFUSED]
    failure = apply_fails(armed, jobs, **options)
    assert (failure.undone, failure.trouble) == (True, "")
    assert "Refusing to reload" in str(failure)
    assert armed.picture() == before
    # The fault is gone: the next run does it all.
    assert armed.converge(*jobs, **options).errors == []
    assert not armed.converge(*jobs, **options).result["changed"]


def test_going_back_does_not_run_a_job(armed: FakeHost) -> None:
    armed.faults["start"] = [REFUSED]
    apply_fails(armed, CHANGES["reschedule"][0])
    assert armed.surprises == []
    assert armed.verbs() == [
        "stop backup.timer",
        "daemon-reload",
        "start backup.timer",
        "stop backup.timer",
        "daemon-reload",
        "start backup.timer",
    ]
    assert stamp(armed) == OLD_STAMP


def test_a_timer_that_does_not_start_is_named(armed: FakeHost) -> None:
    armed.refused.add("third.timer")
    before = armed.picture()
    failure = apply_fails(armed, CHANGES["all at once"][0])
    assert str(failure).startswith('third: state "present": after the apply third.timer is loaded, failed (failed) [')
    assert failure.undone
    assert armed.picture() == before


def test_success_is_what_the_evidence_says(armed: FakeHost) -> None:
    """systemctl exits 0, and the timer is not active."""
    before = armed.picture()
    armed.faults["start"] = [(0, "", "")]
    failure = apply_fails(armed, CHANGES["new"][0])
    assert "after the apply third.timer is loaded, inactive (dead)" in str(failure)
    assert "second" not in str(failure)
    assert failure.undone
    assert armed.picture() == before


def test_an_unreadable_answer_is_a_failure_too(armed: FakeHost) -> None:
    before = armed.picture()
    armed.faults["list-units"] = [None, None, (1, "", "Connection timed out\n")]
    failure = apply_fails(armed, CHANGES["reschedule"][0])
    assert "Connection timed out" in str(failure)
    assert failure.undone
    assert armed.picture() == before


def test_a_full_disk_changes_nothing(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_directory: str, _paths: list[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_apply, "_flush", full)
    before = armed.picture()
    failure = apply_fails(armed, CHANGES["new"][0])
    assert str(failure) == "write: [Errno 28] No space left on device"
    assert failure.undone
    assert armed.verbs() == []
    assert armed.picture() == before


def test_a_full_run_directory_changes_nothing(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marker cannot be written."""

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    before = armed.picture()
    with monkeypatch.context() as patch:
        patch.setattr(_journal, "write_whole", full)
        failure = apply_fails(armed, CHANGES["new"][0])
    assert failure.undone
    assert armed.verbs() == []
    assert armed.picture() == before


def test_a_failed_rename_is_undone(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def once(source: str, target: str) -> None:
        if source.endswith("new/third.timer"):
            raise PermissionError(1, "Operation not permitted", target)
        rename(source, target)

    monkeypatch.setattr(_apply.os, "rename", once)
    before = armed.picture()
    failure = apply_fails(armed, CHANGES["all at once"][0])
    assert str(failure).startswith("install: [Errno 1] Operation not permitted: ")
    assert failure.undone
    assert armed.picture() == before


def test_files_that_were_there_come_back_with_their_mode(armed: FakeHost) -> None:
    (armed.units / "backup.service").chmod(0o600)
    before = armed.picture()
    armed.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(armed, [OTHER_COMMAND, wanted(name="second")]).undone
    assert armed.picture() == before


def test_a_service_enabled_by_hand_is_enabled_again(armed: FakeHost) -> None:
    folder = armed.units / "default.target.wants"
    folder.mkdir()
    (folder / "backup.service").symlink_to(armed.units / "backup.service")
    before = armed.picture()
    armed.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(armed, [OTHER_COMMAND, wanted(name="second")]).undone
    assert armed.picture() == before


def test_the_stamp_of_a_job_that_was_not_resumed_has_its_old_time(armed: FakeHost) -> None:
    """Nothing is started on the way back, and still the stamp is not left with the time of the apply."""
    armed.converge(SUSPENDED)
    os.utime(armed.stamps / "stamp-backup.timer", ns=(OLD_STAMP, OLD_STAMP))
    before = armed.picture()
    armed.faults["start"] = [REFUSED]
    assert apply_fails(armed, [JOB]).undone
    assert stamp(armed) == OLD_STAMP
    assert armed.picture() == before


def test_a_link_to_elsewhere_is_as_it_was(armed: FakeHost) -> None:
    link(armed).unlink()
    link(armed).symlink_to("/usr/lib/systemd/system/backup.timer")
    before = armed.picture()
    armed.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(armed, [OTHER_COMMAND, wanted(name="second")]).undone
    assert armed.picture() == before


def test_when_going_back_fails_too_both_are_told_and_the_next_run_completes(armed: FakeHost) -> None:
    """A persistent timer is armed all the same: its stamp holds it."""
    armed.faults["daemon-reload"] = [REFUSED, (1, "", "Still no space\n")]
    failure = apply_fails(armed, CHANGES["reschedule"][0])
    assert not failure.undone
    assert "Refusing to reload" in str(failure)
    assert failure.trouble == "systemctl daemon-reload: Still no space"
    assert armed.states["backup.timer"] == ("active", "waiting")
    assert stamp(armed) == OLD_STAMP
    assert list(_journal.marked_jobs()) == ["backup"]
    outcome = armed.converge(*CHANGES["reschedule"][0])
    assert outcome.result["changed"]
    assert armed.loaded["backup.timer"] == EDITED.timer
    assert armed.states["backup.timer"] == ("active", "waiting")
    assert _journal.marked_jobs() == {}
    assert not armed.converge(*CHANGES["reschedule"][0]).result["changed"]
    assert armed.surprises == []


@pytest.mark.parametrize("declared", [True, False])
def test_what_cannot_be_cleaned_up_fails_nothing_and_is_done_by_the_next_run(
    declared: bool, armed: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other parts of the apply have kept what they have done already."""
    unlink = os.unlink

    def not_stamps(path: str, **more: Any) -> None:
        if "stamp-" in path:
            raise PermissionError(1, "Operation not permitted", path)
        unlink(path, **more)

    jobs = [ABSENT, wanted(name="second")] if declared else [wanted(name="second")]
    with monkeypatch.context() as patch:
        patch.setattr(_apply.os, "unlink", not_stamps)
        outcome = armed.converge(*jobs, prune=True)
    assert outcome.errors == []
    (warning,) = outcome.warnings
    assert (warning.code, warning.severity) == ("unfinished", "warning")
    assert "clean stamp: [Errno 1] Operation not permitted" in warning.reason
    assert outcome.result["changed"]
    assert not (armed.units / "backup.timer").exists()
    assert list(_journal.marked_jobs()) == ["backup"]
    again = armed.converge(*jobs, prune=True)
    assert (again.warnings, again.result["changed"]) == ([], True)
    assert armed.stamp("backup") is None
    assert _journal.marked_jobs() == {}
    assert not armed.converge(*jobs, prune=True).result["changed"]


# What is killed.


@pytest.mark.parametrize(("change", "verb"), [(change, verb) for change in CHANGES for verb in verbs_of(change)])
def test_a_killed_run_is_completed_by_the_next(change: str, verb: str, armed: FakeHost) -> None:
    jobs, options = change_of(armed, change)
    armed.faults[verb] = [Killed()]
    with pytest.raises(Killed):
        armed.converge(*jobs, **options)
    assert _journal.is_leftover(str(armed.units), "default")
    assert _journal.marked_jobs()
    foreseen = armed.converge(*jobs, check_mode=True, **options)
    assert foreseen.result["changed"]
    outcome = armed.converge(*jobs, **options)
    assert outcome.errors == []
    assert outcome.result["changed"]
    assert armed.surprises == []
    assert not _journal.is_leftover(str(armed.units), "default")
    assert _journal.marked_jobs() == {}
    for job in jobs:
        active = armed.states.get(f"{job.name}.timer", ("inactive", "dead"))[0]
        assert (active == "active") == (job.state == "present")
        text = armed.loaded.get(f"{job.name}.timer")
        assert text == (job.timer if job.state == "present" else None) or job.state == "suspended"
    assert not armed.converge(*jobs, **options).result["changed"]


@pytest.mark.parametrize("verb", ["stop", "daemon-reload", "start"])
def test_a_killed_run_may_also_be_taken_back(verb: str, armed: FakeHost) -> None:
    """The declaration is reverted before the next run."""
    armed.faults[verb] = [Killed()]
    with pytest.raises(Killed):
        armed.converge(*CHANGES["reschedule"][0])
    outcome = armed.converge(JOB, wanted(name="second"))
    assert outcome.errors == []
    assert armed.loaded["backup.timer"] == JOB.timer
    assert armed.states["backup.timer"] == ("active", "waiting")
    assert armed.surprises == []
    assert not armed.converge(JOB, wanted(name="second")).result["changed"]


def test_a_killed_run_of_another_declaration_is_left_to_it(armed: FakeHost) -> None:
    """Its mark stays, and does not make every run of ours report a change."""
    theirs = wanted(name="theirs")
    armed.faults["start"] = [Killed()]
    with pytest.raises(Killed):
        armed.converge(theirs, owner="team-b")
    armed.converge(JOB, wanted(name="second"))
    assert {job: found.owner for job, found in _journal.marked_jobs().items()} == {"theirs": "team-b"}
    assert not armed.converge(JOB, wanted(name="second")).result["changed"]


def owned_by(owner: str, job: WantedJob) -> WantedJob:
    """Return the job as another declaration renders it."""
    mark, theirs = "Owner=default", f"Owner={owner}"
    return job._replace(service=job.service.replace(mark, theirs), timer=job.timer.replace(mark, theirs))


@pytest.mark.parametrize("change", CHANGES)
def test_a_killed_run_of_another_declaration_costs_nothing(change: str, armed: FakeHost) -> None:
    """Ours is not changed by it, loads nothing, and leaves to the other what it needs to complete its apply."""
    jobs, options = change_of(armed, change)
    ours, edited = (owned_by("team-b", wanted(name="ours", description=text)) for text in ("first", "second"))
    armed.converge(ours, owner="team-b")
    for verb in verbs_of(change):
        armed.faults[verb] = [Killed()]
        with pytest.raises(Killed):
            armed.converge(*jobs, **options)
        before, marked = armed.picture(), _journal.marked_jobs()
        assert marked
        for check_mode in (True, False):
            outcome = armed.converge(ours, owner="team-b", prune=True, check_mode=check_mode)
            assert outcome.errors == []
            assert (outcome.result["changed"], outcome.result["diff"], armed.verbs()) == (False, [], [])
            assert [row["name"] for row in outcome.result["jobs"]] == ["ours"]
        assert armed.picture() == before
        # Nor does a change of ours take it away.
        outcome = armed.converge(edited, owner="team-b")
        assert outcome.result["changed"]
        assert _journal.marked_jobs() == marked
        assert _journal.is_leftover(str(armed.units), "default")
        armed.converge(ours, owner="team-b")
    assert armed.converge(*jobs, **options).result["changed"]
    assert _journal.marked_jobs() == {}
    assert not _journal.is_leftover(str(armed.units), "default")
    assert not armed.converge(*jobs, **options).result["changed"]
    assert not armed.converge(ours, owner="team-b").result["changed"]
    assert armed.surprises == []


def test_a_job_that_another_declaration_was_removing_can_be_declared_anew(armed: FakeHost) -> None:
    """Its files are gone, systemd still has it: who declares it completes that too."""
    armed.faults["daemon-reload"] = [Killed()]
    with pytest.raises(Killed):
        armed.converge(ABSENT)
    theirs = owned_by("team-b", EDITED)
    assert armed.converge(theirs, owner="team-b").errors == []
    assert armed.loaded["backup.timer"] == sealed(theirs.timer)
    assert armed.surprises == []
    assert _journal.marked_jobs() == {}
    assert not armed.converge(theirs, owner="team-b").result["changed"]


def test_an_apply_that_is_under_way_is_no_killed_one(armed: FakeHost) -> None:
    """Check mode does not take what it has laid down for leftovers, and says that it is out of date."""
    notes: dict[str, Any] = {}
    seen: list[Any] = []

    def look() -> None:
        seen.append(armed.converge(*CHANGES["reschedule"][0], check_mode=True, notes=notes))

    armed.during["daemon-reload"] = [look]
    armed.converge(*CHANGES["reschedule"][0])
    (outcome,) = seen
    assert outcome.errors == []
    assert notes == {"under_way": True}
    assert not any("cut off" in one.get("prepared", "") for one in outcome.result["diff"])
    armed.converge(*CHANGES["reschedule"][0], check_mode=True, notes=(notes := {}))
    assert notes == {}


def test_a_stamp_that_is_a_link_stops_the_apply(armed: FakeHost, tmp_path: Path) -> None:
    """systemd would follow it."""
    (tmp_path / "other").write_text("")
    path = armed.stamps / "stamp-backup.timer"
    path.unlink()
    path.symlink_to(tmp_path / "other")
    before = armed.picture()
    for jobs in ([EDITED], [ABSENT], [JOB]):
        for check_mode in (True, False):
            (error,) = armed.converge(*jobs, check_mode=check_mode).errors
            assert line(error) == (
                f'backup: name "{path}": is a link to {tmp_path}/other, so systemd would not know when the job last '
                "ran; remove it [stamp-not-a-file]"
            )
    assert armed.converge(wanted(name="second")).errors == []
    assert armed.picture() == before


# What fails, or is killed, at any call of the system.


class Faulty:
    """The calls of the system by which an apply changes files; one of them fails or kills."""

    CHANGING = ("chmod", "fchmod", "fchown", "link", "makedirs", "mkdir", "rename", "symlink", "unlink")

    def __init__(self, number: int, fault: BaseException, *, after: bool = False) -> None:
        self.number = number
        self.fault = fault
        self.after = after
        self.seen: list[str] = []
        self.reached = False

    def __getattr__(self, name: str) -> Any:
        really = getattr(os, name)
        return self.counted(name, really) if name in self.CHANGING else really

    def counted(self, name: str, really: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call that counts itself."""

        def call(*words: Any, **more: Any) -> Any:
            self.seen.append(name)
            hit = len(self.seen) == self.number
            self.reached = self.reached or hit
            if hit and not self.after:
                raise self.fault
            done = really(*words, **more)
            if hit:
                raise self.fault
            return done

        return call


def armed_host(root: Path, patch: pytest.MonkeyPatch) -> FakeHost:
    """Return a new host that has two jobs armed for some time, and a bystander."""
    root.mkdir()
    host = make_host(root, patch)
    host.converge(JOB, wanted(name="second"))
    host.converge(BYSTANDER, owner="team-b")
    for name in ("backup", "second", "bystander"):
        host.set_stamp(name, OLD_STAMP)
    return host


BYSTANDER = wanted(name="bystander")
BYSTANDER = BYSTANDER._replace(
    service=BYSTANDER.service.replace("Owner=default", "Owner=team-b"),
    timer=BYSTANDER.timer.replace("Owner=default", "Owner=team-b"),
)


def each_fault(tmp_path: Path, fault: BaseException, *, after: bool = False) -> Iterator[tuple[FakeHost, Faulty]]:
    """Yield a host for each call of the system by which an apply changes files, until there are no more."""
    for number in range(1, 200):
        with pytest.MonkeyPatch.context() as patch:
            host = armed_host(tmp_path / str(number), patch)
            faulty = Faulty(number, fault, after=after)
            patch.setattr(_apply, "os", faulty)
            patch.setattr(own_file, "os", faulty)
            yield host, faulty
            if not faulty.reached:
                return
    pytest.fail("there is no end of calls")


@pytest.mark.parametrize("change", CHANGES)
def test_a_failure_at_any_call_leaves_the_host_as_it_was(change: str, tmp_path: Path) -> None:
    count = 0
    for host, faulty in each_fault(tmp_path, OSError(5, "Input/output error")):
        jobs, options = change_of(host, change)
        before = host.picture()
        host.calls.clear()
        failure, left = None, []
        try:
            left = [one for one in host.converge(*jobs, **options).warnings if one.code == "unfinished"]
        except ApplyFailed as error:
            failure = error
        # What follows the commit fails nothing any more.
        assert bool(failure or left) == faulty.reached
        if left:
            assert "Input/output error" in left[0].reason
            assert not [one for one in host.converge(*jobs, **options).warnings if one.code == "unfinished"]
            assert not host.converge(*jobs, **options).result["changed"]
        if failure:
            count += 1
            assert "Input/output error" in str(failure)
            assert (failure.undone, failure.trouble) == (True, ""), faulty.seen
            assert host.picture() == before, faulty.seen
        assert not [call for call in host.verbs() if "bystander" in call]
        assert host.surprises == []
    assert count > 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "change",
    CHANGES,
)
def test_a_run_that_is_killed_at_any_call_is_completed_by_the_next(change: str, after: bool, tmp_path: Path) -> None:
    count = 0
    for host, faulty in each_fault(tmp_path, Killed(), after=after):
        jobs, options = change_of(host, change)
        try:
            host.converge(*jobs, **options)
        except Killed:
            count += 1
        outcome = host.converge(*jobs, **options)
        assert outcome.errors == [], faulty.seen
        assert host.surprises == []
        assert not _journal.is_leftover(str(host.units), "default")
        assert sorted(_journal.marked_jobs()) == []
        assert not host.converge(*jobs, **options).result["changed"]
        for job in jobs:
            active = host.states.get(f"{job.name}.timer", ("inactive", "dead"))[0]
            assert (active == "active") == (job.state == "present")
    assert count > 1


@pytest.mark.parametrize(("change", "verb"), [(change, verb) for change in CHANGES for verb in verbs_of(change)])
def test_a_failure_after_a_killed_run_leaves_the_host_as_that_one_left_it(
    change: str, verb: str, armed: FakeHost
) -> None:
    jobs, options = change_of(armed, change)
    armed.faults[verb] = [Killed()]
    with pytest.raises(Killed):
        armed.converge(*jobs, **options)
    before = on_disk(armed)
    armed.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(armed, jobs, **options).undone
    assert on_disk(armed) == before
    assert armed.surprises == []


def on_disk(host: FakeHost) -> dict[str, Any]:
    """Return units, links and stamps, less what an apply keeps for itself."""
    return {
        name: one
        for name, one in host.picture().items()
        if name.startswith(("system/", "stamps/")) and _journal.STAGE_PREFIX not in name
    }


def test_a_failure_after_a_killed_run_leaves_its_mark(armed: FakeHost) -> None:
    """What the killed run has stopped is still to be caught up."""
    armed.faults["daemon-reload"] = [Killed()]
    with pytest.raises(Killed):
        armed.converge(*CHANGES["reschedule"][0])
    armed.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(armed, CHANGES["reschedule"][0]).undone
    assert sorted(_journal.marked_jobs()) == ["backup"]


# When a killed run stopped its timers: what is due from then on is not lost.


def killed_at(host: FakeHost, verb: str, *jobs: WantedJob, marked: int, **options: Any) -> None:
    """Let an apply be killed, some time ago (nanoseconds)."""
    host.faults[verb] = [Killed()]
    with pytest.raises(Killed):
        host.converge(*jobs, **options)
    marker = host.root / "run" / _journal.MARKER_NAME
    found = {job: [owner, marked, texts] for job, (owner, _since, texts) in json.loads(marker.read_text()).items()}
    marker.write_text(json.dumps(found))


def test_what_is_due_since_a_killed_run_is_made_up_for(host: FakeHost) -> None:
    """The stamp has the time of that run, and systemd catches up from there."""
    host.converge(JOB)
    host.set_stamp("backup", OLD_STAMP)
    killed_at(host, "daemon-reload", EDITED, marked=OLD_STAMP + 10**9)
    host.set_stamp("backup", OLD_STAMP)
    assert host.converge(EDITED).result["changed"]
    assert host.stamp("backup") == OLD_STAMP + 10**9
    assert host.surprises == []


# A schedule that nobody had when the apply was killed, and a day of which an elapse has passed since.
THIRD = wanted(schedule="Wed 10:00")
KILLED = OLD_STAMP + 10**9
ELAPSE = OLD_STAMP // 10**9 + 60


def told(host: FakeHost, job: WantedJob, *, check_mode: bool = False) -> tuple[str, bool, str | None]:
    """Apply a job; return what the diff, and what the row says of an elapse that has passed."""
    result = host.converge(job, check_mode=check_mode).result
    (row,) = result["jobs"]
    lines = [line for one in result["diff"] for line in one.get("prepared", "").splitlines()]
    return next((line for line in lines if "for its elapse" in line), ""), row["runs_now"], row["missed_elapse"]


@pytest.mark.parametrize(
    ("before", "killed", "job", "made_up"),
    [
        ([JOB], EDITED, EDITED, True),
        ([JOB], EDITED, JOB, True),
        ([JOB], EDITED, THIRD, False),
        # It was not active: nothing that it would have run is lost.
        ([JOB, SUSPENDED], JOB, JOB, False),
        ([JOB, SUSPENDED], EDITED, EDITED, False),
        # Killed twice: the first one had stopped it.
        ([JOB, EDITED], EDITED, EDITED, True),
    ],
)
def test_only_what_a_killed_run_has_stopped_is_made_up_for_and_the_words_say_so(
    before: list[WantedJob], killed: WantedJob, job: WantedJob, made_up: bool, host: FakeHost
) -> None:
    host.converge(before[0])
    if before[1:] == [EDITED]:
        killed_at(host, "daemon-reload", EDITED, marked=KILLED)
        host.faults["daemon-reload"] = [Killed()]
        with pytest.raises(Killed):
            host.converge(EDITED)
    else:
        host.converge(*before[1:])
        killed_at(host, "daemon-reload", killed, marked=KILLED)
    host.set_stamp("backup", OLD_STAMP)
    for expression in ("Mon 08:00", "Tue 09:00", "Wed 10:00"):
        host.elapses[expression] = [ELAPSE]
    foreseen = told(host, job, check_mode=True)
    text, runs_now, missed = told(host, job)
    assert (text, runs_now, missed) == foreseen
    assert runs_now is made_up
    assert missed is not None
    word = "runs the job now," if made_up else "does not run the job"
    assert text.startswith(f"backup: this apply {word} for its elapse of {missed}")
    # systemd looks from the stamp on.
    assert (host.stamp("backup") == KILLED) is made_up
    assert ((host.stamp("backup") or 0) < ELAPSE * 10**9) is made_up
    assert host.surprises == []


def test_what_was_due_before_a_killed_run_is_not_made_up_for(host: FakeHost) -> None:
    host.converge(JOB)
    host.set_stamp("backup", OLD_STAMP)
    killed_at(host, "daemon-reload", EDITED, marked=(ELAPSE + 60) * 10**9)
    host.set_stamp("backup", OLD_STAMP)
    host.elapses["Tue 09:00"] = [ELAPSE]
    text, runs_now, _missed = told(host, EDITED)
    assert ("does not run" in text, runs_now) == (True, False)
    assert host.stamp("backup") == (ELAPSE + 60) * 10**9


def test_a_job_that_is_to_fail_is_not_kept_from_what_a_killed_run_has_stopped(host: FakeHost) -> None:
    """Else the host could never be completed."""
    job = wanted(schedule="Tue 09:00", on_reschedule="fail")
    host.converge(JOB)
    killed_at(host, "daemon-reload", job, marked=KILLED)
    host.set_stamp("backup", OLD_STAMP)
    host.elapses["Tue 09:00"] = [ELAPSE]
    assert told(host, job)[1] is True


# How long it takes to stop many timers.


def test_what_is_due_while_timers_are_stopped_is_not_lost(armed: FakeHost) -> None:
    """The stamp is not later than the beginning of the stop, but for a timer that elapses in between."""
    seen: list[int] = []

    def meanwhile() -> None:
        seen.append(time.time_ns())
        armed.set_stamp("second", seen[0])
        while time.time_ns() == seen[0]:
            pass

    armed.during["stop"] = [meanwhile]
    armed.converge(EDITED, wanted(name="second", schedule="Tue 09:00"))
    assert OLD_STAMP < stamp(armed) <= seen[0]
    assert armed.stamp("second") == seen[0]


def test_a_stamp_from_the_future_says_nothing(armed: FakeHost) -> None:
    armed.set_stamp("backup", time.time_ns() + 10**15)
    armed.converge(EDITED, wanted(name="second"))
    assert stamp(armed) <= time.time_ns()


# Starts that wait: for the clock to be set, for the rest of a boot.


def booted(host: FakeHost) -> None:
    """Let the host be as it is in the middle of a boot: its timers are about to start."""
    host.states.clear()
    host.stopped.clear()
    host.fired.clear()
    host.waiting = {"backup.timer", "second.timer", "third.timer"}
    host.queued = {"backup.timer", "second.timer"}
    host.system_state = "starting"


def test_a_start_that_waits_is_left_to_systemd(host: FakeHost) -> None:
    host.waiting = {"backup.timer"}
    outcome = host.converge(JOB, wanted(name="second"))
    assert {row["name"]: row["armed"] for row in outcome.result["jobs"]} == {"backup": "queued", "second": "now"}
    assert [(one.job, one.code) for one in outcome.warnings] == [("backup", "start-waits")]
    again = host.converge(JOB, wanted(name="second"))
    assert not again.result["changed"]
    assert [(one.job, one.code) for one in again.warnings] == [("backup", "start-waits")]


def test_an_apply_leaves_the_starts_of_a_boot_alone(armed: FakeHost) -> None:
    booted(armed)
    assert not armed.converge(JOB, wanted(name="second")).result["changed"]
    assert (armed.verbs(), armed.queued) == ([], {"backup.timer", "second.timer"})


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_apply_during_a_boot_does_what_it_is_to_do(check_mode: bool, armed: FakeHost) -> None:
    booted(armed)
    jobs = [EDITED, wanted(name="second", state="suspended"), wanted(name="third")]
    outcome = armed.converge(*jobs, check_mode=check_mode)
    assert outcome.errors == []
    actions = {row["name"]: row["actions"] for row in outcome.result["jobs"]}
    assert actions["second"] == ["disarm", "disable"]
    assert "reschedule" in actions["backup"]
    if not check_mode:
        assert armed.queued == {"backup.timer", "third.timer"}
        assert not armed.converge(*jobs).result["changed"]


def test_a_failed_apply_during_a_boot_leaves_no_timer_off(armed: FakeHost) -> None:
    booted(armed)
    armed.refused = {"third.timer"}
    failure = apply_fails(armed, [EDITED, wanted(name="second", state="suspended"), wanted(name="third")])
    assert (failure.undone, failure.trouble) == (True, "")
    assert armed.queued == {"backup.timer", "second.timer"}


def test_a_start_that_does_not_come_to_an_end_fails(armed: FakeHost) -> None:
    armed.faults["start"] = [(124, "", "no answer of `systemctl start` within 600 seconds")]
    assert "no answer" in str(apply_fails(armed, [EDITED, wanted(name="second")]))


# What somebody else does meanwhile.


@pytest.mark.parametrize("edited", [wanted(schedule="Tue 09:00", persistent=False)])
def test_a_reload_by_somebody_else_is_no_reference(edited: WantedJob, host: FakeHost) -> None:
    """It loads the linked timer anew, without a memory; once as the apply looks, once on its way back."""
    host.converge(wanted(persistent=False))
    host.fire("backup", OLD_STAMP // 10**9)

    def reload_of_others() -> None:
        host(["systemctl", "daemon-reload"])

    host.during["list-units"] = [reload_of_others, *[lambda: None] * 1]
    assert host.converge(edited).errors == []
    assert host.surprises == []


def test_a_stamp_that_is_later_than_a_killed_run_is_left(host: FakeHost) -> None:
    host.converge(JOB)
    killed_at(host, "daemon-reload", EDITED, marked=OLD_STAMP)
    host.set_stamp("backup", OLD_STAMP + 7)
    host.converge(EDITED)
    assert host.stamp("backup") == OLD_STAMP + 7


def test_a_timer_that_a_killed_run_had_not_stopped_makes_up_for_nothing(host: FakeHost) -> None:
    """It has run on with its old schedule; an elapse of the new one is none that was lost."""
    host.converge(JOB)
    killed_at(host, "stop", EDITED, marked=OLD_STAMP)
    host.fire("backup", OLD_STAMP // 10**9 + 60)
    host.elapses["Tue 09:00"] = [OLD_STAMP // 10**9 + 120]
    outcome = host.converge(EDITED)
    assert "backup: this apply does not run the job" in outcome.result["diff"][-1]["prepared"]
    assert (host.stamp("backup") or 0) > OLD_STAMP + 120 * 10**9


def test_the_mark_of_others_keeps_its_time(host: FakeHost) -> None:
    killed_at(host, "start", wanted(name="theirs"), marked=OLD_STAMP, owner="team-b")
    host.converge(JOB)
    assert _journal.marked_jobs() == {"theirs": ("team-b", OLD_STAMP, ())}


# Jobs that are renamed, taken over, ended.

RENAMED = wanted(name="third", renamed_from="backup")
GONE = WantedJob("backup", "absent", "skip", "", "")


def test_a_rename_carries_the_last_run_over(armed: FakeHost) -> None:
    outcome = armed.converge(RENAMED, wanted(name="second"))
    assert outcome.errors == []
    assert armed.verbs() == ["stop backup.timer", "daemon-reload", "start third.timer"]
    assert (armed.stamp("third"), armed.stamp("backup")) == (OLD_STAMP, None)
    assert [(row["name"], row["state"]) for row in outcome.result["jobs"]] == [
        ("third", "present"),
        ("second", "present"),
        ("backup", "absent"),
    ]
    assert outcome.result["orphans"] == []
    assert not [path for path in armed.units.rglob("*") if "backup" in path.name]
    again = armed.converge(RENAMED, wanted(name="second"))
    assert (again.result["changed"], [row["name"] for row in again.result["jobs"]]) == (False, ["third", "second"])


def test_a_rename_with_another_schedule_begins_now(armed: FakeHost) -> None:
    armed.converge(wanted(name="third", renamed_from="backup", schedule="Tue 09:00"))
    assert (armed.stamp("third") or 0) > OLD_STAMP
    assert armed.stamp("backup") is None


def renamed(**fields: Any) -> WantedJob:
    """Return a job of team-b that is to have another name from now on."""
    return theirs(name="third", renamed_from="backup", **fields)


def test_a_rename_of_a_job_of_another_declaration_is_refused(armed: FakeHost) -> None:
    """Both would run."""
    before = armed.picture()
    (error,) = armed.converge(renamed(), owner="team-b").errors
    assert line(error) == (
        "third: renamed_from \"backup\": belongs to the declaration with timer_owner 'default', so that both would "
        "run; take it over with `take_over_from: default`, or remove it there and `renamed_from` here [other-owner]"
    )
    assert armed.picture() == before


def test_a_former_name_that_somebody_else_takes_later_is_left_alone(armed: FakeHost) -> None:
    """`renamed_from` may stay in a declaration for ever."""
    armed.converge(renamed(take_over_from="default"), owner="team-b")
    armed.converge(JOB)
    outcome = armed.converge(renamed(), owner="team-b")
    assert (outcome.errors, outcome.result["changed"]) == ([], False)
    assert armed.states["backup.timer"] == ("active", "waiting")


def test_a_job_that_is_taken_over_under_another_name_runs_under_that_alone(armed: FakeHost) -> None:
    jobs = [renamed(take_over_from="default"), theirs(name="other")]
    outcome = armed.converge(*jobs, owner="team-b")
    assert outcome.errors == []
    assert [(row["name"], row["state"]) for row in outcome.result["jobs"]] == [
        ("third", "present"),
        ("other", "present"),
        ("backup", "absent"),
    ]
    assert not (armed.units / "backup.timer").exists()
    assert "backup.timer" not in armed.states
    # It goes on where the former one left off.
    assert armed.stamp("third") == OLD_STAMP
    assert not armed.converge(*jobs, owner="team-b").result["changed"]


def test_a_job_that_belongs_to_another_manager_now_is_given_up(armed: FakeHost) -> None:
    """Without `prune`: it is declared, and would run in both."""
    outcome = armed.converge(wanted(name="second"), elsewhere=frozenset({"backup"}))
    assert [(row["name"], row["state"]) for row in outcome.result["jobs"]] == [
        ("second", "present"),
        ("backup", "absent"),
    ]
    assert outcome.result["orphans"] == []
    assert not (armed.units / "backup.timer").exists()
    assert not armed.converge(wanted(name="second"), elsewhere=frozenset({"backup"})).result["changed"]


def test_an_absent_job_does_not_hide_its_former_name(armed: FakeHost) -> None:
    """The old pair was never renamed on this host: it would run on, and nobody would say so."""
    outcome = armed.converge(wanted(name="third", state="absent", renamed_from="backup"), wanted(name="second"))
    assert outcome.result["orphans"] == ["backup"] or "backup.timer" not in armed.states


def test_an_old_stamp_of_a_timer_that_was_not_persistent_is_not_carried(armed: FakeHost) -> None:
    """It is of the time when the timer last was, and would run the job at once."""
    armed.converge(wanted(persistent=False), wanted(name="second"))
    armed.set_stamp("backup", OLD_STAMP)
    armed.converge(RENAMED, wanted(name="second"))
    assert (armed.stamp("third") or 0) > OLD_STAMP


def theirs(**fields: Any) -> WantedJob:
    """Return the job as the declaration team-b renders it."""
    job = wanted(**fields)
    return job._replace(
        service=job.service.replace("Owner=default", "Owner=team-b"),
        timer=job.timer.replace("Owner=default", "Owner=team-b"),
    )


def test_a_job_is_taken_over_on_purpose_alone(armed: FakeHost) -> None:
    refused = armed.converge(theirs(), owner="team-b").errors
    assert {finding.code for finding in refused} == {"other-owner"}
    assert refused[0].fix == "choose another name, or take the job over on purpose with `take_over_from: default`"
    assert armed.converge(theirs(take_over_from="else"), owner="team-b").errors != []
    outcome = armed.converge(theirs(take_over_from="default"), owner="team-b")
    assert outcome.errors == []
    # Its schedule is the same, so the timer runs on.
    assert armed.verbs() == ["daemon-reload"]
    assert stamp(armed) == OLD_STAMP
    assert not armed.converge(theirs(take_over_from="default"), owner="team-b").result["changed"]
    # The former owner is told that it has lost the job.
    assert {finding.code for finding in armed.converge(JOB).errors} == {"other-owner"}


def test_a_job_may_be_taken_over_to_be_removed(armed: FakeHost) -> None:
    assert armed.converge(GONE._replace(take_over_from="default"), owner="team-b").errors == []
    assert not (armed.units / "backup.timer").exists()


RUNS = ("activating", "start")


@pytest.mark.parametrize(("on_remove", "said"), [("finish", "let its run finish"), ("stop", "stop its run")])
def test_a_run_that_is_under_way_when_the_job_is_removed(on_remove: str, said: str, armed: FakeHost) -> None:
    armed.states["backup.service"] = RUNS
    outcome = armed.converge(GONE._replace(on_remove=on_remove))
    assert said in outcome.result["jobs"][0]["actions"]
    ends = ["stop backup.service" if on_remove == "stop" else f"start {cleaner_of('backup')}"]
    assert armed.verbs() == ["stop backup.timer", "daemon-reload", *ends]
    assert armed.states.get("backup.service") == (None if on_remove == "stop" else RUNS)
    assert not armed.converge(GONE._replace(on_remove=on_remove)).result["changed"]


def test_a_pruned_job_is_left_to_finish(armed: FakeHost) -> None:
    armed.states["second.service"] = RUNS
    outcome = armed.converge(JOB, prune=True)
    assert "let its run finish" in outcome.result["jobs"][1]["actions"]
    assert armed.states["second.service"] == RUNS


def test_a_run_is_not_stopped_where_the_apply_fails(armed: FakeHost) -> None:
    armed.states["backup.service"] = RUNS
    before = armed.picture()
    armed.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(armed, [GONE._replace(on_remove="stop")]).undone
    assert armed.picture() == before
    assert "stop backup.service" not in armed.verbs()


def test_a_run_that_ends_meanwhile_is_no_fault(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    armed.states["backup.service"] = RUNS
    reload = armed._daemon_reload

    def ends(arguments: list[str]) -> Completed:
        armed.states.pop("backup.service", None)
        return reload(arguments)

    monkeypatch.setattr(armed, "_daemon_reload", ends)
    assert armed.converge(GONE._replace(on_remove="stop")).errors == []
    assert not (armed.units / "backup.timer").exists()


def test_a_stamp_that_was_made_and_could_not_be_set_goes(armed: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def utime(*_words: Any, **_more: Any) -> None:
        raise OSError(5, "Input/output error")

    before = armed.picture()
    with monkeypatch.context() as patch:
        patch.setattr(_apply.os, "utime", utime)
        assert apply_fails(armed, [RENAMED]).undone
    assert armed.picture() == before


# Runs at once, and what is said of them.


def runs_of(host: FakeHost, *jobs: WantedJob) -> tuple[list[tuple[str, bool, bool]], list[str]]:
    """Apply; return which rows have a missed elapse and run now, and what the diff says of this apply."""
    outcome = host.converge(*jobs)
    assert outcome.errors == []
    rows = [(row["name"], bool(row["missed_elapse"]), row["runs_now"]) for row in outcome.result["jobs"]]
    lines = "".join(one.get("prepared", "") for one in outcome.result["diff"]).splitlines()
    return rows, [line for line in lines if ": this apply " in line]


@pytest.fixture
def missed(armed: FakeHost) -> FakeHost:
    """Return a host where a new schedule has elapsed since the last run."""
    armed.fire("backup", OLD_STAMP // 10**9)
    armed.elapses["Tue 09:00"] = [OLD_STAMP // 10**9 + 3600]
    return armed


def test_a_job_that_does_not_run_now_is_told(missed: FakeHost) -> None:
    rows, lines = runs_of(missed, EDITED, wanted(name="second"))
    assert rows == [("backup", True, False), ("second", False, False)]
    (line,) = lines
    assert line.startswith("backup: this apply does not run the job for its elapse of 20")
    assert line.endswith(", which has passed (on_reschedule: skip)")
    assert (missed.stamp("backup") or 0) > OLD_STAMP
    assert runs_of(missed, EDITED, wanted(name="second")) == ([("backup", False, False), ("second", False, False)], [])


def test_a_job_that_runs_now_is_told(missed: FakeHost) -> None:
    rows, lines = runs_of(missed, wanted(schedule="Tue 09:00", on_reschedule="run"), wanted(name="second"))
    assert rows == [("backup", True, True), ("second", False, False)]
    (line,) = lines
    assert line.startswith("backup: this apply runs the job now, for its elapse of 20")
    assert line.endswith(" (on_reschedule: run)")
    assert missed.stamp("backup") == OLD_STAMP


def test_a_job_that_must_not_run_now_is_refused(missed: FakeHost) -> None:
    before = missed.picture()
    outcome = missed.converge(wanted(schedule="Tue 09:00", on_reschedule="fail"))
    assert [finding.code for finding in outcome.errors] == ["runs-at-once"]
    assert missed.picture() == before


def test_a_resumed_job_that_has_missed_an_elapse_is_told(armed: FakeHost) -> None:
    armed.converge(SUSPENDED)
    armed.set_stamp("backup", OLD_STAMP)
    armed.elapses["Mon 08:00"] = [OLD_STAMP // 10**9 + 3600]
    rows, lines = runs_of(armed, JOB)
    assert rows == [("backup", True, False)]
    assert lines[0].startswith("backup: this apply does not run the job for its elapse of 20")
    assert (armed.stamp("backup") or 0) > OLD_STAMP


def test_a_job_that_comes_back_with_an_old_stamp_is_told(host: FakeHost) -> None:
    host.set_stamp("backup", OLD_STAMP)
    host.elapses["Mon 08:00"] = [OLD_STAMP // 10**9 + 3600]
    assert runs_of(host, JOB)[0] == [("backup", True, False)]
    assert (host.stamp("backup") or 0) > OLD_STAMP


def test_a_bad_schedule_does_not_hide_that_another_job_would_run(missed: FakeHost) -> None:
    bad = wanted(name="second", schedule="bad one")
    outcome = missed.converge(wanted(schedule="Tue 09:00", on_reschedule="fail"), bad)
    assert {finding.job for finding in outcome.errors} == {"backup", "second"}


def referring(host: FakeHost) -> None:
    """Let another unit refer to the timer: no reload forgets it."""
    (host.units / "other.service").write_text("[Unit]\nWants=backup.timer\n[Service]\nExecStart=/bin/true\n")
    host.pinned.add("backup.timer")


def test_a_timer_that_is_referred_to_is_refused_where_its_job_would_run(host: FakeHost) -> None:
    host.converge(wanted(persistent=False))
    host.fire("backup", OLD_STAMP // 10**9)
    host.elapses["Tue 09:00"] = [OLD_STAMP // 10**9 + 3600]
    referring(host)
    outcome = host.converge(wanted(persistent=False, schedule="Tue 09:00"))
    assert ["other.service refers to the timer" in finding.reason for finding in outcome.errors] == [True]
    assert host.verbs() == []


def test_a_timer_that_is_referred_to_is_reloaded_where_nothing_has_gone_by(host: FakeHost) -> None:
    host.converge(wanted(persistent=False))
    host.fire("backup", OLD_STAMP // 10**9)
    referring(host)
    assert host.converge(wanted(persistent=False, schedule="Tue 09:00")).errors == []
    assert host.verbs() == ["daemon-reload"]


def test_a_persistent_timer_that_is_referred_to_is_held_by_its_stamp(armed: FakeHost) -> None:
    armed.fire("backup", OLD_STAMP // 10**9)
    referring(armed)
    assert armed.converge(EDITED).errors == []
    assert armed.surprises == []
    assert (armed.stamp("backup") or 0) > OLD_STAMP


@pytest.mark.parametrize(("runs", "fails"), [(True, True), (False, False)])
def test_an_interval_counts_from_a_run_that_systemd_remembers(runs: bool, fails: bool, host: FakeHost) -> None:
    """Something refers to the service, so that no reload forgets its last run."""
    every = wanted(schedule=None, every="1h")
    host.converge(every)
    host.pinned.add("backup.service")
    if runs:
        host.has_run.add("backup.service")
    before = host.picture()
    shorter = wanted(schedule=None, every="5min")
    if fails:
        failure = apply_fails(host, [shorter])
        assert "another unit refers to backup.service, so that it could run" in str(failure)
        assert failure.undone
        assert host.picture() == before
    else:
        assert host.converge(shorter).errors == []
        assert host.loaded["backup.timer"] == shorter.timer


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("runs", [True, False])
def test_a_referred_service_is_refused_before_anything_changes(runs: bool, check_mode: bool, host: FakeHost) -> None:
    """Only when it has run: systemd remembers that as long as another unit refers to it."""
    every = wanted(schedule=None, every="1h")
    host.converge(every)
    host.converge(every._replace(state="suspended"))
    other = host.units / "other.service"
    other.write_text("[Unit]\nOnSuccess=backup.service\n[Service]\nExecStart=/bin/true\n")
    host.loaded.update({"backup.service": every.service, "other.service": other.read_text()})
    host.pinned.update(("backup.service", "other.service"))
    if runs:
        host.has_run.add("backup.service")
    outcome = host.converge(every, check_mode=check_mode)
    said = [(one.code, one.reason.partition(",")[0]) for one in outcome.errors]
    assert said == ([("runs-at-once", "other.service refers to backup.service")] if runs else [])
    assert host.verbs() == [] or not (runs or check_mode)
    # Who wants the run gets it.
    assert host.converge(every._replace(on_reschedule="run"), check_mode=check_mode).errors == []


# Persistence, and a boot that is under way.


def test_persistence_that_is_switched_on_does_not_begin_in_the_past(host: FakeHost) -> None:
    host.converge(wanted(persistent=False))
    host.set_stamp("backup", OLD_STAMP)
    host.converge(JOB)
    assert host.verbs() == ["daemon-reload"]
    assert (host.stamp("backup") or 0) > OLD_STAMP


@pytest.mark.parametrize("stamped", [True, False])
def test_a_stamp_touched_for_persistence_is_as_it_was_after_a_failure(stamped: bool, host: FakeHost) -> None:
    host.converge(wanted(persistent=False))
    if stamped:
        host.set_stamp("backup", OLD_STAMP)
    before = host.picture()
    host.faults["daemon-reload"] = [REFUSED]
    assert apply_fails(host, [JOB]).undone
    assert host.picture() == before


@pytest.mark.parametrize("state", ["initializing", "starting"])
def test_a_timer_is_left_to_a_boot_that_is_under_way(state: str, armed: FakeHost) -> None:
    armed.system_state = state
    del armed.states["backup.timer"]
    outcome = armed.converge(JOB, wanted(name="second"))
    assert not outcome.result["changed"]
    assert outcome.result["jobs"][0]["armed"] == "next-boot"
    armed.system_state = "running"
    assert armed.converge(JOB, wanted(name="second")).result["changed"]
    assert armed.states["backup.timer"] == ("active", "waiting")


def test_a_job_in_sync_that_a_killed_run_has_marked_is_not_armed_anew(armed: FakeHost) -> None:
    _journal.mark("default", ["backup"])
    outcome = armed.converge(JOB, wanted(name="second"))
    assert outcome.result["changed"]
    assert armed.verbs() == ["daemon-reload"]
    assert stamp(armed) == OLD_STAMP
    assert not armed.converge(JOB, wanted(name="second")).result["changed"]


# Any set of jobs after any other, with a fault or without.

SETS = st.lists(
    st.builds(
        wanted,
        name=st.sampled_from(["a", "b", "c"]),
        schedule=st.sampled_from(["Mon 08:00", "Tue 09:00"]),
        command=st.sampled_from(["/bin/true", "/bin/false"]),
        persistent=st.booleans(),
        state=st.sampled_from(["present", "present", "suspended", "absent"]),
    ),
    max_size=3,
    unique_by=lambda job: job.name,
)
FAULTS = st.sampled_from(
    [None, ("stop", REFUSED), ("daemon-reload", REFUSED), ("start", REFUSED), ("start", (0, "", ""))]
)


@given(st.lists(st.tuples(SETS, st.booleans(), FAULTS), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_any_set_of_jobs_after_any_other(rounds: list[tuple[list[WantedJob], bool, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        host = make_host(Path(folder), patch)
        for jobs, prune, fault in rounds:
            before = host.picture()
            foreseen = host.converge(*jobs, prune=prune, check_mode=True)
            assert (host.verbs(), host.picture()) == ([], before)
            if fault:
                host.faults = {fault[0]: [fault[1]]}
            failure = done = None
            try:
                done = host.converge(*jobs, prune=prune)
            except ApplyFailed as error:
                failure = error
            host.faults = {}
            if failure or not done:
                assert failure is not None
                assert failure.undone, failure.trouble
                assert host.picture() == before
                continue
            assert done.errors == []
            assert (foreseen.result["diff"], foreseen.result["changed"]) == (
                done.result["diff"],
                done.result["changed"],
            )
            assert not host.converge(*jobs, prune=prune).result["changed"]
        assert host.surprises == []


# Single steps.


def bare(tmp_path: Path, answer: Completed = DONE) -> tuple[StepRunner, list[list[str]]]:
    """Return the effects on a folder, and what is called."""
    calls: list[list[str]] = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        return answer

    request = Request([], "default", False, "strict", str(tmp_path), str(tmp_path / "logs"), str(tmp_path / "own"))
    return StepRunner(runner, request), calls


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Completed(1, "", " Access denied \n"), "systemctl stop: Access denied"),
        (Completed(5, "said so\n", ""), "systemctl stop: said so"),
        (Completed(7, "", ""), "systemctl stop: exit status 7"),
    ],
)
def test_why_systemctl_failed(answer: Completed, reason: str, tmp_path: Path) -> None:
    host, calls = bare(tmp_path, answer)
    with pytest.raises(StepFailed) as caught:
        host.execute([Step("stop", ["a.timer", "b.timer"]), Step("reload", [])])
    assert (caught.value.kind, str(caught.value)) == ("stop", reason)
    assert calls == [["systemctl", "stop", "a.timer", "b.timer"]]


def test_what_is_already_as_it_should_be_is_no_fault(tmp_path: Path) -> None:
    host, _calls = bare(tmp_path)
    host.prepare([], {})
    steps: list[Callable[[], None]] = [
        lambda: host.execute([Step("unlink", ["x.wants/a.timer"])]),
        lambda: host.execute([Step("make_log_directory", [])]),
        lambda: host.execute([Step("make_log_directory", [])]),
        lambda: host.execute([Step("link", ["x.wants/a.timer"])]),
        lambda: host.execute([Step("link_again", ["x.wants/a.timer"])]),
    ]
    for step in steps:
        step()
    assert (tmp_path / "x.wants" / "a.timer").readlink() == tmp_path / "a.timer"


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    (tmp_path / "precious").chmod(0o600)
    (tmp_path / "a.timer").symlink_to("precious")
    host, _calls = bare(tmp_path)
    with pytest.raises(StepFailed, match=r"^correct: "):
        host.execute([Step("correct", ["a.timer"])])
    assert (tmp_path / "precious").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", [1, _apply.FEW_FILES, _apply.FEW_FILES + 1, 100])
def test_new_files_are_complete_before_the_first_step(number: int, tmp_path: Path) -> None:
    host, calls = bare(tmp_path)
    texts = {f"job{one}.timer": f"[Timer]\n# é {one}\n" for one in range(number)}
    stage = Path(_journal.stage_directory(str(tmp_path), "default"))
    (stage / "new").mkdir(parents=True)
    (stage / "new" / "left.timer").write_text("of a killed run")
    host.prepare([JobFile(name, text) for name, text in texts.items()], {})
    assert {path.name: path.read_text("utf-8") for path in (stage / "new").iterdir()} == texts
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in (stage / "new").iterdir())
    assert stage.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in tmp_path.iterdir()] == [stage.name]
    assert calls == []
