# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what Ansible's own output prints, but of this collection only what people need."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plain
type: stdout
short_description: Ansible's own output, with readable errors and tables of this collection
version_added: 0.1.0
description:
  - Prints the same as P(ansible.builtin.default#callback), except that an error of this collection is shown as its
    message and nothing else. The rest of the result is for programs. Hosts with the same error share its text.
  - For playbooks of this collection, tasks that only prepare, ask or show something are not named.
  - If one of them is run with C(-e output=json), only the JSON goes to standard output, and everything else to standard
    error. A pipe to another program therefore receives nothing but JSON.
  - Hosts with the same warning of this collection share one line.
  - With C(-v), everything is printed.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

import os
from typing import Any

from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.utils.vars import load_extra_vars

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.failure import (
    COLLECTION,
    failure_lines,
    is_own,
    without_host,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.output import Output, wants_json
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printable import (
    printable_diff,
    printable_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printer import KEY, install, print_result

PLAYBOOKS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "playbooks"))
# In the playbooks of this collection these only prepare, ask or show.
HELPERS = ("assert", "debug", "fail", "meta", "pause", "set_fact")
SHORT = 2
SHOWING = ("proof_table", "timer_report", "timer_table")


def part(result: Any, name: str) -> Any:
    """Return a part of a task's result; before ansible-core 2.19 they had an underscore."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


def text_of(warning: Any) -> str:
    """Return the text of a warning; since ansible-core 2.19 it can be an object."""
    return str(getattr(getattr(warning, "event", None), "msg", warning))


def is_helper(task: Any) -> bool:
    """Tell whether a task of our playbooks is none that a person has asked for."""
    name = task.action.rpartition(".")[2]
    path = os.path.realpath((task.get_path() or "").rpartition(":")[0])
    return path.startswith(PLAYBOOKS + os.sep) and name in (*HELPERS, *SHOWING) and not task.loop


class CallbackModule(Default):  # type: ignore[misc]
    """Ansible's own output with readable errors."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "dotmobi.systemd_timers.plain"

    def __init__(self) -> None:
        """Print the lines of results, too."""
        super().__init__()
        install(self._display)
        # Tables and JSON are printed here; a closed pipe is no error there either.
        self._results = self._display
        self._display = Output(self._display)
        # The errors of a task: their lines, and the host that had them first.
        self._told: dict[tuple[str, ...], str] = {}
        # The warnings of a task of ours, and the hosts that have them.
        self._warned: dict[str, list[str]] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Leave standard output to the JSON that a playbook of ours is asked for."""
        if os.path.realpath(playbook._file_name).startswith(PLAYBOOKS + os.sep):
            # Ansible has read them already.
            self._display.aside = wants_json(load_extra_vars(DataLoader()))
        super().v2_playbook_on_start(playbook)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Name the play."""
        self._tell_warnings()
        super().v2_playbook_on_play_start(play)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print the recap."""
        self._tell_warnings()
        super().v2_playbook_on_stats(stats)
        self._display.end()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Name the task, unless it is a helper."""
        self._tell_warnings()
        self._told = {}
        if self._is_quiet(task):
            self._last_task_banner, self._last_task_name = None, task.get_name().strip()
            return
        super().v2_playbook_on_task_start(task, is_conditional)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Print what a task shows."""
        task, found = part(result, "task"), part(result, "result")
        lines = found.pop(KEY, None)
        self._keep_warnings(task, part(result, "host").get_name(), found)
        if not self._is_quiet(task):
            super().v2_runner_on_ok(result)
        else:
            self._handle_warnings(found)
            if task.action.endswith("debug"):
                lines = [[str(found.get("msg", "")), ""]]
        if lines:
            print_result(self._results, {KEY: lines if self._display.aside else [["", ""], *lines]})

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Print what an item of a loop shows."""
        lines = part(result, "result").pop(KEY, None)
        super().v2_runner_item_on_ok(result)
        print_result(self._results, {KEY: lines})

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Say what is skipped, helpers aside."""
        if not self._is_quiet(part(result, "task")):
            super().v2_runner_on_skipped(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Print the message of an error."""
        task, found = part(result, "task"), part(result, "result")
        if self._display.verbosity or not is_own(task.action, found) or task.loop:
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._print_failure(result, "FAILED!", failure_lines(found))
        if ignore_errors:
            self._display.display("...ignoring", color=constants.COLOR_SKIP)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Print why a host cannot be reached."""
        if self._display.verbosity:
            super().v2_runner_on_unreachable(result)
            return
        self._print_failure(result, "UNREACHABLE!", failure_lines(part(result, "result")))

    def _get_diff(self, difflist: Any) -> Any:
        """Return a diff in colours, without what else would steer the terminal."""
        given = difflist if isinstance(difflist, list) else [difflist]
        return super()._get_diff([printable_diff(one) for one in given])

    def _keep_warnings(self, task: Any, host: str, found: dict[str, Any]) -> None:
        """Keep the warnings of a task of ours that begin with the host, to tell each once."""
        if self._display.verbosity or not task.action.startswith(COLLECTION) or task.loop:
            return
        texts = [text_of(one) for one in found.get("warnings") or []]
        if texts and all(one.startswith(f"{host}: ") for one in texts):
            for text in texts:
                self._warned.setdefault(without_host(text, host), []).append(host)
            del found["warnings"]

    def _tell_warnings(self) -> None:
        """Print the warnings that were kept, each with its hosts."""
        told, self._warned = self._warned, {}
        for text, hosts in told.items():
            self._display.warning(f"{', '.join(sorted(hosts))}: {text}")

    def _is_quiet(self, task: Any) -> bool:
        return not self._display.verbosity and is_helper(task)

    def _print_failure(self, result: Any, word: str, lines: list[str]) -> None:
        """Print an error; one that another host has had before is not repeated."""
        task, host = part(result, "task"), part(result, "host").get_name()
        if self._last_task_banner != task._uuid and not self._is_quiet(task):
            self._print_task_banner(task)
        self._keep_warnings(task, host, part(result, "result"))
        self._handle_warnings(part(result, "result"))
        same = tuple(without_host(line, host) for line in lines)
        first = self._told.setdefault(same, host)
        # To say so would not be shorter than a short error.
        shown = [f"the same as on {first}"] if first != host and len(lines) > SHORT else lines
        head = f"fatal: [{self.host_label(result)}]: {word}"
        texts = [one for line in shown for one in printable_lines(line)]
        self._display.display("\n  ".join([head, *texts]), color=constants.COLOR_ERROR)
