# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs without a timer: started by others that have begun and succeeded, or manually; suspended, removed."""

from __future__ import annotations

from typing import Any, NamedTuple

from harness import UNIT_DIRECTORY, Run, recorder, runs, wait_until
from operating import as_json

OWNER = {"timer_owner": "chains"}
FAR = "*-*-* 00:00:07"


def job(name: str, *starters: str, **fields: Any) -> dict[str, Any]:
    found = {"name": f"chain-{name}", "command": recorder(f"chain-{name}"), **fields}
    return found if "schedule" in found else {**found, "triggered_by": [f"chain-{one}" for one in starters]}


JOBS = [
    job("a", schedule=FAR),
    # It runs as somebody who could start nothing, in a sandbox that reaches nobody.
    job("b", "a", "skips", user="nobody", hardening="strict", command="/bin/true"),
    job("c", "b"),
    job("fails", schedule=FAR, command="/bin/false"),
    job("skips", schedule=FAR, conditions={"command": "/bin/false"}),
    job("never", "fails", "skips"),
    # Nobody starts it; it runs when it is new.
    job("hand", run_on_install=True),
    # All of them are new, and one is started by another.
    job("first", schedule=FAR, run_on_install=True),
    job("second", "first", run_on_install=True),
]


class Story(NamedTuple):
    """What one host says, in order."""

    new: Run
    again: Run
    ran: list[int]
    status: dict[str, dict[str, Any]]
    refused: Run
    suspended: Run
    ran_then: list[int]
    gone: Run


def tell(site, host):
    new = site.apply(JOBS, **OWNER)
    wait_until(lambda: runs(host, "chain-hand"), 40, "the new job has run once")
    wait_until(lambda: runs(host, "chain-second"), 40, "the new job that follows another has run once")
    assert host.run("systemctl start chain-fails.service").rc != 0
    host.run("systemctl start chain-skips.service")
    host.check_output("systemctl start chain-a.service chain-hand.service")
    wait_until(lambda: runs(host, "chain-c"), 40, "the last of the chain has run")
    ran = [len(runs(host, f"chain-{name}")) for name in ("c", "hand", "never", "first", "second")]
    again = site.apply(JOBS, **OWNER)
    status = as_json(site.play(playbook="status", output="json", owner="chains"))[site.machine]["jobs"]
    refused = site.play("--extra-vars", "confirm=yes", playbook="remove", job="chain-b")
    suspended = site.apply(
        [{**one, "state": "suspended"} if one["name"] == "chain-c" else one for one in JOBS], **OWNER
    )
    before = len(runs(host, "chain-a"))
    host.check_output("systemctl start chain-a.service")
    since = "journalctl --boot --quiet --output=cat _PID=1 --unit=chain-b.service --grep '^Finished'"
    wait_until(lambda: len(host.run(since).stdout.splitlines()) >= 2, 40, "the one before it has run again")
    ran_then = [len(runs(host, "chain-a")) - before, len(runs(host, "chain-c"))]
    gone = site.apply([], timer_prune=True, timer_prune_limit=9, **OWNER)
    return Story(new, again, ran, {one["name"]: one for one in status}, refused, suspended, ran_then, gone)


def test_a_job_runs_after_one_that_has_begun_and_succeeded(story):
    # One of them ran when it was installed, and then manually.
    assert story.ran == [1, 2, 0, 1, 1]
    rows = story.new.rows()
    assert {name for name, row in rows.items() if row["runs_now"]} == {"chain-hand", "chain-first"}
    assert rows["chain-second"]["actions"] == ["install", "run after chain-first", "enable"]


def test_the_second_apply_changes_nothing_and_says_what_starts_them(story):
    assert story.again.actions() == {}
    rows = story.again.rows()
    assert {name: row["armed"] for name, row in rows.items() if row["armed"] != "now"} == {
        "chain-b": "triggered",
        "chain-c": "triggered",
        "chain-never": "triggered",
        "chain-hand": "manual",
        "chain-second": "triggered",
    }
    assert rows["chain-b"]["schedule_text"] == "after chain-a or chain-skips"


def test_the_live_picture_knows_them(story):
    found = {name: (one["activity"], one["health"]) for name, one in story.status.items()}
    assert found["chain-b"] == found["chain-c"] == ("triggered", "ok")
    assert found["chain-never"] == ("triggered", "never-ran")
    assert found["chain-hand"] == ("manual", "ok")
    assert story.status["chain-c"]["triggered_by"] == ["chain-b"]
    assert story.status["chain-a"]["triggered_by"] is None


def test_a_job_that_others_wait_for_is_not_removed(story):
    assert story.refused.status != 0
    assert "chain-b starts chain-c, which nothing would start then" in story.refused.output


def test_a_suspended_job_is_not_started(story):
    assert story.suspended.actions() == {"chain-c": ["disable"]}
    assert story.ran_then == [1, 1]


def test_nothing_is_left_of_them(story, host):
    assert story.gone.actions()["chain-b"] == ["remove", "disable"]
    assert not host.run(f"ls -d {UNIT_DIRECTORY}/*chain-*").stdout
