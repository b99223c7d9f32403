# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says why a task has failed, from its result; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLLECTION = "dotmobi.systemd_timers."
# With these the playbooks of this collection fail, and the check of a role's variables.
OWN_WORDS = ("ansible.builtin.assert", "ansible.builtin.fail", "ansible.builtin.validate_argument_spec")
# What a module has printed that did not come to its end.
RAW_OUTPUT = ("module_stderr", "module_stdout")


def is_own(action: str, result: Mapping[str, Any]) -> bool:
    """Tell whether the message of a failed task says all that a person has to know."""
    return (action.startswith(COLLECTION) or action in OWN_WORDS) and isinstance(result.get("msg"), str)


def failure_lines(result: Mapping[str, Any]) -> list[str]:
    """Return the message of a failed task, and what the module has printed when it did not come to its end."""
    # What ssh says ends its lines as a terminal wants it.
    lines = str(result.get("msg") or "").replace("\r\n", "\n").rstrip().split("\n")
    # ansible-core 2.19 has them in its message, too.
    lines += [str(error) for error in result.get("argument_errors") or [] if str(error) not in lines]
    for key in RAW_OUTPUT:
        printed = without_traceback(str(result.get(key) or "").strip())
        if printed:
            lines += [f"{key}:", *(f"  {line}" for line in printed)]
    return lines if any(lines) else ["it says nothing; -v shows all of the result"]


def without_traceback(text: str) -> list[str]:
    """Return the lines of a text; of a traceback its last one, which says what has happened."""
    before, found, after = text.partition("Traceback (most recent call last):\n")
    shown = after.split("\n") if found else []
    return [*before.splitlines(), *(line for line in shown if not line.startswith(" "))]


def without_host(line: str, host: str) -> str:
    """Return a line of a message without the host that it begins with."""
    return line[len(host) + 1 :].lstrip() if line.startswith(f"{host}:") else line
