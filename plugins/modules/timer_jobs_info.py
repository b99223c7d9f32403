#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_jobs_info
short_description: Show the state of the jobs on a host
version_added: 0.1.0
description:
  - Returns the live state of the jobs that M(dotmobi.systemd_timers.timer_jobs) has installed, and on request of every
    other timer of the host.
  - It states the health of each job in one word, with the reason and what to do about it.
  - It calls a fixed number of programs, whatever the number of jobs.
  - An ordinary user can run it. In that case, the history of runs is missing unless that user may read the journal, and
    the jobs of user managers are missing. RV(unseen) lists the accounts of these managers.
options:
  names:
    description:
      - Jobs to return. If omitted, all jobs.
      - An unknown name does not make the module fail. It is returned in RV(unknown).
    type: list
    elements: str
  user:
    description:
      - Only jobs of the user manager of this account, which requires root. V(root) for the jobs of the system. If
        omitted, the jobs of all managers.
      - Only accounts that linger are known. Any other account does not make the module fail. It is returned in
        RV(unknown_user).
      - The timers that O(all) adds are those of the system.
    type: str
  owners:
    description:
      - Only jobs with these owner marks, as set by O(dotmobi.systemd_timers.timer_jobs#module:owner).
    type: list
    elements: str
  health:
    description:
      - Only jobs whose health is one of these.
    type: list
    elements: str
    choices: [ok, running, never-ran, overdue, failing, suspended, drifted, broken, done]
  all:
    description:
      - Whether to return timers without an owner mark as well, such as those of the distribution.
    type: bool
    default: false
  runs:
    description:
      - How many of the last runs of each job to return, from 0 to 1000. They are read from the journal.
      - The journal is read for all jobs together, so a job that runs very often can leave fewer runs for the others.
    type: int
    default: 5
  exposure:
    description:
      - Whether to ask C(systemd-analyze security) how much of the host each job could reach.
    type: bool
    default: false
  proof:
    description:
      - Whether to prove the jobs again as they are on the host, and to examine the files that their commands need.
        Requires root. What a declaration accepts is not known here, so it is reported, too.
    type: bool
    default: false
  units:
    description:
      - Whether to return the text of the unit files of each job, without secrets.
    type: bool
    default: false
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
    description: Can run in check mode, and does the same there, because it never changes anything.
  diff_mode:
    support: N/A
    description: Never changes anything.
requirements:
  - systemd 247 or newer on the host
notes:
  - A unit file that was edited manually is detected by the checksum in its last line. The playbook C(site) in check
    mode and diff mode shows what was edited.
seealso:
  - module: dotmobi.systemd_timers.timer_jobs
  - module: dotmobi.systemd_timers.timer_job_run
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Get the state of all jobs
  dotmobi.systemd_timers.timer_jobs_info:
  register: result

- name: Find jobs that need attention
  dotmobi.systemd_timers.timer_jobs_info:
    health: [overdue, failing, drifted, broken]
  register: unhealthy

- name: Get the last 20 runs of one job
  dotmobi.systemd_timers.timer_jobs_info:
    names: [it-glue-backup]
    runs: 20
"""

RETURN = r"""
jobs:
  description: The jobs, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the job.
      type: str
      sample: it-glue-backup
    owner:
      description: The owner mark. V(null) for a timer that does not belong to this collection.
      type: str
      sample: default
    unit_files:
      description: Paths of the unit files, C(service) and C(timer).
      type: dict
    description:
      description: Description of the service.
      type: str
      sample: IT Glue Export Backup
    command:
      description: What it runs, as in the unit file, without secrets.
      type: list
      elements: str
      sample: [/usr/bin/python3 /usr/local/dotmobi-tools/scripts/it_glue_export_backup.py]
    scope:
      description: Which manager has the job, V(system) or V(user). Jobs of user managers are shown to root only.
      type: str
      sample: system
    user:
      description: The user that it runs as. With C(scope) V(user), the account whose manager has it.
      type: str
      sample: root
    working_directory:
      description: The directory that it runs in. Empty if the unit does not set one.
      type: str
    schedule:
      description: Its calendar expressions.
      type: list
      elements: str
      sample: [Mon *-*-* 08:00:00]
    triggers:
      description: Its other triggers, each with C(directive) and C(value).
      type: list
      elements: dict
      sample: [{directive: OnBootSec, value: 5min}]
    triggered_by:
      description: For a job without a timer, the jobs that start it. V(null) for a job with a timer.
      type: list
      elements: str
      sample: [backup]
    persistent:
      description: Whether a run that was missed while the host was off is caught up.
      type: bool
    accuracy:
      description: How late systemd may start it, to save power.
      type: str
      sample: 1s
    jitter:
      description: By how much its start is delayed at most, to keep hosts from running it at the same time. Empty if
        there is no delay.
      type: str
    timeout:
      description: How long it may run, C(TimeoutStartSec=). Empty if the unit does not set it. With RV(jobs[].retries),
        the limit of all attempts together, including the pauses between them.
      type: str
    attempt_timeout:
      description: How long each attempt may take, in seconds, if a program makes the attempts. V(null) if there is no
        limit.
      type: float
    retries:
      description:
        - How often it is tried within a run, C(attempts), with a pause of C(delay) seconds. Each further pause is
          longer by the factor C(backoff), up to C(max_delay). V(null) if it is tried only once.
      type: dict
      sample: {attempts: 3, delay: 10.0, backoff: 1.0, max_delay: 3600.0}
    concurrency:
      description:
        - What happens to an elapse while a run is still under way, C(policy), which is V(queue), V(forbid) or
          V(replace).
        - The C(group) of jobs that wait for each other, how many of them run at a time (C(group_limit)), and for how
          many seconds a run waits (C(group_wait)). V(null) for a job without a group.
      type: dict
    starting_deadline:
      description: A run that begins more than this many seconds after its elapse is skipped. V(null) if there is no
        deadline.
      type: float
    limits:
      description: The directives that limit what it may use, for example V(MemoryMax=512M).
      type: list
      elements: str
    notified:
      description: Who is notified about its runs, as far as this user may read it. For URLs of webhooks and monitors,
        only the host.
      type: list
      elements: str
      sample: ["failure: mail to ops@example.com"]
    failed_notices:
      description: The notices about RV(jobs[].runs) that did not arrive, each with C(invocation_id) of the run,
        C(event) and C(time).
      type: list
      elements: dict
    activity:
      description:
        - V(armed), V(running), V(suspended), V(stopped) (enabled, but not active), V(failed) (the timer) or V(done)
          (its last elapse has run). For a job without a timer, V(triggered) or V(manual).
      type: str
      sample: armed
    enabled:
      description: Whether the timer is started at boot. For a job without a timer, whether other jobs start it.
      type: bool
    timer_state:
      description: State of the timer, in systemd's words.
      type: str
      sample: active (waiting)
    service_state:
      description: State of the service, in systemd's words.
      type: str
      sample: inactive (dead)
    next_elapse:
      description: When its timer elapses next, as ISO 8601 in the time zone of the host. V(null) if it does not.
      type: str
      sample: "2027-02-01T08:00:00+01:00"
    next_run:
      description: The same, but without an elapse whose run is skipped on request.
      type: str
    skipped_elapse:
      description:
        - The elapse whose run will be skipped, because this was requested with the playbook C(skip_next). V(null) if
          there is none. Without root, it is no longer known once that time has come.
      type: str
    last_trigger:
      description: When its timer last elapsed. V(null) if this is not known. The time at which an apply armed the
        timer, which systemd shows for it, is not an elapse.
      type: str
    last_run:
      description: The last run, however it was started. V(null) if none is known. See RV(jobs[].runs).
      type: dict
    runs:
      description: The last runs, newest first.
      type: list
      elements: dict
      contains:
        invocation_id:
          description: systemd's invocation ID of this run, which identifies its lines in the journal.
          type: str
        start:
          description: When it began.
          type: str
        end:
          description: When it ended. V(null) while it is running.
          type: str
        duration:
          description: How long it took, in seconds.
          type: float
        result:
          description: How it ended, as in C(Result=) of systemd, or V(running).
          type: str
          sample: exit-code
        result_text:
          description: The same in plain words.
          type: str
          sample: exit status 3
        failed_command:
          description: Which of several C(commands) failed. V(null) if none failed, or if there is only one.
          type: str
          sample: 2 of 3, /usr/bin/rsync
        exit_status:
          description: Exit status of the main process, if it is known.
          type: int
        signal:
          description: Name of the signal that ended the main process.
          type: str
          sample: SIGKILL
        cpu:
          description: CPU time in seconds, if systemd accounts for it.
          type: float
        memory:
          description: Peak memory use in bytes, if systemd accounts for it.
          type: int
    overdue_since:
      description: The elapse that has passed without a run. V(null) if there is none.
      type: str
    drift:
      description: How the job differs from what an apply leaves behind, in words. Empty if it does not.
      type: list
      elements: str
    exposure:
      description: Exposure of the service according to C(systemd-analyze security), from 0 (safe) to 10. V(null) if it
        is not known.
      returned: if O(exposure=true)
      type: float
    findings:
      description:
        - What the proof finds, each with C(field), C(value), C(reason), C(fix), C(code), C(severity) (V(error),
          V(environment) for what the host lacks, or V(warning)), and the whole finding in one line as C(message).
      returned: if O(proof=true)
      type: list
      elements: dict
    paths:
      description:
        - What the command needs, each with C(what) (V(directory), V(program) or V(script)), C(path), and C(mode),
          C(owner), C(group), C(size) and C(modified) as in C(ls -l). These are V(null) if the path does not exist.
      returned: if O(proof=true)
      type: list
      elements: dict
    unit_texts:
      description:
        - The text of the unit files C(service) and C(timer) as they are on the host, without secrets. V(null) for a
          file that is missing, masked or not readable.
        - C(companions) are the other units of the job, name to text.
      returned: if O(units=true)
      type: dict
    health:
      description:
        - Health of the job. V(overdue), V(failing), V(drifted) and V(broken) need attention.
        - V(broken) - the job cannot run as it is. V(failing) - its last run failed. V(overdue) - it should have run and
          has not, or its run does not end. V(drifted) - it was changed on the host.
      type: str
      sample: ok
    reason:
      description: Why it has this health.
      type: str
      sample: "last run: success"
    fix:
      description: What to do about it. Empty if nothing.
      type: str
counts:
  description: How many jobs there are of each health, before O(health) is applied.
  returned: success
  type: dict
  sample: {ok: 3, failing: 1}
unhealthy:
  description: Names of the jobs in RV(jobs) that are overdue, failing, drifted or broken.
  returned: success
  type: list
  elements: str
unknown:
  description: Those of O(names) that are not jobs of this host, each with C(name), C(nearest), the name that was
    probably meant, and C(foreign), whose timer it is if it does not belong to this collection.
  returned: success
  type: list
  elements: dict
unknown_user:
  description: The account of O(user) if no account of that name lingers, with C(name) and C(nearest), the account that
    was probably meant.
  returned: success
  type: list
  elements: dict
unseen:
  description:
    - Accounts that linger and whose jobs were not examined, each with C(user) and C(reason). This says nothing about
      how many jobs they have. There may be none.
    - Without root, these are all such accounts. With root, these are accounts whose unit files cannot be read, or whose
      user manager does not answer in time. What is returned about other jobs is complete.
  returned: success
  type: list
  elements: dict
  sample: [{user: alice, reason: only root can look at its jobs}]
history_readable:
  description: Whether runs could be read from the journal. V(false) also if the journal contains none.
  returned: success
  type: bool
time:
  description: The current time of the host.
  returned: success
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.health import HEALTHS
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.host_status import whole_picture
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.live_state import Query
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.encodable import encodable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    CalendarError,
    use_host_zone,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, make_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import ObserveError


def main() -> None:
    """Return the live picture."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str"},
            "user": {"type": "str"},
            "owners": {"type": "list", "elements": "str"},
            "health": {"type": "list", "elements": "str", "choices": list(HEALTHS)},
            "all": {"type": "bool", "default": False},
            "runs": {"type": "int", "default": 5},
            "exposure": {"type": "bool", "default": False},
            "proof": {"type": "bool", "default": False},
            "units": {"type": "bool", "default": False},
            "unit_directory": {"type": "path", "default": "/etc/systemd/system"},
            "files_directory": {"type": "path", "default": "/etc/dotmobi.systemd_timers"},
        },
        supports_check_mode=True,
    )
    given = module.params
    if not 0 <= given["runs"] <= 1000:
        module.fail_json(msg=f"runs {given['runs']} does not lie between 0 and 1000")
    if given["proof"] and os.geteuid() != 0:
        module.fail_json(msg="proof needs root; use become")
    if given["user"] not in (None, "", "root") and os.geteuid() != 0:
        module.fail_json(msg=f"the jobs of {given['user']} are seen by root only; use become")
    use_host_zone()
    wish = Query(
        unit_directory=os.path.normpath(given["unit_directory"]),
        names=given["names"] or [],
        owners=given["owners"] or [],
        healths=given["health"] or [],
        everything=given["all"],
        runs=given["runs"],
        exposure=given["exposure"],
        proof=given["proof"],
        files_directory=os.path.normpath(given["files_directory"]),
        units=given["units"],
    )
    try:
        result = whole_picture(make_runner, wish, given["user"] or "")
    except (ProgramMissing, ObserveError, CalendarError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **encodable(result))


if __name__ == "__main__":
    main()
