# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs without a timer: what their declarations say, what is refused, and how an apply treats them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import (
    links_of,
    starters_of,
    starting_others,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import cleaner_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import own_pairs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import (
    Change,
    NotChangeable,
    request_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.chains import circle_in
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import spoken_triggers
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_systemd import FakeHost, make_host
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

A = {"name": "a", "schedule": "daily", "command": "/bin/true"}
B = {"name": "b", "triggered_by": "a", "command": "/bin/true"}


def merged(*jobs: dict[str, Any]) -> Any:
    return merge_jobs({"timer_jobs": list(jobs)}, {}, "skip")


def test_a_job_that_others_start_needs_no_schedule_and_is_noted_there() -> None:
    found = merged(A, B, {"name": "c", "triggered_by": [], "command": "/bin/true"})
    assert found.findings == []
    assert [bool(job.get("followed")) for job in found.jobs] == [True, False, False]
    assert [spoken_triggers(job) for job in found.jobs] == ["every day at 00:00", "after a", "when somebody starts it"]


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([A, {**B, "triggered_by": "aa"}], ["b: is not declared here, or is to be absent"]),
        ([{"name": "a", "state": "absent"}, B], ["b: is not declared here, or is to be absent"]),
        ([A, {**B, "every": "1h"}], ["b: stands beside every"]),
        ([A, {**B, "timer": {"OnBootSec": "1h"}}], ["b: stands beside timer.OnBootSec"]),
        (
            [A, {**B, "scope": "user", "user": "alice"}],
            ["b: is a job of another manager, which cannot start this one"],
        ),
        (
            [{**A, "name": "a" * 240}, {**B, "triggered_by": "a" * 240}],
            ["b: has a name of more than 232 characters"],
        ),
        ([A, {**B, "concurrency": "forbid"}], ["b: needs a schedule, and what other jobs start has none"]),
        ([A, {**B, "skip_next": "x"}], ["b: skips a run of a timer, and there is none"]),
        (
            [
                {**B, "triggered_by": "c"},
                {**B, "name": "c", "triggered_by": "d"},
                {**B, "name": "d", "triggered_by": "b"},
            ],
            ["b: makes a circle, in which each job would start the next for ever: d -> c -> b -> d"],
        ),
        ([{**B, "triggered_by": "b"}], ["b: makes a circle, in which each job would start the next for ever: b -> b"]),
    ],
)
def test_what_cannot_be(jobs: list[dict[str, Any]], expected: list[str]) -> None:
    found = merged(*jobs).findings
    assert [one.reason for one in found] == [text.split(": ", 1)[1] for text in expected]


def test_many_ways_to_one_job_are_no_circle() -> None:
    layers = {f"{n}{x}": [f"{n - 1}a", f"{n - 1}b"] for n in range(1, 60) for x in "ab"}
    assert circle_in({**layers, "0a": [], "0b": []}) == []
    assert set(circle_in({**layers, "0a": ["59a"], "0b": []})) >= {"0a", "59a"}


def test_the_units_of_a_job_without_a_timer() -> None:
    job = wanted(name="b", schedule=None, triggered_by=[])
    assert job.timer == ""
    assert list(job.units()) == ["b.service"]
    assert (starters_of(job.service), links_of("b", job.service)) == ((), [])
    assert starters_of(wanted().service) is None


def test_the_service_starts_others_last_and_once() -> None:
    job = wanted(service={"ExecStopPost": "/bin/x"}, concurrency="forbid")._replace(followed=True)
    found = UnitText(starting_others(job, "/etc/systemd/system", Scope()).service).values("Service", "ExecStopPost")
    assert found[0] == "/bin/x"
    assert found[-1].endswith('next "/etc/systemd/system/backup-succeeded.target.wants"')
    assert found[-1].count("systemctl --no-block start") == 1
    alice = starting_others(job, "/home/a%", Scope("alice", 1, 1, "/home/a%")).service
    assert "systemctl --user --no-block" in alice
    assert '"/home/a%%/backup-succeeded.target.wants"' in alice
    assert starting_others(job._replace(followed=False), "/x", Scope()).service == job.service


# --- applies


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    return make_host(tmp_path, monkeypatch)


def chain(**fields: Any) -> tuple[WantedJob, WantedJob]:
    """Return a job and one that follows it. (A sample is declared alone, so its starter is put in.)"""
    job = wanted(name="b", schedule=None, triggered_by=[], **fields)
    return (
        wanted(name="a")._replace(followed=True),
        job._replace(service=job.service.replace("TriggeredBy=-", "TriggeredBy=a")),
    )


def rows(host: FakeHost, *jobs: WantedJob, **options: Any) -> dict[str, tuple[str, list[str]]]:
    outcome = host.converge(*jobs, **options)
    assert outcome.errors == []
    return {row["name"]: (row["armed"], row["actions"]) for row in outcome.result["jobs"]}


def test_a_chain_is_installed_and_then_left_alone(host: FakeHost) -> None:
    a, b = chain()
    expected = {"a": ("now", ["install", "arm", "enable"]), "b": ("triggered", ["install", "enable"])}
    assert rows(host, a, b, check_mode=True)["b"] == ("triggered", ["install", "enable"])
    assert rows(host, a, b) == expected
    link = host.units / "a-succeeded.target.wants" / "b.service"
    assert link.readlink() == host.units / "b.service"
    assert not (host.units / "b.timer").exists()
    assert "start a.timer" in host.verbs()
    assert rows(host, a, b) == {"a": ("now", []), "b": ("triggered", [])}
    assert host.verbs() == []


def test_it_is_suspended_and_removed_by_its_link(host: FakeHost) -> None:
    a, b = chain()
    rows(host, a, b)
    suspended = b._replace(state="suspended")
    assert rows(host, a, suspended)["b"] == ("no", ["disable"])
    assert not (host.units / "a-succeeded.target.wants").exists()
    assert rows(host, a, suspended)["b"] == ("no", [])
    assert rows(host, a, b)["b"] == ("triggered", ["enable"])
    assert rows(host, a, WantedJob("b", "absent", "skip", "", ""))["b"] == ("no", ["remove", "disable"])
    assert [path.name for path in host.units.rglob("b.*")] == []


def test_a_timer_goes_and_comes_back(host: FakeHost) -> None:
    a, b = chain()
    timed = wanted(name="b")
    rows(host, a, timed)
    armed, actions = rows(host, a, b)["b"]
    assert armed == "triggered"
    assert set(actions) >= {"update", "remove b.timer", "disarm", "enable"}
    assert not (host.units / "timers.target.wants" / "b.timer").exists()
    assert host.stamp("b") is None
    assert rows(host, a, b)["b"] == ("triggered", [])
    assert rows(host, a, timed)["b"][0] == "now"
    assert rows(host, a, timed)["b"] == ("now", [])
    assert host.surprises == []


def test_by_hand_alone(host: FakeHost) -> None:
    job = wanted(name="b", schedule=None, triggered_by=[])
    assert rows(host, job) == {"b": ("manual", ["install"])}
    assert rows(host, job) == {"b": ("manual", [])}


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        (Change("remove", []), "a", "a starts b, which nothing would start then; remove that first"),
        (Change("reschedule", ["daily"]), "b", "b has no timer: other jobs start it, or somebody manually"),
    ],
)
def test_changes_by_hand_that_cannot_be(host: FakeHost, change: Change, name: str, reason: str) -> None:
    rows(host, *chain())
    pair = own_pairs(str(host.units))[name]
    with pytest.raises(NotChangeable, match=reason):
        request_of(pair, change, Request([], "default", False, "strict", str(host.units), "", str(host.own)))


@pytest.mark.parametrize("kind", ["suspend", "resume", "remove"])
def test_changes_by_hand(host: FakeHost, kind: str) -> None:
    rows(host, *chain())
    bare = Request([], "default", False, "strict", str(host.units), "", str(host.own))
    request = request_of(own_pairs(str(host.units))["b"], Change(kind, []), bare)
    found = rows(host, *request.jobs)
    assert found["b"][1] == {"suspend": ["disable"], "resume": [], "remove": ["remove", "disable"]}[kind]
    # The job that starts it is left as it is.
    assert "a" not in found


# --- a starter that is renamed while it runs


def renamed_chain(host: FakeHost) -> tuple[WantedJob, WantedJob]:
    """Install a chain, let its first job run, and return it with another name for that job."""
    a, b = chain()
    rows(host, a, b)
    host.states["a.service"] = ("activating", "start")
    new = wanted(name="new", renamed_from="a")._replace(followed=True)
    return new, b._replace(service=b.service.replace("TriggeredBy=a", "TriggeredBy=new"))


def links_to_b(host: FakeHost) -> set[str]:
    return {path.parent.name.partition("-")[0] for path in host.units.glob("*-succeeded.target.wants/b.service")}


def test_the_run_of_a_former_name_starts_what_follows_the_new_one(host: FakeHost) -> None:
    new, follower = renamed_chain(host)
    foreseen = rows(host, new, follower, check_mode=True)
    done = rows(host, new, follower)
    assert {name: actions for name, (_armed, actions) in done.items()} == {
        name: actions for name, (_armed, actions) in foreseen.items()
    }
    assert "enable" in foreseen["b"][1]
    assert links_to_b(host) == {"a", "new"}
    assert rows(host, new, follower) == {"new": ("now", []), "b": ("triggered", [])}
    host.end_run("a")
    assert links_to_b(host) == {"new"}
    assert not (host.units / "a-succeeded.target.wants").exists()
    assert rows(host, new, follower) == {"new": ("now", []), "b": ("triggered", [])}
    assert host.verbs() == []


@pytest.mark.parametrize("way", ["not running", "suspended", "follows another", "pin is lost"])
def test_no_link_of_a_former_name_stays_without_a_run_that_needs_it(host: FakeHost, way: str) -> None:
    new, follower = renamed_chain(host)
    other = wanted(name="other")._replace(followed=True)
    if way == "not running":
        host.states.pop("a.service")
    if way == "suspended":
        follower = follower._replace(state="suspended")
    if way == "follows another":
        follower = follower._replace(service=follower.service.replace("TriggeredBy=new", "TriggeredBy=other"))
    rows(host, new, other, follower)
    if way == "pin is lost":
        # A boot.
        host.states.pop("a.service")
        for path in (host.root / "runtime").rglob("*.service"):
            path.unlink()
        host.loaded.pop(cleaner_of("a"))
        host.states.pop(cleaner_of("a"))
        rows(host, new, other, follower)
    expected = {"suspended": set(), "follows another": {"other"}}
    assert links_to_b(host) == expected.get(way, {"new"})
    rows(host, new, other, follower)
    assert host.verbs() == []
