# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter runbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.runbook.runbook import book

DOCUMENTATION = r"""
name: runbook
short_description: Turn the jobs of several hosts into the content of a runbook
version_added: 0.1.0
description:
  - Takes what M(dotmobi.systemd_timers.timer_jobs_info) returned on several hosts with its option O(ignore:units), and
    returns what a document about the jobs needs. The playbook C(runbook) uses it.
  - Hosts can differ. Therefore, each fact about a job is a list of dictionaries, each with C(value) and C(hosts), the
    names of the hosts on which the fact has that value. For a fact that is the same everywhere, the list has one entry.
positional: _input
options:
  _input:
    description: What the module returned on each host, by inventory name of the host.
    type: dict
    required: true
  purposes:
    description: The purposes of jobs, as a dictionary of inventory names of hosts, each with a dictionary of job names
      and texts. If a job has none, its description is its purpose.
    type: dict
    default: {}
  log_directories:
    description: The directory that the jobs of each host log to, by inventory name of the host. Hosts without one may
      be left out.
    type: dict
    default: {}
  owner:
    description: The requested owner mark, if any. The error names it.
    type: str
    default: ""
seealso:
  - module: dotmobi.systemd_timers.timer_jobs_info
  - plugin: dotmobi.systemd_timers.markdown
    plugin_type: filter
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Get the jobs and their units
  dotmobi.systemd_timers.timer_jobs_info:
    units: true
  register: live

- name: Show when and where each job runs
  ansible.builtin.debug:
    msg: "{{ (results | dotmobi.systemd_timers.runbook).jobs | map(attribute='schedule') }}"
  vars:
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, ['live']))) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - C(error) states why there is nothing to document. Otherwise, it is empty.
    - C(hosts) are the names of the hosts.
    - C(jobs) are the jobs, sorted by name. C(name), C(shown_name), C(account) (whose user manager has it, otherwise
      empty), C(hosts), C(everywhere), C(suspended) and C(done) (hosts where this is the case) are plain values. The
      facts are C(owners), C(purpose), C(description), C(schedule) (in words), C(expressions), C(triggers), C(spans),
      C(persistent), C(accuracy), C(jitter), C(command), C(user), C(working_directory), C(output) (in words),
      C(output_files), C(programs) (paths), C(shell) (lines that do the same manually, none if a shell cannot), and
      C(changed) (how it differs from what an apply leaves behind). C(units) are its units, each with C(name) and
      C(files), whose values have C(path) and C(text).
    - C(directives) has, for C(service) and C(timer), all directives that occur, each with C(section), C(directive),
      C(values) and C(words), which explain its meaning.
    - C(log_directories) are the directories, each with its hosts.
  type: dict
"""


def runbook_filter(
    value: Any,
    purposes: Mapping[str, Mapping[str, str]] | None = None,
    log_directories: Mapping[str, str] | None = None,
    owner: str = "",
) -> dict[str, Any]:
    """Return what a runbook tells of the jobs."""
    results = value if isinstance(value, Mapping) else {"": None}
    for host, result in results.items():
        if not isinstance(result, Mapping) or not all("unit_texts" in job for job in result.get("jobs", [{}])):
            raise AnsibleFilterError(
                "runbook takes a dictionary of hosts to results of timer_jobs_info with `units: true`"
                + (f"; that of {host} is none" if host else f", not {value!r}")
            )
    for host, given in (purposes or {}).items():
        if not isinstance(given, Mapping):
            raise AnsibleFilterError(f"runbook: purposes of {host} are names of jobs to texts, not {given!r}")
    return book(results, purposes, log_directories, owner)


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Return the filters of this file."""
        return {"runbook": runbook_filter}
