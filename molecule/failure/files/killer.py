# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host: waits until an apply has begun, a moment more, and kills the module. Prints what it found."""

import os
import signal
import sys
import time
from pathlib import Path

LOCK = "/run/dotmobi.systemd_timers/lock"
MARKER = Path("/run/dotmobi.systemd_timers/applying.json")


def holder():
    """The process that has taken the lock; the programs that it starts have the lock open too."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) == LOCK for entry in (process / "fd").iterdir()):
                found.append(int(process.name))
        except OSError:
            continue
    return min(found, default=None)


def main():
    moment = float(sys.argv[1])
    print("ready", flush=True)
    deadline = time.monotonic() + 60
    while not MARKER.exists():
        if time.monotonic() > deadline:
            sys.exit("no apply has begun")
        time.sleep(0.0005)
    found = holder()
    time.sleep(moment)
    if found is None or not MARKER.exists():
        print("over")
        return
    os.kill(found, signal.SIGKILL)
    print("killed")


main()
