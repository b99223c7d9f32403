# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter schedule_text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import describe, title_words

DOCUMENTATION = r"""
name: schedule_text
short_description: Describe systemd calendar expressions in plain English
version_added: 0.1.0
description:
  - Returns what a calendar expression means in plain English, for tables and reports.
  - An expression that cannot be described exactly is returned as it is. Nothing is validated. For that, use the module
    M(dotmobi.systemd_timers.calendar).
positional: _input
options:
  _input:
    description: A calendar expression, or a list of them. The descriptions of several expressions are joined by C(and).
    type: raw
    required: true
  clock:
    description: Whether times of day use 24 hours, or 12 hours with AM or PM.
    type: int
    choices: [12, 24]
    default: 24
  title:
    description: Whether to write the description as a title.
    type: bool
    default: false
seealso:
  - module: dotmobi.systemd_timers.calendar
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Show when jobs run
  ansible.builtin.debug:
    msg:
      # every Monday at 08:00
      - "{{ 'Mon *-*-* 08:00:00' | dotmobi.systemd_timers.schedule_text }}"
      # Every Hour at :15
      - "{{ '*:15' | dotmobi.systemd_timers.schedule_text(title=true) }}"
      # every day at 08:30 PM and every Sunday at 12:00 AM
      - "{{ ['20:30', 'Sun'] | dotmobi.systemd_timers.schedule_text(clock=12) }}"
"""

RETURN = r"""
_value:
  description: The description.
  type: str
"""


def schedule_words_filter(value: Any, clock: int = 24, title: bool = False) -> str:
    """Return one or more calendar expressions in plain English; what has no words stands as itself."""
    schedules = [value] if isinstance(value, str) else value
    if not isinstance(schedules, (list, tuple)) or not all(isinstance(item, str) for item in schedules):
        raise AnsibleFilterError(f"schedule_text takes a calendar expression or a list of them, not {value!r}")
    if clock not in (12, 24):
        raise AnsibleFilterError(f"schedule_text: clock is 12 or 24, not {clock!r}")
    return describe(schedules, clock, title_words if title else str)


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file."""
        return {"schedule_text": schedule_words_filter}
