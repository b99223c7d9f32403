#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_job_change
short_description: Suspend, resume, reschedule or remove an installed job, or skip its next run
version_added: 0.1.0
description:
  - Changes a job on the host without changing its declaration. This is meant for emergencies, because the next apply of
    the declaration undoes it.
  - The change is made like every apply. It is proved, it is undone if it fails, and the job does not run unexpectedly.
options:
  name:
    description:
      - The job. Jobs of user managers (C(scope=user)) are found, too.
    type: str
    required: true
  user:
    description:
      - Whose job it is, if several managers of the host have a job of that name. V(root) for the job of the system.
    type: str
  change:
    description:
      - V(suspend) - the job stays installed, but is no longer armed. A run under way is left to finish.
      - V(resume) - the job is armed again, and skips no run. An elapse that has passed in the meantime is not caught
        up.
      - V(reschedule) - the job gets another O(schedule). It is shown as drifted until the next apply.
      - V(skip_next) - the run that the timer starts next is skipped, and no other, even if the host is restarted or the
        declaration is applied before that. A condition in the service does this, see C(ExecCondition=) in
        systemd.service(5). A run that is started manually before that time is not skipped. Not available for jobs of
        user managers.
      - V(reset_failed) - systemd forgets that the last run failed, or that the job was started too often. So does the
        record of a job with a last elapse. The units stay as they are.
      - V(remove) - the units, files and stamp of the job are removed.
    type: str
    required: true
    choices: [suspend, resume, reschedule, skip_next, reset_failed, remove]
  schedule:
    description:
      - A calendar expression or a list of them. They replace all calendar expressions of the timer. For
        O(change=reschedule).
      - Each expression is a single line. Additional lines are refused, and so is anything else that could add a
        directive to the timer.
    type: raw
  on_reschedule:
    description:
      - What happens if the new schedule would make systemd run the job at once, as in
        M(dotmobi.systemd_timers.timer_jobs).
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
extends_documentation_fragment:
  - dotmobi.systemd_timers.attributes.action_group
attributes:
  check_mode:
    support: full
    description: Reports what would be done, and does nothing.
  diff_mode:
    support: full
    description: Returns the change of the unit files.
requirements:
  - systemd 247 or newer on the host
notes:
  - Requires root.
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

- name: Skip the next run
  dotmobi.systemd_timers.timer_job_change:
    name: it-glue-backup
    change: skip_next
  become: true

- name: Run it at another time until the next apply
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
  description: What was done to it, or in check mode would be done. Empty if nothing.
  returned: success
  type: list
  elements: str
  sample: [disarm, disable]
state:
  description: V(present), V(suspended) or V(absent).
  returned: success, except for V(reset_failed)
  type: str
next_elapse:
  description: When the timer elapses next. V(null) if it does not, and in check mode if this is not known yet.
  returned: success, except for V(reset_failed)
  type: str
next_run:
  description: When the job runs next, which is later than RV(next_elapse) if the run of that elapse is skipped. V(null)
    also if systemd does not report it.
  returned: success, except for V(reset_failed)
  type: str
skipped_elapse:
  description: The elapse whose run is skipped on request. V(null) if there is none.
  returned: success, except for V(reset_failed)
  type: str
armed:
  description: Whether the timer is armed, as in RV(dotmobi.systemd_timers.timer_jobs#module:jobs[].armed).
  returned: success, except for V(reset_failed)
  type: str
active:
  description: State of the timer, in systemd's words.
  returned: success, except for V(reset_failed)
  type: str
hint:
  description: What the next apply does with the job. For V(skip_next), which run is skipped.
  returned: success, except for V(reset_failed)
  type: str
proof_warnings:
  description: Warnings of the proof, each in one line.
  returned: success, except for V(reset_failed)
  type: list
  elements: str
unknown:
  description: The C(name), C(nearest), the name of the job that was probably meant, and C(foreign), whose timer it is
    if it does not belong to this collection.
  returned: failure, if there is no such job
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
