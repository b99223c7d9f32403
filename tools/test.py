# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run checks, all of them even when some fail, and end with the line `N passed, N failed`.

    .venv/bin/python tools/test.py [lint] [unit] [sanity] [package] [sandbox] [molecule] [--scenario NAME] [--keep]

Each linter and each sanity test counts as one check, pytest runs count by test, a molecule scenario counts as one
besides its tests. What a check prints goes to .cache/test/NAME.log, and to the terminal when it fails.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from clean_environment import clean

CHECKOUT = Path(__file__).resolve().parent.parent
CACHE = CHECKOUT / ".cache"
LOGS = CACHE / "test"
BIN = Path(sys.executable).parent
GROUPS = ("lint", "unit", "sanity", "package", "sandbox", "molecule")
LANES = 2
# Scenarios that take minutes.
LONG = ("failure", "lifecycle", "catch_up", "proof", "round_trip")
SHOWN_LINES = 150


class Outcome(NamedTuple):
    passed: int
    failed: int
    skipped: int = 0
    note: str = ""


class Step(NamedTuple):
    name: str
    run: Callable[[Path], Outcome]


Results = list[tuple[Step, Outcome]]


# --- running programs

processes: set[subprocess.Popen[bytes]] = set()
stopping = threading.Event()
printing = threading.Lock()


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **more}


def execute(argv: list[str], log: Path, cwd: Path = CHECKOUT, umask: int = -1, **more: str) -> int:
    """Run a program to its end in a process group of its own, appending what it prints to the log."""
    if stopping.is_set():
        return 1
    with log.open("ab") as output:
        output.write(f"$ {' '.join(argv)}\n".encode())
        output.flush()
        process = subprocess.Popen(
            argv, cwd=cwd, env=environment(**more), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, umask=umask,
        )  # fmt: skip
        processes.add(process)
        try:
            return process.wait()
        finally:
            processes.discard(process)


def stop_everything() -> None:
    stopping.set()
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in list(processes):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 5
        while processes and time.monotonic() < deadline:
            time.sleep(0.05)


# --- checks


def program(name: str, *argv: str) -> Step:
    """A check that is one run of one program."""

    def run(log: Path) -> Outcome:
        failed = execute(list(argv), log) != 0
        return Outcome(int(not failed), int(failed))

    return Step(name, run)


def files(*patterns: str) -> list[str]:
    """Files of the working tree, less what git ignores."""
    argv = ["git", "ls-files", "-co", "--exclude-standard", "--deduplicate", "--", *patterns]
    listed = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (CHECKOUT / name).exists()]


def lint_steps() -> Iterator[Step]:
    yield program("ruff", "ruff", "check", ".")
    yield program("ruff format", "ruff", "format", "--check", ".")
    namespace = "ansible_collections.dotmobi.systemd_timers.plugins"
    packages = [p for p in ("module_utils", "plugin_utils") if files(f"plugins/{p}/**.py")]
    if packages:
        yield program("mypy", "mypy", *(word for p in packages for word in ("-p", f"{namespace}.{p}")))
    yield program("mypy programs", "mypy", *files("roles/timer/files/*.py"))
    yield program("yamllint", "yamllint", "--strict", ".")
    yield program("ansible-lint", "ansible-lint", "--nocolor")
    yield program("codespell", "codespell", *files())
    yield program("changelog", "antsibull-changelog", "lint")
    yield Step("spdx", spdx)


def spdx(log: Path) -> Outcome:
    """Every file that can hold comments says whose it is and under which licence."""
    kinds = ("*.py", "*.sh", "*.yml", "*.yaml", "*.toml", "*.cfg", "*.j2", "Makefile", ".ci/run", "requirements*.txt")
    generated = "changelogs/changelog.yaml"
    silent = [
        n
        for n in files(*kinds)
        if n != generated and "SPDX-License-Identifier: GPL-3.0-or-later" not in (CHECKOUT / n).read_text()
    ]
    log.write_text("".join(f"{name}: no SPDX header\n" for name in silent))
    return Outcome(int(not silent), int(bool(silent)))


def read_tally(tally: Path) -> Outcome:
    runs = [json.loads(line) for line in tally.read_text().splitlines()] if tally.exists() else []
    return Outcome(*(sum(run[key] for run in runs) for key in ("passed", "failed", "skipped")))


def counted(log: Path, argv: list[str], **more: Any) -> tuple[int, Outcome]:
    """Run a program that runs pytest somewhere inside, and count the tests."""
    tally = log.with_suffix(".tally")
    tally.unlink(missing_ok=True)
    status = execute(
        argv,
        log,
        TALLY=str(tally),
        PYTEST_ADDOPTS="-p tally --durations=12",
        PYTHONPATH=str(CHECKOUT / "tools"),
        **more,
    )
    return status, read_tally(tally)


def hostile(directory: Path) -> dict[str, Any]:
    """How somebody may call the tests: another language, time zone and umask, settings of their own, over a link."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    (directory / "checkout").symlink_to(CHECKOUT)
    settings = "[defaults]\nstdout_callback = minimal\nforks = 1\ninterpreter_python = /nonexistent\n"
    (directory / ".ansible.cfg").write_text(settings + "[diff]\nalways = true\n")
    return {
        "HOME": str(directory),
        "cwd": directory / "checkout",
        "umask": 0o077,
        "TZ": "Asia/Kolkata",
        "LC_ALL": "C",
        "LANGUAGE": "de",
        "COLUMNS": "50",
        "FORCE_COLOR": "1",
        "ANSIBLE_CONFIG": str(directory / ".ansible.cfg"),
        "ANSIBLE_FORCE_COLOR": "1",
        "ANSIBLE_STDOUT_CALLBACK": "minimal",
        "ANSIBLE_FORKS": "1",
        "ANSIBLE_PYTHON_INTERPRETER": "/nonexistent",
    }


def run_tests(log: Path, *argv: str, **more: Any) -> Outcome:
    status, tests = counted(log, ["pytest", *argv], **more)
    if tests.passed + tests.failed == 0:
        return Outcome(0, 1, tests.skipped, "no test ran")
    return tests._replace(failed=max(tests.failed, int(status != 0)))


def unit(log: Path, processes: str) -> Outcome:
    # The tests have to clean this themselves: tests/unit/conftest.py. A plain run is what `pytest` alone does.
    return run_tests(log, f"--numprocesses={processes}", "tests/unit", **hostile(LOGS / "hostile"))


def sandbox(log: Path) -> Outcome:
    return run_tests(log, "tests/sandbox")


def sanity(log: Path) -> Outcome:
    status = execute([sys.executable, str(CHECKOUT / "tools" / "sanity.py")], log)
    output = log.read_text()
    total = len(re.findall(r"^Running sanity test ", output, flags=re.MULTILINE))
    # Such as shellcheck, where the program is missing.
    skipped = len(re.findall(r"^WARNING: Required program ", output, flags=re.MULTILINE))
    counts = re.search(r"^FATAL: The (\d+) sanity test", output, flags=re.MULTILINE)
    failed = int(counts[1]) if counts else int(status != 0 or total == 0)
    return Outcome(max(total - failed - skipped, 0), failed, skipped)


def package(log: Path) -> Outcome:
    status = execute([sys.executable, str(CHECKOUT / "tools" / "package.py")], log)
    return Outcome(int(status == 0), int(status != 0))


# --- molecule


def scenarios() -> list[str]:
    """All scenarios, those that take long first, so that the lanes end at about the same time."""
    found = sorted(path.parent.name for path in CHECKOUT.glob("molecule/*/molecule.yml"))
    return [name for name in LONG if name in found] + [name for name in found if name not in LONG]


def hosts(log: Path, action: str, test_set: str = "") -> int:
    argv = [sys.executable, str(CHECKOUT / "tools" / "hosts.py"), action, "test"]
    return execute(argv, log, TIMER_TEST_SET=test_set)


def boot(test_sets: list[str]) -> Step:
    def run(log: Path) -> Outcome:
        # What a killed run left is not what a scenario expects.
        failed = hosts(log, "down") or any(hosts(log, "up", test_set) for test_set in test_sets)
        return Outcome(int(not failed), int(bool(failed)))

    return Step("molecule boot", run)


def scenario(name: str, test_set: str) -> Step:
    def run(log: Path) -> Outcome:
        if not list(CHECKOUT.glob(f"molecule/{name}/tests/**/test_*.py")):
            return Outcome(0, 1, note="no tests/test_*.py: molecule would call that a success")
        # Molecule's memory of former runs is not needed: tools/hosts.py knows what is running.
        state = CACHE / "molecule" / name
        shutil.rmtree(state, ignore_errors=True)
        status, tests = counted(
            log,
            ["molecule", "test", "--scenario-name", name, "--destroy", "never"],
            MOLECULE_GLOB="molecule/*/molecule.yml",
            MOLECULE_EPHEMERAL_DIRECTORY=str(state),
            MOLECULE_PROJECT_DIRECTORY=str(CHECKOUT),
            MOLECULE_COMMAND_BORDERS="false",
            TIMER_TEST_SET=test_set,
        )
        if tests.passed + tests.failed == 0:
            return Outcome(0, 1, tests.skipped, "no test ran")
        if status and not tests.failed:
            return tests._replace(failed=1)
        return tests._replace(passed=tests.passed + int(not status))

    return Step(f"molecule {name}", run)


def molecule(names: list[str]) -> Results:
    """Run scenarios in lanes side by side, each on a set of hosts of its own: they mostly wait for their hosts."""
    test_sets = [str(number) for number in range(1, min(LANES, len(names)) + 1)]
    booted = perform(boot(test_sets))
    if booted[1].failed:
        return [booted, *((scenario(name, ""), Outcome(0, 1, note="no machines")) for name in names)]
    # Each lane takes the next name when it is done with one.
    waiting = iter(names)
    with ThreadPoolExecutor(LANES) as pool:
        lanes = [
            pool.submit(lambda test_set=test_set: [perform(scenario(name, test_set)) for name in waiting])
            for test_set in test_sets
        ]
    return [booted, *(result for lane in lanes for result in lane.result())]


# --- the whole


def steps_of(group: str, *, alone: bool) -> list[Step]:
    """The steps of a group. alone: no scenarios run beside them, which need the processors more."""
    if group == "lint":
        return list(lint_steps())
    simple = {"sanity": sanity, "package": package, "sandbox": sandbox}
    simple["unit"] = lambda log: unit(log, "auto" if alone else "0")
    return [Step(group, simple[group])]


def perform(step: Step) -> tuple[Step, Outcome]:
    if stopping.is_set():
        return step, Outcome(0, 1, note="interrupted")
    log = LOGS / f"{step.name.replace(' ', '-')}.log"
    log.unlink(missing_ok=True)
    begin = time.monotonic()
    try:
        outcome = step.run(log)
    except Exception as error:  # noqa: BLE001 a broken check must not stop the others
        outcome = Outcome(0, 1, note=f"{type(error).__name__}: {error}")
    seconds = time.monotonic() - begin
    with printing:
        if outcome.failed and not stopping.is_set() and log.exists():
            lines = log.read_text(errors="replace").splitlines()
            print(
                f"\n----- {step.name}: the end of {log.relative_to(CHECKOUT)}",
                *lines[-SHOWN_LINES:],
                "-----\n",
                sep="\n",
            )
        counts = f"{outcome.passed} passed, {outcome.failed} failed"
        counts += f", {outcome.skipped} skipped" if outcome.skipped else ""
        word = "FAILED" if outcome.failed else "ok"
        print(f"{word:7}{step.name:22}{counts:34}{seconds:6.1f} s  {outcome.note}".rstrip(), flush=True)
    return step, outcome


def interrupt(number: int, frame: object) -> None:  # noqa: ARG001
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", nargs="*", help=f"of {', '.join(GROUPS)}; default: all")
    parser.add_argument(
        "--scenario", action="append", default=[], choices=scenarios(), help="only this molecule scenario"
    )
    parser.add_argument("--keep", action="store_true", help="leave the test hosts running")
    options = parser.parse_args()
    clean()
    groups = options.group or list(GROUPS)
    if unknown := sorted(set(groups) - set(GROUPS)):
        parser.error(f"no such group: {', '.join(unknown)}; known: {', '.join(GROUPS)}")

    LOGS.mkdir(parents=True, exist_ok=True)
    lock = (CACHE / "test.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("another test run is under way in this checkout", "0 passed, 1 failed", sep="\n")
        return 1

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    results: Results = []
    interrupted = False
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        alone = "molecule" not in groups
        steps = [step for group in groups if group != "molecule" for step in steps_of(group, alone=alone)]
        # Beside the scenarios.
        pending = [pool.submit(lambda: [perform(step) for step in steps])]
        if "molecule" in groups:
            pending.append(pool.submit(molecule, list(dict.fromkeys(options.scenario)) or scenarios()))
        for future in pending:
            results += future.result()
    except KeyboardInterrupt:
        interrupted = True
        print("interrupted: stopping", flush=True)
        stop_everything()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        pool.shutdown(cancel_futures=True)
        if "molecule" in groups and not options.keep:
            argv = [sys.executable, str(CHECKOUT / "tools" / "hosts.py"), "down", "test"]
            subprocess.run(
                argv, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )

    passed = sum(outcome.passed for _step, outcome in results)
    failed = sum(outcome.failed for _step, outcome in results) + int(interrupted)
    if failed:
        print("\nfailed:", *(step.name for step, outcome in results if outcome.failed), *["interrupted"] * interrupted)
    summary = f"{passed} passed, {failed} failed"
    (LOGS / "summary").write_text(summary + "\n")
    print(summary, flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
