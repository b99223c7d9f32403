# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the next run of a job, and up to when it stands for itself; asks systemd."""

from __future__ import annotations

import time

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import Skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import InstalledJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import NotChangeable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    check_calendars,
    check_timespans,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import observe_timers

# Seconds that an apply may take: what has begun cannot be skipped.
MARGIN = 10


def skip_of_next(runner: Runner, pair: InstalledJob) -> Skip:
    """Return the next run as one to skip. Raises NotChangeable when there is none."""
    timer = pair.units[1]
    following, _last = observe_timers(runner).get(timer, (0.0, 0.0))
    if not following:
        raise NotChangeable(
            f"{timer} has no next elapse, so there is no run to skip; `status -e job={pair.name}` says why"
        )
    elapse = int(following)
    if elapse - time.time() < MARGIN:
        raise NotChangeable(f"the next run of {pair.name} begins in less than {MARGIN} s; once it has, ask again")
    text = pair.timer.text
    calendars = check_calendars(runner, timer_unit.calendars(text), base_time=elapse)
    after = [one.elapses[0] for one in calendars.values() if one.elapses]
    spans = check_timespans(runner, timer_unit.repeat_triggers(text))
    after += [elapse + one.microseconds // 10**6 for one in spans.values() if one.microseconds]
    return Skip(elapse, min(after, default=0))
