# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where files on the controller are looked for beside the places of the playbook and the role.

A playbook that is called by the name of an installed collection lies in that collection, where nobody has files. The
variables that name a file come from the inventory, or from where the command is called.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

# Set by molecule for the playbooks of a scenario; it makes an inventory of its own elsewhere.
MOLECULE = ("MOLECULE_SCENARIO_DIRECTORY", "MOLECULE_PROJECT_DIRECTORY")


def further_places(variables: Mapping[str, Any], environment: Mapping[str, str], here: str) -> list[str]:
    """Return the directories: of each inventory, the working directory, those of molecule. variables: of the task."""
    sources = variables.get("ansible_inventory_sources") or []
    places = [directory_of(str(source)) for source in sources]
    places += [str(variables.get("inventory_dir") or ""), here, *(environment.get(name, "") for name in MOLECULE)]
    return list(dict.fromkeys(os.path.abspath(place) for place in places if place))


def directory_of(source: str) -> str:
    """Return the directory of an inventory, nothing for a list of hosts."""
    if os.path.isdir(source):
        return source
    return os.path.dirname(os.path.abspath(source)) if os.path.exists(source) else ""


def candidates(folder: str, name: str, places: Iterable[str]) -> list[str]:
    """Return the paths of a file in these places, in `folder` of each first, as Ansible has it."""
    return [os.path.join(place, path) for place in places for path in (os.path.join(folder, name), name)]


def where(folder: str, name: str, places: Iterable[str]) -> str:
    """Return in words where a file was looked for."""
    listed = ", ".join(dict.fromkeys(places))
    return f"looked for {os.path.join(folder, name)} and {name} in {listed}"
