# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter matching_hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import slip

DOCUMENTATION = r"""
name: matching_hosts
short_description: Return a host pattern, or fail if it matches no host
version_added: 0.1.0
description:
  - For C(hosts) of a play whose pattern comes from a variable. In Ansible, a pattern that matches no host is not an
    error. A monitor or a deployment with a misspelt group would do nothing and succeed.
  - Names of groups are accepted, even if no host is in them. An inventory without hosts is also accepted, so playbooks
    can be checked with it.
  - If one of several names matches nothing, this is not an error as long as another one matches a host. Ansible warns
    about it. Whether C(--limit) leaves any host is not known here.
positional: _input, groups
options:
  _input:
    description: A host pattern, or a list of host patterns.
    type: raw
    required: true
  groups:
    description: The magic variable C(groups).
    type: dict
    required: true
seealso:
  - plugin: ansible.builtin.inventory_hostnames
    plugin_type: lookup
  - plugin: dotmobi.systemd_timers.refusal
    plugin_type: filter
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Get the jobs of some hosts
  hosts: "{{ timer_hosts | default('all', true) | dotmobi.systemd_timers.matching_hosts(groups) }}"
  tasks:
    - name: Read the state of the jobs
      dotmobi.systemd_timers.timer_jobs_info:
"""

RETURN = r"""
_value:
  description: The pattern.
  type: raw
"""


def matches(inventory: InventoryManager, pattern: str | list[str]) -> bool:
    """Tell whether a pattern matches a host; with host_pattern_mismatch=error, Ansible raises where it does not."""
    try:
        return bool(inventory.get_hosts(pattern))
    except AnsibleError:
        return False


def matching_hosts_filter(pattern: str | list[str], groups: Mapping[str, Sequence[str]]) -> str | list[str]:
    """Return the pattern. Raises AnsibleFilterError when there are hosts, and it is no group and matches none."""
    if not isinstance(pattern, (str, list)) or not all(isinstance(part, str) for part in pattern):
        raise AnsibleFilterError(f"matching_hosts takes a pattern of hosts or a list of them, not {pattern!r}")
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group)
    named = [part.lstrip("!&") for part in split_host_pattern(pattern)]
    if not groups.get("all") or all(name in groups for name in named) or matches(inventory, pattern):
        return pattern
    meant = slip(pattern, [*groups, *groups["all"]]) if isinstance(pattern, str) else ""
    fix = f"did you mean {meant}?" if meant else "`ansible-inventory --graph` shows its hosts"
    raise AnsibleFilterError(f"{pattern!r} matches no host of the inventory; {fix}")


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str | list[str]]]:
        """Return the filters of this file."""
        return {"matching_hosts": matching_hosts_filter}
