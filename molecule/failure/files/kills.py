# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host: kills one apply after the other, each followed by an ordinary run, and looks what that leaves.

    kills.py CODE < {"requests": [one side, the other side], "random": how many kills at random moments}

CODE holds the collection. Prints JSON, one entry for each kill: where, whether it was in the middle, what the next run
left and what an undisturbed one leaves; and the texts that a watcher saw in the place of a unit and that belong to
neither side.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

CODE = sys.argv[1]
sys.path.insert(0, CODE)

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply import steps, transaction  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.converge import converge  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import sealed  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (  # noqa: E402
    FILES_DIRECTORY,
    JobFile,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import AFTER_EVIDENCE, ORDER  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock, marker  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import make_runner  # noqa: E402

UNITS = Path("/etc/systemd/system")
FILES = Path(FILES_DIRECTORY)
STAMPS = Path("/var/lib/systemd/timers")
MARKER = Path(lock.path_of(marker.MARKER_NAME))
PREFIX = "kills-"
LONGEST_APPLY = 30


def request_of(found):
    wanted = [WantedJob(*job) for job in found["jobs"]]
    wanted = [job._replace(files=tuple(JobFile(*one) for one in job.files)) for job in wanted]
    return Request(**{**found, "jobs": wanted})


def kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)


def apply(request, boundary=None):
    """Bring the host to a side in a process of its own, which dies before its step number `boundary`; its exit."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    count = [0]

    def at(act):
        def run(*arguments, **options):
            if count[0] == boundary:
                kill_myself()
            count[0] += 1
            return act(*arguments, **options)

        return run

    for name in list(vars(steps.StepRunner)):
        if name in {f"_{kind}" for kind in ORDER + AFTER_EVIDENCE}:
            setattr(steps.StepRunner, name, at(getattr(steps.StepRunner, name)))
    for module, name in ((marker, "mark"), (marker, "remove_stage"), (transaction, "read_evidence")):
        setattr(module, name, at(getattr(module, name)))
    outcome = converge(make_runner(), request, check_mode=False)
    os._exit(0 if not outcome.errors else 1)


def start(request):
    """Start an apply in a process of its own."""
    child = os.fork()
    if not child:
        outcome = converge(make_runner(), request, check_mode=False)
        os._exit(0 if not outcome.errors else 1)
    return child


def seconds_of(request):
    """How long an apply takes from its marker to its end."""
    child = start(request)
    deadline = time.monotonic() + LONGEST_APPLY
    while not MARKER.exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    begin = time.monotonic()
    os.waitpid(child, 0)
    return time.monotonic() - begin


def kill_after(request, seconds):
    """Start an apply, and kill it that long after its marker was there; tell whether that was in its middle."""
    child = start(request)
    deadline = time.monotonic() + LONGEST_APPLY
    while not MARKER.exists() and time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    time.sleep(seconds)
    caught = MARKER.exists()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return caught


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], stdout=subprocess.PIPE, check=True).stdout.decode()


def picture():
    """All that an undisturbed run leaves."""
    files = {}
    for path in [*sorted(UNITS.rglob("*")), *sorted(FILES.rglob("*"))]:
        name = str(path)
        if PREFIX not in name and not path.name.startswith("."):
            continue
        if path.is_symlink():
            files[name] = str(path.readlink())
        elif path.is_file():
            files[name] = [oct(path.stat().st_mode), path.stat().st_uid, path.read_text()]
        else:
            files[name] = "directory"
    units = json.loads(systemctl("list-units", "--all", "--output=json", f"{PREFIX}*"))
    timers = json.loads(systemctl("list-timers", "--all", "--output=json", f"{PREFIX}*"))
    return {
        "files": files,
        "stamps": sorted(path.name for path in STAMPS.glob(f"stamp-{PREFIX}*")),
        "units": {
            row["unit"]: [row["load"], row["active"], row["sub"]]
            for row in units
            # A service is in memory or not, as it happens.
            if row["unit"].endswith(".timer") and row["load"] != "not-found"
        },
        # What counts from the start of the timer is never the same.
        "elapses": {row["unit"]: row["next"] for row in timers if row["next"] and row["next"] % 1_000_000 == 0},
        "left": sorted(
            str(path)
            for folder in (Path(lock.RUN_DIRECTORY), Path("/tmp"), Path("/var/tmp"))
            for path in folder.glob("*")
            if path.name != "lock" and str(path) != CODE and not path.name.startswith(("systemd-private", "ansible"))
        ),
    }


def watch(requests, report):
    """Read all units again and again; note each text that no side has."""
    known = {}
    for request in requests:
        for job in request.jobs:
            known.setdefault(f"{job.name}.service", set()).add(sealed(job.service))
            known.setdefault(f"{job.name}.timer", set()).add(sealed(job.timer))
    reads = 0
    strange = set()
    while not report.with_suffix(".stop").exists():
        for unit, texts in known.items():
            try:
                text = (UNITS / unit).read_text()
            except FileNotFoundError:
                continue
            reads += 1
            if text not in texts:
                strange.add(f"{unit}: {text[:200]!r}")
        # Still thousands of looks at each unit; more of them would only slow the applies down.
        time.sleep(0.005)
    report.write_text(json.dumps({"reads": reads, "strange": sorted(strange)}))


def wanting(seen, number):
    """Whether there are too few kills at random moments that were in the middle of an apply."""
    at_random = [one for one in seen if one["where"] == "random"]
    return sum(one["caught"] for one in at_random) < number and len(at_random) < 3 * number


def main():
    given = json.load(sys.stdin)
    requests = [request_of(one) for one in given["requests"]]
    expected = {}
    seconds = []
    for side in (0, 1, 0):
        seconds.append(seconds_of(requests[side]))
        expected[side] = picture()
    report = Path(CODE, "watched.json")
    watcher = os.fork()
    if not watcher:
        watch(requests, report)
        os._exit(0)
    rng = random.Random(11)
    seen = []
    boundary = 0
    side = 1
    while boundary is not None or wanting(seen, given["random"]):
        if boundary is not None:
            where = f"boundary {boundary}"
            caught = os.WIFSIGNALED(apply(requests[side], boundary))
            # Both sides have gone through all their steps.
            boundary = boundary + 1 if caught or seen[-1]["caught"] else None
        else:
            where = "random"
            caught = kill_after(requests[side], rng.uniform(0, min(seconds[1:])))
        status = apply(requests[side])
        found = picture()
        seen.append({"where": where, "caught": caught, "status": status, "found": found, "expected": expected[side]})
        side = 1 - side
    report.with_suffix(".stop").touch()
    os.waitpid(watcher, 0)
    shorter = [{**one, "found": "as expected"} if one["found"] == one["expected"] else one for one in seen]
    print(
        json.dumps(
            {
                "kills": [
                    {k: v for k, v in one.items() if k != "expected" or one["found"] != "as expected"}
                    for one in shorter
                ],
                "watched": json.loads(report.read_text()),
            }
        )
    )


main()
