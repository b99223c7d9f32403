# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job is, in one word: what wins when several things are so."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.stamp_time import last_trigger, set_by_apply
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import rescheduled
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import RunState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.health import JobState, judge
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timer_unit import calendars
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState

TIMER = FileState("file", "[Timer]\nOnCalendar=Mon 08:00\n", 0o644)
BOOT_TIMER = TIMER._replace(text="[Timer]\nOnBootSec=5min\n")
WAITING = UnitState("loaded", "active", "waiting")
STOPPED = UnitState("loaded", "inactive", "dead")
IDLE = STOPPED
FAILED = UnitState("loaded", "failed", "failed")
BUSY = UnitState("loaded", "activating", "start")
GOOD_RUN = RunState("1" * 32, 10, 12, "success", 0)
BAD_RUN = RunState("1" * 32, 10, 12, "exit-code", 3)


def seen(**fields: Any) -> JobState:
    found: dict[str, Any] = {
        "name": "job", "service_name": "job.service", "timer": TIMER, "service": TIMER, "timer_unit": WAITING,
        "service_unit": IDLE, "enabled": True, "next_elapse": 99.0, "last_trigger": 10.0, "last_run": GOOD_RUN,
        "missed": None, "stuck": None, "drift": [], "ours": True,
    }  # fmt: skip
    return JobState(**{**found, **fields})


@pytest.mark.parametrize(
    ("fields", "word", "reason"),
    [
        ({}, "ok", "last run: success"),
        ({"last_run": None, "last_trigger": 0.0}, "never-ran", "waits for its first run"),
        ({"last_run": None}, "ok", "nothing is known of its last run"),
        ({"last_run": BAD_RUN}, "ok", "the failure was reset"),
        ({"service_unit": BUSY}, "running", "under way"),
        ({"service_unit": BUSY, "missed": 5.0}, "running", "under way"),
        ({"service_unit": BUSY, "missed": 5.0, "stuck": 6.0}, "overdue", "still runs, and has missed its elapses of A"),
        ({"service_unit": FAILED, "last_run": BAD_RUN}, "failing", "last run: exit status 3"),
        ({"service_unit": FAILED, "last_run": None}, "failing", "last run: failed"),
        ({"service_unit": FAILED, "last_run": BAD_RUN, "drift": ["x"]}, "failing", "exit status 3"),
        ({"drift": ["x", "y"]}, "drifted", "x; y"),
        ({"drift": ["x"], "service_unit": BUSY}, "drifted", "x"),
        ({"enabled": False, "timer_unit": None}, "suspended", "installed, but not armed"),
        ({"enabled": False, "timer_unit": None, "service_unit": FAILED}, "suspended", "not armed"),
        ({"enabled": False, "timer_unit": None, "service_unit": BUSY}, "running", "under way"),
        ({"timer_unit": STOPPED}, "broken", "nothing starts the job before the next boot"),
        ({"timer_unit": STOPPED, "missed": 5.0}, "overdue", "has not run for its elapse of A"),
        ({"timer_unit": STOPPED, "timer": BOOT_TIMER}, "ok", "success"),
        ({"timer_unit": None}, "broken", "not active"),
        ({"timer_unit": FAILED}, "broken", "job.timer has failed"),
        ({"timer_unit": WAITING._replace(sub="elapsed")}, "broken", "will not elapse again"),
        ({"timer_unit": WAITING._replace(sub="elapsed"), "timer": BOOT_TIMER}, "ok", "success"),
        ({"timer_unit": WAITING._replace(load="bad-setting")}, "broken", "could not load job.timer: bad-setting"),
        ({"service": NO_FILE}, "broken", "job.service is missing"),
        ({"service": NO_FILE, "enabled": False, "timer_unit": None}, "broken", "job.service is missing"),
        ({"timer": FileState("symlink", target="/dev/null")}, "broken", "masked"),
        ({"timer": FileState("other")}, "broken", "not an ordinary file"),
        ({"service": TIMER._replace(text="\n")}, "broken", "empty"),
        ({"late": True, "missed": 5.0}, "overdue", "was to elapse at A, and has not"),
    ],
)
def test_health(fields: dict[str, Any], word: str, reason: str) -> None:
    found = judge(seen(**fields), "A", "B")
    assert found.word == word
    assert reason in found.reason
    assert bool(found.fix) == (word in ("overdue", "failing", "drifted", "broken", "suspended"))


def test_a_stamp_of_an_apply_is_no_trigger() -> None:
    """Nor is it after a suspend and a resume, or another schedule."""
    now = 1_764_300_000_123_456_789
    assert set_by_apply(now) == 1_764_300_000_000_000_000
    assert last_trigger(set_by_apply(now) / 1e9) == 0.0
    assert last_trigger(now // 1000 / 1e6) == now // 1000 / 1e6
    assert last_trigger(0.0) == 0.0


def test_a_masked_unit_is_unmasked_first() -> None:
    """An apply of the declaration alone is refused as long as it is masked."""
    found = judge(seen(timer=FileState("symlink", target="/dev/null")))
    assert found.fix.startswith("`systemctl unmask job.timer`; then ")


def test_a_masked_timer_of_a_package_is_meant_to_be_so() -> None:
    masked = FileState("symlink", target="/dev/null")
    state = UnitState("masked", "inactive", "dead")
    for fields in ({"timer": masked, "timer_unit": state}, {"service": masked, "service_unit": state}):
        found = judge(seen(ours=False, enabled=False, **fields))
        assert (found.word, found.reason) == ("suspended", "is masked by the administrator of the host")
        assert judge(seen(enabled=False, **fields)).word == "broken"


class TestReschedule:
    TEXT = (
        "# Managed\n\n[Unit]\nDescription=x\n\n[Timer]\nUnit=a.service\nOnCalendar=Mon \\\n  08:00\n"
        "OnCalendar=Tue 08:00\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n\n[X-Ansible]\nOwner=o\nJob=a\n"
    )

    def test_only_the_schedule_and_what_tells_of_it_change(self) -> None:
        text = rescheduled("a", self.TEXT, ["daily", "Sun 07:00"])
        assert calendars(text) == ["daily", "Sun 07:00"]
        assert owner_of(text) == owner_of(self.TEXT)
        note = "Changed=rescheduled manually, declared was: Mon    08:00; Tue 08:00"
        assert sorted({*text.splitlines()} - {*self.TEXT.splitlines()}) == [
            note, "Description=Runs a, rescheduled manually", "OnCalendar=Sun 07:00", "OnCalendar=daily",
        ]  # fmt: skip
        assert sorted({*self.TEXT.splitlines()} - {*text.splitlines()}) == [
            "  08:00", "Description=x", "OnCalendar=Mon \\", "OnCalendar=Tue 08:00",
        ]  # fmt: skip

    def test_twice_it_still_says_what_was_declared(self) -> None:
        text = rescheduled("a", rescheduled("a", self.TEXT, ["daily"]), ["hourly"])
        assert calendars(text) == ["hourly"]
        assert text.count("Changed=") == 1
        assert "Changed=rescheduled manually, declared was: Mon" in text
