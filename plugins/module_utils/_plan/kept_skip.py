# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the skip of a run that somebody has asked for when the job is applied again; pure."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import PRESENT, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import skip_of, with_skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit


def keeping_skip(job: WantedJob, observed: Observed, now: float) -> WantedJob:
    """Return a job that still skips the run that somebody has asked to skip, unless it gets other times."""
    service = observed.files.get(f"{job.name}.service", NO_FILE)
    timer = observed.files.get(f"{job.name}.timer", NO_FILE)
    skip = skip_of(service.text) if service.kind == "file" and job.state == PRESENT else None
    if skip is None or not skip.is_pending(now, observed.states.get(job.name, ())):
        return job
    if timer_unit.triggers(timer.text) != timer_unit.triggers(job.timer):
        return job
    return job._replace(service=with_skip(job.service, job.name, skip))
