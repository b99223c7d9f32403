# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two applies on one host, one of them slow or killed: they are never mixed, and each is told of the other."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from harness import (
    Site,
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

# By podman itself, not by tools/enter.sh: what a killed module has started is to go on, as on any host.
BY_PODMAN = {"ansible_podman_executable": "podman"}
ONE, TWO = {"timer_owner": "one", **BY_PODMAN}, {"timer_owner": "two", **BY_PODMAN}
# In the place of a program, once: says that it has begun, and then does something else first.
WRAPPER = """\
cat > /usr/local/bin/{program} <<'END'
#!/bin/sh
if [ "$1" = {verb} ] && mkdir /run/begun 2>/dev/null; then {first}; fi
exec /usr/bin/{program} "$@"
END
chmod 0755 /usr/local/bin/{program}
"""
# Goes on when it is let, or after some minutes.
# As a package manager that installs one package after the other: systemd reads its units anew while an apply looks.
RELOADER = """\
cat > /usr/local/bin/systemctl <<'END'
#!/bin/sh
if [ "$1" = list-units ] && [ -e /run/dotmobi.systemd_timers/applying.json ]; then /usr/bin/systemctl daemon-reload; fi
exec /usr/bin/systemctl "$@"
END
chmod 0755 /usr/local/bin/systemctl
"""
# A killed apply is ten minutes old, and systemd's own notes twenty.
EARLIER = """\
import json, pathlib, time
marker = pathlib.Path("/run/dotmobi.systemd_timers/applying.json")
ago = time.time_ns() - 600 * 10**9
found = {job: [owner, ago, texts] for job, (owner, _since, texts) in json.loads(marker.read_text()).items()}
marker.write_text(json.dumps(found))
"""
WAIT = "for i in $(seq 3000); do [ -e /run/go ] && break; sleep 0.1; done"
# Prints the processes that have the lock open, and do not hold it.
WAITING = """\
find /proc/[0-9]*/fd -lname /run/dotmobi.systemd_timers/lock 2>/dev/null | while read -r fd; do
    # One that ends meanwhile is none that waits.
    info=$(cat "${fd%/fd/*}/fdinfo/${fd##*/}") || continue
    case $info in *lock:*) ;; ?*) echo "$fd" ;; esac
done
"""


def job(name, schedule="*-*-* 00:00:07", **fields):
    return {"name": name, "schedule": schedule, "command": recorder(name), **fields}


def wrap(host, verb, first, program="systemctl"):
    host.check_output(WRAPPER.format(program=program, verb=verb, first=first))


def unwrap(host):
    host.check_output("rm -rf /run/begun /run/go /usr/local/bin/systemctl /usr/local/bin/systemd-analyze")


def has_begun(host):
    wait_until(lambda: host.run("test -e /run/begun").rc == 0, 60, "the program in the place of systemctl is called")


def let_go(host):
    """Let the program go on, once another apply has waited for it for some time."""
    wait_until(lambda: host.run(WAITING).stdout, 120, "another apply waits for the lock")
    began = utc_now()
    wait_until(lambda: utc_now() > began + timedelta(seconds=1.5), 10, "time goes by")
    host.check_output("touch /run/go")


def leftovers(host):
    """Folders of ours; what Ansible itself leaves of a killed module is not."""
    names = "-name 'systemd-timers-proof-*' -o -name '.dotmobi.*' -o -name 'applying.json*'"
    return host.check_output(f"find /run/dotmobi.systemd_timers /tmp /etc/systemd/system {names}").split()


class Story:
    """What was seen."""


def tell_of_reloads(seen, site, host):
    """Somebody else's reloads, while timers without a stamp get another schedule, and on the way back."""
    passing = job("beside-passing", persistent=False)
    site.apply([job("beside-one"), passing], **ONE)
    host.check_output(RELOADER)
    seen.reloaded = site.apply([job("beside-one"), {**passing, "schedule": "*-*-* 00:00:09"}], **ONE)
    make, fix = broken_start("beside-breaks")
    host.check_output(make)
    seen.back = site.refuse([job("beside-one"), passing, job("beside-breaks")], **ONE)
    host.check_output(fix)
    unwrap(host)
    seen.back_armed = is_armed(host, "beside-passing")


def tell_of_made_up_runs(seen, site, host):
    """Killed with three jobs: two timers were stopped, the third job was suspended. All get a schedule that was due."""
    due = daily(utc_now() - timedelta(minutes=5))
    names = ["beside-cut", "beside-third", "beside-paused"]
    calm = [job(names[0]), job(names[1]), job(names[2], state="suspended")]
    site.apply(calm, **ONE)
    wrap(host, "daemon-reload", "kill -9 $PPID")
    earlier = reloads(host)
    others = [job(names[0], due), job(names[1], "*-*-* 00:00:08"), job(names[2], due)]
    site.play(timer_jobs=others, **ONE)
    unwrap(host)
    wait_until(lambda: reloads(host) > earlier, 60, "the reload that the killed module has asked for is over")
    host.check_output("python3 -c %s", EARLIER)
    stamps = [f"/var/lib/systemd/timers/stamp-{name}.timer" for name in names]
    host.check_output(f"touch -d '20 minutes ago' {' '.join(stamps)}")
    wanted = [job(name, due) for name in names]
    seen.foreseen = site.play("--check", "--diff", timer_jobs=wanted, **ONE)
    seen.cut = site.apply(wanted, "--diff", **ONE)
    wait_until(lambda: runs(host, "beside-cut"), 60, "the run that is caught up")
    seen.cut_again = site.apply(wanted, "--diff", **ONE)
    seen.cut_runs = {name: len(runs(host, name)) for name in names}
    site.apply([job("beside-one"), job("beside-new")], timer_prune=True, timer_prune_limit=4, **ONE)


def tell(site, host):  # noqa: PLR0915  one story
    seen = Story()
    second = Site(site.machine, site.folder / "second")
    second.folder.mkdir()
    site.apply([job("beside-one")], **ONE)
    site.apply([job("beside-two")], **TWO)

    # While an apply is slow: one more, and a look.
    wrap(host, "start", WAIT)
    slow = site.start(timer_jobs=[job("beside-one", schedule="*-*-* 00:00:08")], **ONE)
    has_begun(host)
    seen.look = second.play("--check", "--diff", timer_jobs=[job("beside-one")], **ONE)
    waiting = second.start(timer_jobs=[job("beside-one", state="suspended")], **ONE)
    let_go(host)
    seen.slow, seen.waiting = site.finish(*slow), second.finish(*waiting)
    unwrap(host)
    seen.after_waiting = show(host, "beside-one.timer", "ActiveState")["ActiveState"]
    seen.look_later = site.play("--check", timer_jobs=[job("beside-one", state="suspended")], **ONE)

    # The module is killed, and the systemctl that it has started goes on.
    wrap(host, "start", f"kill -9 $PPID; {WAIT}")
    seen.killed = site.play(timer_jobs=[job("beside-one")], **ONE)
    waiting = second.start(timer_jobs=[job("beside-one", state="suspended")], **ONE)
    let_go(host)
    seen.after_kill = second.finish(*waiting)
    unwrap(host)
    seen.after_orphan = show(host, "beside-one.timer", "ActiveState")["ActiveState"]
    seen.left_after_orphan = leftovers(host)

    # The module of one declaration is killed; the other declaration goes its way.
    wrap(host, "daemon-reload", "kill -9 $PPID")
    earlier = reloads(host)
    site.play(timer_jobs=[job("beside-one"), job("beside-new")], **ONE)
    unwrap(host)
    wait_until(lambda: reloads(host) > earlier, 60, "the reload that the killed module has asked for is over")
    seen.marked = host.check_output("cat /run/dotmobi.systemd_timers/applying.json")
    before = reloads(host)
    seen.other = site.apply([job("beside-two")], "--diff", **TWO)
    seen.other_reloads = reloads(host) - before
    seen.marked_then = host.check_output("cat /run/dotmobi.systemd_timers/applying.json")
    site.apply([job("beside-two", description="x")], **TWO)
    seen.healed = site.apply([job("beside-one"), job("beside-new")], **ONE)
    seen.armed = [is_armed(host, name) for name in ("beside-one", "beside-two", "beside-new")]
    seen.left_after_heal = leftovers(host)

    # Killed while it proves: a unit file holds values of variables.
    wrap(host, "verify", "kill -9 $PPID", program="systemd-analyze")
    secret = job("beside-one", environment={"NOTE": "of-this-job"})
    site.play(timer_jobs=[secret], **ONE)
    unwrap(host)
    seen.left_by_proof = leftovers(host)
    site.apply([job("beside-one"), job("beside-new")], **ONE)
    seen.left_after_proof = leftovers(host)

    tell_of_reloads(seen, site, host)
    tell_of_made_up_runs(seen, site, host)

    # Somebody else's directory.
    host.check_output("chown nobody /run/dotmobi.systemd_timers")
    files = snapshot(host)
    seen.refused = [site.refuse([secret], *options, **ONE) for options in ((), ("--check",))]
    seen.untouched = snapshot(host) == files
    host.check_output("chown root /run/dotmobi.systemd_timers")
    return seen


@pytest.fixture
def seen(stories, machine):
    return stories[machine].result()


def test_the_second_apply_waits_and_says_so(seen, machine):
    assert (seen.slow.status, seen.waiting.status) == (0, 0), seen.waiting.output
    assert "waited" not in seen.slow.result
    assert seen.waiting.result["waited"] > 1
    seconds = f"{seen.waiting.result['waited']:.0f}"
    assert f"{machine}: waited {seconds} s for another apply on this host" in seen.waiting.output
    assert seen.after_waiting == "inactive"


def test_check_mode_tells_of_the_apply_and_of_nothing_that_was_cut_off(seen, machine):
    assert seen.look.result["under_way"] is True
    shown = " ".join(seen.look.output.split())
    assert f"{machine}: an apply is under way on this host; what is shown may be out of date" in shown
    assert "cut off" not in shown
    assert "under_way" not in seen.look_later.result
    assert not seen.look_later.result["changed"]


def test_what_a_killed_apply_has_started_is_waited_for(seen):
    assert seen.killed.status != 0
    assert seen.after_kill.status == 0, seen.after_kill.output
    assert seen.after_kill.result["waited"] > 1
    assert seen.after_orphan == "inactive"
    assert seen.left_after_orphan == []


def test_a_killed_apply_of_another_declaration_is_left_to_that_one(seen):
    owners = {job: found[0] for job, found in json.loads(seen.marked).items()}
    assert owners == {"beside-new": "one", "beside-one": "one"}
    assert seen.marked_then == seen.marked
    assert not seen.other.result["changed"]
    assert seen.other.result["diff"] == []
    assert seen.other_reloads == 0


def test_it_is_completed_by_its_own_next_run(seen):
    assert seen.healed.result["changed"]
    assert seen.armed == [True, True, True]
    assert seen.left_after_heal == []


def test_a_killed_proof_leaves_its_folder_until_the_next_apply(seen):
    (folder,) = seen.left_by_proof
    assert folder.startswith("/run/dotmobi.systemd_timers/systemd-timers-proof-")
    assert seen.left_after_proof == []


def test_a_directory_that_others_can_change_is_refused(seen, machine):
    for run in seen.refused:
        assert run.message == (
            f"{machine}: /run/dotmobi.systemd_timers is not a directory that only root can write; find out who made "
            "it, and remove it: it is made anew; nothing was changed on this host"
        )
    assert seen.untouched


def test_reloads_by_somebody_else_disturb_nothing(seen):
    assert seen.reloaded.actions() == {"beside-passing": ["update", "reschedule"]}
    assert seen.back.result["undone"], seen.back.message
    assert seen.back_armed


def test_only_what_a_killed_apply_had_stopped_is_made_up_for(seen):
    assert seen.cut_runs == {"beside-cut": 1, "beside-third": 0, "beside-paused": 0}
    assert not seen.cut_again.result["changed"]


@pytest.mark.parametrize(("name", "made_up"), [("cut", True), ("third", False), ("paused", False)])
def test_the_words_say_what_becomes_of_it(seen, name, made_up):
    words = "runs the job now, for" if made_up else "does not run the job for"
    for run in (seen.foreseen, seen.cut):
        assert f"beside-{name}: this apply {words} its elapse of" in run.output
        assert run.rows()[f"beside-{name}"]["runs_now"] is made_up
