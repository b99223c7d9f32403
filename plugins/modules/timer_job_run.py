#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_job_run
short_description: Run a job now
version_added: 0.1.0
description:
  - Starts a job that M(dotmobi.systemd_timers.timer_jobs) has installed, waits for its end, and returns how it ended
    and what it wrote.
  - The job runs as its timer would run it, as its user and with its environment. Its schedule is not touched.
  - The run is identified by its invocation ID, so a run that the timer starts at the same time is not mistaken for it.
  - Fails if the job fails.
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
  wait:
    description:
      - Whether to wait for the end of the run. If V(false), the module returns as soon as the run has begun.
    type: bool
    default: true
  timeout:
    description:
      - How many seconds to wait at most. With V(0), there is no limit.
    type: int
    default: 0
  on_timeout:
    description:
      - What happens to a run that takes longer than O(timeout). V(leave) lets it continue. V(stop) ends it.
      - The module fails in both cases.
    type: str
    choices: [leave, stop]
    default: leave
  when_running:
    description:
      - What to do if a run is already under way. V(fail) fails. V(join) waits for that run.
    type: str
    choices: [fail, join]
    default: fail
  invocation_id:
    description:
      - Starts nothing, and waits for this run, which was started earlier with O(wait=false).
    type: str
  lines:
    description:
      - How many of the last lines of the run to return, from 0 to 10000.
    type: int
    default: 200
  show:
    description:
      - Whether to print the lines of the run as they arrive, and how long it has taken so far.
      - Not available for a task with C(async).
    type: bool
    default: false
  unit_directory:
    description:
      - The directory of the unit files.
    type: path
    default: /etc/systemd/system
  _after:
    description:
      - Position up to which the lines of the run have already been returned. Internal. Do not set it in tasks.
    type: str
  _slice:
    description:
      - Whether the action plugin asks again when the time is over. Internal. Do not set it in tasks.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
  - dotmobi.systemd_timers.attributes.action_group
attributes:
  action:
    support: full
  async:
    support: full
  become:
    support: full
  bypass_host_loop:
    support: none
  check_mode:
    support: full
    description: Reports what would run, and runs nothing.
  connection:
    support: full
  delegation:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
requirements:
  - systemd 247 or newer on the host
notes:
  - Requires root.
  - The host is queried every few seconds, so an interrupted connection does not end the job.
seealso:
  - module: dotmobi.systemd_timers.timer_jobs_info
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Make a backup now and wait for it
  dotmobi.systemd_timers.timer_job_run:
    name: it-glue-backup
    timeout: 600
  become: true

- name: Start it and continue
  dotmobi.systemd_timers.timer_job_run:
    name: it-glue-backup
    wait: false
  become: true
  register: started

- name: Wait for it later
  dotmobi.systemd_timers.timer_job_run:
    name: it-glue-backup
    invocation_id: "{{ started.invocation_id }}"
  become: true
"""

RETURN = r"""
name:
  description: The job.
  returned: success or failure of the job
  type: str
invocation_id:
  description: systemd's invocation ID of the run. Empty if the run did not begin.
  returned: if the job was started
  type: str
invocation_ids:
  description: The invocation ID of each attempt, if systemd retried the run.
  returned: if the job was started
  type: list
  elements: str
finished:
  description: Whether the run has ended.
  returned: if the job was started
  type: bool
joined:
  description: Whether the run was already under way.
  returned: if the job was started
  type: bool
stopped:
  description: Whether it was stopped because of O(timeout).
  returned: if the job was started
  type: bool
result:
  description: How it ended, as in C(Result=) of systemd, or V(running).
  returned: if the job was started
  type: str
  sample: exit-code
result_text:
  description: The same in plain words.
  returned: if the job was started
  type: str
  sample: exit status 3
failed_command:
  description: Which of several C(commands) failed. V(null) if none failed, or if there is only one.
  returned: if the job was started
  type: str
  sample: 2 of 3, /usr/bin/rsync
exit_status:
  description: Exit status of its main process. V(null) if it is not known.
  returned: if the job was started
  type: int
signal:
  description: Name of the signal that ended its main process.
  returned: if the job was started
  type: str
start:
  description: When it began, as ISO 8601 in the time zone of the host.
  returned: if the job was started
  type: str
end:
  description: When it ended. V(null) while it is running.
  returned: if the job was started
  type: str
duration:
  description: How long it took, in seconds.
  returned: if the job was started
  type: float
cpu:
  description: CPU time in seconds, if systemd accounts for it.
  returned: if the job was started
  type: float
memory:
  description: Peak memory use in bytes, if systemd accounts for it.
  returned: if the job was started
  type: int
lines:
  description:
    - What the run wrote to the journal, each line with C(time), C(job), C(priority), C(text), and C(by_systemd) for
      what systemd logged about the run. At most the last O(lines) lines.
  returned: if the job was started
  type: list
  elements: dict
command:
  description: What the job runs, without secrets.
  returned: always, for a known job
  type: list
  elements: str
user:
  description: The user that the job runs as.
  returned: always, for a known job
  type: str
unknown:
  description: The C(name), C(nearest), the name of the job that was probably meant, and C(foreign), whose timer it is
    if it does not belong to this collection.
  returned: failure, if there is no such job
  type: list
  elements: dict
"""

import os
import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.unknown_job import UnknownJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import GOOD_RESULTS
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.account import root_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._managers.find_job import PlaceError, find_job
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import declared
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.journal_lines import (
    JournalError,
    Window,
    line_data,
    read_runs,
    sync,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.history.runs import (
    RunState,
    Source,
    read_history,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.job_status import run_data
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.run_job import (
    RECENT_RUNS,
    Progress,
    RunError,
    ask,
    follow,
    invocation_of,
    start,
    stop,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.encodable import encodable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import use_host_zone
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import (
    ProgramMissing,
    Runner,
    make_runner,
)


def outcome(runner: Runner, service: str, progress: Progress, given: dict[str, Any], source: Source) -> dict[str, Any]:
    """Return what the module returns of a run."""
    run = progress.run
    data = run_data(run) if run else {"result": "unknown", "result_text": "nothing is known of its end"}
    result: dict[str, Any] = {**data, "finished": progress.finished, "lines": [], "cursor": ""}
    result["invocation_ids"] = progress.invocations
    result["invocation_id"] = progress.invocations[-1] if progress.invocations else ""
    if progress.invocations and given["lines"]:
        sync(runner)
        after = [f"--after-cursor={given['_after']}"] if given["_after"] else []
        window = Window(service, progress.invocations, progress.started, run.end if run and progress.finished else None)
        run = with_command(runner, service, run, source) if run else run
        result.update({key: run_data(run)[key] for key in ("result_text", "failed_command")} if run else {})
        found = read_runs(runner, [window], after, given["lines"], source)
        result["lines"] = [line_data(line) for line in found]
        result["cursor"] = found[-1].cursor if found else given["_after"] or ""
    return result


def with_command(runner: Runner, service: str, run: RunState, source: Source) -> RunState:
    """Return a run that says which one of several commands has failed, which the journal alone knows."""
    if not run.result or run.result in GOOD_RESULTS:
        return run
    found = read_history(runner, [service], RECENT_RUNS, source).runs.get(service, [])
    commands = [one.command for one in found if one.invocation_id == run.invocation_id]
    return run._replace(command=commands[0]) if commands else run


def seconds(given: dict[str, Any]) -> float | None:
    """Return for how long to wait."""
    return float(given["timeout"]) or None


def run_job(runner: Runner, service: str, given: dict[str, Any], source: Source) -> tuple[Progress, dict[str, bool]]:
    """Start or find the run, and wait as asked. Raises RunError."""
    notes = {"joined": False, "stopped": False, "changed": False}
    if given["invocation_id"]:
        progress = Progress([given["invocation_id"]], None, finished=False)
    else:
        memory = ask(runner, service)
        if memory.running and given["when_running"] == "fail":
            raise RunError("runs already; `when_running: join` waits for that run")
        if memory.running:
            notes["joined"] = True
            progress = Progress([invocation_of(memory)], memory.run, finished=False)
        else:
            notes["changed"] = True
            progress = start(runner, service, source)
    if given["wait"] and not progress.finished:
        progress = follow(runner, service, progress.invocations, seconds(given), source)
        if not progress.finished and given["on_timeout"] == "stop":
            notes["stopped"] = notes["changed"] = True
            progress = stop(runner, service, progress.invocations, source)
    return progress, notes


def message(result: dict[str, Any], given: dict[str, Any]) -> str:
    """Return why this is a failure, or an empty text."""
    name = given["name"]
    if result["stopped"]:
        return f"{name}: ran for more than {given['timeout']} s, and was stopped"
    if not result["finished"]:
        return f"{name}: still runs after {given['timeout']} s, and goes on" if given["wait"] else ""
    return "" if result["result"] in GOOD_RESULTS else f"{name}: {result['result_text']}"


def main() -> None:
    """Run the job."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "user": {"type": "str"},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 0},
            "on_timeout": {"type": "str", "default": "leave", "choices": ["leave", "stop"]},
            "when_running": {"type": "str", "default": "fail", "choices": ["fail", "join"]},
            "invocation_id": {"type": "str"},
            "lines": {"type": "int", "default": 200},
            "show": {"type": "bool", "default": False},
            "unit_directory": {"type": "path", "default": "/etc/systemd/system"},
            # From the action plugin: where to go on in the journal, and that a timeout is no failure yet.
            "_after": {"type": "str"},
            "_slice": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    if not 0 <= given["lines"] <= 10000:
        module.fail_json(msg=f"lines {given['lines']} does not lie between 0 and 10000")
    if given["timeout"] < 0:
        module.fail_json(msg=f"timeout {given['timeout']} is negative; 0 is no limit")
    if given["invocation_id"] and not re.match(r"^[0-9a-f]{32}$", given["invocation_id"]):
        module.fail_json(msg=f"invocation_id {given['invocation_id']!r} is not 32 hexadecimal digits")
    use_host_zone()
    try:
        pair, scope = find_job(
            make_runner, given["name"], os.path.normpath(given["unit_directory"]), given["user"] or ""
        )
    except UnknownJob as error:
        module.fail_json(msg=str(error), unknown=error.data)
    except PlaceError as error:
        module.fail_json(msg=str(error))
    about = {key: value for key, value in declared(pair).items() if key in ("name", "command", "user")}
    about.update({} if scope.is_system else {"user": scope.account})
    if module.check_mode:
        module.exit_json(changed=True, msg=f"{pair.name}: would run as {about['user']}", **about)
    runner, source = root_runner(scope, make_runner), Source(scope.uid)
    try:
        progress, notes = run_job(runner, pair.service_name, given, source)
        result = {**outcome(runner, pair.service_name, progress, given, source), **notes}
    except (ProgramMissing, RunError, JournalError) as error:
        module.fail_json(msg=f"{pair.name}: {error}", **about)
    failed = message(result, given)
    if given["_slice"] and not result["finished"]:
        failed = ""
    # `rc` alone would be taken for a failure by Ansible.
    module.exit_json(**encodable({**about, **result}), failed=bool(failed), **({"msg": failed} if failed else {}))


if __name__ == "__main__":
    main()
