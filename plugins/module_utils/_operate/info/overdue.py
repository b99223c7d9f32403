# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds elapses that have passed without a run; systemd computes them, a few calls for all jobs."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.missed_elapses import passed_elapses
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import last_value, parse
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import check_timespans
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

# systemd's own default of AccuracySec=.
DEFAULT_ACCURACY = 60.0
# systemd is given so long beyond what the timer allows: a busy host starts things late.
GRACE = 10.0


class Missed(NamedTuple):
    """The first elapse that has passed, and the one after it (Unix time)."""

    first: float
    second: float | None


def tolerances(runner: Runner, timers: Mapping[str, str]) -> dict[str, float]:
    """Return job to the seconds that its run may be late: accuracy, jitter and some grace."""
    wanted: dict[str, list[str]] = {}
    for name, text in timers.items():
        found = parse(text)
        values = [last_value(found, "Timer", key) for key in ("AccuracySec", "RandomizedDelaySec")]
        wanted[name] = [value for value in values if value]
    spans = check_timespans(runner, sorted({one for found in wanted.values() for one in found}))
    result = {}
    for name, text in timers.items():
        sure = "AccuracySec=" in text
        measured = sum((spans[one].microseconds or 0) / 1e6 for one in wanted[name])
        result[name] = measured + GRACE + (0.0 if sure else DEFAULT_ACCURACY)
    return result


def missed_elapses(
    runner: Runner, timers: Mapping[str, str], since: Mapping[str, float], running: set[str], now: float
) -> dict[str, Missed]:
    """Return for each job with a base in `since` its first elapse between that and now, less what may be late.

    Of jobs in `running`, only those are found that have gone on for two elapses: one is missed easily by a job that
    takes longer than its interval, and systemd does not catch up it.
    """
    asked = {name: text for name, text in timers.items() if since.get(name)}
    if not asked:
        return {}
    late = tolerances(runner, asked)
    jobs = [WantedJob(name, "present", "skip", "", text) for name, text in asked.items()]
    bases = {job.name: since[job.name] for job in jobs if timer_unit.calendars(job.timer)}
    with_calendar = [job for job in jobs if job.name in bases]
    first = passed_elapses(runner, with_calendar, bases, now) if with_calendar else {}
    again = {name: float(one.elapse) for name, one in first.items() if name in running}
    second = passed_elapses(runner, [job for job in jobs if job.name in again], again, now) if again else {}
    found = {}
    for name, one in first.items():
        after = second[name].elapse if name in second else None
        ends = after if name in running else one.elapse
        if ends is not None and ends + late[name] <= now:
            found[name] = Missed(one.elapse, after)
    return found
