# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the working tree, less what git ignores, to a directory where tools find a collection."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def export(destination: Path) -> Path:
    """Make DESTINATION/ansible_collections/dotmobi/systemd_timers equal to the working tree."""
    target = destination / "ansible_collections" / "dotmobi" / "systemd_timers"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    argv = ["git", "-C", str(CHECKOUT), "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(argv, capture_output=True, check=True).stdout.decode()
    for name in filter(None, sorted(set(listed.split("\0")))):
        source, copy = CHECKOUT / name, target / name
        # Listed by git, yet deleted in the working tree.
        if not source.is_symlink() and not source.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy, follow_symlinks=False)
    return target
