# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One timer cannot be started: the whole apply is undone, also what it has changed, paused and removed before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import (
    active_since,
    broken_start,
    daily,
    is_armed,
    recorder,
    reloads,
    runs,
    show,
    snapshot,
    utc_now,
    wait_until,
)

OWNER = {"timer_owner": "undo"}
FAR = "*-*-* 00:00:07"
OTHER = "*-*-* 00:00:08"


def job(name, **fields):
    return {"name": name, "schedule": FAR, "command": recorder(name), **fields}


BEFORE = [
    job("undo-kept"),
    job("undo-reschedule"),
    job("undo-reschedule-transient", persistent=False),
    job("undo-edit"),
    job("undo-open"),
    job("undo-suspend"),
    job("undo-resume", state="suspended"),
    job("undo-remove"),
    job("undo-remove-suspended", state="suspended"),
    job("undo-unlinked"),
    job("undo-stopped"),
]
BREAKS = job("undo-breaks")
BREAK, FIX = broken_start("undo-breaks")


def after(passed):
    """Every kind of change at once; one schedule is edited to a time that has just passed."""
    return [
        job("undo-kept"),
        job("undo-reschedule", schedule=daily(passed)),
        job("undo-reschedule-transient", schedule=OTHER, persistent=False),
        job("undo-edit", description="Edited", service={"Nice": 5}),
        job("undo-open", description="Edited"),
        job("undo-suspend", state="suspended"),
        job("undo-resume"),
        {"name": "undo-remove", "state": "absent"},
        {"name": "undo-remove-suspended", "state": "absent"},
        job("undo-unlinked"),
        job("undo-stopped"),
        job("undo-new"),
    ]


NAMES = [entry["name"] for entry in BEFORE]


def states(host):
    """What systemd says of each timer."""
    properties = ("LoadState", "ActiveState", "SubState", "UnitFileState", "NextElapseUSecRealtime", "NeedDaemonReload")
    return {name: show(host, f"{name}.timer", *properties) for name in [*NAMES, "undo-new", "undo-breaks"]}


class Story:
    """What was seen before and after."""


def tell(site, host):
    seen = Story()
    site.apply(BEFORE, **OWNER)
    # What an administrator has done meanwhile is to stay, too, when the apply fails.
    host.check_output("chmod 0666 /etc/systemd/system/undo-open.service")
    host.check_output("rm /etc/systemd/system/timers.target.wants/undo-unlinked.timer && systemctl daemon-reload")
    host.check_output("systemctl stop undo-stopped.timer")
    host.check_output(BREAK)
    armed = utc_now()
    wait_until(lambda: utc_now() > armed + timedelta(seconds=4), 10, "time goes by")
    seen.after = after(utc_now() - timedelta(seconds=2))
    seen.files, seen.states = snapshot(host), states(host)
    seen.kept_since = active_since(host, "undo-kept.timer")
    seen.reloads = reloads(host)
    seen.run = site.refuse([*seen.after, BREAKS], **OWNER)
    seen.files_then, seen.states_then = snapshot(host), states(host)
    seen.reloads = reloads(host) - seen.reloads
    host.check_output(FIX)
    return seen


def test_the_error_names_the_job_and_says_what_is_left(story, site):
    assert story.run.message.startswith(f"{site.machine}: the apply failed: undo-breaks: "), story.run.message
    assert story.run.message.endswith("the host stands as before")
    assert story.run.result["undone"] is True
    assert not story.run.result.get("changed")
    assert story.run.message in story.run.output


def test_files_and_links_are_as_before(story):
    assert story.files_then.units() == story.files.units()


def test_nothing_is_left_over(story):
    assert set(story.files_then.ours) <= {"lock"}
    assert set(story.files_then.files) == set(story.files.files)


def test_stamps_are_as_before(story):
    assert story.files_then.stamps == story.files.stamps


@pytest.mark.parametrize("name", NAMES)
def test_timer_is_as_before(story, name):
    assert story.states_then[name] == story.states[name]


@pytest.mark.parametrize("name", ["undo-new", "undo-breaks"])
def test_what_was_new_is_gone(story, name):
    assert story.states_then[name]["LoadState"] == "not-found"
    assert story.states_then[name]["ActiveState"] == "inactive"


def test_what_was_not_to_change_was_not_touched(story, host):
    assert active_since(host, "undo-kept.timer") == story.kept_since


def test_one_reload_there_and_one_back(story):
    assert story.reloads == 2


def test_no_job_has_run(story, host):  # noqa: ARG001
    assert {name: runs(host, name) for name in [*NAMES, "undo-new", "undo-breaks"] if runs(host, name)} == {}


def test_a_good_apply_works_afterwards(story, site, host):
    """And does not run what was edited to a time that has passed by now."""
    run = site.apply(story.after, **OWNER)
    assert set(run.actions()) == {*NAMES, "undo-new"} - {"undo-kept"}
    for name in (
        "undo-reschedule",
        "undo-reschedule-transient",
        "undo-edit",
        "undo-resume",
        "undo-new",
        "undo-stopped",
    ):
        assert is_armed(host, name)
    assert show(host, "undo-remove.timer", "LoadState") == {"LoadState": "not-found"}
    assert not site.apply(story.after, **OWNER).result["changed"]
    assert {name: runs(host, name) for name in [*NAMES, "undo-new"] if runs(host, name)} == {}
