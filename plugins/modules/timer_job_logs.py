#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_job_logs
short_description: Read what jobs have written
version_added: 0.1.0
description:
  - Returns what jobs of this collection wrote to the journal, and what systemd logged there about them.
  - On request, also returns the newest files of the directory that jobs log to.
options:
  names:
    description:
      - The jobs. If omitted, all jobs.
      - An unknown name does not make the module fail. It is returned in RV(unknown).
    type: list
    elements: str
  user:
    description:
      - Only jobs of the user manager of this account. V(root) for the jobs of the system. If omitted, the jobs of all
        managers.
    type: str
  since:
    description:
      - Only lines since this time, in the syntax of C(journalctl), for example V(1 hour ago) or V(2027-02-01 08:00).
    type: str
  until:
    description:
      - Only lines until this time, in the same syntax.
    type: str
  priority:
    description:
      - Only lines of this priority or a more urgent one. What a job writes has V(info), unless the job sets another
        priority.
    type: str
    choices: [emerg, alert, crit, err, warning, notice, info, debug]
  invocation:
    description:
      - V(last) for the lines of the last run of each job, or the invocation id of a run.
    type: str
  lines:
    description:
      - How many of the last lines to return, from 1 to 10000.
    type: int
    default: 200
  log_directory:
    description:
      - The directory that jobs log to. Its newest files are listed.
    type: path
  file:
    description:
      - The name of a file in O(log_directory). Its last O(lines) lines are returned.
    type: str
  unit_directory:
    description:
      - The directory of the unit files.
    type: path
    default: /etc/systemd/system
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
  - Requires root, or a user that may read the journal.
  - Links in O(log_directory) are not followed.
seealso:
  - module: dotmobi.systemd_timers.timer_jobs_info
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Read the errors of the last hour
  dotmobi.systemd_timers.timer_job_logs:
    names: [it-glue-backup]
    since: 1 hour ago
    priority: err
  become: true
  register: logs

- name: Read what the last run wrote
  dotmobi.systemd_timers.timer_job_logs:
    names: [it-glue-backup]
    invocation: last
  become: true
"""

RETURN = r"""
lines:
  description: The lines, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    time:
      description: When the line was written.
      type: str
    job:
      description: The job.
      type: str
    user:
      description: The account whose user manager has the job. V(null) for a job of the system.
      type: str
    priority:
      description: Priority of the line.
      type: str
      sample: info
    text:
      description: Text of the line.
      type: str
    by_systemd:
      description: Whether systemd wrote the line, about the job.
      type: bool
log_directory:
  description: The directory that jobs log to, as given.
  returned: success
  type: str
files:
  description: The newest files in the directory, newest first, each with C(name), C(size) and C(modified). At most 10.
  returned: success
  type: list
  elements: dict
file:
  description: Path of O(file). Empty if O(file) is not set.
  returned: success
  type: str
file_lines:
  description: The last lines of that file.
  returned: success
  type: list
  elements: str
jobs:
  description: Names of the jobs that were examined.
  returned: success
  type: list
  elements: str
unknown:
  description: Those of O(names) that are not jobs of this host, each with C(name), C(nearest) and C(foreign).
  returned: success
  type: list
  elements: dict
"""

import os
import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.find_job import Place, all_places
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.foreign_timer import foreign_timer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import InstalledJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.journal_lines import (
    PRIORITIES,
    JournalError,
    Line,
    Window,
    line_data,
    read_lines,
    read_notice_lines,
    read_runs,
    sync,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.log_files import (
    LogFileError,
    last_lines,
    newest,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import Source, read_history
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.notices import has_notices
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.encodable import encodable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import use_host_zone
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import (
    ProgramMissing,
    Runner,
    make_runner,
)

# Among so many runs of a job one is looked for by its id.
MOST_RUNS = 1000


def windows_of(runner: Runner, services: list[str], run: str, source: Source) -> list[Window]:
    """Return the runs that were asked for, as far as they are known."""
    found = read_history(runner, services, 1 if run == "last" else MOST_RUNS, source).runs
    return [
        Window(service, [one.invocation_id], one.start or one.end or 0.0, one.end)
        for service, runs in found.items()
        for one in runs
        if run in ("last", one.invocation_id)
    ]


def journal_lines(runner: Runner, places: list[Place], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of the journal. Raises JournalError."""
    if not places:
        return []
    sync(runner)
    options = [f"--{key}={given[key]}" for key in ("since", "until", "priority") if given[key]]
    found: list[tuple[Line, Scope]] = []
    for scope in dict.fromkeys(place.scope for place in places):
        services = [place.pair.service_name for place in places if place.scope == scope]
        source = Source(scope.uid)
        if given["invocation"]:
            windows = windows_of(runner, services, given["invocation"], source)
            lines = read_runs(runner, windows, options, given["lines"], source)
        else:
            lines = read_lines(runner, services, options, given["lines"], source)
        found += [(line, scope) for line in lines]
        # Jobs of user managers have no notices. Those of a run come after it has begun.
        pairs = [place.pair for place in places if place.scope == scope and scope.is_system]
        notices = notice_lines(runner, pairs, options, given["lines"]) if lines or not given["invocation"] else []
        found += [(line, scope) for line in notices if not given["invocation"] or line.time >= lines[0].time]
    found.sort(key=lambda one: one[0].time)
    return [{**line_data(line), "user": scope.account or None} for line, scope in found[-given["lines"] :]]


def notice_lines(runner: Runner, pairs: list[InstalledJob], options: list[str], most: int) -> list[Line]:
    """Return what could not be told of runs of jobs."""
    told = [pair.name for pair in pairs if has_notices(pair.name, pair.service.text)]
    return read_notice_lines(runner, told, options, most) if told else []


def main() -> None:
    """Return the lines."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str"},
            "user": {"type": "str"},
            "since": {"type": "str"},
            "until": {"type": "str"},
            "priority": {"type": "str", "choices": list(PRIORITIES)},
            "invocation": {"type": "str"},
            "lines": {"type": "int", "default": 200},
            "log_directory": {"type": "path"},
            "file": {"type": "str"},
            "unit_directory": {"type": "path", "default": "/etc/systemd/system"},
        },
        required_by={"file": ("log_directory",)},
        supports_check_mode=True,
    )
    given = module.params
    if not 1 <= given["lines"] <= 10000:
        module.fail_json(msg=f"lines {given['lines']} does not lie between 1 and 10000")
    if given["invocation"] and given["invocation"] != "last" and not re.match(r"^[0-9a-f]{32}$", given["invocation"]):
        module.fail_json(msg=f"invocation {given['run']!r} is neither `last` nor 32 hexadecimal digits")
    use_host_zone()
    everything = all_places(make_runner, os.path.normpath(given["unit_directory"]), given["user"] or "")
    for account, reason in everything.silent.items():
        module.warn(f"the jobs of {account} are not shown: {reason}")
    places = everything.found
    known = {place.pair.name: place for place in places}
    names = given["names"] or sorted(known)
    directory = given["log_directory"] or ""
    try:
        lines = journal_lines(make_runner(), [place for place in places if place.pair.name in names], given)
        files = newest(directory) if directory else []
        file_lines = last_lines(directory, given["file"], given["lines"]) if given["file"] else []
    except (ProgramMissing, JournalError, LogFileError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=False,
        lines=encodable(lines),
        log_directory=directory,
        files=encodable(files),
        file=os.path.join(directory, given["file"]) if given["file"] else "",
        file_lines=file_lines,
        jobs=[name for name in names if name in known],
        unknown=[
            {"name": name, "nearest": slip(name, known), "foreign": foreign_timer(name)}
            for name in names
            if name not in known
        ],
    )


if __name__ == "__main__":
    main()
