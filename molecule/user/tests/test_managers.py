# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""User managers that the apply has to start, and jobs that go from one manager to another."""

from __future__ import annotations

import re

from harness import recorder, runs, show, wait_until

OWNER = {"timer_owner": "um"}
DORA, EMIL = "dora", "emil"
STAMPS = "/var/lib/systemd/timers"
ARMED = ["LoadState=loaded", "ActiveState=active", "UnitFileState=enabled"]


def job(name, user=DORA, **fields):
    scope = {"scope": "user", "user": user} if user else {}
    # Its last elapse was never longer ago than a day.
    return {"name": f"um-{name}", "schedule": "*-*-* 00:00:07", "command": recorder(f"um-{name}"), **scope, **fields}


SYSTEM = job("system", user=None)


class Story:
    """What was seen."""


def state(host, user, unit):
    """What the manager of an account says of a unit."""
    ask = f"systemctl --user show --property=LoadState,ActiveState,UnitFileState {unit}"
    return host.run(f"runuser -u {user} -- env XDG_RUNTIME_DIR=/run/user/$(id -u {user}) {ask}").stdout.split()


def tell(site, host):
    seen = Story()
    for user in (DORA, EMIL):
        host.check_output("id %s 2>/dev/null || useradd --create-home %s", user, user)
    host.check_output("mkdir -p /srv/runs && chmod 1777 /srv/runs")
    tell_of_a_manager_that_is_down(site, host, seen)
    tell_of_another_manager(site, host, seen)
    # Without root nobody can work for others, or see what they have.
    as_dora = {"ansible_user": DORA, "ansible_become": False}
    seen.no_root = site.refuse([job("off")], **as_dora, **OWNER)
    seen.status = site.play(playbook="status", **as_dora)
    site.apply([], timer_prune=True, **OWNER)
    for user in (DORA, EMIL):
        host.check_output("loginctl disable-linger %s", user)
    return seen


def tell_of_a_manager_that_is_down(site, host, seen):
    """It starts with the apply, after all else is in its place, so that it runs nothing by surprise."""
    site.apply([SYSTEM, job("off"), job("kept")], **OWNER)
    host.check_output("loginctl disable-linger %s", DORA)
    gone = f"test ! -e /run/user/$(id -u {DORA})/systemd/private"
    wait_until(lambda: host.run(gone).rc == 0, 60, "the manager of dora ends")
    for name in ("off", "kept"):
        stamp = f"/home/{DORA}/.local/share/systemd/timers/stamp-um-{name}.timer"
        host.check_output("test -f %s && touch --date '3 days ago' %s", stamp, stamp)
    boot = job("boot", schedule=None, on_boot="10min")
    then = [SYSTEM, job("off", state="suspended"), job("kept"), boot]
    seen.check = site.apply(then, "--check", **OWNER)
    seen.applied = site.apply(then, **OWNER)
    seen.again = site.apply(then, **OWNER)
    seen.states = {name: state(host, DORA, f"um-{name}.timer") for name in ("off", "kept", "boot")}
    seen.ran = [len(runs(host, f"um-{name}")) for name in ("off", "kept", "boot")]


def tell_of_another_manager(site, host, seen):
    """A job goes from the system to dora, while its old stamp cannot be removed; and then from her to emil."""
    host.check_output(f"mount --bind {STAMPS} {STAMPS} && mount -o remount,bind,ro {STAMPS}")
    try:
        seen.moved = site.apply([job("system")], "--check", **OWNER), site.apply([job("system")], **OWNER)
    finally:
        host.check_output(f"umount {STAMPS}")
    stamp = f"{STAMPS}/stamp-um-system.timer"
    seen.stamps = [host.file(stamp).exists]
    seen.moved_states = [show(host, "um-system.timer", "LoadState"), state(host, DORA, "um-system.timer")]
    seen.moved_on = site.apply([job("system", user=EMIL)], **OWNER)
    seen.stamps += [host.file(stamp).exists]
    seen.moved_on_states = [state(host, user, "um-system.timer") for user in (DORA, EMIL)]
    # As absent, too, wherever it is.
    seen.moved_away = site.apply([job("system", state="absent")], **OWNER)
    seen.moved_away_state = state(host, EMIL, "um-system.timer")


def test_a_manager_starts_when_all_is_in_its_place(story):
    assert story.check.actions() == story.applied.actions()
    assert story.applied.actions() == {
        "um-off": ["disable"],
        "um-kept": ["arm"],
        "um-boot": ["install", "arm", "enable"],
    }
    assert story.states == {
        "off": ["LoadState=loaded", "ActiveState=inactive", "UnitFileState=disabled"],
        **dict.fromkeys(("kept", "boot"), ARMED),
    }
    assert story.ran == [0, 0, 0]
    assert not story.again.result["changed"]


def test_a_job_that_goes_to_another_manager_leaves_the_one_that_had_it(story):
    for run in story.moved:
        rows = [(row["name"], row["state"], row.get("user")) for row in run.result["jobs"]]
        assert rows == [("um-system", "absent", None), ("um-system", "present", DORA)]
        assert run.result["orphans"] == ["um-boot", "um-kept", "um-off"]
    assert story.moved_states == [{"LoadState": "not-found"}, ARMED]
    assert story.moved_on_states[0][:2] == ["LoadState=not-found", "ActiveState=inactive"]
    assert story.moved_on_states[1] == ARMED
    rows = [(row["state"], row.get("user")) for row in story.moved_away.result["jobs"]]
    assert rows == [("absent", DORA), ("absent", EMIL)]
    assert story.moved_away_state[:2] == ["LoadState=not-found", "ActiveState=inactive"]


def test_what_cannot_be_cleaned_up_fails_no_part(story):
    (warning,) = [one for one in story.moved[1].result["findings"] if one["code"] == "unfinished"]
    assert "clean stamp: " in warning["reason"]
    assert story.stamps == [True, False]


def test_without_root(story):
    assert "jobs of user managers: are applied by processes of these accounts" in story.no_root.message
    assert "become root" in story.no_root.message
    # Others may linger, too.
    assert re.search("not looked at: jobs of .*dora, emil.*: only root can look at its jobs", story.status.output)
