# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module is killed in the middle of an apply: the next ordinary run brings the host to where it was to go."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from harness import Run, is_armed, recorder, reloads, snapshot

OWNER = {"timer_owner": "kill"}
COUNT = 50
KILLER = (Path(__file__).parent.parent / "files" / "killer.py").read_text()
# Seconds after the first change; an apply of this size takes about one.
MOMENTS = [round(random.Random(7).uniform(low, low + 0.15), 3) for low in (0.0, 0.15, 0.3, 0.5, 0.75)]


def job(number, schedule, **fields):
    name = f"kill-{number:02}"
    return {"name": name, "schedule": schedule, "command": recorder(name), "persistent": number % 2 == 0, **fields}


def side(which):
    """Two declarations that differ in everything: schedules, services, which jobs there are, which are paused."""
    jobs = []
    for number in range(COUNT):
        fields = {}
        if number % 10 == 3 + which:
            fields = {"state": "absent"}
        elif number % 10 == 6 + which:
            fields = {"state": "suspended"}
        jobs.append(job(number, f"*-*-* 00:00:{7 + which:02}", description=f"Side {which}", **fields))
    return jobs


SIDES = [side(0), side(1)]


def picture(host):
    """All that an undisturbed run leaves: files, links, stamps, what systemd has loaded and when it elapses."""
    found = snapshot(host)
    units = host.check_output("systemctl list-units --all --output=json 'kill-*.timer'")
    timers = {row["unit"]: (row["load"], row["active"], row["sub"]) for row in json.loads(units)}
    return {
        "files": found.units(),
        "stamps": sorted(found.stamps),
        "timers": {name: state for name, state in timers.items() if state[0] != "not-found"},
        "elapses": {name: times[0] for name, times in found.timers.items() if name.startswith("kill-") and times[0]},
        "left": [path for path in found.files if "/.dotmobi" in path],
        "ours": set(found.ours) - {"lock"},
    }


def kill_during(site, host, jobs, moment):
    """Start an apply, kill its module, and tell whether that was in its middle."""
    argv = ["podman", "exec", host.backend.hostname, "python3", "-c", KILLER, str(moment)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as killer:
        assert killer.stdout.readline() == "ready\n"
        run = site.play(timer_jobs=jobs, **OWNER)
        said = killer.communicate(timeout=90)[0].strip()
    assert said in ("killed", "over")
    assert (run.status != 0) == (said == "killed"), run.output
    return said == "killed"


class Seen(NamedTuple):
    """What came after one kill."""

    caught: bool
    run: Run
    reloads: int
    expected: dict[str, Any]
    found: dict[str, Any]


def tell(site, host):
    """Kill one apply after the other, each between the two sides; after each kill an ordinary run."""
    undisturbed = {}
    for which in (0, 1, 0):
        site.apply(SIDES[which], **OWNER)
        undisturbed[which] = picture(host)
    seen = []
    for number, moment in enumerate(MOMENTS):
        which = (number + 1) % 2
        caught = kill_during(site, host, SIDES[which], moment)
        before = reloads(host)
        run = site.apply(SIDES[which], **OWNER)
        seen.append(Seen(caught, run, reloads(host) - before, undisturbed[which], picture(host)))
    return seen


@pytest.fixture
def seen(stories, machine):
    return stories[machine].result()


@pytest.mark.parametrize("number", range(len(MOMENTS)))
def test_the_next_run_completes_it(seen, number):
    caught, run, count, expected, found = seen[number]
    assert found == expected
    if caught:
        assert run.result["changed"]
        assert count == 1


def test_most_kills_were_in_the_middle(seen):
    assert sum(one.caught for one in seen) >= 2, f"the applies were over before {MOMENTS}: choose earlier moments"


def test_no_job_has_run(seen, host):  # noqa: ARG001
    assert not host.run("ls /srv/runs").stdout


def test_systemd_has_read_everything(seen, host):  # noqa: ARG001
    assert not host.run("systemctl show --property=NeedDaemonReload 'kill-*' | grep yes").stdout


def test_a_further_run_changes_nothing(seen, site):  # noqa: ARG001
    assert not site.apply(SIDES[len(MOMENTS) % 2], **OWNER).result["changed"]


def test_check_mode_tells_of_a_killed_run(seen, site, host):
    which = (len(MOMENTS) + 1) % 2
    assert kill_during(site, host, SIDES[which], 0.02)
    before = snapshot(host)
    run = site.apply(SIDES[which], "--check", "--diff", **OWNER)
    assert run.result["changed"]
    assert "complete an apply that was cut off" in run.output
    assert snapshot(host) == before
    site.apply(SIDES[which], **OWNER)
    assert picture(host) == seen[-2].expected
    assert is_armed(host, "kill-00")
