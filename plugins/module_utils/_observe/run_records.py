# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of the last runs of jobs on a host (`_job/run_record`)."""

from __future__ import annotations

import contextlib
import os
from typing import Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ACKNOWLEDGED, RECORD, RunRecord
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import parse_record
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.own_file import read_ordinary, write_whole
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState, is_under_way

LARGEST_RECORD = 64 * 1024


def read_record(directory: str, job: str) -> RunRecord | None:
    """Return the record of the last run of a job; None when there is none, or none that this user may read."""
    with contextlib.suppress(OSError, UnicodeError):
        found = read_ordinary(os.path.join(directory, job, RECORD), LARGEST_RECORD)
        return parse_record((found or b"").decode("ascii"))
    return None


def read_records(directory: str) -> dict[str, RunRecord]:
    """Return job to the record of its last run; for others than root there is none to see."""
    with contextlib.suppress(OSError):
        found = {job: read_record(directory, job) for job in os.listdir(directory)}
        return {job: record for job, record in found.items() if record}
    return {}


def unseen_failure(job: str, record: RunRecord | None, units: Mapping[str, UnitState]) -> RunRecord | None:
    """Return the record of a last run that has failed and that nobody has seen; systemd forgets one at a boot."""
    return record if record and not record.ended_well and not is_under_way(job, units) else None


def acknowledge(directory: str, job: str, record: RunRecord) -> None:
    """Write into the record of a job that somebody has seen how its last run has ended."""
    words = (record.owner, str(record.when), ",".join(sorted(record.checksums)), ACKNOWLEDGED)
    write_whole(os.path.join(directory, job, RECORD), f"{' '.join(words)}\n")
