# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs with a last elapse: once it has run they are done, and block nothing; one that never ran stays an error."""

from __future__ import annotations

from typing import Any, NamedTuple

from harness import Run, recorder, runs, show, soon, wait_until
from operating import as_json

OWNER = {"timer_owner": "last-run"}
FAR = "*-*-* 00:00:07"
RECORD = "/var/lib/dotmobi.systemd_timers/last-{}/ran"
ACCOUNT = "nobody"


def job(name: str, schedule: Any, **fields: Any) -> dict[str, Any]:
    return {"name": f"last-{name}", "schedule": schedule, "command": recorder(f"last-{name}"), **fields}


class Story(NamedTuple):
    """The applies of one host, in order."""

    removed: Run
    again: Run
    looked_at: Run
    never: Run
    gone: Run
    health: dict[str, dict[str, Any]]


def tell(site, host):
    # A job that nobody can be fooled about: its user owns nothing of the record.
    when = soon(10)
    date = when.strftime("%Y-%m-%d %H:%M:%S")
    jobs = [
        job("kept", date, user=ACCOUNT, command="/bin/true"),
        job("removed", date, after_last_run="remove"),
        job("failed", date, after_last_run="remove", command="/bin/false"),
        job("two", [date, "2099-01-01"]),
        job("other", FAR),
    ]
    site.apply(jobs, **OWNER)
    assert not host.file(RECORD.format("kept")).exists
    for name in ("kept", "removed", "failed", "two"):
        wait_until(lambda name=name: host.file(RECORD.format(name)).exists, 60, f"last-{name} has run")
    wait_until(
        lambda: show(host, "last-failed.service", "ActiveState")["ActiveState"] == "failed", 20, "the run has failed"
    )
    wait_until(lambda: runs(host, "last-removed") and runs(host, "last-two"), 20, "the others have run")
    wait_until(
        lambda: show(host, "last-removed.service", "ActiveState")["ActiveState"] == "inactive", 20, "it has ended"
    )
    # As after a boot: systemd knows nothing of the failure any more.
    host.check_output("systemctl reset-failed last-failed.service")
    jobs[-1]["schedule"] = "*-*-* 00:00:08"
    removed = site.apply(jobs, **OWNER)
    again = site.apply(jobs, **OWNER)
    status = site.play(playbook="status", output="json", owner="last-run")
    health = {job["name"]: job for job in as_json(status)[site.machine]["jobs"]}
    site.play("--extra-vars", '{"reset": true, "run": false}', playbook="troubleshoot", job="last-failed")
    looked_at = site.apply(jobs, **OWNER)
    never = site.refuse([*jobs, job("never", "2026-01-01 03:00")], **OWNER)
    gone = site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
    return Story(removed, again, looked_at, never, gone, health)


def test_an_apply_after_the_last_run_goes_on_and_removes_what_is_to_go(story):
    expected = {
        "last-removed": ["remove", "disarm", "disable"],
        "last-other": ["update", "reschedule"],
    }
    assert story.removed.actions() == expected


def test_they_are_shown_as_done(story):
    armed = {name: row["armed"] for name, row in story.again.rows().items()}
    assert armed == {
        "last-kept": "done",
        "last-removed": "done",
        "last-failed": "done",
        "last-two": "now",
        "last-other": "now",
    }
    assert story.again.actions() == {}
    assert story.health["last-kept"]["health"] == story.health["last-kept"]["activity"] == "done"
    assert story.health["last-failed"]["health"] == "failing"
    assert story.health["last-two"]["health"] == "ok"


def test_a_failure_keeps_the_job_until_somebody_has_looked_at_it(story):
    assert story.looked_at.actions() == {"last-failed": ["remove", "disarm", "disable"]}


def test_a_date_in_the_past_that_never_ran_is_an_error(story):
    assert "last-never" in story.never.message
    assert "[never-elapses]" in story.never.message
    assert "last-kept" not in story.never.message


def test_nothing_is_left_of_them(story, host):
    assert story.gone.actions()["last-removed"] == ["remove"]
    assert not host.run("ls -d /var/lib/dotmobi.systemd_timers/last-*").stdout
