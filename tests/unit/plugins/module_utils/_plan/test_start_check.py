# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the start of timers would run at once, and what is said of it."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import MissedElapse, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import goal_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.start_check import told
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import host_with, wanted

SPANS: dict[str, int | None] = {"1s": 10**6, "5min": 300 * 10**6, "2h": 7200 * 10**6, "1h": 3600 * 10**6}


OLD = wanted()


TUESDAY = wanted(schedule="Tue 09:00")


PASSED = {"backup": MissedElapse("Tue 09:00", 1801468800.0)}


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (TUESDAY, "does not run the job for its elapse of {}, which has passed (on_reschedule: skip)"),
        (
            wanted(schedule="Tue 09:00", on_reschedule="run"),
            "runs the job now, for its elapse of {} (on_reschedule: run)",
        ),
        (wanted(schedule="Tue 09:00", state="suspended"), ""),
    ],
)
def test_what_becomes_of_an_elapse_is_told(job: WantedJob, text: str) -> None:
    goal = goal_of(job, host_with(OLD), SPANS)
    assert told(PASSED["backup"], goal) == text.format(iso8601(1801468800))
    assert told(None, goal) == ""
