# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give each job of the corpus (tests/corpus) to the proof and to three other ways, and write docs/comparison.md.

    .venv/bin/python benchmarks/comparison.py [--only NAME ...] [--hosts debian12 debian13] [--anew]

Each way gets a container with systemd as PID 1 in which stands what the case prepares, and which is brought back
afterwards. About an hour. What has been found is kept in .cache/comparison.json, so that a run that was cut off goes on
from there; --anew forgets it. With --only the table is printed and no page is written.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import testinfra
import yaml
from jinja2 import Environment, FileSystemLoader

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run as bench  # the other benchmark: its containers

sys.path[:0] = [str(bench.CHECKOUT / "molecule" / "shared"), str(bench.CHECKOUT / "tests" / "corpus")]

from corpus import Case, apart, load, preparation, restoration, together  # noqa: E402
from harness import Run, Site, snapshot  # noqa: E402

KEPT = bench.CHECKOUT / ".cache" / "comparison.json"
PAGE = bench.CHECKOUT / "docs" / "comparison.md"
RELEASES = ("debian12", "debian13")
KEEPING = threading.Lock()
TEMPLATING = "benchmarks/templating.yml"
STOPS, WARNS, LATE, PASSES = "stops", "warns", "too late", "passes"
OTHERS = ("looping role", "`validate:`", "`verify`")
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
VERIFY = 'cd "$1" && systemd-analyze verify ./*.service ./*.timer'


class Verdict(NamedTuple):
    """What came of a case: how our proof and each of the other ways dealt with it, and the codes of our findings."""

    case: Case
    ours: str
    others: dict[str, str]


class Measured(NamedTuple):
    """The verdicts on all cases that apply to a version of systemd."""

    version: int
    verdicts: list[Verdict]


class Host:
    """A container, and what is done with it."""

    def __init__(self, release: str, container: str, folder: Path) -> None:
        self.release = release
        self.container = container
        self.host = testinfra.get_host(f"podman://{container}")
        self.version = int(self.host.check_output("systemctl --version").split()[1])
        inventory = folder / "hosts.yml"
        connection = {
            "ansible_connection": "containers.podman.podman",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        hosts = {release: {**connection, "ansible_host": container, "ansible_become": False}}
        inventory.write_text(yaml.dump({"all": {"hosts": hosts}}))
        self.site = Site(release, folder, inventory)

    def tried(self, cases: list[Case], act: Callable[[], Any]) -> tuple[Any, bool]:
        """Return what an act gives on a host with the cases prepared, and whether it changed a unit or a link."""
        try:
            self.host.check_output(preparation(cases))
            self.host.check_output(KEEP)
            before = snapshot(self.host).units()
            found = act()
            return found, snapshot(self.host).units() != before
        finally:
            self.host.check_output(RESET)
            self.host.run(restoration(cases))

    def ours(self, cases: list[Case]) -> dict[str, str]:
        """Return how our proof deals with cases that can be in one run."""
        jobs = [job for case in cases for job in case.jobs]
        variables = {name: value for case in cases for name, value in case.variables.items()}
        run, changed = self.tried(cases, lambda: self.site.play(timer_jobs=jobs, **variables))
        return {case.name: verdict_of(case, run, changed, alone=len(cases) == 1) for case in cases}

    def by_templates(self, case: Case, *, validate: bool) -> str:
        """Return how the role that loops over templates deals with a case."""
        variables = {"template_role_jobs": case.jobs, "template_role_validate": validate}
        run, changed = self.tried([case], lambda: self.site.play(playbook=TEMPLATING, **variables))
        if "PLAY [" not in run.output:
            raise bench.BenchError(f"the looping role did not run: {run.output}")
        return PASSES if run.status == 0 else LATE if changed else STOPS

    def by_verify(self, case: Case) -> str:
        """Return how `systemd-analyze verify` deals with the units that the templates make of a case."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                write_units(case.jobs, Path(folder))
            except Exception:  # noqa: BLE001  there is nothing to verify
                return STOPS
            target = f"/root/verify-{case.name}"
            bench.run_in(self.container, "rm", "-rf", target)
            bench.hosts.run("podman", "cp", folder, f"{self.container}:{target}")
            run, _changed = self.tried([case], lambda: self.host.run("sh -c %s sh %s", VERIFY, target))
        return PASSES if run.rc == 0 else STOPS


def verdict_of(case: Case, run: Run, changed: bool, *, alone: bool) -> str:
    """Return how a run of ours dealt with one of its cases."""
    findings = run.result.get("findings", []) if run.results else []
    found = {one["severity"] for one in findings if alone or one["job"] in case.job_names}
    if "error" in found or (alone and run.status):
        return LATE if changed else STOPS
    return WARNS if "warning" in found else PASSES


def write_units(jobs: Iterable[dict[str, Any]], folder: Path) -> None:
    """Write the unit files of jobs as the role that loops over templates does."""
    templates = Environment(loader=FileSystemLoader(bench.BENCHMARKS / "template_role" / "templates"), trim_blocks=True)
    templates.filters["flatten"] = flattened
    for job in jobs:
        for kind in ("service", "timer"):
            text = templates.get_template(f"job.{kind}.j2").render(item=job)
            (folder / f"{job['name']}.{kind}").write_text(text, "utf-8")


def flattened(values: Iterable[Any]) -> list[Any]:
    """Do as the filter of ansible-core: lists within the list are opened."""
    return [one for value in values for one in (flattened(value) if isinstance(value, (list, tuple)) else [value])]


def kept(release: str) -> dict[str, dict[str, str]]:
    """Return what was found of the other ways on a release, by case."""
    found: dict[str, dict[str, dict[str, str]]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return found.get(release, {})


def keep(release: str, case: str, others: dict[str, str]) -> None:
    """Keep what was found of a case. Releases are measured side by side."""
    with KEEPING:
        found = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        found.setdefault(release, {})[case] = others
        KEPT.write_text(json.dumps(found, indent=1))


def measure(release: str, cases: list[Case]) -> Measured:
    """Try all cases on a release."""
    with bench.container_of(release) as container, tempfile.TemporaryDirectory() as folder:
        host = Host(release, container, Path(folder))
        cases = [case for case in cases if host.version in case.versions]
        ours: dict[str, str] = host.ours(together(cases)) if together(cases) else {}
        for case in apart(cases):
            ours.update(host.ours([case]))
        verdicts = []
        for number, case in enumerate(cases, 1):
            known = kept(release).get(case.name)
            if known:
                verdicts.append(Verdict(case, ours[case.name], known))
                continue
            ways = (host.by_templates(case, validate=False), host.by_templates(case, validate=True))
            others = dict(zip(OTHERS, (*ways, host.by_verify(case)), strict=True))
            verdicts.append(Verdict(case, ours[case.name], others))
            keep(release, case.name, others)
            bench.say(
                f"{release}: {number} of {len(cases)}: {case.name}: {ours[case.name]}; {', '.join(others.values())}"
            )
        return Measured(host.version, verdicts)


# --- the page

HEAD = """\
<!--
SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->
<!-- Made by benchmarks/comparison.py: do not edit. -->

# What is stopped before it touches a host

Each file of [tests/corpus](../tests/corpus) holds jobs with one fault, or good jobs that look as if they had one. Each
was given to four ways of bringing jobs to a host, on real systemd, with the files, users and units that the case needs.

| way | what it is |
|---|---|
| ours | `ansible-playbook playbooks/site.yml` |
| looping role | `systemd-analyze calendar` on each schedule, `template` for both units, `systemd_service` |
| `validate:` | each `template` with `validate:`, which runs `systemd-analyze verify` on a copy under the real name |
| `verify` | the exit status of `systemd-analyze verify` on both units, staged side by side under their real names |

The last three get their units from plain templates (`benchmarks/template_role`), which write what the job says.

| word | what happened |
|---|---|
| stops | an error, and no unit and no link on the host has changed |
| too late | an error after the host was changed |
| warns | a warning that names the job; the job is installed |
| passes | nothing is said |
"""


def ways_of(verdict: Verdict) -> dict[str, str]:
    """Return how each way dealt with the case."""
    return {"ours": verdict.ours, **verdict.others}


def summary(found: list[Measured], *, good: bool) -> list[str]:
    """Return a table that counts the verdicts, either on good jobs or on broken ones."""
    lines = ["| | systemd | stops | too late | warns | passes |", "|---|---|---|---|---|---|"]
    for way in ("ours", *OTHERS):
        for version, verdicts in found:
            words = [ways_of(one)[way] for one in verdicts if one.case.name.startswith("good-") is good]
            count = Counter(words)
            numbers = " | ".join(str(count[word]) for word in (STOPS, LATE, WARNS, PASSES))
            lines.append(f"| {way} | {version} | {numbers} |")
    return lines


def cell(words: dict[int, str]) -> str:
    """Return what happened on the versions, said once when it is the same on all."""
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{version}: {word}" for version, word in words.items())


def rows(found: list[Measured]) -> list[str]:
    """Return a table with a line for each case."""
    lines = [f"| case | what is wrong | ours | {' | '.join(OTHERS)} |", "|---|---|---|---|---|---|"]
    by_case: dict[str, dict[int, Verdict]] = {}
    for version, verdicts in found:
        for one in verdicts:
            by_case.setdefault(one.case.name, {})[version] = one
    for name in sorted(by_case, key=lambda name: (name.startswith("good-"), name)):
        on = by_case[name]
        about = next(iter(on.values())).case.about.rstrip(".").replace("|", "\\|")
        if set(on) != {version for version, _verdicts in found}:
            about += f" (on systemd {', '.join(map(str, on))})"
        cells = [cell({version: ways_of(one)[way] for version, one in on.items()}) for way in ("ours", *OTHERS)]
        lines.append(f"| {' | '.join([name, about, *cells])} |")
    return lines


def page(found: list[Measured]) -> str:
    """Return docs/comparison.md."""
    parts = [
        HEAD.rstrip(),
        "## Jobs with a fault",
        "\n".join(summary(found, good=False)),
        "## Good jobs, which have to pass",
        "\n".join(summary(found, good=True)),
        "## Case by case",
        "Where one word stands, it holds for every version of systemd that was measured.",
        "\n".join(rows(found)),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="cases of tests/corpus; no page is written")
    parser.add_argument("--hosts", nargs="+", choices=RELEASES, default=list(RELEASES))
    parser.add_argument("--anew", action="store_true", help="forget what an earlier run has found")
    options = parser.parse_args()
    if options.anew:
        KEPT.unlink(missing_ok=True)
    cases = [case for case in load() if not options.only or case.name in options.only]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, bench.stop)
    os.environ["ANSIBLE_ROLES_PATH"] = str(bench.BENCHMARKS)
    try:
        with bench.alone(), ThreadPoolExecutor(len(options.hosts)) as pool:
            found = list(pool.map(measure, options.hosts, [cases] * len(options.hosts)))
    except (bench.BenchError, bench.hosts.HostError) as error:
        bench.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    if options.only:
        print(page(found))
    else:
        PAGE.write_text(page(found), encoding="utf-8")
        bench.say(f"wrote {PAGE.relative_to(bench.CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
