# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project of examples/, copied as a user would, passes its own scenario on a real host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import hosts


def test_the_scenario_of_the_worked_project_passes(name: str, tmp_path: Path) -> None:
    hosts.up("test", ["debian12"])
    project = shutil.copytree(hosts.CHECKOUT / "examples" / "project", tmp_path / "project")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(hosts.CHECKOUT / ".cache" / "collections"),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "TEST_CONNECTION": "containers.podman.podman",
        "TEST_HOST": name,
    }
    argv = [str(Path(sys.executable).parent / "molecule"), "test"]
    done = subprocess.run(argv, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    timers = hosts.ask(name, "systemctl", "list-timers", "--no-legend")
    assert [
        name for name in ("disk-report", "clean-sessions", "database-backup") if f"{name}.timer" not in timers
    ] == []
