# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.options import ARGUMENT_SPEC

DOCUMENTATION = r"""
name: refusal
short_description: Return mistakes in the variables on the command line
version_added: 0.1.0
description:
  - Checks the variables that C(--extra-vars) sets, and returns what is wrong with them, or an empty string.
  - Words that belong to no variable are a mistake. In C(-e schedule='Tue 09:00'), the shell removes the quotes, and for
    Ansible the variable ends at the space.
  - A name that is most likely a misspelling of a variable of the playbook is a mistake. Ansible would silently ignore
    it. Names that are less similar are not refused, because inventories and roles have variables of their own.
positional: _input, texts, given
options:
  _input:
    description: The names of the variables that the playbook takes. All playbooks take the variables of the role
      C(timer).
    type: list
    elements: str
    required: true
  texts:
    description: The names of those variables whose values may have several words.
    type: list
    elements: str
    default: []
  given:
    description: The variables, instead of those of the command line.
    type: dict
seealso:
  - plugin: dotmobi.systemd_timers.matching_hosts
    plugin_type: filter
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Refuse variables that the playbook does not take
  ansible.builtin.assert:
    that: refused == ''
    fail_msg: "{{ refused }}"
  run_once: true
  vars:
    refused: "{{ ['job', 'schedule'] | dotmobi.systemd_timers.refusal(['schedule']) }}"
"""

RETURN = r"""
_value:
  description: What is wrong, or an empty string.
  type: str
"""

# Where Ansible puts words that belong to no variable.
LEFT_OVER = "_raw_params"
ROLE = frozenset(f"timer_{name}" for name in ARGUMENT_SPEC)
# Lists of groups, each with a name of its own.
OF_GROUPS = "timer_jobs_of_"


def left_over_words(given: Mapping[str, Any], texts: Sequence[str]) -> str:
    """Return what is said of words that belong to no variable: most likely a value was cut at a blank."""
    words = given.get(LEFT_OVER)
    if not words:
        return ""
    cut = [name for name in texts if given.get(name) not in (None, "")]
    name, value = (cut[0], f"{given[cut[0]]} {words}") if len(cut) == 1 else ("NAME", "the whole value")
    return (
        f"the words {str(words)!r} of -e belong to no variable: the shell has taken the quotes away, and a value ends "
        f"at the first blank; write -e \"{name}='{value}'\""
    )


def misspelt(given: Mapping[str, Any], takes: Sequence[str]) -> list[str]:
    """Return what is said of each name that is a slip of one that the playbook takes."""
    known = sorted({"timer_hosts", *takes, *ROLE})
    strange = [name for name in given if name not in known and name != LEFT_OVER and not name.startswith(OF_GROUPS)]
    meant = {name: slip(name, known) for name in strange}
    return [f"-e {name}: no variable of this playbook; did you mean {one}?" for name, one in meant.items() if one]


def refusal_filter(takes: Sequence[str], texts: Sequence[str] = (), given: Mapping[str, Any] | None = None) -> str:
    """Return what the command line gives by mistake, a line for each, or an empty text."""
    # Ansible has read them before, with what decrypts them.
    found = load_extra_vars(DataLoader()) if given is None else given
    words = left_over_words(found, texts)
    return "\n".join([*([words] if words else []), *misspelt(found, takes)])


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file."""
        return {"refusal": refusal_filter}
