# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each case of vars/cases.yml: one clear error for each fault, all at once, and the host is left untouched."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from harness import Run, Snapshot, snapshot

CASES = yaml.safe_load((Path(__file__).parent.parent / "vars" / "cases.yml").read_text())["bad_input_cases"]
GOOD = {"name": "good", "schedule": "daily", "command": "/bin/true"}
TRIGGERS = ("schedule", "every", "on_boot", "timer")


def complete(job, bare):
    """A job that has nothing else wrong."""
    if bare:
        return job
    job = {"command": "/bin/true", **job}
    return job if set(job).intersection(TRIGGERS[:3]) else {"schedule": "daily", **job}


def assert_says(run, machine, expected):
    """One line for each error below the head: it says where the fault is, and ends in how to mend it."""
    head, *found = [line.strip() for line in run.message.split("\n")]
    count = len(expected)
    assert head.startswith(f"{machine}: {count} error{'s' * (count != 1)}"), run.message
    assert head.endswith(", nothing was changed on this host:"), run.message
    assert len(found) == count, run.message
    for part, end in expected:
        # A line break in a value is shown, not printed: an error is one line.
        lines = [line for line in found if part.replace("\n", "\\n").replace("\r", "\\r") in line]
        assert lines, f"no line holds {part!r}:\n{run.message}"
        assert any(line.endswith(end) for line in lines), f"no mend {end!r} in {lines}"
    # And a person sees it, not the result alone.
    assert head in run.output
    assert not run.result.get("changed")


@pytest.fixture(scope="module")
def version(host):
    return host.check_output("systemctl --version").split()[1]


class Seen(NamedTuple):
    """The host before, the run, the host after it."""

    before: Snapshot
    run: Run
    after: Snapshot


def examine(case, site, host):
    jobs = [complete(job, case.get("bare")) for job in case["jobs"]]
    if "prepare" in case:
        host.check_output(case["prepare"])
    try:
        before = snapshot(host)
        run = site.refuse([*jobs, GOOD], **case.get("variables", {}))
        after = snapshot(host)
    finally:
        host.run(case.get("restore", "true"))
    return Seen(before, run, after)


@pytest.fixture(scope="module")
def examined(everywhere):
    """Each case is examined on all machines at once, when it is first asked for."""
    return cache(lambda number: everywhere(partial(examine, CASES[number])))


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number]["case"].replace(" ", "-"))
def test_names_every_fault_and_changes_nothing(examined, machine, version, number):
    before, run, after = examined(number)[machine].result()
    assert after._replace(ours=before.ours) == before
    assert not any("good." in path for path in after.files)
    assert set(after.ours) <= {"lock"}

    says = CASES[number]["says"]
    assert_says(run, machine, [(one["where"].replace("VERSION", version), one["mend"]) for one in says])


def test_everything_at_once(site, host, version):
    """All that needs no preparation in one set: every error, each one once."""
    jobs = []
    expected = []
    for case in CASES:
        if not {"prepare", "variables"}.intersection(case):
            jobs += [complete(job, case.get("bare")) for job in case["jobs"]]
            expected += [(one["where"].replace("VERSION", version), one["mend"]) for one in case["says"]]
    # The numbers of entries are others here.
    expected = [(part.split("entr")[0], end) for part, end in expected]
    before = snapshot(host)
    run = site.refuse([*jobs, GOOD])
    assert snapshot(host)._replace(ours=before.ours) == before
    assert_says(run, site.machine, expected)
