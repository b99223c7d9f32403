# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a host has to what it should have: the steps, their order, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import (
    AFTER_EVIDENCE,
    NEEDS_NO_RELOAD,
    ORDER,
    Plan,
    goal_of,
    make_plan,
    starts_now,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import (
    ELAPSED,
    FAILED,
    STOPPED,
    UNIT_DIRECTORY,
    WAITING,
    empty_host,
    file_of,
    host_with,
    suspended_host,
    wanted,
    with_file,
)

LINK = "timers.target.wants/backup.timer"
HOME = f"{UNIT_DIRECTORY}/backup.timer"
SPANS: dict[str, int | None] = {"5min": 300 * 10**6, "2h": 7200 * 10**6, "infinity": None}
ABSENT = WantedJob("backup", "absent", "skip", "", "")
STOPPED_AT_ONCE = ABSENT._replace(on_remove="stop")
JOB = wanted()
EDITED = wanted(schedule="Tue 09:00")
SUSPENDED = wanted(state="suspended")
TIMER, SERVICE = ["backup.timer"], ["backup.service"]
RELOAD: tuple[str, list[str]] = ("reload", [])


def plan_of(observed: Observed, *jobs: WantedJob) -> Plan:
    """Plan these jobs on this host."""
    return make_plan([goal_of(job, observed, SPANS) for job in jobs], observed, UNIT_DIRECTORY)


def steps(observed: Observed, *jobs: WantedJob) -> list[tuple[str, list[str]]]:
    """Return all steps of a plan."""
    plan = plan_of(observed, *jobs)
    return [tuple(step) for step in [*plan.steps, *plan.final_steps]]


def actions(observed: Observed, *jobs: WantedJob) -> list[str]:
    """Return what the plan says of the first job."""
    return plan_of(observed, *jobs).changes[0].actions


def test_a_new_host() -> None:
    assert steps(empty_host(), JOB) == [
        ("install", ["backup.service", "backup.timer"]),
        ("link", [LINK]),
        RELOAD,
        ("start", TIMER),
    ]
    plan = plan_of(empty_host(), JOB)
    assert plan.changes[0].actions == ["install", "arm", "enable"]
    assert plan.changes[0].diffs == [
        (f"{UNIT_DIRECTORY}/backup.service", "", JOB.service),
        (f"{UNIT_DIRECTORY}/backup.timer", "", JOB.timer),
    ]


def test_a_new_job_with_a_stamp_of_its_former_life_is_not_made_up_for() -> None:
    found = steps(empty_host(stamps={"backup.timer": 1}), JOB)
    assert (found[0], found[-1]) == (("touch_stamp", TIMER), ("start", TIMER))


@pytest.mark.parametrize("observed", [host_with(JOB), host_with(JOB, timer=UnitState("loaded", "active", "running"))])
def test_the_second_run_does_nothing(observed: Observed) -> None:
    plan = plan_of(observed, JOB)
    assert (plan.steps, plan.final_steps, plan.changed) == ([], [], False)
    assert plan.changes == [("backup", "present", [], [])]


@pytest.mark.parametrize(
    ("edited", "unit"),
    [
        (wanted(command="/bin/false"), "backup.service"),
        (wanted(description="backup", unit={"After": "a.service"}), "backup.service"),
    ],
)
def test_an_edit_of_the_service_is_a_reload_alone(edited: WantedJob, unit: str) -> None:
    assert steps(host_with(JOB), edited) == [("install", [unit]), RELOAD]
    assert actions(host_with(JOB), edited) == ["update"]


def test_an_edit_of_the_description_leaves_the_timer_running() -> None:
    edited = wanted(description="Other words")
    assert steps(host_with(JOB), edited) == [("install", ["backup.service", "backup.timer"]), RELOAD]


# The stamp is touched before anything else takes time, and the link is away for the reload alone.
AGAIN = [("unlink_again", [LINK]), RELOAD, ("link_again", [LINK])]
RESCHEDULED = [("stop", TIMER), ("touch_stamp", TIMER), ("install", TIMER), *AGAIN, ("start", TIMER)]
# Without a stamp only forgetting keeps the job from running.
CHECKED = [("stop", TIMER), ("install", TIMER), *AGAIN, ("check_forgotten", TIMER), ("start", TIMER)]


def test_an_edit_of_the_schedule() -> None:
    found = steps(host_with(JOB), EDITED)
    # Its description says the schedule in words, so the timer alone changes.
    assert found == RESCHEDULED
    assert actions(host_with(JOB), EDITED) == ["update", "reschedule"]


@pytest.mark.parametrize("fields", [{"timezone": "UTC"}, {"timer": {"Unit": "other.service"}}])
def test_every_trigger_is_a_schedule(fields: dict[str, Any]) -> None:
    assert steps(host_with(JOB), wanted(**fields)) == RESCHEDULED


def test_an_interval_beside_the_schedule_counts_from_the_last_run_of_the_service() -> None:
    """The stamp holds the calendar alone."""
    found = steps(host_with(JOB), wanted(every="1h"))
    assert found == [*RESCHEDULED[:-1], ("check_forgotten", SERVICE), ("start", TIMER)]


@pytest.mark.parametrize(
    "fields", [{"accuracy": "1min"}, {"jitter": "5min"}, {"timer": {"WakeSystem": True}}, {"persistent": False}]
)
def test_an_elapse_that_jitter_delays_is_not_lost_by_an_edit_of_the_rest(fields: dict[str, Any]) -> None:
    assert steps(host_with(JOB), wanted(**fields)) == [("install", TIMER), RELOAD]


def test_a_persistent_timer_without_a_stamp_has_none_touched() -> None:
    found = steps(host_with(JOB, stamp=False), EDITED)
    assert found == CHECKED


def test_a_timer_that_is_not_persistent_has_no_stamp_touched() -> None:
    edited = wanted(schedule="Tue 09:00", persistent=False)
    found = steps(host_with(JOB), edited)
    assert found == CHECKED


def test_on_reschedule_run_leaves_it_to_systemd() -> None:
    edited = wanted(schedule="Tue 09:00", on_reschedule="run")
    assert steps(host_with(JOB), edited) == [("install", TIMER), RELOAD]
    assert actions(host_with(JOB), edited) == ["update", "reschedule"]


def test_on_reschedule_run_starts_a_stopped_timer_with_its_old_stamp() -> None:
    observed = suspended_host(JOB)
    found = steps(observed, wanted(on_reschedule="run"))
    assert found == [("link", [LINK]), RELOAD, ("start", TIMER)]


def test_suspend() -> None:
    assert steps(host_with(JOB), SUSPENDED) == [("stop", TIMER), ("unlink", [LINK]), RELOAD]
    assert actions(host_with(JOB), SUSPENDED) == ["disarm", "disable"]


def test_suspended_already() -> None:
    assert steps(suspended_host(SUSPENDED), SUSPENDED) == []


def test_a_new_job_may_be_suspended() -> None:
    assert steps(empty_host(), SUSPENDED) == [("install", ["backup.service", "backup.timer"]), RELOAD]


def test_an_edited_schedule_of_a_suspended_job_arms_nothing() -> None:
    edited = wanted(schedule="Tue 09:00", state="suspended")
    assert steps(suspended_host(SUSPENDED), edited) == [("install", TIMER), RELOAD]


def test_resume_makes_up_for_nothing() -> None:
    assert steps(suspended_host(SUSPENDED), JOB) == [
        ("touch_stamp", TIMER),
        ("link", [LINK]),
        RELOAD,
        ("start", TIMER),
    ]
    assert actions(suspended_host(SUSPENDED), JOB) == ["arm", "enable"]


def test_a_timer_stopped_by_hand_is_forgotten_before_it_starts() -> None:
    """It would run the job for every elapse since."""
    found = steps(host_with(JOB, timer=STOPPED), JOB)
    assert found == [("touch_stamp", TIMER), *AGAIN, ("start", TIMER)]


def test_absent() -> None:
    assert steps(host_with(JOB), ABSENT) == [
        ("stop", TIMER),
        ("delete", ["backup.service", "backup.timer"]),
        ("unlink", [LINK]),
        RELOAD,
        ("clean_stamp", TIMER),
    ]
    plan = plan_of(host_with(JOB), ABSENT)
    assert [step.kind for step in plan.final_steps] == ["clean_stamp"]
    assert [(diff.before, diff.after) for diff in plan.changes[0].diffs] == [(JOB.service, ""), (JOB.timer, "")]


def test_absent_already() -> None:
    assert steps(empty_host(), ABSENT) == []


RUNS = [UnitState("loaded", active, "start") for active in ("active", "activating", "deactivating", "reloading")]


def with_service(host: Observed, state: UnitState) -> Observed:
    """Return the host with the service in this state."""
    return host._replace(units={**host.units, "backup.service": state})


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_is_under_way_is_left_to_finish(run: UnitState) -> None:
    observed = with_service(host_with(JOB), run)
    assert ("stop", TIMER) in steps(observed, ABSENT)
    assert not any("backup.service" in items for kind, items in steps(observed, ABSENT) if kind != "delete")
    assert actions(observed, ABSENT) == ["remove", "disarm", "disable", "let its run finish"]


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_is_under_way_is_stopped_on_demand_and_after_the_evidence(run: UnitState) -> None:
    observed = with_service(host_with(JOB), run)
    plan = plan_of(observed, STOPPED_AT_ONCE)
    assert plan.final_steps == [("clean_stamp", TIMER), ("stop_service", SERVICE)]
    assert plan.changes[0].actions[-1] == "stop its run"


def test_where_nothing_runs_nothing_is_stopped() -> None:
    for state in (STOPPED, FAILED):
        found = steps(with_service(host_with(JOB), state), STOPPED_AT_ONCE)
        assert "stop_service" not in [kind for kind, _items in found]
    # Its run goes on after the removal; it is no reason to change anything.
    gone = empty_host(units={"backup.service": RUNS[0]})
    assert (steps(gone, STOPPED_AT_ONCE), actions(gone, STOPPED_AT_ONCE)) == ([], [])


@pytest.mark.parametrize("job", [JOB, EDITED, SUSPENDED])
def test_a_job_that_stays_is_never_stopped_while_it_runs(job: WantedJob) -> None:
    found = steps(with_service(host_with(JOB), RUNS[1]), job._replace(on_remove="stop"))
    assert not [kind for kind, items in found if "backup.service" in items and kind != "install"]


def test_what_is_left_of_an_absent_job_goes() -> None:
    assert steps(empty_host(stamps={"backup.timer": 1}), ABSENT) == [("clean_stamp", TIMER)]
    dangling = empty_host(links={"backup.timer": {LINK: HOME}})
    assert steps(dangling, ABSENT) == [("unlink", [LINK]), RELOAD]
    half = with_file(host_with(JOB, linked=False, stamp=False), "backup.service", kind="absent", text="")
    assert steps(half._replace(units={}), ABSENT) == [("delete", TIMER), RELOAD]


def test_absent_clears_failures_of_both_units() -> None:
    """After the evidence: what is forgotten cannot be given back."""
    plan = plan_of(with_service(host_with(JOB, timer=FAILED), FAILED), ABSENT)
    assert plan.final_steps == [("clean_stamp", TIMER), ("reset_gone", ["backup.timer", "backup.service"])]
    assert "reset_failed" not in [step.kind for step in plan.steps]


@pytest.mark.parametrize("unit", ["backup.timer", "backup.service"])
def test_absent_touches_no_unit_of_a_vendor(unit: str) -> None:
    observed = host_with(JOB)._replace(files={}, elsewhere={unit: f"/usr/lib/systemd/system/{unit}"})
    assert steps(observed, ABSENT) == []


def test_pruned_jobs_go_in_the_same_steps() -> None:
    """What converge() adds for an orphan is an absent job."""
    other = wanted(name="other")
    observed = host_with(JOB, other)
    found = steps(observed, EDITED, WantedJob("other", "absent", "skip", "", ""))
    assert [kind for kind, _items in found] == [
        "stop",
        "touch_stamp",
        "install",
        "delete",
        "unlink",
        "unlink_again",
        "reload",
        "link_again",
        "start",
        "clean_stamp",
    ]
    assert found[0] == ("stop", ["backup.timer", "other.timer"])


def test_a_missing_link_is_made_and_the_timer_runs_on() -> None:
    assert steps(host_with(JOB, linked=False), JOB) == [("link", [LINK]), RELOAD]
    assert actions(host_with(JOB, linked=False), JOB) == ["enable"]


@pytest.mark.parametrize("target", [HOME, "../backup.timer", "/etc/systemd/system/./backup.timer"])
def test_links_that_point_home(target: str) -> None:
    assert steps(host_with(JOB)._replace(links={"backup.timer": {LINK: target}}), JOB) == []


@pytest.mark.parametrize("target", ["/dev/null", "/etc/systemd/system/other.timer", "backup.timer", "/backup.timer"])
def test_a_link_to_elsewhere_is_made_anew(target: str) -> None:
    observed = host_with(JOB)._replace(links={"backup.timer": {LINK: target}})
    assert steps(observed, JOB) == [("unlink", [LINK]), ("link", [LINK]), RELOAD]


def test_a_link_from_another_target_goes() -> None:
    other = "default.target.wants/backup.timer"
    observed = host_with(JOB)._replace(links={"backup.timer": {LINK: HOME, other: HOME}})
    assert steps(observed, JOB) == [("unlink", [other]), RELOAD]


def test_a_reschedule_unlinks_every_link_and_makes_only_the_right_ones() -> None:
    other = "default.target.wants/backup.timer"
    observed = host_with(JOB)._replace(links={"backup.timer": {LINK: HOME, other: HOME}})
    found = dict(steps(observed, EDITED))
    assert (found["unlink_again"], found["link_again"]) == ([LINK, other], [LINK])
    assert not {"link", "unlink"} & set(found)


@pytest.mark.parametrize("folder", ["default.target.wants", "multi-user.target.requires"])
def test_a_service_enabled_by_hand_is_disabled(folder: str) -> None:
    link = f"{folder}/backup.service"
    observed = host_with(JOB)
    observed.links["backup.service"] = {link: f"{UNIT_DIRECTORY}/backup.service"}
    assert steps(observed, JOB) == [("unlink", [link]), RELOAD]
    assert actions(observed, JOB) == ["disable the service itself"]
    assert ("unlink", [LINK, link]) in steps(observed, SUSPENDED)
    assert ("unlink", [LINK, link]) in steps(observed, ABSENT)


@pytest.mark.parametrize("drift", [{"mode": 0o666}, {"mode": 0o755}, {"mode": 0o600}, {"uid": 1000}, {"gid": 4}])
@pytest.mark.parametrize("unit", ["backup.service", "backup.timer"])
def test_owner_and_mode_are_corrected(unit: str, drift: dict[str, int]) -> None:
    observed = with_file(host_with(JOB), unit, **drift)
    assert steps(observed, JOB) == [("correct", [unit]), RELOAD]
    assert actions(observed, JOB) == ["correct owner and mode"]
    diff = plan_of(observed, JOB).changes[0].diffs[0]
    assert diff.after == "owner 0:0, mode 0644\n"
    assert diff.before != diff.after


def test_a_file_that_changes_gets_the_right_mode_by_that() -> None:
    observed = with_file(host_with(JOB), "backup.service", mode=0o666, text="x")
    assert [kind for kind, _items in steps(observed, JOB)] == ["install", "reload"]


def test_a_deleted_service_comes_back() -> None:
    host = host_with(JOB)
    observed = host._replace(files={**host.files, "backup.service": NO_FILE})
    assert steps(observed, JOB) == [("install", ["backup.service"]), RELOAD]
    assert actions(observed, JOB) == ["install"]


def test_a_deleted_timer_comes_back_as_a_new_one() -> None:
    """Nobody knows any more what PID 1 has in memory under its name."""
    host = host_with(JOB)
    observed = host._replace(files={**host.files, "backup.timer": NO_FILE})
    assert steps(observed, JOB) == RESCHEDULED
    assert actions(observed, JOB) == ["install"]


def test_the_failed_service_of_a_rescheduled_interval_is_forgotten_too() -> None:
    """Its memory of the last run would count for the new interval."""
    job, edited = wanted(schedule=None, every="40s"), wanted(schedule=None, every="10s")
    observed = host_with(job)
    observed = observed._replace(units={**observed.units, "backup.service": UnitState("loaded", "failed", "failed")})
    assert ("reset_failed", ["backup.service"]) in steps(observed, edited)
    assert actions(observed, edited) == ["update", "reschedule", "reset its failure"]
    assert ("reset_failed", ["backup.service"]) not in steps(observed, wanted(schedule=None, every="40s", user="me"))


def test_a_timer_that_has_elapsed_once_for_all_is_armed() -> None:
    job = wanted(schedule=None, timer={"OnActiveSec": "3s"}, on_reschedule="run")
    assert steps(host_with(job, timer=ELAPSED), job) == []


def test_a_failed_timer_is_cleared_and_armed() -> None:
    assert steps(host_with(JOB, timer=FAILED), JOB) == [
        ("touch_stamp", TIMER),
        ("reset_failed", TIMER),
        *AGAIN,
        ("start", TIMER),
    ]
    assert actions(host_with(JOB, timer=FAILED), JOB) == ["arm"]


def test_a_failed_run_is_not_forgotten() -> None:
    observed = host_with(JOB)
    observed.units["backup.service"] = FAILED
    assert steps(observed, JOB) == []


@pytest.mark.parametrize("state", [UnitState("bad-setting", "active", "elapsed"), ELAPSED])
def test_a_timer_that_will_not_elapse_is_armed_anew(state: UnitState) -> None:
    found = steps(host_with(JOB, timer=state), JOB)
    assert [kind for kind, _items in found] == ["stop", "touch_stamp", "unlink_again", "reload", "link_again", "start"]


def test_a_masked_timer_in_memory_is_not_armed() -> None:
    found = steps(host_with(JOB, timer=UnitState("masked", "inactive", "dead")), JOB)
    assert [kind for kind, _items in found] == ["touch_stamp", "unlink_again", "reload", "link_again", "start"]


NOT_INSTALLED = [step for step in RESCHEDULED if step[0] != "install"]


@pytest.mark.parametrize("unit", ["backup.service", "backup.timer"])
def test_a_file_that_systemd_has_not_read_is_read_anew(unit: str) -> None:
    """Put back manually: disk and declaration agree, the memory of PID 1 may not."""
    observed = host_with(JOB)._replace(stale=frozenset([unit]))
    assert steps(observed, JOB) == NOT_INSTALLED
    assert actions(observed, JOB) == ["reload"]


def test_a_stale_job_that_may_run_is_reloaded_alone() -> None:
    observed = host_with(JOB)._replace(stale=frozenset(TIMER))
    assert steps(observed, wanted(on_reschedule="run")) == [RELOAD]
    assert actions(observed, wanted(on_reschedule="run")) == ["reload"]


def test_a_stale_unit_of_another_job_is_none_of_ours() -> None:
    assert steps(host_with(JOB)._replace(stale=frozenset(["other.timer"])), JOB) == []


def test_a_suspended_job_is_stale_for_nobody() -> None:
    assert steps(suspended_host(SUSPENDED)._replace(stale=frozenset(TIMER)), SUSPENDED) == []


@pytest.mark.parametrize("loaded_at", [None, 2000.0])
def test_the_time_of_change_alone_makes_no_file_stale(loaded_at: float | None) -> None:
    """A clock that was set would; systemd is asked instead."""
    observed = with_file(host_with(JOB), "backup.timer", changed_at=9999.0)
    assert steps(observed._replace(manager=Manager(252, [UNIT_DIRECTORY], loaded_at)), JOB) == []


def test_a_job_of_a_killed_run_that_is_in_sync_is_not_armed_anew() -> None:
    observed = host_with(JOB)._replace(dirty=["backup"])
    assert steps(observed, JOB) == [RELOAD]
    assert actions(observed, JOB) == []
    assert plan_of(observed, JOB).changed


def test_a_job_of_a_killed_run_that_is_stale_is_armed_anew() -> None:
    observed = host_with(JOB)._replace(dirty=["backup"], stale=frozenset(TIMER))
    assert steps(observed, JOB) == NOT_INSTALLED
    assert actions(observed, JOB) == ["reload"]


def test_a_killed_run_is_completed_for_suspended_and_absent_jobs() -> None:
    for job in (SUSPENDED, ABSENT):
        observed = (suspended_host(job) if job is SUSPENDED else empty_host())._replace(dirty=["backup"])
        assert steps(observed, job) == [RELOAD]


def test_the_folder_of_a_killed_run_is_reason_to_run() -> None:
    plan = plan_of(host_with(JOB)._replace(leftover=True), JOB)
    assert plan.changed


def test_the_log_directory_alone_needs_no_reload() -> None:
    assert steps(host_with(JOB)._replace(log_directory_exists=False), JOB) == [("make_log_directory", [])]
    assert steps(empty_host(log_directory_exists=False), JOB)[0] == ("make_log_directory", [])


# Timers that count from boot alone: the host has been up for an hour.


@pytest.mark.parametrize(
    ("trigger", "starts"),
    [
        ("OnBootSec=5min", False),
        ("OnBootSec=2h", True),
        ("OnStartupSec=5min", False),
        ("OnBootSec=5min\nOnBootSec=2h", False),
        ("OnBootSec=infinity", False),
        ("OnBootSec=5min\nOnCalendar=daily", True),
        ("OnCalendar=daily", True),
    ],
)
def test_starts_now(trigger: str, starts: bool) -> None:
    assert starts_now(f"[Timer]\n{trigger}\n", 3600.0, SPANS) is starts


BOOT = wanted(schedule=None, on_boot="5min")


def test_a_job_of_the_next_boot_is_linked_and_not_started() -> None:
    assert [kind for kind, _items in steps(empty_host(), BOOT)] == ["install", "link", "reload"]
    assert steps(host_with(BOOT, timer=STOPPED, stamp=False), BOOT) == []
    assert steps(host_with(BOOT, stamp=False)._replace(units={}), BOOT) == []


def test_a_job_whose_boot_span_lies_ahead_is_started() -> None:
    later = wanted(schedule=None, on_boot="2h")
    assert [kind for kind, _items in steps(empty_host(), later)] == ["install", "link", "reload", "start"]


def test_a_job_of_boot_has_elapsed_and_is_armed_all_the_same() -> None:
    assert steps(host_with(BOOT, timer=ELAPSED, stamp=False), BOOT) == []


def test_a_rescheduled_job_of_boot_is_not_run() -> None:
    found = steps(host_with(BOOT, timer=ELAPSED, stamp=False), wanted(schedule=None, on_boot="10min"))
    assert [kind for kind, _items in found] == ["stop", "install", "unlink_again", "reload", "link_again"]


# A boot that is under way: it starts what is linked, and catches up a run that was missed.


def booting(host: Observed) -> Observed:
    """Return a host that is still on its way up."""
    return host._replace(manager=host.manager._replace(booting=True))


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_linked_timer_that_does_not_change_is_left_to_the_boot(in_memory: bool) -> None:
    observed = host_with(JOB, timer=STOPPED)
    observed = observed if in_memory else observed._replace(units={})
    assert steps(booting(observed), JOB) == []
    assert steps(booting(observed), wanted(on_reschedule="run")) == []
    assert ("start", TIMER) in steps(observed, JOB)


@pytest.mark.parametrize(
    ("observed", "job"),
    [
        (host_with(JOB, timer=STOPPED), EDITED),
        (host_with(JOB, timer=STOPPED, linked=False), JOB),
        (host_with(JOB, timer=FAILED), JOB),
        (empty_host(), JOB),
    ],
)
def test_what_the_boot_cannot_know_of_is_started_during_it(observed: Observed, job: WantedJob) -> None:
    assert ("start", TIMER) in steps(booting(observed), job)


def test_a_service_that_changes_during_a_boot_is_installed_and_its_timer_left() -> None:
    found = steps(booting(host_with(JOB, timer=STOPPED)), wanted(command="/bin/false"))
    assert found == [("install", SERVICE), RELOAD]


# Persistence that is switched on: an old stamp would run the job at the next boot.

OFF = wanted(persistent=False)


@pytest.mark.parametrize("stamp", [True, False])
def test_persistence_that_is_switched_on_begins_now(stamp: bool) -> None:
    assert steps(host_with(OFF, stamp=stamp), JOB) == [("touch_stamp", TIMER), ("install", TIMER), RELOAD]


def test_persistence_that_is_switched_on_with_a_new_schedule_begins_now_too() -> None:
    assert steps(host_with(OFF), EDITED) == RESCHEDULED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (JOB, OFF),
        (JOB, wanted(accuracy="1min")),
        (OFF, wanted(persistent=False, accuracy="1min")),
        (OFF, wanted(on_reschedule="run")),
        (wanted(schedule=None, every="1h"), wanted(schedule=None, every="1h", timer={"Persistent": True})),
    ],
)
def test_no_stamp_is_touched_where_persistence_does_not_begin(before: WantedJob, after: WantedJob) -> None:
    assert steps(host_with(before), after) == [("install", TIMER), RELOAD]


# A timer that another unit refers to: no reload forgets it.


def referenced(host: Observed) -> Observed:
    """Return a host where a service wants the timer."""
    return host._replace(referenced={"backup.timer": "other.service"})


def test_an_active_timer_that_is_referred_to_is_reloaded_and_not_stopped() -> None:
    """The proof has looked whether that runs the job."""
    edited = wanted(schedule="Tue 09:00", persistent=False)
    assert steps(referenced(host_with(OFF)), edited) == [("install", TIMER), RELOAD]
    assert actions(referenced(host_with(OFF)), edited) == ["update", "reschedule"]


def test_an_inactive_timer_that_is_referred_to_is_still_checked_before_its_start() -> None:
    edited = wanted(schedule="Tue 09:00", persistent=False)
    assert steps(referenced(host_with(OFF, timer=STOPPED)), edited) == CHECKED[1:]


# Timers that count from the last run of their service.

EVERY = wanted(schedule=None, every="1h")


@pytest.mark.parametrize(
    ("state", "checked"),
    [(STOPPED, [*TIMER, *SERVICE]), (UnitState("loaded", "activating", "start"), TIMER), (FAILED, TIMER)],
)
def test_a_service_in_memory_may_have_run(state: UnitState, checked: list[str]) -> None:
    """One that runs counts from its end; one that has failed is reset, and forgotten by that."""
    edited = wanted(schedule=None, every="5min")
    found = dict(steps(with_service(host_with(EVERY, stamp=False), state), edited))
    assert found["check_forgotten"] == checked
    assert found.get("reset_failed", []) == (SERVICE if state is FAILED else [])


def test_a_service_that_is_not_in_memory_has_no_last_run() -> None:
    assert "check_forgotten" not in dict(steps(empty_host(), EVERY))
    edited = wanted(schedule=None, every="5min", on_reschedule="run")
    assert "check_forgotten" not in dict(steps(host_with(EVERY, stamp=False), edited))


def test_a_new_interval_counts_from_a_run_of_its_service_by_hand() -> None:
    """The timer is new, and the service in memory, because something else started it."""
    observed = empty_host(units={"backup.service": STOPPED})
    assert dict(steps(observed, EVERY))["check_forgotten"] == SERVICE


# Jobs that get another name.

FORMER = wanted(name="former")
GONE = WantedJob("former", "absent", "skip", "", "")


def renamed(**fields: Any) -> WantedJob:
    """Return the job under its new name."""
    return wanted(renamed_from="former", **fields)


def test_a_rename_goes_on_where_the_former_job_left_off() -> None:
    """What converge() adds for the former pair is an absent job."""
    found = steps(host_with(FORMER), renamed(), GONE)
    assert found == [
        ("stop", ["former.timer"]),
        ("carry_stamp", ["former.timer backup.timer"]),
        ("install", ["backup.service", "backup.timer"]),
        ("delete", ["former.service", "former.timer"]),
        ("unlink", ["timers.target.wants/former.timer"]),
        ("link", [LINK]),
        RELOAD,
        ("start", TIMER),
        ("clean_stamp", ["former.timer"]),
    ]


def test_a_rename_of_a_job_that_may_run_carries_the_stamp_too() -> None:
    assert ("carry_stamp", ["former.timer backup.timer"]) in steps(
        host_with(FORMER), renamed(on_reschedule="run"), GONE
    )


@pytest.mark.parametrize(
    ("observed", "job"),
    [
        # With another schedule the last run says nothing of the next.
        (host_with(FORMER), renamed(schedule="Tue 09:00")),
        # What a suspended job has missed is not caught up.
        (suspended_host(FORMER), renamed()),
        (host_with(FORMER, timer=STOPPED), renamed()),
        (host_with(FORMER, stamp=False), renamed()),
        (empty_host(), renamed()),
        (host_with(FORMER), wanted()),
        (host_with(FORMER), renamed(state="suspended")),
        # Both are there: the new one has a last run of its own.
        (host_with(FORMER, JOB), renamed()),
    ],
)
def test_no_stamp_is_carried(observed: Observed, job: WantedJob) -> None:
    assert "carry_stamp" not in dict(steps(observed, job, GONE))


def test_a_former_name_can_stay_in_the_declaration() -> None:
    assert steps(host_with(JOB), renamed()) == []


# What holds for every plan.

STATES = [None, WAITING, ELAPSED, STOPPED, FAILED, UnitState("not-found", "inactive", "dead")]
VARIANTS = [
    JOB,
    EDITED,
    SUSPENDED,
    ABSENT,
    BOOT,
    wanted(schedule=None, every="1h"),
    wanted(persistent=False),
    wanted(schedule="Tue 09:00", on_reschedule="run"),
]
FILES = [NO_FILE, *(file_of(job.timer) for job in (JOB, EDITED, BOOT)), file_of(JOB.timer, mode=0o600)]
FILES += [file_of(OFF.timer), FileState("file", "")]


@st.composite
def hosts(draw: st.DrawFn) -> Observed:
    """Return any host that one job can meet."""
    host = empty_host(
        files={
            "backup.timer": draw(st.sampled_from(FILES)),
            "backup.service": draw(st.sampled_from([NO_FILE, file_of(JOB.service)])),
        },
        dirty=draw(st.sampled_from([[], ["backup"]])),
        stale=draw(st.sampled_from([frozenset(), frozenset(TIMER), frozenset(SERVICE)])),
        referenced=draw(st.sampled_from([{}, {"backup.timer": "other.service"}])),
        stamps=draw(st.sampled_from([{}, {"backup.timer": 1}])),
    )
    for unit in ("backup.timer", "backup.service"):
        state = draw(st.sampled_from(STATES))
        if state:
            host.units[unit] = state
    host.links.update(
        draw(
            st.sampled_from(
                [
                    {},
                    {"backup.timer": {LINK: HOME}},
                    {"backup.timer": {LINK: "/x"}},
                    {"backup.service": {"a.wants/backup.service": "/x"}},
                ]
            )
        )
    )
    return host


@given(hosts(), st.sampled_from(VARIANTS))
@settings(max_examples=250, deadline=None)
def test_every_plan(observed: Observed, job: WantedJob) -> None:
    plan = plan_of(observed, job)
    kinds = [step.kind for step in plan.steps]
    assert kinds == [kind for kind in ORDER if kind in kinds]
    last = [step.kind for step in plan.final_steps]
    assert last == [kind for kind in AFTER_EVIDENCE if kind in last]
    # What cannot be taken back waits, and what can does not.
    assert not set(kinds) & set(AFTER_EVIDENCE)
    assert not any("restart" in kind for kind in kinds)
    assert kinds.count("reload") == (1 if set(kinds) - set(NEEDS_NO_RELOAD) else 0)
    # A link is away for the reload alone.
    if "unlink_again" in kinds and "link_again" in kinds:
        place = kinds.index("unlink_again")
        assert kinds[place : place + 3] == ["unlink_again", "reload", "link_again"]
    assert all(len(set(step.items)) == len(step.items) for step in plan.steps)
    started = [step.items for step in plan.steps if step.kind == "start"]
    assert all(job.state == "present" and items == TIMER for items in started)
    # Nothing but timers is started or stopped.
    assert all(item.endswith(".timer") for step in plan.steps if step.kind in ("start", "stop") for item in step.items)
    # No job is stopped that stays, or that may finish.
    assert "stop_service" not in last
    # Whatever systemd remembers of a timer that is started is forgotten first, unless the job lets a run happen.
    if started and "backup.timer" in observed.units and job.on_reschedule != "run":
        assert "link_again" in kinds


@given(hosts(), st.sampled_from(VARIANTS))
@settings(max_examples=250, deadline=None)
def test_a_plan_that_changes_a_job_says_so(observed: Observed, job: WantedJob) -> None:
    plan = plan_of(observed, job)
    others = observed.leftover or observed.dirty or not observed.log_directory_exists
    assert plan.changed == bool(plan.changes[0].actions or others)


def test_jobs_share_their_steps() -> None:
    jobs = [wanted(name=f"job{number}") for number in range(50)]
    found = steps(empty_host(), *jobs)
    assert [(kind, len(items)) for kind, items in found] == [
        ("install", 100),
        ("link", 50),
        ("reload", 0),
        ("start", 50),
    ]


def test_another_declarations_half_done_job_makes_nobody_change_for_ever() -> None:
    """`dirty` keeps a job that this declaration does not know: its own next run has to see to it."""
    assert plan_of(host_with(JOB)._replace(dirty=["of-another-owner"]), JOB).changed is False


# The manager of an account that does not run: it starts what is linked when it does.


def without_manager(*jobs: WantedJob, **fields: Any) -> Observed:
    """Return an account that has these jobs installed, and whose manager does not run."""
    found = host_with(*jobs) if jobs else empty_host()
    manager = found.manager._replace(running=False)
    return found._replace(manager=manager, units={}, next_elapse={}, last_trigger={}, **fields)


def test_a_manager_starts_when_all_is_in_its_place() -> None:
    assert steps(without_manager(), JOB) == [
        ("install", ["backup.service", "backup.timer"]),
        ("link", [LINK]),
        RELOAD,
        ("start_manager", TIMER),
        ("start", TIMER),
    ]
    assert steps(without_manager(JOB, stamps={"backup.timer": 1}), JOB) == [
        ("touch_stamp", TIMER),
        RELOAD,
        ("start_manager", TIMER),
        ("start", TIMER),
    ]


def test_a_manager_does_not_start_what_waits_for_the_next_boot() -> None:
    job = wanted(schedule=None, on_boot="5min")
    assert steps(without_manager(job, uptime=1000.0), job) == [
        ("unlink_again", [LINK]),
        RELOAD,
        ("start_manager", []),
        ("link_again", [LINK]),
    ]


@pytest.mark.parametrize("job", [SUSPENDED, ABSENT])
def test_a_manager_does_not_start_for_jobs_that_are_not_armed(job: WantedJob) -> None:
    found = dict(steps(without_manager(JOB), job))
    assert "start_manager" not in found
    assert found["unlink"] == [LINK]
