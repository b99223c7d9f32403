#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is in the action plugin of the same name; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_report
short_description: Show what modules of this collection returned on all hosts
version_added: 0.1.0
description:
  - Prints the results of several hosts on the controller, formatted for a terminal of 100 columns, or as JSON.
  - Hosts that do not have a requested job are left out and named in a note. If no host of the play has it, this is a
    failure.
  - The playbooks of this collection use it. It examines nothing and changes nothing itself.
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
options:
  kind:
    description:
      - What to show. V(status) and V(details) take results of M(dotmobi.systemd_timers.timer_jobs_info), V(run) those
        of M(dotmobi.systemd_timers.timer_job_run), V(logs) and V(log) (of one job) those of
        M(dotmobi.systemd_timers.timer_job_logs), V(schedule) those of M(dotmobi.systemd_timers.calendar) with one
        expression, and V(change) those of M(dotmobi.systemd_timers.timer_job_change).
      - V(examination) takes, for each host, C(status) and C(logs), which are such results of one job, with
        O(dotmobi.systemd_timers.timer_jobs_info#module:proof). V(diagnosis) takes, for each host, C(before) and
        C(after), which are the job as M(dotmobi.systemd_timers.timer_jobs_info) returns it, the C(lines) of its last
        run, C(run), a result of M(dotmobi.systemd_timers.timer_job_run) or V(null), and C(check), whether it is check
        mode.
      - With a file, V(logs) and V(log) show the end of the file and nothing from the journal.
    type: str
    choices: [status, details, change, run, logs, log, schedule, examination, diagnosis]
    required: true
  results:
    description:
      - What the module returned on each host, by inventory name of the host.
    type: dict
    required: true
  output:
    description:
      - V(text) for people, with colors on a terminal. V(json) prints all of it as one line of JSON, in which a host
        without the job has C(unknown).
    type: str
    choices: [text, json]
    default: text
  limit:
    description:
      - How many jobs of a host to show at most in the table of V(status).
    type: int
    default: 500
  gone_is_fine:
    description:
      - Whether a job that is on no host is not an error, unless its name looks like a misspelling of one that exists.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  connection:
    support: none
  delegation:
    support: none
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: dotmobi.systemd_timers.timer_jobs_info
  - module: dotmobi.systemd_timers.timer_job_run
"""

EXAMPLES = r"""
- name: Get the state of all jobs
  dotmobi.systemd_timers.timer_jobs_info:
  register: live

- name: Show the jobs
  dotmobi.systemd_timers.timer_report:
    kind: status
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, ['live']))) }}"
  run_once: true
"""

RETURN = r"""
failed_hosts:
  description: Hosts on which a unit of the job is in the state C(failed).
  returned: for V(examination)
  type: list
  elements: str
hosts_to_run:
  description: Hosts on which a manual run can provide information.
  returned: for V(examination)
  type: list
  elements: str
verdicts:
  description: What is wrong on each host, in one line, by name of the host. Empty if nothing is.
  returned: for V(diagnosis)
  type: dict
"""
