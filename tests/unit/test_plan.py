# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a host has to what it should have: the steps, their order, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import (
    NO_FILE,
    FileState,
    Manager,
    Observed,
    UnitState,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan import (
    ORDER,
    Plan,
    goal_of,
    make_plan,
    starts_now,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.samples import (
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
    assert found[-2:] == [("touch_stamp", TIMER), ("start", TIMER)]


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


RESCHEDULED = [
    ("stop", TIMER),
    ("unlink", [LINK]),
    ("install", TIMER),
    RELOAD,
    ("touch_stamp", TIMER),
    ("link_again", [LINK]),
    ("start", TIMER),
]
# Without a stamp only forgetting keeps the job from running.
CHECKED = [("check_forgotten", TIMER) if step[0] == "touch_stamp" else step for step in RESCHEDULED]


def test_an_edit_of_the_schedule() -> None:
    found = steps(host_with(JOB), EDITED)
    # Its description says the schedule in words, so the timer alone changes.
    assert found == RESCHEDULED
    assert actions(host_with(JOB), EDITED) == ["update", "reschedule"]


@pytest.mark.parametrize("fields", [{"timezone": "UTC"}, {"every": "1h"}, {"timer": {"Unit": "other.service"}}])
def test_every_trigger_is_a_schedule(fields: dict[str, Any]) -> None:
    assert steps(host_with(JOB), wanted(**fields)) == RESCHEDULED


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
        ("link", [LINK]),
        RELOAD,
        ("touch_stamp", TIMER),
        ("start", TIMER),
    ]
    assert actions(suspended_host(SUSPENDED), JOB) == ["arm", "enable"]


def test_a_timer_stopped_by_hand_is_forgotten_before_it_starts() -> None:
    """It would run the job for every elapse since."""
    found = steps(host_with(JOB, timer=STOPPED), JOB)
    assert found == [
        ("unlink", [LINK]),
        RELOAD,
        ("touch_stamp", TIMER),
        ("link_again", [LINK]),
        ("start", TIMER),
    ]


def test_absent() -> None:
    assert steps(host_with(JOB), ABSENT) == [
        ("stop", TIMER),
        ("unlink", [LINK]),
        ("delete", ["backup.service", "backup.timer"]),
        RELOAD,
        ("clean_stamp", TIMER),
    ]
    plan = plan_of(host_with(JOB), ABSENT)
    assert [step.kind for step in plan.final_steps] == ["clean_stamp"]
    assert [(diff.before, diff.after) for diff in plan.changes[0].diffs] == [(JOB.service, ""), (JOB.timer, "")]


def test_absent_already() -> None:
    assert steps(empty_host(), ABSENT) == []


def test_a_run_that_is_under_way_is_left_to_finish() -> None:
    observed = host_with(JOB)
    observed.units["backup.service"] = UnitState("loaded", "activating", "start")
    assert ("stop", TIMER) in steps(observed, ABSENT)
    assert not any("backup.service" in items for kind, items in steps(observed, ABSENT) if kind != "delete")


def test_what_is_left_of_an_absent_job_goes() -> None:
    assert steps(empty_host(stamps={"backup.timer": 1}), ABSENT) == [("clean_stamp", TIMER)]
    dangling = empty_host(links={"backup.timer": {LINK: HOME}})
    assert steps(dangling, ABSENT) == [("unlink", [LINK]), RELOAD]
    half = with_file(host_with(JOB, linked=False, stamp=False), "backup.service", kind="absent", text="")
    assert steps(half._replace(units={}), ABSENT) == [("delete", TIMER), RELOAD]


def test_absent_clears_failures_of_both_units() -> None:
    observed = host_with(JOB, timer=FAILED)
    observed.units["backup.service"] = FAILED
    assert ("reset_failed", ["backup.timer", "backup.service"]) in steps(observed, ABSENT)


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
        "unlink",
        "install",
        "delete",
        "reload",
        "touch_stamp",
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
    assert (found["unlink"], found["link_again"]) == ([LINK, other], [LINK])
    assert "link" not in found


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
        ("reset_failed", TIMER),
        ("unlink", [LINK]),
        RELOAD,
        ("touch_stamp", TIMER),
        ("link_again", [LINK]),
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
    assert [kind for kind, _items in found] == ["stop", "unlink", "reload", "touch_stamp", "link_again", "start"]


def test_a_masked_timer_in_memory_is_not_armed() -> None:
    found = steps(host_with(JOB, timer=UnitState("masked", "inactive", "dead")), JOB)
    assert [kind for kind, _items in found] == ["unlink", "reload", "touch_stamp", "link_again", "start"]


@pytest.mark.parametrize("unit", ["backup.service", "backup.timer"])
def test_a_file_changed_after_the_last_reload_is_read_anew(unit: str) -> None:
    """Put back by hand: disk and declaration agree, the memory of PID 1 may not."""
    observed = with_file(host_with(JOB), unit, changed_at=2001.0)
    assert steps(observed, JOB) == [step for step in RESCHEDULED if step[0] != "install"]
    assert actions(observed, JOB) == ["reload"]


def test_a_file_newer_than_the_reload_is_fine_where_systemd_has_not_loaded_it() -> None:
    observed = with_file(suspended_host(SUSPENDED), "backup.timer", changed_at=2001.0)
    assert steps(observed, SUSPENDED) == []


def test_where_systemd_does_not_say_when_it_reloaded_no_file_is_stale() -> None:
    observed = with_file(host_with(JOB), "backup.timer", changed_at=9999.0)
    assert steps(observed._replace(manager=Manager(247, [UNIT_DIRECTORY], None)), JOB) == []


def test_a_job_that_a_killed_run_left_is_armed_anew() -> None:
    found = steps(host_with(JOB)._replace(dirty=["backup"]), JOB)
    assert found == [step for step in RESCHEDULED if step[0] != "install"]
    assert actions(host_with(JOB)._replace(dirty=["backup"]), JOB) == ["reload"]


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
    assert [kind for kind, _items in found] == ["stop", "unlink", "install", "reload", "link_again"]


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
FILES += [file_of(JOB.timer, changed_at=3000.0), FileState("file", "")]


@st.composite
def hosts(draw: st.DrawFn) -> Observed:
    """Return any host that one job can meet."""
    host = empty_host(
        files={
            "backup.timer": draw(st.sampled_from(FILES)),
            "backup.service": draw(st.sampled_from([NO_FILE, file_of(JOB.service)])),
        },
        dirty=draw(st.sampled_from([[], ["backup"]])),
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
    assert not any("restart" in kind for kind in kinds)
    assert kinds.count("reload") == (1 if kinds else 0)
    assert all(len(set(step.items)) == len(step.items) for step in plan.steps)
    started = [step.items for step in plan.steps if step.kind == "start"]
    assert all(job.state == "present" and items == TIMER for items in started)
    # Nothing but timers is started or stopped.
    assert all(item.endswith(".timer") for step in plan.steps if step.kind in ("start", "stop") for item in step.items)
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


# The way back of an apply that failed.


def test_the_goal_of_going_back() -> None:
    assert goal_as_observed("backup", host_with(JOB)) == (
        "backup",
        "present",
        JOB.service,
        JOB.timer,
        [LINK],
        True,
        True,
        False,
        {LINK: f"{UNIT_DIRECTORY}/backup.timer"},
    )
    assert goal_as_observed("backup", empty_host()) == ("backup", "absent", None, None, [], False, False, False, {})
    back = goal_as_observed("backup", host_with(BOOT, timer=ELAPSED))
    assert (back.armed, back.start) == (True, False)


@pytest.mark.parametrize(
    "observed",
    [
        host_with(JOB),
        host_with(JOB, linked=False),
        host_with(BOOT, timer=ELAPSED),
        suspended_host(SUSPENDED),
        empty_host(),
    ],
)
def test_going_back_where_nothing_has_changed_is_nothing(observed: Observed) -> None:
    assert make_plan([goal_as_observed("backup", observed)], observed, UNIT_DIRECTORY).steps == []


def test_going_back_after_a_failed_reschedule() -> None:
    """The new schedule is loaded already; the old one gets back its stamp and not a touched one."""
    before = host_with(JOB)
    plan = make_plan([goal_as_observed("backup", before)], host_with(EDITED)._replace(dirty=["backup"]), UNIT_DIRECTORY)
    assert [tuple(step) for step in plan.steps] == RESCHEDULED


def test_going_back_enables_the_service_again() -> None:
    """An apply disables a service that was enabled by hand; undoing it brings the link back."""
    link = "default.target.wants/backup.service"
    before = host_with(JOB)
    before.links["backup.service"] = {link: f"{UNIT_DIRECTORY}/backup.service"}
    plan = make_plan([goal_as_observed("backup", before)], host_with(JOB), UNIT_DIRECTORY)
    assert any(link in step.items for step in plan.steps if step.kind in ("link", "link_again"))
