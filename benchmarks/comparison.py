# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give each job of the corpus (tests/corpus) to the proof and to three other ways, and write docs/comparison.md.

    .venv/bin/python benchmarks/comparison.py [--only [NAME ...]] [--hosts debian12 debian13] [--by-role]

Each release gets a container with systemd as PID 1, in which stands what the cases prepare, and whose units are brought
back after each way. Cases that can be on a host together are given to a way at once; the others have runs of their own.
What belongs to which case is told by the names of jobs and units. looping_inside.py, on the host, does what the looping
role does: less than ten minutes for all. --by-role runs the role itself, each case a host of its own in the inventory,
and prints where the page says something else: some seconds for each case.

With --only, the other cases keep the verdicts that stand on the page; without names, the page is written anew from
these alone. Why a way did not let a case pass is kept in .cache/comparison.json.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run as bench  # the other benchmark: its containers
from comparison_page import LATE, OTHERS, OURS, PAGE, PASSES, STOPS, WARNS, Verdicts, merged, page, verdicts_of

sys.path[:0] = [str(bench.CHECKOUT / "molecule" / "shared"), str(bench.CHECKOUT / "tests" / "corpus")]

from corpus import Case, apart, load, preparation, restoration, together  # noqa: E402
from harness import ENTER, Run, Site, VarsDumper, entered, snapshot  # noqa: E402

REASONS = bench.CHECKOUT / ".cache" / "comparison.json"
RELEASES = ("debian12", "debian13")
TEMPLATING = "benchmarks/templating.yml"
# Two cores have no more to give.
FORKS = "4"
KEEP = "rm -rf /root/units && cp -a /etc/systemd/system /root/units"
# Bring the unit directory back to what it was, and forget what was started.
RESET = """
cd /etc/systemd/system || exit 1
for unit in $(diff -rq . /root/units | grep -o '[^/ :]*[.]\\(service\\|timer\\)' | sort -u); do
    systemctl stop --no-block "$unit" 2>/dev/null
done
find . -mindepth 1 -delete; cp -a /root/units/. .
find /var/lib/systemd/timers -name 'stamp-*' -newer /root/units -delete
systemctl daemon-reload; systemctl reset-failed; true
"""
INSIDE = (bench.BENCHMARKS / "looping_inside.py").read_text()


class Verdict(NamedTuple):
    """How a way dealt with a case, and what it said."""

    word: str
    reason: str = ""


class Host:
    """A container, and what is done with it."""

    def __init__(self, release: str, container: str, folder: Path) -> None:
        self.container = container
        self.folder = folder
        self.host = entered(container)
        self.version = int(self.host.check_output("systemctl --version").split()[1])
        self.site = Site(release, folder, self.inventory(release, {release: {}}))
        self.runs = 0

    def inventory(self, name: str, hosts: dict[str, dict[str, Any]]) -> Path:
        """Write an inventory in which every host is the container."""
        folder = self.folder / f"inventory-{name}"
        (folder / "host_vars").mkdir(parents=True)
        common = {
            "ansible_connection": "containers.podman.podman",
            "ansible_podman_executable": ENTER,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_host": self.container,
            "ansible_become": False,
        }
        for host, variables in hosts.items():
            text = yaml.dump(variables, Dumper=VarsDumper, sort_keys=False)
            (folder / "host_vars" / f"{host}.yml").write_text(text, "utf-8")
        path = folder / "hosts.yml"
        path.write_text(yaml.dump({"all": {"hosts": {host: {} for host in hosts}, "vars": common}}))
        return path

    @contextmanager
    def prepared(self, cases: list[Case]) -> Iterator[Callable[[], set[str]]]:
        """Put on the host what the cases prepare, and give what tells which files and links were changed since."""
        try:
            self.host.check_output(preparation(cases))
            self.host.check_output(KEEP)
            before = snapshot(self.host).units()

            def changed() -> set[str]:
                after = snapshot(self.host).units()
                return {path for path in {*before, *after} if before.get(path) != after.get(path)}

            yield changed
        finally:
            self.host.check_output(RESET)
            self.host.run(restoration(cases))

    def ours(self, cases: list[Case]) -> dict[str, Verdict]:
        """Return how our proof deals with cases that can be in one run."""
        jobs = [job for case in cases for job in case.jobs]
        variables = {name: value for case in cases for name, value in case.variables.items()}
        with self.prepared(cases) as changed:
            run = self.site.play(timer_jobs=jobs, **variables)
            late = bool(changed())
        return {case.name: verdict_of(case, run, late, alone=len(cases) == 1) for case in cases}

    def by_program(self, way: str, cases: list[Case]) -> dict[str, Verdict]:
        """Return how a way other than ours deals with cases that can be on one host: looping, validate or verify."""
        given = json.dumps([way, {case.name: list(map(rendered, case.jobs)) for case in cases}])
        with self.prepared(cases) as changed:
            failures = json.loads(bench.run_in(self.container, "python3", "-c", INSIDE, text=given))
            return judged(cases, failures, changed())

    def by_role(self, way: str, cases: list[Case]) -> dict[str, Verdict]:
        """Return how the role itself does: each case is a host of its own in the inventory."""
        self.runs += 1
        jobs = {case.name: {"template_role_jobs": case.jobs} for case in cases}
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        site = Site("all", folder, self.inventory(f"run-{self.runs}", jobs))
        with self.prepared(cases) as changed:
            process, record = site.start(playbook=TEMPLATING, template_role_validate=way == "validate")
            run = site.finish(process, record)
            failures = failures_of(record)
            if "PLAY [" not in run.output or bool(failures) != bool(run.status):
                raise bench.BenchError(f"the looping role ended with {run.status}: {run.output[-3000:]}")
            return judged(cases, failures, changed())


def judged(cases: list[Case], failures: dict[str, str], paths: set[str]) -> dict[str, Verdict]:
    """Return the verdicts, from what failed and what has changed."""
    of_case = {case.name: changed_of(case, paths) for case in cases}
    if nobodys := paths.difference(*of_case.values()):
        raise bench.BenchError(f"no case has changed {', '.join(sorted(nobodys))}")
    return {
        case.name: Verdict(LATE if of_case[case.name] else STOPS, failures[case.name])
        if case.name in failures
        else Verdict(PASSES)
        for case in cases
    }


def verdict_of(case: Case, run: Run, late: bool, *, alone: bool) -> Verdict:
    """Return how a run of ours dealt with one of its cases."""
    findings = run.result.get("findings", []) if run.results else []
    found = [one for one in findings if alone or one["job"] in case.job_names]
    said = "\n".join(f"{one['job']}: {one['field']}: {one['reason']} [{one['code']}]" for one in found)
    if any(one["severity"] != "warning" for one in found) or (alone and run.status):
        return Verdict(LATE if late else STOPS, said or run.output[-2000:])
    return Verdict(WARNS, said) if found else Verdict(PASSES)


def failures_of(record: Path) -> dict[str, str]:
    """Return what ended the run on a host, by host; a host that was not reached ends the measurement."""
    failures = {}
    for line in map(json.loads, record.read_text("utf-8").splitlines() if record.exists() else []):
        if line["state"] == "unreachable":
            raise bench.BenchError(f"{line['host']} was not reached: {line['result']}")
        if line["state"] == "failed":
            result = line["result"]
            said = [result, *(one for one in result.get("results", []) if one.get("failed"))]
            failures[line["host"]] = "\n".join(f"{one.get('msg')} {one.get('stderr', '')}".strip() for one in said)
    return failures


def changed_of(case: Case, paths: Iterable[str]) -> set[str]:
    """Return the paths that are units of a case, links to them, or below them, by their names."""
    units = {f"{name}.{kind}" for name in case.job_names for kind in ("service", "timer")}
    return {path for path in paths if units.intersection(PurePosixPath(path).parts)}


def flattened(values: Iterable[Any]) -> list[Any]:
    """Do as the filter of ansible-core: lists within the list are opened, nothing is left out."""
    opened = (flattened(value) if isinstance(value, (list, tuple)) else [value] for value in values)
    return [one for some in opened for one in some if one not in (None, "None", "null")]


def templates() -> Environment:
    """Return Jinja as Ansible sets it up for the templates of the role."""
    folder = bench.BENCHMARKS / "template_role" / "templates"
    found = Environment(
        loader=FileSystemLoader(folder),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=lambda value: "" if value is None else value,
    )
    found.filters["flatten"] = flattened
    return found


TEMPLATES = templates()


def rendered(job: dict[str, Any]) -> dict[str, Any]:
    """Return what the program on the host needs of a job: name, schedules, and unit files as the role has them."""
    found: dict[str, Any] = {"name": None, "schedules": None, "service": None, "timer": None}
    if "schedule" in job:
        found["schedules"] = list(map(str, flattened([job["schedule"]])))
    try:
        found["name"] = str(job["name"])
        for kind in ("service", "timer"):
            found[kind] = TEMPLATES.get_template(f"job.{kind}.j2").render(item=job)
    except Exception as error:  # noqa: BLE001  whatever it is, there is no unit
        found["broken"] = str(error)
    return found


def runs_of(cases: list[Case], way: str) -> list[list[Case]]:
    """Return which cases are given to a way at once: variables of our role mean nothing to another."""
    if way == OURS:
        return [some for some in (together(cases), *([case] for case in apart(cases))) if some]
    return [some for some in ([one for one in cases if not one.alone], *([one] for one in cases if one.alone)) if some]


def measure(release: str, cases: list[Case], by_role: bool) -> tuple[int, dict[str, dict[str, Verdict]]]:
    """Return the version of systemd, and by case how each way deals with it."""
    with bench.container_of(release) as container, tempfile.TemporaryDirectory() as folder:
        host = Host(release, container, Path(folder))
        cases = [case for case in cases if host.version in case.versions]
        ways: dict[str, Callable[[list[Case]], dict[str, Verdict]]] = {
            OTHERS[0]: partial(host.by_role if by_role else host.by_program, "looping"),
            OTHERS[1]: partial(host.by_role if by_role else host.by_program, "validate"),
        }
        if not by_role:
            ways |= {OURS: host.ours, OTHERS[2]: partial(host.by_program, "verify")}
        found: dict[str, dict[str, Verdict]] = {case.name: {} for case in cases}
        for way, act in ways.items():
            start = time.monotonic()
            for some in runs_of(cases, way):
                for name, verdict in act(some).items():
                    found[name][way] = verdict
            bench.say(f"{release}: {way}: {len(cases)} cases in {time.monotonic() - start:.0f} s")
        return host.version, found


def differences(before: Verdicts, now: Verdicts) -> int:
    """Print where the page says something else, and tell whether it does."""
    found = [
        f"{name}, systemd {version}, {way}: {words[way]}, on the page {before[version][name][way]}"
        for version, verdicts in now.items()
        for name, words in verdicts.items()
        for way in words
        if words[way] != before[version][name][way]
    ]
    print("\n".join(found))
    bench.say(f"{len(found)} of {sum(len(words) for one in now.values() for words in one.values())} verdicts differ")
    return int(bool(found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="measure these alone, keep the page's other verdicts")
    parser.add_argument("--hosts", nargs="+", choices=RELEASES, default=list(RELEASES))
    parser.add_argument(
        "--by-role", action="store_true", help="run the looping role by ansible-playbook; print where the page differs"
    )
    options = parser.parse_args()
    corpus = load()
    cases = [case for case in corpus if options.only is None or case.name in options.only]
    if unknown := {*(options.only or [])} - {case.name for case in corpus}:
        parser.error(f"no case of tests/corpus: {', '.join(sorted(unknown))}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, bench.stop)
    os.environ |= {"ANSIBLE_ROLES_PATH": str(bench.BENCHMARKS), "ANSIBLE_FORKS": FORKS}
    before, start = bench.load(), time.monotonic()
    try:
        with bench.alone(), ThreadPoolExecutor(len(options.hosts)) as pool:
            act = partial(measure, cases=cases, by_role=options.by_role)
            measured = dict(pool.map(act, options.hosts if cases else []))
    except (bench.BenchError, bench.hosts.HostError) as error:
        bench.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    now: Verdicts = {
        version: {name: {way: one.word for way, one in ways.items()} for name, ways in found.items()}
        for version, found in measured.items()
    }
    if options.by_role:
        return differences(verdicts_of(PAGE.read_text("utf-8")), now)
    if measured:
        REASONS.write_text(json.dumps(measured, indent=1))
    # A page of which only some versions or cases were measured keeps what it says of the others.
    whole = options.only is None and len(options.hosts) == len(RELEASES)
    kept = {} if whole else verdicts_of(PAGE.read_text("utf-8"))
    wanted = {version: {case.name for case in corpus if version in case.versions} for version in {*kept, *now}}
    PAGE.write_text(page(merged(kept, now, wanted), corpus), encoding="utf-8")
    minutes = (time.monotonic() - start) / 60
    bench.say(f"wrote {PAGE.relative_to(bench.CHECKOUT)} in {minutes:.0f} minutes, load {before} to {bench.load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
