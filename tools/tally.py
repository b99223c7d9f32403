# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin that appends the counts of a run to the file that TALLY names; tools/test.py adds them up."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # A worker of pytest-xdist tells its controller, which counts all.
    if reporter is None or "TALLY" not in os.environ or hasattr(session.config, "workerinput"):
        return
    count = {key: len(reports) for key, reports in reporter.stats.items()}
    line = {
        "passed": count.get("passed", 0) + count.get("xfailed", 0),
        "failed": count.get("failed", 0) + count.get("error", 0) + count.get("xpassed", 0),
        "skipped": count.get("skipped", 0),
    }
    with Path(os.environ["TALLY"]).open("a") as tally:
        tally.write(json.dumps(line) + "\n")
