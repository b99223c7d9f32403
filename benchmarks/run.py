# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure this collection against a role that loops over jobs, and against a floor: `make bench`.

    .venv/bin/python benchmarks/run.py [--quick] [--jobs N ...] [--hosts debian12|debian13 ...]

Boots a container of its own and removes it at the end. README.md, beside this file, says what is measured and how.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / "tools"))

import hosts  # noqa: E402  our own tool, not on the path

BENCHMARKS = CHECKOUT / "benchmarks"
RESULTS = CHECKOUT / ".cache" / "bench.json"
KIND = "bench"
PREFIX = "bench-"
JOBS = (4, 50, 1000)
QUICK_JOBS = (4, 10, 1000)
# Beyond this the looping role would take an hour; there the floor is the measure.
MOST_LOOPED = 50
MOST_LOOPED_OFTEN = 4
GOALS = {4: 8.0, 50: 50.0}
FLOOR_GOAL = 2.0
RUNS = 3
WIDTH = 100

CLEAN = f"""
cd /etc/systemd/system || exit 1
systemctl stop '{PREFIX}*.timer' '{PREFIX}*.service'
rm -f {PREFIX}* *.wants/{PREFIX}* /var/lib/systemd/timers/stamp-{PREFIX}*
systemctl daemon-reload
systemctl reset-failed
sync -f .
"""
# The proof looks whether the scripts of the jobs are there.
MOST_JOBS = 1440
SCRIPTS = f"""
mkdir -p /usr/local/lib/scripts && cd /usr/local/lib/scripts || exit 1
for number in $(seq -w 0 {MOST_JOBS:04d}); do : > {PREFIX}$number.py; done
"""
READ_UNITS = f"""
import json, pathlib
found = sorted(pathlib.Path("/etc/systemd/system").glob("{PREFIX}*"))
print(json.dumps({{path.name: path.read_text() for path in found}}))
"""


class BenchError(Exception):
    """A run did not do what is measured."""


class Side(NamedTuple):
    """One way to bring the jobs to the host: a playbook, the variable that takes the jobs, the rest of its data."""

    title: str
    playbook: Path
    jobs_variable: str
    style: dict[str, Any]


class Row(NamedTuple):
    """A line of the table: `ratio` is how many times faster than the looping role, or how many floors ours takes."""

    jobs: int
    run: str
    other: str
    other_seconds: float
    ours: list[float]
    goal: float | None

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    @property
    def ratio(self) -> float:
        return self.median / self.other_seconds if self.other == "floor" else self.other_seconds / self.median

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.other == "floor" else self.ratio >= self.goal


def say(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr, flush=True)


# --- the container


def run_in(container: str, *argv: str, text: str = "") -> str:
    done = subprocess.run(
        ["podman", "exec", "--interactive", container, *argv], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchError(f"{' '.join(argv)[:80]} exited with {done.returncode} in {container}:\n{done.stderr[-2000:]}")
    return done.stdout


def clean(container: str) -> None:
    """Bring the host back to no jobs. Outside the clock."""
    run_in(container, "sh", "-c", CLEAN)


def check_armed(container: str, wanted: int) -> None:
    command = ["systemctl", "list-units", "--no-legend", "--plain", "--state=active", f"{PREFIX}*.timer"]
    found = len(run_in(container, *command).splitlines())
    if found != wanted:
        raise BenchError(f"{found} timers of {wanted} are active in {container}: there is nothing to compare")


@contextlib.contextmanager
def container_of(release: str) -> Iterator[str]:
    """Boot a container that nobody else uses; remove it whatever happens."""
    kind = f"{KIND}-{release}"
    name = f"{hosts.container_name('test', release)}-{KIND}"
    labels = {hosts.CHECKOUT_LABEL: str(CHECKOUT), hosts.KIND_LABEL: kind}
    image = hosts.build_image(release)
    hosts.down(kind)
    try:
        say(f"booting {name}")
        options = ["--detach", "--name", name, "--hostname", release, "--systemd=always", "--privileged"]
        options += ["--network", "none", "--pids-limit", "-1", *hosts.limits(), *hosts.pidfile(name)]
        options += [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        hosts.run("podman", *hosts.runtime(), "run", *options, image, "/sbin/init")
        hosts.wait_until_running(name)
        run_in(name, "sh", "-c", SCRIPTS)
        yield name
    finally:
        hosts.down(kind)


# --- jobs and runs


def make_jobs(number: int) -> list[dict[str, str]]:
    """Return weekly jobs at times of their own, none of which comes up today or on the days beside it."""
    today = datetime.datetime.now(datetime.UTC).weekday()
    days = [("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[(today + ahead) % 7] for ahead in (2, 3, 4, 5)]
    jobs = []
    for count in range(number):
        hour, minute = divmod(count * 7 % 1440, 60)
        name = f"{PREFIX}{count:04d}"
        jobs.append(
            {
                "name": name,
                "description": f"Benchmark Job {count:04d}",
                "schedule": f"{days[count % len(days)]} *-*-* {hour:02d}:{minute:02d}:00",
                "command": f"/usr/bin/python3 /usr/local/lib/scripts/{name}.py",
                "working_directory": "/usr/local/lib",
            }
        )
    return jobs


OURS = Side(
    "ours",
    CHECKOUT / "playbooks" / "site.yml",
    "timer_jobs",
    {
        "timer_defaults": {
            "user": "root",
            "environment": {"PYTHONUNBUFFERED": "1"},
            "network_online": True,
            "output": "journal+console",
        }
    },
)
LOOPING = Side("looping role", BENCHMARKS / "looping.yml", "looping_role_jobs", {})
PING = Side("ping", BENCHMARKS / "ping.yml", "ping_jobs", {})


def write_inventory(directory: Path, container: str, side: Side, number: int) -> Path:
    variables = {
        "ansible_connection": "containers.podman.podman",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_become": False,
    }
    path = directory / f"{side.jobs_variable}-{number}"
    if not path.exists():
        (path / "host_vars").mkdir(parents=True)
        # JSON is YAML too.
        (path / "hosts.json").write_text(json.dumps({"all": {"hosts": {container: variables}}}))
        jobs = {**side.style, side.jobs_variable: make_jobs(number)}
        (path / "host_vars" / f"{container}.json").write_text(json.dumps(jobs))
    return path / "hosts.json"


def environment() -> dict[str, str]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return ours | {
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_HOME": str(CHECKOUT / ".cache" / "ansible"),
        "ANSIBLE_ROLES_PATH": str(BENCHMARKS),
        "ANSIBLE_NOCOLOR": "1",
    }


def play(side: Side, inventory: Path, changes: bool | None) -> float:
    """Return the wall clock of one `ansible-playbook` run, which has to change something, or nothing."""
    program = str(Path(sys.executable).parent / "ansible-playbook")
    start = time.perf_counter()
    done = subprocess.run(
        [program, "--inventory", str(inventory), str(side.playbook)],
        cwd=CHECKOUT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise BenchError(f"the run of {side.title} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    changed = re.findall(r"changed=(\d+)", done.stdout)
    if changes is not None and (changed != ["0"]) is not changes:
        raise BenchError(f"the run of {side.title} says changed={', '.join(changed)}:\n{done.stdout[-3000:]}")
    return seconds


class Bench:
    """The measurements on one container."""

    def __init__(self, container: str, directory: Path) -> None:
        self.container = container
        self.directory = directory
        self.notes: list[str] = []

    def pair(self, side: Side, number: int) -> tuple[float, float]:
        """Return first apply and second run, on a host that is clean before."""
        clean(self.container)
        inventory = write_inventory(self.directory, self.container, side, number)
        first = play(side, inventory, changes=True)
        check_armed(self.container, number)
        second = play(side, inventory, changes=False)
        say(f"{number} jobs, {side.title}: first {first:.1f} s, second {second:.1f} s")
        return first, second

    def ping(self) -> float:
        return play(PING, write_inventory(self.directory, self.container, PING, 0), changes=None)

    def floor(self, mode: str, units: str) -> dict[str, float]:
        script = (BENCHMARKS / "floor.py").read_text()
        found = json.loads(run_in(self.container, "python3", "-c", script, mode, text=units))
        return {**found["parts"], "script": found["seconds"]}

    def warm_up(self) -> None:
        """Let Python compile what it keeps compiled."""
        for side in (OURS, LOOPING):
            self.pair(side, 1)

    def against_looping(self, number: int) -> list[Row]:
        """Both in turns, so that the machine's other work meets both; with many jobs the looping role runs once."""
        ours, looped = [], []
        for turn in range(RUNS):
            ours.append(self.pair(OURS, number))
            if turn == 0 or number <= MOST_LOOPED_OFTEN:
                looped.append(self.pair(LOOPING, number))
        return [
            Row(
                number,
                run,
                LOOPING.title,
                statistics.median(pair[which] for pair in looped),
                [pair[which] for pair in ours],
                GOALS.get(number),
            )
            for which, run in enumerate(("first", "second"))
        ]

    def against_floor(self, number: int) -> list[Row]:
        """Ours and the floor in turns, so that the machine's other work meets both."""
        ours, pings, firsts, seconds = [], [], [], []
        for _run in range(RUNS):
            ours.append(self.pair(OURS, number))
            units = run_in(self.container, "python3", "-c", READ_UNITS)
            clean(self.container)
            pings.append(self.ping())
            firsts.append(self.floor("first", units))
            check_armed(self.container, number)
            seconds.append(self.floor("second", units))
            say(
                f"{number} jobs, floor: first {firsts[-1]['script']:.1f} s, second {seconds[-1]['script']:.1f} s, "
                f"ping {pings[-1]:.1f} s"
            )
        ping = statistics.median(pings)
        rows = []
        for which, (run, found) in enumerate((("first", firsts), ("second", seconds))):
            parts = {name: statistics.median([one[name] for one in found]) for name in found[0]}
            script = parts.pop("script")
            detail = ", ".join(f"{name} {value:.1f}" for name, value in parts.items())
            self.notes.append(
                f"floor, {number} jobs, {run}: script {script:.1f} + ping {ping:.1f}; the script: {detail}"
            )
            rows.append(Row(number, run, "floor", script + ping, [pair[which] for pair in ours], FLOOR_GOAL))
        return rows

    def all(self, numbers: Sequence[int]) -> list[Row]:
        rows = []
        for number in numbers:
            rows += self.against_looping(number) if number <= MOST_LOOPED else self.against_floor(number)
        clean(self.container)
        return rows


# --- the table


def line_of(row: Row) -> str:
    spread = f"{min(row.ours):.1f}..{max(row.ours):.1f}"
    against_floor = row.other == "floor"
    ratio = f"{row.ratio:.2f} floors" if against_floor else f"{row.ratio:.1f}x faster"
    goal = "-" if row.goal is None else f"<= {row.goal:.0f}" if against_floor else f">= {row.goal:.0f}x"
    met = {True: "met", False: "NOT met", None: ""}[row.met]
    return (
        f"{row.jobs:>5}  {row.run:<6}  {row.other:<12}  {row.other_seconds:>7.1f}  {row.median:>6.1f}  {spread:<11}"
        f"  {ratio:<12}  {goal:<6}  {met}"
    ).rstrip()


def table(release: str, rows: list[Row], notes: list[str], load: str) -> str:
    head = (
        f"{'jobs':>5}  {'run':<6}  {'against':<12}  {'seconds':>7}  {'ours':>6}  {'least..most':<11}"
        f"  {'ratio':<12}  {'goal':<6}"
    ).rstrip()
    lines = [
        "",
        f"{release}: seconds of whole ansible-playbook runs, in one container ({os.cpu_count()} cores, load {load})",
        "",
        head,
        *(line_of(row) for row in rows),
        "",
        f"Medians of {RUNS} runs; with more than {MOST_LOOPED_OFTEN} jobs the looping role runs once.",
        "floor: a script in the container plus one ansible-playbook run with a ping.",
        *notes,
    ]
    return "\n".join(part for line in lines for part in textwrap.wrap(line, WIDTH, drop_whitespace=False) or [""])


def load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def measure(release: str, numbers: Sequence[int]) -> dict[str, Any]:
    before = load()
    with container_of(release) as container, tempfile.TemporaryDirectory(prefix="systemd-timers-bench-") as directory:
        bench = Bench(container, Path(directory))
        bench.warm_up()
        rows = bench.all(numbers)
    between = f"{before} to {load()}"
    print(table(release, rows, bench.notes, between), flush=True)
    return {
        "host": release,
        "cores": os.cpu_count(),
        "load": between,
        "rows": [row._asdict() | {"median": row.median, "ratio": row.ratio, "met": row.met} for row in rows],
        "notes": bench.notes,
    }


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold a lock: two measurements of one checkout would share a container and a processor."""
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.with_suffix(".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError("another benchmark of this checkout is running") from None
        yield


def stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"as --jobs {' '.join(map(str, QUICK_JOBS))}")
    parser.add_argument("--jobs", type=int, nargs="+", metavar="N", help=f"numbers of jobs, default {JOBS}")
    parser.add_argument("--hosts", nargs="+", choices=hosts.RELEASES, default=["debian12"], help="default debian12")
    options = parser.parse_args()
    numbers = options.jobs or (QUICK_JOBS if options.quick else JOBS)
    if not all(1 <= number <= MOST_JOBS for number in numbers):
        parser.error(f"--jobs: between 1 and {MOST_JOBS}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with alone():
            found = [measure(release, numbers) for release in options.hosts]
            RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    except (BenchError, hosts.HostError) as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
