# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints lines for people: tables, what a job writes while it runs.

Tasks are worked on by processes of their own. What such a process gives to Ansible's `Display` is printed by the thread
that takes its results; when nobody reads standard output any more, that thread ends, and ansible-playbook waits for it
for ever. So the lines of a task travel in its result, and a callback prints them in the main process. Lines that come
before the result go the old way, to a function of the callback that does not mind a closed pipe.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from ansible import constants
from ansible.utils.display import Display

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import BAD, DOUBTFUL, GOOD, Shown
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printable import printable

COLOURS = {GOOD: constants.COLOR_OK, BAD: constants.COLOR_ERROR, DOUBTFUL: constants.COLOR_CHANGED}
# Where lines stand in a result.
KEY = "_shown_lines"
# The function of the main process that prints; processes of tasks are forks of it and see whether it is there.
ENTRY = "print_lines_of_systemd_timers"
# How wide the terminal of the main process is: others have none.
WIDTH = "width_for_systemd_timers"


def install(display: Display) -> bool:
    """Let this callback print; tell whether no other one does already."""
    if hasattr(display, ENTRY):
        return False
    setattr(display, ENTRY, partial(write, display))
    setattr(display, WIDTH, terminal_width())
    return True


def terminal_width() -> int | None:
    """Return how wide tables may be: `COLUMNS`, else the terminal; None where standard output is none."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def width() -> int | None:
    """Return how wide the tables of a task may be."""
    found: int | None = getattr(Display(), WIDTH, None)
    return found


def write(display: Display, lines: Iterable[Sequence[str]]) -> None:
    """Print lines at once, each with its mood."""
    try:
        for text, mood in lines:
            display.display(printable(text), color=COLOURS.get(mood))
        sys.stdout.flush()
    except (OSError, ValueError):
        # Nobody reads it any more. The tasks go on, as they do with Ansible's own output.
        leave_unread()


def leave_unread() -> None:
    """Let what is still to be printed go nowhere, or else Python complains of it at its end, and fails."""
    stdout = sys.__stdout__
    # Not what stands in its place in a test.
    if stdout is None or sys.stdout is not stdout:
        return
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout.fileno())
        os.close(nowhere)


def put(result: dict[str, Any], lines: Iterable[Shown]) -> None:
    """Put lines into the result of a task, for the callback; where there is none, as Ansible's own `debug` does."""
    if hasattr(Display(), ENTRY):
        result[KEY] = [list(line) for line in lines]
    else:
        result.update(msg=[printable(line.text) for line in lines], _ansible_verbose_always=True)


def print_now(lines: Iterable[str]) -> None:
    """Print lines while a task goes on, where there is a callback for them."""
    display = Display()
    queue = getattr(display, "_final_q", None)
    if queue is not None and hasattr(display, ENTRY):
        queue.send_display(ENTRY, [[line, ""] for line in lines])


def print_result(display: Display, result: dict[str, Any]) -> None:
    """Print the lines of a task's result, if it has any."""
    write(display, result.pop(KEY, None) or [])
