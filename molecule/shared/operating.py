# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of this scenario share: both machines in one run of a playbook, and what it printed."""

from __future__ import annotations

import json
import re

WIDTH = 100


def all_of(stories):
    """What a story has returned on each machine; waits until all have ended."""
    return {machine: story.result() for machine, story in stories.items()}


# Tasks that show something are not named in the output.
SHOWING = "Show "
EXAMINATION = "Show status, output, files and permissions"


def machines(run, task):
    """The lines that a task printed, up to the recap or the next task."""
    if task.startswith(SHOWING):
        return shown_lines(run, first=task == EXAMINATION)
    found = re.search(
        rf"^TASK \[{re.escape(task)}\] \*+\n(.*?)(?=^TASK \[|^PLAY RECAP)", run.output, re.MULTILINE | re.DOTALL
    )
    assert found, run.output
    return [line for line in found.group(1).splitlines() if not re.match(r"(ok|changed|fatal|skipping): \[", line)]


def shown_lines(run, first):
    """The lines of the first or the last task that showed something: what stands behind an empty line."""
    parts = re.split(
        r"^(?:TASK|PLAY|PLAY RECAP)(?: \[.*\])? \*+\n", run.output.replace("\r\n", "\n"), flags=re.MULTILINE
    )
    blocks = [part.split("\n\n", 1)[1] for part in parts[1:-1] if "\n\n" in part.rstrip()]
    assert blocks, run.output
    return re.split(r"^fatal: \[", blocks[0 if first else -1], maxsplit=1, flags=re.MULTILINE)[0].rstrip().split("\n")


def of_machine(lines, machine):
    """The lines of one machine of a report whose blocks begin with the name of the machine."""
    starts = [number for number, line in enumerate(lines) if re.match(rf"{machine}\b", line)]
    assert starts, lines
    block = [lines[starts[0]]]
    for line in lines[starts[0] + 1 :]:
        if re.match(r"debian\d+\b", line):
            break
        block.append(line)
    return block


def head_of(lines, job, machine):
    """The number of the line that begins what is said of a job on a machine, alone or with others."""
    (found,) = [
        number for number, line in enumerate(lines) if re.match(rf"{re.escape(job)} on (\w+, )*{machine}\b", line)
    ]
    return found


def row_of(lines, name):
    """The cells of a job in a table."""
    rows = [line for line in lines if re.match(rf"{re.escape(name)}  ", line)]
    assert len(rows) == 1, lines
    return re.split(r" {2,}", rows[0].strip())


def as_json(run):
    """The one line of JSON among what was printed."""
    (line,) = [line for line in run.output.splitlines() if line.startswith("{")]
    return json.loads(line)


def only_readable(run):
    """Nothing that only Ansible's developers want to see."""
    assert "Traceback" not in run.output, run.output
    assert "invocation:" not in run.output, run.output
    assert "=> {" not in run.output, run.output
    assert "[ERROR]" not in run.output, run.output
    assert "FAILED! =>" not in run.output, run.output
