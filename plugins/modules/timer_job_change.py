#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_job_change
short_description: Suspends, resumes, reschedules or removes an installed job, or skips its next run
version_added: 0.1.0
description:
  - Changes a job as it stands on the host, without its declaration. It is meant for emergencies, because the next apply
    of the declaration undoes it.
  - It is done like every apply. It is proved, it is undone when it fails, and the job is not run by surprise.
options:
  name:
    description:
      - The job. That of a user manager (C(scope=user)) is found, too.
    type: str
    required: true
  user:
    description:
      - Whose job it is, when several managers of the host have one of that name. V(root) for that of the system.
    type: str
  change:
    description:
      - V(suspend) - the job stays installed, and is not armed. A run that is under way is left to finish.
      - V(resume) - it is armed, and skips no run. An elapse that has gone by meanwhile is not caught up.
      - V(reschedule) - it gets another O(schedule). The job is shown as drifted until the next apply.
      - V(skip_next) - the run that its timer starts next is skipped, and no other, also when the host is restarted
        or the declaration is applied before that. A condition in the service does it, see C(ExecCondition=) in
        systemd.service(5). A run that is started by hand before that time is not skipped. Not for jobs of user
        managers.
      - V(reset_failed) - systemd forgets that the last run has failed, or that the job was started too often. So does
        the record of a job with a last elapse. Its units stay as they are.
      - V(remove) - its units, files and stamp are removed.
    type: str
    required: true
    choices: [suspend, resume, reschedule, skip_next, reset_failed, remove]
  schedule:
    description:
      - A calendar expression or a list of them, which take the place of all that the timer has. For
        O(change=reschedule).
      - Each one is one line. What is more is refused, and so is anything else that could add a directive to the timer.
    type: raw
  on_reschedule:
    description:
      - What the new schedule may trigger at once, as in M(dotmobi.systemd_timers.timer_jobs).
    type: str
    choices: [skip, run, fail]
    default: skip
  unit_directory:
    description:
      - The directory of the unit files.
    type: path
    default: /etc/systemd/system
  files_directory:
    description:
      - The directory of the jobs' files.
    type: path
    default: /etc/dotmobi.systemd_timers
attributes:
  check_mode:
    support: full
    description: Says what would be done, and does nothing.
  diff_mode:
    support: full
    description: Returns the change of the unit files.
requirements:
  - systemd 247 or newer on the host
notes:
  - Needs root.
seealso:
  - module: dotmobi.systemd_timers.timer_jobs
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Keep a job from running
  dotmobi.systemd_timers.timer_job_change:
    name: it-glue-backup
    change: suspend
  become: true

- name: Leave the next run out
  dotmobi.systemd_timers.timer_job_change:
    name: it-glue-backup
    change: skip_next
  become: true

- name: Run it at another time for now
  dotmobi.systemd_timers.timer_job_change:
    name: it-glue-backup
    change: reschedule
    schedule: Tue 09:00
  become: true
"""

RETURN = r"""
name:
  description: The job.
  returned: success
  type: str
actions:
  description: What was done to it, or in check mode would be. Empty when nothing.
  returned: success
  type: list
  elements: str
  sample: [disarm, disable]
state:
  description: V(present), V(suspended) or V(absent).
  returned: success, but not for V(reset_failed)
  type: str
next_elapse:
  description: When it runs next. V(null) when it does not, and in check mode when that is not known yet.
  returned: success, but not for V(reset_failed)
  type: str
next_run:
  description: The same, but that a run which is skipped is none. V(null) when systemd does not tell it, too.
  returned: success, but not for V(reset_failed)
  type: str
skipped_elapse:
  description: The elapse whose run is skipped by hand. V(null) when there is none.
  returned: success, but not for V(reset_failed)
  type: str
armed:
  description: Whether the timer is armed, as in RV(dotmobi.systemd_timers.timer_jobs#module:jobs[].armed).
  returned: success, but not for V(reset_failed)
  type: str
active:
  description: State of the timer in systemd's words.
  returned: success, but not for V(reset_failed)
  type: str
hint:
  description: What the next apply makes of it; for V(skip_next) which run is skipped.
  returned: success, but not for V(reset_failed)
  type: str
proof_warnings:
  description: What the proof warns of, each in one line.
  returned: success, but not for V(reset_failed)
  type: list
  elements: str
unknown:
  description: The name, in C(nearest) the name of the job that was probably meant, and in C(foreign) whose timer it is
    when it is that of a package.
  returned: failure, when there is no such job
  type: list
  elements: dict
diff:
  description: The change of the unit files.
  returned: in diff mode
  type: list
  elements: dict
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import shown
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.unknown_job import UnknownJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.find_job import PlaceError, find_job
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_job import Mode, do_change
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import (
    CHANGES,
    RESCHEDULE,
    Change,
    NotChangeable,
    check_schedule,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_value import BadText, texts_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import use_host_zone
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import make_runner

GIVE_SCHEDULE = "-e \"schedule='Mon 08:00'\""


def schedule_of(module: AnsibleModule, given: Any) -> list[str]:
    """Return the expressions of another schedule; end where there is none, or one that is more than a line."""
    if module.params["change"] != RESCHEDULE:
        return []
    try:
        schedule = texts_of(given)
        if not any(schedule):
            module.fail_json(msg=f"no schedule is given: say which one with {GIVE_SCHEDULE}")
        check_schedule(module.params["name"], schedule)
    except BadText as error:
        module.fail_json(msg=f"schedule {shown(given)} {error.reason}; {error.fix}")
    except NotChangeable as error:
        module.fail_json(msg=str(error))
    return schedule


def main() -> None:
    """Change the job."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "user": {"type": "str"},
            "change": {"type": "str", "required": True, "choices": list(CHANGES)},
            "schedule": {"type": "raw"},
            "on_reschedule": {"type": "str", "default": "skip", "choices": ["skip", "run", "fail"]},
            "unit_directory": {"type": "path", "default": "/etc/systemd/system"},
            "files_directory": {"type": "path", "default": "/etc/dotmobi.systemd_timers"},
        },
        supports_check_mode=True,
    )
    given = module.params
    schedule = schedule_of(module, given["schedule"])
    use_host_zone()
    units, files = (os.path.normpath(given[name]) for name in ("unit_directory", "files_directory"))
    change = Change(given["change"], schedule, given["on_reschedule"])
    try:
        place = find_job(make_runner, given["name"], units, given["user"] or "")
    except UnknownJob as error:
        module.fail_json(msg=str(error), unknown=error.data)
    except PlaceError as error:
        module.fail_json(msg=str(error))
    host = Request([], "", False, "warn", units, "", files)
    module.exit_json(**do_change(make_runner, place, change, host, Mode(module.check_mode, module._diff)))


if __name__ == "__main__":
    main()
