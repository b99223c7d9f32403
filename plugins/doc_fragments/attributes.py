# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that several modules have, for their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """What `extends_documentation_fragment` puts into the documentation of a module."""

    # Of modules in the action group of meta/runtime.yml.
    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/dotmobi.systemd_timers.timer) in C(module_defaults) to set defaults for this module.
      - An option that a module of the group does not have is an error in tasks of that module.
    membership: [dotmobi.systemd_timers.timer]
    support: full
"""
