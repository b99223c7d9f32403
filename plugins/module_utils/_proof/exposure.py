# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How exposed a sandboxed job is, as systemd-analyze(1) security rates it: from 0.0 to 10.0, less is better."""

from __future__ import annotations

import os
import re
from typing import Iterable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.scratch import scratch
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner

NO_SANDBOX = "none"
# Older ones rate only units that are loaded.
OLDEST_OFFLINE = 250
COMMAND = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
_OVERALL = re.compile(r"Overall exposure level for (\S+)\.service: ([0-9.]+)")


def parse_exposures(stdout: str) -> dict[str, float]:
    """Parse the answer about any number of services: name to exposure. The JSON form lacks the sum."""
    return {name: float(level) for name, level in _OVERALL.findall(stdout)}


def exposures(runner: Runner, jobs: Iterable[WantedJob], version: int) -> dict[str, float]:
    """Rate the services of the jobs with a sandbox, in one call; without such jobs free."""
    texts = {f"{job.name}.service": job.service for job in jobs if job.state != ABSENT and job.hardening != NO_SANDBOX}
    if not texts or version < OLDEST_OFFLINE:
        return {}
    with scratch(texts) as folder:
        return parse_exposures(runner([*COMMAND, *(os.path.join(folder, name) for name in texts)]).stdout)
