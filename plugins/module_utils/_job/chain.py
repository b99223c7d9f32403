# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs without a timer, which other jobs start when they have succeeded, or somebody manually; pure.

What enables such a job is a link, as with a timer: JOB-succeeded.target.wants/NAME.service. There is no such target.
The service of JOB starts what has a link there, after a run that began and succeeded. (OnSuccess= also starts its units
when an ExecCondition= said no, and systemd 247 and 248 do not have it.)
"""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import (
    RESULT,
    as_root,
    end_of_service,
    escaped,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import OWNER_SECTION, UnitText

# The key of the owner section of a service without a timer, and its value when no job starts it.
KEY = "TriggeredBy"
NOBODY = "-"
FOLDER = "-succeeded.target.wants"
SCRIPT = (
    'PATH=/usr/bin:/bin; [ "$$SERVICE_RESULT" = success ] || exit 0; '
    'for link in "$$1"/*.service; do [ -L "$$link" ] && systemctl{user} --no-block start -- "$${{link##*/}}"; done; '
    "exit 0"
)


def starters_of(service: str) -> tuple[str, ...] | None:
    """Return the jobs that start a job; None for a job that has a timer."""
    if f"{KEY}=" not in service:
        return None
    value = UnitText(service).last(OWNER_SECTION, KEY)
    return tuple(one for one in value.split() if one != NOBODY) if value else None


def links_of(name: str, service: str) -> list[str]:
    """Return the links, relative to the unit directory, that enable a job without a timer."""
    return [link_of(one, name) for one in starters_of(service) or ()]


def link_of(starter: str, name: str) -> str:
    """Return the link, relative to the unit directory, by which a job starts another one."""
    return f"{starter}{FOLDER}/{name}.service"


def is_chain_link(path: str) -> bool:
    """Tell whether a link, relative to the unit directory, enables a job without a timer."""
    return os.path.dirname(path).endswith(FOLDER)


def starting_others(job: WantedJob, unit_directory: str, scope: Scope) -> WantedJob:
    """Return a job whose service starts the jobs that follow it, if there are any."""
    if job.state == ABSENT or not job.followed:
        return job
    folder = escaped(f"{unit_directory}/{job.name}{FOLDER}")
    script = SCRIPT.format(user=" --user" if scope.account else "")
    lines = job.service.split("\n")
    # The last one: what the job itself does after its run comes before.
    command = f"/bin/sh -c '{script}' next \"{folder}\""
    # The manager of an account is found by a variable, and its programs are not root's.
    lines.insert(end_of_service(lines), f"ExecStopPost=-{'+' + command if scope.account else as_root(command, RESULT)}")
    return job._replace(service="\n".join(lines))
