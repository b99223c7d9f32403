#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_jobs_info
short_description: Shows how the jobs on a host are
version_added: 0.1.0
description:
  - Returns the live picture of the jobs that M(dotmobi.systemd_timers.timer_jobs) has installed, and on request of
    every other timer of the host.
  - It says in one word how each job is, with the reason and what to do about it.
  - A fixed number of programs is called, whatever the number of jobs.
  - An ordinary user can run it. Then the history of runs is missing, unless that user may read the journal, and so are
    the jobs of user managers. Whose they would be is in RV(unseen).
options:
  names:
    description:
      - Jobs to look at. All of them when not given.
      - A name that is not known does not make the module fail. It is returned in RV(unknown).
    type: list
    elements: str
  user:
    description:
      - Only jobs of the user manager of this account, which needs root. V(root) for those of the system. Jobs of all
        when not given.
      - Accounts that linger are known. Another one does not make the module fail. It is returned in RV(unknown_user).
      - Timers that O(all) adds are those of the system.
    type: str
  owners:
    description:
      - Look only at jobs with these owner marks, as set by O(dotmobi.systemd_timers.timer_jobs#module:owner).
    type: list
    elements: str
  health:
    description:
      - Return only jobs that are like this.
    type: list
    elements: str
    choices: [ok, running, never-ran, overdue, failing, suspended, drifted, broken, done]
  all:
    description:
      - Whether timers that carry no owner mark are returned as well, such as those of the distribution.
    type: bool
    default: false
  runs:
    description:
      - How many of the last runs of each job to return, from 0 to 1000. They are read from the journal.
      - The journal is read for all jobs together, so a job that runs very often can leave fewer for others.
    type: int
    default: 5
  exposure:
    description:
      - Whether to ask C(systemd-analyze security) how much of the host each job could reach.
    type: bool
    default: false
  proof:
    description:
      - Whether to prove the jobs once more, as they stand on the host, and to look at the files that their commands
        need. Needs root. What a declaration accepts is not known here, so it is found, too.
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
attributes:
  check_mode:
    support: full
    description: Can run in check mode and then does the same, as it never changes anything.
  diff_mode:
    support: N/A
    description: Would return what changes, but nothing ever does.
requirements:
  - systemd 247 or newer on the host
notes:
  - A unit file that was edited by hand is told by the checksum in its last line. The playbook C(site) in check mode and
    diff mode shows what was edited.
seealso:
  - module: dotmobi.systemd_timers.timer_jobs
  - module: dotmobi.systemd_timers.timer_job_run
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Look at all jobs
  dotmobi.systemd_timers.timer_jobs_info:
  register: result

- name: Find what needs somebody
  dotmobi.systemd_timers.timer_jobs_info:
    health: [overdue, failing, drifted, broken]
  register: unhealthy

- name: Look at the last 20 runs of one job
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
      description: The owner mark. V(null) for a timer that is not of this collection.
      type: str
      sample: default
    unit_files:
      description: Paths of C(service) and C(timer).
      type: dict
    description:
      description: Description of the service.
      type: str
      sample: IT Glue Export Backup
    command:
      description: What it runs, as the unit file has it, without secrets.
      type: list
      elements: str
      sample: [/usr/bin/python3 /usr/local/dotmobi-tools/scripts/it_glue_export_backup.py]
    scope:
      description: Whose manager has the job, V(system) or V(user). Those of user managers are shown to root only.
      type: str
      sample: system
    user:
      description: The user it runs as, with C(scope) V(user) the account whose manager has it.
      type: str
      sample: root
    working_directory:
      description: The directory it runs in, empty when the unit names none.
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
      description: The jobs that start it, of a job without a timer. V(null) for one with a timer.
      type: list
      elements: str
      sample: [backup]
    persistent:
      description: Whether a run that was missed while the host was down is caught up.
      type: bool
    accuracy:
      description: How late systemd may start it, to save power.
      type: str
      sample: 1s
    jitter:
      description: How late it is started at most, so that hosts do not run at once. Empty for none.
      type: str
    timeout:
      description: How long it may run, C(TimeoutStartSec=). Empty when the unit does not say. With RV(jobs[].retries)
        it is that of all attempts together, and of the pauses between them.
      type: str
    attempt_timeout:
      description: How long each attempt may take, in seconds, where a program makes the attempts. V(null) for no limit.
      type: float
    retries:
      description:
        - How often it is tried within a run, C(attempts), with a pause of C(delay) seconds. Each further one is longer
          by the factor C(backoff), up to C(max_delay). V(null) when it is tried once.
      type: dict
      sample: {attempts: 3, delay: 10.0, backoff: 1.0, max_delay: 3600.0}
    concurrency:
      description:
        - What becomes of an elapse while it runs still, C(policy), V(queue), V(forbid) or V(replace).
        - The C(group) of jobs that wait for each other, how many of them run at a time (C(group_limit)), and for how
          many seconds a run waits (C(group_wait)). V(null) for a job of no group.
      type: dict
    starting_deadline:
      description: A run that begins later than so many seconds after its elapse is skipped. V(null) when it is not.
      type: float
    limits:
      description: The directives that limit what it may take, for example V(MemoryMax=512M).
      type: list
      elements: str
    told_to:
      description: Who is told of its runs, as far as this user may read it. Of addresses of webhooks and monitors, the
        host alone.
      type: list
      elements: str
      sample: ["failure: mail to ops@example.com"]
    failed_notices:
      description: The notices of RV(jobs[].runs) that did not arrive, each with C(invocation_id) of the run, C(event)
        and C(time).
      type: list
      elements: dict
    activity:
      description:
        - V(armed), V(running), V(suspended), V(stopped) (enabled, but not active), V(failed) (the timer) or
          V(done) (its last elapse has run). Without a timer V(triggered) or V(by-hand).
      type: str
      sample: armed
    enabled:
      description: Whether the timer is started at boot. Of a job without a timer, whether other jobs start it.
      type: bool
    timer_state:
      description: State of the timer in systemd's words.
      type: str
      sample: active (waiting)
    service_state:
      description: State of the service in systemd's words.
      type: str
      sample: inactive (dead)
    next_elapse:
      description: When its timer elapses next, ISO 8601 in the time zone of the host. V(null) when it does not.
      type: str
      sample: "2027-02-01T08:00:00+01:00"
    next_run:
      description: The same, but that an elapse whose run is skipped by hand is none.
      type: str
    skipped_elapse:
      description:
        - The elapse whose run will be skipped, because somebody has asked for that by hand (the playbook C(skip_next)).
          V(null) when there is none. Without root it is not known once that time has come.
      type: str
    last_trigger:
      description: When its timer elapsed last. V(null) when nobody knows. The time at which an apply has
        armed the timer, which systemd shows for it, is none.
      type: str
    last_run:
      description: The last run, however it was started. V(null) when none is known. See RV(jobs[].runs).
      type: dict
    runs:
      description: The last runs, the newest first.
      type: list
      elements: dict
      contains:
        invocation_id:
          description: systemd's id of this run, which finds its lines in the journal.
          type: str
        start:
          description: When it began.
          type: str
        end:
          description: When it ended. V(null) while it runs.
          type: str
        duration:
          description: How long it took, in seconds.
          type: float
        result:
          description: How it ended, in the word of C(Result=) of systemd, or V(running).
          type: str
          sample: exit-code
        result_text:
          description: The same in plain words.
          type: str
          sample: exit status 3
        failed_command:
          description: Which of several C(commands) has failed. V(null) when none has, or there is one only.
          type: str
          sample: 2 of 3, /usr/bin/rsync
        exit_status:
          description: Exit status of the main process, when it is known.
          type: int
        signal:
          description: Name of the signal that ended the main process.
          type: str
          sample: SIGKILL
        cpu:
          description: Seconds of processor time, where systemd accounts for them.
          type: float
        memory:
          description: The most memory that it had, in bytes, where systemd accounts for it.
          type: int
    overdue_since:
      description: The elapse that has gone by without a run. V(null) when there is none.
      type: str
    drift:
      description: How the job differs from what an apply leaves behind, in words. Empty when it does not.
      type: list
      elements: str
    exposure:
      description: What C(systemd-analyze security) says of the service, from 0 (safe) to 10. V(null) when nothing.
      returned: when O(exposure=true)
      type: float
    findings:
      description:
        - What the proof finds, each with C(field), C(value), C(reason), C(fix), C(code), C(severity) (V(error),
          V(environment) for what the host lacks, or V(warning)), and all of it in one line as C(message).
      returned: when O(proof=true)
      type: list
      elements: dict
    paths:
      description:
        - What the command needs, each with C(what) (V(directory), V(program) or V(script)), C(path), and as
          C(ls -l) has them C(mode), C(owner), C(group), C(size) and C(modified). These are V(null) when nothing is
          there.
      returned: when O(proof=true)
      type: list
      elements: dict
    unit_texts:
      description:
        - The text of the unit files C(service) and C(timer) as they stand on the host, without secrets. V(null) for a
          file that is missing, masked or not readable.
        - C(companions) are the further units of the job, name to text.
      returned: when O(units=true)
      type: dict
    health:
      description:
        - How the job is. V(overdue), V(failing), V(drifted) and V(broken) need somebody.
        - V(broken) - it cannot run as it stands. V(failing) - its last run has failed. V(overdue) - it should have
          run and has not, or its run does not end. V(drifted) - it was changed on the host.
      type: str
      sample: ok
    reason:
      description: Why.
      type: str
      sample: "last run: success"
    fix:
      description: What to do about it. Empty when nothing.
      type: str
counts:
  description: How many jobs there are of each health, before O(health) is looked at.
  returned: success
  type: dict
  sample: {ok: 3, failing: 1}
unhealthy:
  description: Names of the jobs in RV(jobs) that are overdue, failing, drifted or broken.
  returned: success
  type: list
  elements: str
unknown:
  description: Names of O(names) that are no job of this host, each with C(name), C(nearest), the name that was
    probably meant, and C(foreign), whose timer it is when it is that of a package.
  returned: success
  type: list
  elements: dict
unknown_user:
  description: The account of O(user) when none of that name lingers, with C(name) and C(nearest), the account that was
    probably meant.
  returned: success
  type: list
  elements: dict
unseen:
  description:
    - Accounts that linger and whose jobs were not looked at, each with C(user) and C(reason). It says nothing of how
      many jobs they have, which may be none.
    - Without root these are all of them. With root, an account whose unit files cannot be read, or whose user manager
      does not answer in time. What is returned of other jobs is whole.
  returned: success
  type: list
  elements: dict
  sample: [{user: alice, reason: only root can look at its jobs}]
history_readable:
  description: Whether runs could be read from the journal. V(false) also when it holds none.
  returned: success
  type: bool
time:
  description: The time of the host.
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
