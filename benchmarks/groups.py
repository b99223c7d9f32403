# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how long the jobs of one group take that all start at once, by their number, in one container.

    .venv/bin/python benchmarks/groups.py [--jobs N ...] [--hosts debian12 debian13]

The peer is the same commands in plain services that are started one after the other, before ours and after. It takes
twice as long for twice the jobs, and slows down with the machine as ours do. The goal is that twice the jobs take at
most two and a half times as long, measured in what the peer takes.
"""

from __future__ import annotations

import argparse
import io
import json
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run as bench  # the other benchmark: its container

sys.path.insert(0, str(bench.CHECKOUT / ".cache" / "collections"))

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import compile_templates, render

GOAL = 2.5
JOBS = (75, 150, 300)
UNITS = "/etc/systemd/system"
INSIDE = "/tmp/groups_inside.py"
RECORD = "/run/groups-bench"
COMMAND = ["/bin/sh", "-c", f"echo begin >> {RECORD}; echo end >> {RECORD}"]


def packed(number: int) -> bytes:
    """Return the files of so many jobs of one group, and of as many plain services, as an archive."""
    folder = bench.CHECKOUT / "roles" / "timer" / "templates"
    templates = compile_templates(*((folder / f"job.{kind}.j2").read_text() for kind in ("service", "timer")))
    job = {"schedule": "*-01-01 00:00:00", "command": COMMAND}
    declared = [{"name": f"queued-{one:04}", **job, "concurrency": {"group": "bench"}} for one in range(number)]
    files: dict[str, tuple[str, int]] = {}
    for one in merge_jobs({"timer_jobs": declared}, {}, "skip").jobs:
        service, _timer, beside = render(templates, one, "bench")[:3]
        files[f"{UNITS}/{one['name']}.service"] = (service, 0o644)
        files.update({found.name: (found.text, found.mode) for found in beside if found.name.startswith("/")})
    for one in range(number):
        plain = f"[Service]\nType=oneshot\nExecStart=/bin/sh -c '{COMMAND[2]}'\n"
        files[f"{UNITS}/plain-{one:04}.service"] = (plain, 0o644)
    files[INSIDE] = ((bench.BENCHMARKS / "groups_inside.py").read_text(), 0o644)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as target:
        for path, (text, mode) in files.items():
            about = tarfile.TarInfo(path.lstrip("/"))
            about.size, about.mode = len(text.encode()), mode
            target.addfile(about, io.BytesIO(text.encode()))
    return archive.getvalue()


def measured(container: str, number: int) -> dict[str, Any]:
    """Return the seconds of both ways."""
    unpack = ["podman", "exec", "--interactive", container, "tar", "-x", "-C", "/"]
    subprocess.run(unpack, input=packed(number), check=True)
    bench.run_in(container, "systemctl", "daemon-reload")
    found: dict[str, Any] = json.loads(bench.run_in(container, "python3", INSIDE, str(number), RECORD))
    return found


def measure(release: str, numbers: list[int]) -> bool:
    """Print a table for one host; return whether the goal is met."""
    print(f"\n{release}: seconds inside one container (load {bench.load()})\n")
    print(f"{'jobs':>5}  {'in one group':>12}  {'plain, in turn':>14}  {'ratio':>6}  {'twice':>10}")
    met, before = True, None
    with bench.container_of(release) as container:
        for number in sorted(numbers):
            found = measured(container, number)
            group, plain = found["group"], found["plain"]
            # For twice the jobs, however large the step to this number is.
            growth = 2 * (group / plain) / before if before else None
            shown = f"{growth:>10.2f}" if growth else f"{'':>10}"
            print(f"{number:>5}  {group:>12.1f}  {plain:>14.1f}  {group / plain:>6.1f}  {shown}", flush=True)
            met = met and (growth is None or growth <= GOAL)
            before = group / plain
    print(f"goal, twice the jobs: <= {GOAL} times the seconds: {'met' if met else 'NOT met'}")
    return met


def main() -> int:
    """Measure on each host."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=list(JOBS))
    parser.add_argument("--hosts", nargs="+", default=["debian12"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_given: sys.exit(1))
    met = [measure(release, options.jobs) for release in options.hosts]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
