#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
"""

EXAMPLES = r"""
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import use_host_zone
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge import converge, parse_request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._journal import LockBusy
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._options import ARGUMENT_SPEC
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import make_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._transaction import ApplyFailed


def main() -> None:
    """Bring the host to the jobs that the action plugin has rendered."""
    module = AnsibleModule(
        # `_request` comes from the action plugin: the rendered jobs, and whether to prove only.
        argument_spec=dict(ARGUMENT_SPEC, _request={"type": "dict", "required": True}),
        supports_check_mode=True,
        # Unit files do not belong in the system log, where Ansible writes the arguments of a module.
        no_log=True,
    )
    use_host_zone()
    request = parse_request(module.params["_request"], module.params)
    check_mode = module.check_mode or module.params["_request"]["proof_only"]
    try:
        outcome = converge(make_runner(), request, check_mode)
    except LockBusy as error:
        module.fail_json(msg=f"{error}; nothing was changed on this host", invocation={})
    except ApplyFailed as error:
        after = "the host stands as before" if error.undone else f"and going back failed too: {error.trouble}"
        module.fail_json(msg=f"the apply failed: {error}; {after}", undone=error.undone, invocation={})
    # The action plugin makes the error of the findings: it knows the host's name and those of its own side.
    module.exit_json(
        findings=[found._asdict() for found in outcome.errors],
        tolerated=[found._asdict() for found in outcome.warnings],
        invocation={},
        **outcome.result,
    )


if __name__ == "__main__":
    main()
