# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies killed before each of their steps, and at many random moments: one more run, and all is as it should be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness import CHECKOUT, RUNS, recorder, runs

sys.path.insert(0, str(CHECKOUT / ".cache" / "collections"))
from ansible_collections.dotmobi.systemd_timers.tests.unit.fixtures.capture_corpus import code, declared

DRIVER = Path(__file__).parent.parent / "files" / "kills.py"
FOLDER = "/srv/kills"
RANDOM = 50
OWNER = {"timer_owner": "kills"}
NAMES = [f"kills-{number:02}" for number in range(12)]


def side(which):
    """Two declarations that differ in everything; some jobs are paused or absent on one of them."""
    states = {3 + which: "absent", 6 + which: "suspended", 9: ("present", "suspended")[which]}
    jobs = []
    for number, name in enumerate(NAMES):
        timing = {"schedule": f"*-*-* 00:00:{7 + which:02}", "persistent": number % 2 == 0}
        if number == 11:
            timing = {"every": f"{5 + which}h"}
        fields = {"description": f"Side {which}", "state": states.get(number, "present")}
        command = {"command": recorder(name)}
        if number in (6, 10):
            # With files of its own: these change as well, come and go.
            command = {"script": {"content": f"echo {which} >> {RUNS}/{name}\n"}}
            fields.update(environment={"SIDE": str(which)}, secrets=["SIDE"] if which else [])
        jobs.append({"name": name, **command, **timing, **fields})
    request = declared(jobs, OWNER).request._asdict()
    # All of it but what says that these are jobs of the system, and of no other manager.
    return {name: value for name, value in request.items() if name not in ("scope", "elsewhere")}


def tell(_site, host):
    container = host.backend.name
    podman = ["podman", "exec", "--interactive", container]
    host.check_output("mkdir -p %s", FOLDER)
    subprocess.run([*podman, "tar", "-x", "-C", FOLDER], input=code(), check=True)
    given = json.dumps({"requests": [side(0), side(1)], "random": RANDOM})
    driver = [*podman, "python3", "-c", DRIVER.read_text(), FOLDER]
    done = subprocess.run(driver, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def kills(story):
    return story["kills"]


def test_every_kill_was_followed_by_a_good_run(kills):
    assert [one["where"] for one in kills if one["status"] != 0] == []


def test_one_more_run_leaves_what_an_undisturbed_one_leaves(kills):
    wrong = [one for one in kills if one["found"] != "as expected"]
    parts = {
        one["where"]: [part for part in one["expected"] if one["expected"][part] != one["found"][part]] for one in wrong
    }
    assert wrong == [], parts


def test_there_were_many_kills_in_the_middle(kills):
    at_steps = [one for one in kills if one["where"] != "random" and one["caught"]]
    at_random = [one for one in kills if one["where"] == "random"]
    # Both sides have each of these: lock and marker, stop, stamps, files, links, reload, evidence, cleaning up.
    assert len(at_steps) >= 14
    assert len(at_random) >= RANDOM
    assert sum(one["caught"] for one in at_random) >= RANDOM


def test_no_unit_was_ever_seen_half_written(story):
    assert story["watched"]["strange"] == []
    assert story["watched"]["reads"] > 1000


def test_no_job_has_run(story, host):  # noqa: ARG001
    assert {name: runs(host, name) for name in NAMES if runs(host, name)} == {}
