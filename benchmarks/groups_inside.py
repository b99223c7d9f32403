# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time so many jobs of a group that start at once, and as many plain services one after the other.

    python3 groups_inside.py NUMBER RECORD

RECORD is the file in which each run notes its begin and its end. Prints JSON. Fails when a run has failed, or when two
of them were under way at once.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path


def systemctl(*words):
    return subprocess.run(["systemctl", *words], check=True, capture_output=True, text=True).stdout


def seconds_of(act):
    began = time.monotonic()
    act()
    return time.monotonic() - began


def in_turn(units):
    for unit in units:
        systemctl("start", unit)


def check(record, number):
    """Each has run once, and none began before the one before it had ended."""
    told = record.read_text("utf-8").split()
    assert told == ["begin", "end"] * number, "two ran at once, or one has not run"


number, record = int(sys.argv[1]), Path(sys.argv[2])
queued = [f"queued-{one:04}.service" for one in range(number)]
plain = [f"plain-{one:04}.service" for one in range(number)]
seconds = {"plain": [], "group": []}
ways = {"plain": lambda: in_turn(plain), "group": lambda: systemctl("start", *queued)}
# The machine may become busier meanwhile.
for kind in ("plain", "group", "plain"):
    record.write_text("", "utf-8")
    seconds[kind].append(seconds_of(ways[kind]))
    check(record, number)
print(json.dumps({kind: statistics.mean(found) for kind, found in seconds.items()}))
