# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the proof of a thousand jobs against the bare calls of systemd-analyze that it makes, in one container.

    .venv/bin/python benchmarks/proof.py [--jobs N] [--hosts debian12 debian13]

The goal for new jobs is a ratio of 1.5 at most. Jobs that stand on the host already cost no call of verify; there
nothing but the seconds are shown.
"""

from __future__ import annotations

import argparse
import io
import json
import signal
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run as bench  # the other benchmark: its container, its jobs

sys.path.insert(0, str(bench.CHECKOUT / ".cache" / "collections"))

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import compile_templates, render

GOAL = 1.5
RUNS = 5
FOLDER = "/tmp/proof-bench"
LIBRARY = "ansible_collections/dotmobi/systemd_timers/plugins"


def rendered(number: int) -> list[dict[str, Any]]:
    """Return jobs as the action plugin hands them over."""
    folder = bench.CHECKOUT / "roles" / "timer" / "templates"
    templates = compile_templates(*((folder / f"job.{kind}.j2").read_text() for kind in ("service", "timer")))
    defaults = {**bench.OURS.style["timer_defaults"], "jitter": "5min"}
    merged = merge_jobs({"timer_jobs": bench.make_jobs(number)}, defaults, "skip")
    jobs = []
    for job in merged.jobs:
        service, timer = render(templates, job, "default")[:2]
        about = {key: job[key] for key in ("name", "state", "on_reschedule", "accept")}
        jobs.append({**about, "service": service, "timer": timer})
    return jobs


def hand_over(container: str) -> None:
    """Put the code of the collection and the script into the container."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(bench.CHECKOUT / "plugins" / "module_utils", f"{LIBRARY}/module_utils")
        archive.add(bench.BENCHMARKS / "proof_inside.py", "proof_inside.py")
    bench.run_in(container, "mkdir", "-p", FOLDER)
    unpack = ["podman", "exec", "--interactive", container, "tar", "-x", "-C", FOLDER]
    subprocess.run(unpack, input=packed.getvalue(), check=True)


def measure(release: str, number: int) -> bool:
    """Print a table for one host; return whether the goal is met."""
    with bench.container_of(release) as container:
        hand_over(container)
        argv = ["python3", f"{FOLDER}/proof_inside.py", FOLDER, str(RUNS)]
        found = json.loads(bench.run_in(container, *argv, text=json.dumps(rendered(number))))
    print(f"\n{release}: seconds inside one container, medians of {RUNS} runs (load {bench.load()})\n")
    print(f"{'jobs':>5}  {'jobs are':<9}  {'proof':>6}  {'bare calls':>10}  {'ratio':>6}  calls")
    met = True
    for kind, runs in found.items():
        proof, bare = (statistics.median(one[key] for one in runs) for key in ("proof", "bare"))
        calls = ", ".join(f"{count} {name}" for name, count in runs[0]["calls"].items())
        print(f"{number:>5}  {kind:<9}  {proof:>6.2f}  {bare:>10.2f}  {proof / bare:>6.2f}  {calls}")
        if kind == "new":
            met = proof / bare <= GOAL
            print(f"{'':>42}goal <= {GOAL}: {'met' if met else 'NOT met'}")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000, metavar="N", help="number of jobs, default 1000")
    parser.add_argument("--hosts", nargs="+", choices=bench.hosts.RELEASES, default=["debian12"])
    options = parser.parse_args()
    if not 1 <= options.jobs <= bench.MOST_JOBS:
        parser.error(f"--jobs: between 1 and {bench.MOST_JOBS}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, bench.stop)
    try:
        with bench.alone():
            for release in options.hosts:
                measure(release, options.jobs)
    except (bench.BenchError, bench.hosts.HostError) as error:
        bench.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
