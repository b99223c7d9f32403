#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is in the action plugin of the same name; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: proof_table
short_description: Show the proof of all hosts as one table
version_added: 0.1.0
description:
  - Prints a table of jobs (host, job, schedule in plain words, result of the proof) on the controller, followed by
    every finding. Hosts with the same findings are shown together.
  - The playbook C(validate) of this collection ends with it. It examines nothing and changes nothing itself.
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
options:
  results:
    description:
      - What M(dotmobi.systemd_timers.timer_jobs) returned on each host, by inventory name of the host.
    type: dict
    required: true
  limit:
    description:
      - How many rows to show at most. The last line counts the rows that are left out.
    type: int
    default: 60
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
  - module: dotmobi.systemd_timers.timer_jobs
"""

EXAMPLES = r"""
- name: Show the result of the proof on every host of the play
  dotmobi.systemd_timers.proof_table:
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, ['proved']))) }}"
  run_once: true
"""

RETURN = r"""
"""
