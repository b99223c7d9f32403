# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests do not depend on who calls them: what a shell may have set and no test means to test is put right here."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# Settings of Ansible and Molecule, of language and time, of the terminal.
UNWANTED = re.compile(r"ANSIBLE_.*|MOLECULE_.*|LC_.*|LANG|LANGUAGE|TZ|COLUMNS|LINES|CLICOLOR.*|.*_COLORS?|LS_COLORS")
SETTLED = {
    # Wins over ~/.ansible.cfg.
    "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
    # What Ansible and ansible-lint store is kept apart from the user's and from other checkouts'.
    "ANSIBLE_HOME": str(CHECKOUT / ".cache" / "ansible"),
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}
UMASK = 0o022


def clean() -> None:
    """Give this process, and those that it starts, a settled environment, time zone and umask."""
    # ansible-test settles Ansible itself, and its plugins of pytest ask for what it has set.
    kept = "ANSIBLE_" if "ansible_pytest" in os.environ.get("PYTEST_PLUGINS", "") else "\0"
    for name in [name for name in os.environ if UNWANTED.fullmatch(name) and not name.startswith(kept)]:
        del os.environ[name]
    os.environ.update({name: value for name, value in SETTLED.items() if not name.startswith(kept)})
    time.tzset()
    os.umask(UMASK)
