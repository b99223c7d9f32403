# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests do: run the collection's playbooks as a user does, and ask a host's systemd what came of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pexpect
import yaml
from printed import for_job, normal
from testinfra.backend.podman import PodmanBackend
from testinfra.host import Host

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SHARED = CHECKOUT / "molecule" / "shared"
INVENTORY = Path(os.environ.get("TIMER_TEST_INVENTORY") or SHARED / "inventory" / "hosts.yml")
UNIT_DIRECTORY = "/etc/systemd/system"
ENTER = str(CHECKOUT / "tools" / "enter.sh")
FILES_DIRECTORY = "/etc/dotmobi.systemd_timers"
SNAPSHOT = (SHARED / "files" / "snapshot.py").read_text()
# Jobs write here, a file each, a line per run; clean_slate.sh removes it.
RUNS = "/srv/runs"


# --- playbooks


class Unsafe(str):
    """A text that Ansible must not take for a template, even if it holds braces."""

    __slots__ = ()


class VarsDumper(yaml.SafeDumper):
    """Writes a vars file."""


def represent_unsafe(dumper: VarsDumper, text: Unsafe) -> yaml.ScalarNode:
    # Only where it matters: Ansible reads `!unsafe "true"` as a boolean.
    template = any(mark in text for mark in ("{{", "{%", "{#"))
    return dumper.represent_scalar("!unsafe" if template else "tag:yaml.org,2002:str", str(text), style='"')


VarsDumper.add_representer(Unsafe, represent_unsafe)


class Run(NamedTuple):
    """A run of ansible-playbook: exit status, what the user sees, and the result of timer_jobs by host."""

    status: int
    output: str
    results: dict[str, dict[str, Any]]

    @property
    def result(self) -> dict[str, Any]:
        """The result of the only host."""
        (found,) = self.results.values()
        return found

    @property
    def message(self) -> str:
        """The error message of the only host."""
        return str(self.result["msg"])

    def actions_of(self, machine: str) -> dict[str, list[str]]:
        """What was done to each job of a host, or in check mode would be; jobs with nothing to do are left out."""
        return {job["name"]: job["actions"] for job in self.results[machine]["jobs"] if job["actions"]}

    def actions(self) -> dict[str, list[str]]:
        """The same of the only host."""
        (machine,) = self.results
        return self.actions_of(machine)

    def rows(self) -> dict[str, dict[str, Any]]:
        return {job["name"]: job for job in self.result["jobs"]}


class Site:
    """Runs playbooks against one machine with the project's own configuration."""

    # The commands that were typed in this run of the tests, by their normal forms.
    typed: ClassVar[set[str]] = set()

    def __init__(self, machine: str, folder: Path, inventory: Path = INVENTORY) -> None:
        self.machine = machine
        self.folder = folder
        self.inventory = inventory
        # Whether playbooks print as if to a terminal.
        self.colour = False

    def _call(self, *options: str, playbook: str = "site", **variables: Any) -> tuple[list[str], dict[str, str], Path]:
        """The call of ansible-playbook with the variables, its environment, and where it leaves its record."""
        number = len(list(self.folder.glob("*.yml")))
        vars_file = self.folder / f"{number}.yml"
        vars_file.write_text(yaml.dump(variables, Dumper=VarsDumper, sort_keys=False), encoding="utf-8")
        record = self.folder / f"{number}.jsonl"
        argv = [
            str(Path(sys.executable).parent / "ansible-playbook"),
            *("--inventory", str(self.inventory)),
            *("--limit", self.machine),
            *("--extra-vars", f"@{vars_file}"),
            *options,
            # By path, or by the name that an installed collection gives it.
            playbook if "." in playbook else f"playbooks/{playbook}.yml",
        ]
        return argv, self._environment(record), record

    def _environment(self, record: Path) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(SHARED / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            **({"ANSIBLE_FORCE_COLOR": "1"} if self.colour else {"ANSIBLE_NOCOLOR": "1"}),
            "RECORD": str(record),
        }

    def type(self, command: str, job: str = "", inventory: Path | None = None) -> Run:
        """Run a command as it is printed, through a shell, in a directory like a clone, on all hosts of the inventory.

        job: it stands in the place of the example's. inventory: what tells more of the hosts.
        """
        assert self.machine == "timer_hosts", "what is printed takes all hosts"
        place = self.folder / "clone"
        if not place.exists():
            (place / "docs").mkdir(parents=True)
            for name in ("playbooks", "site.yml"):
                (place / name).symlink_to(CHECKOUT / name)
            (place / "your_inventory").symlink_to(self.inventory)
        number = len(list(self.folder.glob("*.typed")))
        record = self.folder / f"{number}.typed"
        record.touch()
        environment = self._environment(record)
        environment["ANSIBLE_INVENTORY"] = ",".join(map(str, [self.inventory, *([inventory] if inventory else [])]))
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", for_job(command, job) if job else command], cwd=place, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.typed.add(normal(command))
        return self.finish(process, record)

    def start(self, *options: str, **variables: Any) -> tuple[subprocess.Popen[str], Path]:
        """Start ansible-playbook with the variables, and do not wait for it."""
        argv, environment, record = self._call(*options, **variables)
        process = subprocess.Popen(
            argv, cwd=CHECKOUT, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return process, record

    def finish(self, process: subprocess.Popen[str], record: Path) -> Run:
        """Wait for a run that was started, and read what it left."""
        output = process.communicate()[0]
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        found = [json.loads(line) for line in lines]
        results = {
            line["host"]: {**line["result"], "failed": line["state"] != "ok"}
            for line in found
            if line["action"].endswith(".timer_jobs")
        }
        return Run(process.returncode, output, results)

    def play(self, *options: str, **variables: Any) -> Run:
        """Run a playbook to its end, whatever that is."""
        return self.finish(*self.start(*options, **variables))

    def talk(self, answers: Mapping[str, str], *options: str, **variables: Any) -> Run:
        """Run a playbook on a terminal, and type what answers each question."""
        argv, environment, _record = self._call(*options, **variables)
        printed = io.StringIO()
        child = pexpect.spawn(
            argv[0], argv[1:], cwd=str(CHECKOUT), env=environment, encoding="utf-8", timeout=120 * pace()
        )  # fmt: skip
        child.logfile_read = printed
        try:
            for question, answer in answers.items():
                child.expect_exact(question)
                child.sendline(answer)
            child.expect(pexpect.EOF)
        except pexpect.ExceptionPexpect as error:
            raise AssertionError(printed.getvalue()) from error
        finally:
            child.close(force=True)
        return Run(child.exitstatus, printed.getvalue().replace("\r", ""), {})

    def apply(self, jobs: Iterable[Mapping[str, Any]], *options: str, **variables: Any) -> Run:
        """Apply jobs; anything but success fails the test, with the output that a user would see."""
        run = self.play(*options, timer_jobs=list(jobs), **variables)
        assert run.status == 0, run.output
        return run

    def refuse(self, jobs: Iterable[Mapping[str, Any]], *options: str, **variables: Any) -> Run:
        """Apply jobs that must not pass."""
        run = self.play(*options, timer_jobs=list(jobs), **variables)
        assert run.status != 0, run.output
        assert run.results, run.output
        assert run.result["failed"], run.output
        assert "Traceback" not in run.output, run.output
        return run


# --- hosts


class EnteredBackend(PodmanBackend):
    """Runs commands as `podman exec` does, and much faster."""

    def run(self, command, *args, **_options):
        command = self.get_command(command, *args)
        result = self.run_local("%s exec %s /bin/sh -c %s", ENTER, self.name, command)
        result.command = self.encode(command)
        return result


def entered(container: str) -> Host:
    """A testinfra host that runs each command right in a container, not by a run of Ansible."""
    return Host(EnteredBackend(container))


class Snapshot(NamedTuple):
    """All that an apply could change on a host: see files/snapshot.py."""

    files: dict[str, list[Any]]
    stamps: dict[str, int]
    timers: dict[str, list[int]]
    loaded: str
    ours: list[str]

    def units(self) -> dict[str, list[Any]]:
        """Units, links and jobs' files without directories and times: what two applies of the same must agree on."""
        return {
            path: [found[0], found[1], found[2], found[4]]
            for path, found in self.files.items()
            if path.startswith((UNIT_DIRECTORY, FILES_DIRECTORY)) and not found[0].startswith("d")
        }


def snapshot(host: Any) -> Snapshot:
    return Snapshot(**json.loads(host.check_output("python3 -c %s", SNAPSHOT)))


def show(host: Any, unit: str, *properties: str) -> dict[str, str]:
    """What systemd says of a unit."""
    text = host.check_output("systemctl show --property=%s -- %s", ",".join(properties), unit)
    found = dict(line.split("=", 1) for line in text.splitlines())
    assert set(found) == set(properties), f"{unit}: systemd knows no {set(properties) - set(found)}"
    return found


def next_elapse(host: Any, timer: str) -> datetime | None:
    """The next elapse by the calendar, to the second; the test hosts' zone is UTC."""
    text = unit_property(host, timer, "NextElapseUSecRealtime")
    return datetime.strptime(text, "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC) if text else None


def unit_property(host: Any, unit: str, name: str) -> str:
    return show(host, unit, name)[name]


def active_since(host: Any, timer: str) -> int:
    """When a unit became active, in microseconds since boot."""
    return int(unit_property(host, timer, "ActiveEnterTimestampMonotonic"))


def is_armed(host: Any, name: str) -> bool:
    found = show(host, f"{name}.timer", "LoadState", "ActiveState", "UnitFileState")
    return found == {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}


def reloads(host: Any) -> int:
    """How many times PID 1 was told to reload since boot."""
    text = host.run("journalctl --boot --quiet --output=cat _PID=1 --grep '^Reloading[.]+$'").stdout
    return len(text.splitlines())


def wait_until(ready: Callable[[], Any], seconds: float, what: str) -> Any:
    """Ask until the answer is true. Fails after the given time, which is for bad days: be generous."""
    deadline = time.monotonic() + seconds * pace()
    while True:
        answer = ready()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.1)


def pace() -> float:
    """How many times longer than on an idle machine things may take now, where more wants to run than can."""
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def soon(seconds: float) -> datetime:
    """A moment that lies that many seconds ahead on an idle machine, and further on a busy one: to be in time for."""
    return utc_now() + timedelta(seconds=seconds * pace())


# --- jobs that tell


def recorder(name: str, then: str = "") -> list[str]:
    """A command that adds a line to a file of the job with each run, and then does what it is told."""
    script = f'mkdir -p {RUNS} && date +%s.%N >> {RUNS}/"$0"' + (f" && {then}" if then else "")
    return ["/bin/sh", "-c", script, name]


def runs(host: Any, name: str) -> list[float]:
    """When a recorder has run (Unix time)."""
    return [float(line) for line in host.run("cat %s/%s", RUNS, name).stdout.split()]


def daily(when: datetime) -> str:
    """A calendar expression that elapses at that second of each day."""
    return when.strftime("*-*-* %H:%M:%S")


def following(when: datetime, now: datetime) -> datetime:
    """The next time of day of `when` after now."""
    following_one = when.replace(microsecond=0)
    while following_one <= now:
        following_one += timedelta(days=1)
    return following_one


def broken_start(name: str) -> tuple[str, str]:
    """Scripts of the shell after which the start of a timer fails, and that fix it.

    The proof warns of the drop-in and cannot know what comes of it: what it requires is there, and fails.
    """
    broken = f"{UNIT_DIRECTORY}/{name}-broken.service"
    folder = f"{UNIT_DIRECTORY}/{name}.timer.d"
    make = (
        f"printf '[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' > {broken} && mkdir {folder} && "
        f"printf '[Unit]\\nRequires={name}-broken.service\\nAfter={name}-broken.service\\n' > {folder}/break.conf"
    )
    fix = f"rm -r {broken} {folder}; systemctl daemon-reload; systemctl reset-failed {name}-broken.service; true"
    return make, fix


def utc_now() -> datetime:
    return datetime.now(UTC)
