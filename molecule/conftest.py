# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of all scenarios: a testinfra host for each machine, and a look at its units when a test fails."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

# Tests import their tools by name: `from harness import ...`.
sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
sys.path.insert(0, str(Path(__file__).parent / "shared"))
from clean_environment import clean
from harness import INVENTORY, Site, entered
from hosts import container_name

# Molecule sets ANSIBLE_FORCE_COLOR, among others; tests read what a user reads in a pipe.
clean()

MACHINES = tuple(yaml.safe_load(INVENTORY.read_text())["timer_hosts"]["hosts"])
UNIT = re.compile(r"[\w:.\\@-]+\.(?:service|timer)\b")


@pytest.fixture(scope="module", params=MACHINES)
def machine(request):
    """The inventory name of the machine under test."""
    return request.param


@pytest.fixture(scope="module")
def host(machine):
    """A testinfra host that runs each command right in the container, not by a run of Ansible."""
    return host_of(machine)


def host_of(machine):
    return entered(container_name("test", machine))


@pytest.fixture(scope="module")
def site(machine, tmp_path_factory):
    """Runs the collection's playbooks against the machine under test."""
    return Site(machine, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def everywhere(tmp_path_factory):
    """Lets a story happen on all machines at once: `everywhere(tell)[machine].result()` is what it returns."""

    def happen(tell):
        with ThreadPoolExecutor(len(MACHINES)) as pool:
            return {
                machine: pool.submit(tell, Site(machine, tmp_path_factory.mktemp(machine)), host_of(machine))
                for machine in MACHINES
            }

    return happen


def involved_units(text: str) -> list[str]:
    """The units that a failed test speaks of, by their full names."""
    return sorted(set(UNIT.findall(text)))


def unit_report(host, units: list[str]) -> str:
    """What systemd and the journal say of units; all of the last minutes when none is named."""
    if not units:
        return host.run("systemctl --failed --no-pager; journalctl --no-pager --lines=40").stdout
    parts = []
    for unit in units[:10]:
        # Also `host.service` in a traceback looks like a unit.
        if host.run("systemctl show --property=LoadState --value -- %s", unit).stdout.strip() == "not-found":
            continue
        parts.append(host.run("systemctl status --no-pager --full --lines=0 -- %s", unit).stdout)
        parts.append(host.run("journalctl --no-pager --lines=30 --unit=%s", unit).stdout)
    return "\n".join(parts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed and "host" in getattr(item, "funcargs", {}):
        names = involved_units(f"{report.longreprtext}\n{item.nodeid}")
        report.sections.append(("units and journal", unit_report(item.funcargs["host"], names)))
    return report


@pytest.fixture(scope="module")
def stories(everywhere, request):
    """Each machine to what its story has seen: the function `tell` of a test module, on all machines at once."""
    return everywhere(request.module.tell)


@pytest.fixture
def story(stories, machine):
    """What the story of a test module has seen on the machine of a test."""
    return stories[machine].result()
