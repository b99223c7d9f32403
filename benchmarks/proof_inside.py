# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time the proof of jobs inside a host, and the bare calls of systemd-analyze that it makes, in turns.

    python3 proof_inside.py FOLDER RUNS

FOLDER holds the collection's code, as `ansible_collections/...`. Standard input is JSON: the jobs as the action plugin
hands them over. Prints JSON: for each run the seconds of the proof and of its calls alone, and how many calls of each
verb there were; the same for jobs that stand on the host already.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.request import parse_request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.proof import changed_units, prove_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import make_runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import observe_manager

OPTIONS = {
    "owner": "default",
    "prune": False,
    "proof": "strict",
    "unit_directory": "/etc/systemd/system",
    "files_directory": "/etc/dotmobi.systemd_timers",
    "log_directory": "",
}


class Recorder:
    """Runs programs, and remembers which."""

    def __init__(self):
        self.run = make_runner()
        self.calls = []

    def __call__(self, argv):
        self.calls.append(argv)
        return self.run(argv)


def verbs(calls):
    names = [f"{Path(argv[0]).name} {argv[1]}" for argv in calls]
    return {name: names.count(name) for name in sorted(set(names))}


def seconds_of(act, *arguments):
    start = time.perf_counter()
    act(*arguments)
    return time.perf_counter() - start


def bare(runner, calls, units):
    """Make the same calls again: those of verify side by side, as the proof does, over a folder staged beforehand."""
    verify = [argv for argv in calls if argv[1] == "verify"]
    others = [argv for argv in calls if argv[1] != "verify"]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in units.items():
            Path(folder, name).write_text(text)
        staged = [[f"{folder}/{Path(w).name}" if w.startswith("/") else w for w in argv] for argv in verify]

        def act():
            for argv in others:
                runner(argv)
            if staged:
                with ThreadPoolExecutor(len(staged)) as pool:
                    list(pool.map(runner, staged))

        return seconds_of(act)


def measure(request, observed, runs):
    found = []
    for _run in range(runs):
        recorder = Recorder()
        proof = []
        whole = seconds_of(lambda r=recorder, p=proof: p.append(prove_jobs(r, request, observed, Facts())))
        errors = [finding for finding in proof[0].findings if finding.severity != "warning"]
        if errors:
            sys.exit(f"the jobs are to pass the proof: {errors[:3]}")
        units = changed_units(request.jobs, observed)
        alone = bare(make_runner(), recorder.calls, units)
        found.append({"proof": whole, "bare": alone, "calls": verbs(recorder.calls)})
    return found


def main():
    request = parse_request({"jobs": json.load(sys.stdin)}, OPTIONS)
    runner = make_runner()
    observed = observe(runner, request, observe_manager(runner))
    files = {}
    for job in request.jobs:
        files[f"{job.name}.service"] = FileState("file", job.service, 0o644)
        files[f"{job.name}.timer"] = FileState("file", job.timer, 0o644)
    runs = int(sys.argv[2])
    print(
        json.dumps(
            {
                "new": measure(request, observed, runs),
                "unchanged": measure(request, observed._replace(files=files), runs),
            }
        )
    )


main()
