# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter matching_hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import nearest

DOCUMENTATION = r"""
name: matching_hosts
short_description: Return a pattern of hosts, or fail when it matches none
version_added: 0.1.0
description:
  - For C(hosts) of a play whose pattern comes from a variable. For Ansible a pattern that matches no host is no error,
    so a monitor or a deployment with a misspelt group would do nothing and succeed.
  - The name of a group is accepted, though no host be in it. So is an inventory without any host, with which playbooks
    can be checked.
positional: _input
options:
  _input:
    description: A pattern of hosts, or a list of them.
    type: raw
    required: true
  groups:
    description: The magic variable C(groups).
    type: dict
    required: true
seealso:
  - plugin: ansible.builtin.inventory_hostnames
    plugin_type: lookup
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Look at the jobs of some hosts
  hosts: "{{ timer_hosts | default('all') | dotmobi.systemd_timers.matching_hosts(groups) }}"
  tasks:
    - name: Ask systemd and the journal
      dotmobi.systemd_timers.timer_jobs_info:
"""

RETURN = r"""
_value:
  description: The pattern.
  type: raw
"""


def matching_hosts_filter(pattern: str | list[str], groups: Mapping[str, Sequence[str]]) -> str | list[str]:
    """Return the pattern. Raises AnsibleFilterError when there are hosts, and it is no group and matches none."""
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group)
    if not groups.get("all") or pattern in list(groups) or inventory.get_hosts(pattern):
        return pattern
    meant = nearest(pattern, [*groups, *groups["all"]]) if isinstance(pattern, str) else ""
    mend = f"did you mean {meant}?" if meant else "`ansible-inventory --graph` shows its hosts"
    raise AnsibleFilterError(f"{pattern!r} matches no host of the inventory; {mend}")


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str | list[str]]]:
        """Return the filters of this file."""
        return {"matching_hosts": matching_hosts_filter}
