# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of user managers: accounts that nobody has logged in to, one transaction with the jobs of the system."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from harness import broken_start, daily, runs, snapshot, soon, utc_now, wait_until

OWNER = {"timer_owner": "user"}
RUNS = "/srv/runs"
ALICE, BOB = "alice", "bob"
# What is to be written in a home directory, and where systemd keeps that the account lingers.
LOOK = "find /home/{0} /var/lib/systemd/linger -printf '%P %M %u:%g %l\\n' | grep -v '^ ' | LC_ALL=C sort"


def command(name):
    script = f'echo "$(date +%s.%N)" >> {RUNS}/"$0" && id -un > {RUNS}/"$0".who'
    return ["/bin/sh", "-c", script, name]


def job(name, user=ALICE, **fields):
    scope = {"scope": "user", "user": user} if user else {}
    return {"name": f"user-{name}", "schedule": "*-*-* 00:00:07", "command": command(name), **scope, **fields}


SYSTEM = job("system", user=None)
OWN_FILES = job(
    "files",
    command=None,
    script={"content": 'cat "$CREDENTIALS_DIRECTORY/token"; echo "$SECRET" > "$HOME/secret"\n'},
    environment={"SECRET": "of alice"},
    secrets=["SECRET"],
)


class Story:
    """What was seen."""


def systemctl(host, user, *arguments):
    """Ask the manager of an account, as the account does."""
    number = host.check_output("id -u %s", user)
    return host.run(
        f"runuser -u {user} -- env XDG_RUNTIME_DIR=/run/user/{number} systemctl --user {' '.join(arguments)}"
    )


def state(host, user, unit):
    return systemctl(host, user, "show", "--property=LoadState,ActiveState,UnitFileState", unit).stdout.split()


def look(host, user):
    return host.run(LOOK.format(user)).stdout


ARMED = ["LoadState=loaded", "ActiveState=active", "UnitFileState=enabled"]


def tell(site, host):
    seen = Story()
    for user in (ALICE, BOB):
        host.run("loginctl disable-linger %s", user)
        host.check_output("id %s 2>/dev/null || useradd --create-home %s", user, user)
    host.check_output(f"mkdir -p {RUNS} && chmod 1777 {RUNS}")
    # While it is asked to, it waits.
    waits = f"[ ! -e {RUNS}/wait ] || until [ -e {RUNS}/go ]; do sleep 0.1; done"
    files = {**OWN_FILES, "script": {"content": f'{waits}\necho "$SECRET" > "$HOME/secret"\n'}, "timeout": "400s"}
    all_of_it = [SYSTEM, job("daily"), files, job("daily-too", user=BOB)]

    # The accounts have never been used.
    before = look(host, ALICE), look(host, BOB), snapshot(host)
    seen.check = site.apply(all_of_it, "--check", "--diff", **OWNER)
    seen.untouched = (look(host, ALICE), look(host, BOB), snapshot(host)) == before
    seen.new = site.apply(all_of_it, "--diff", **OWNER)
    seen.lingers = host.check_output("ls /var/lib/systemd/linger").split()
    seen.states = [
        state(host, ALICE, "user-daily.timer"),
        state(host, ALICE, "user-files.timer"),
        state(host, BOB, "user-daily-too.timer"),
    ]
    seen.of_system = host.run("systemctl cat user-daily.timer").rc
    seen.modes = host.check_output(f"find /home/{ALICE}/.config -printf '%P %m %u:%g\\n'")
    systemctl(host, ALICE, "start", "user-daily.service", "user-files.service")
    seen.who = host.check_output(f"cat {RUNS}/daily.who")
    seen.secret = host.check_output(f"cat /home/{ALICE}/secret")
    seen.ran = len(runs(host, "daily"))
    seen.status = site.play(playbook="status")
    seen.data = site.play(playbook="status", output="json", owner="user")
    seen.again = site.apply(all_of_it, "--diff", **OWNER)

    # An edited schedule, whose time has just passed.
    just_gone = daily(utc_now() - timedelta(seconds=3))
    seen.edited = site.apply([SYSTEM, job("daily", schedule=just_gone), *all_of_it[2:]], **OWNER)
    seen.ran_then = len(runs(host, "daily"))
    site.apply([SYSTEM, job("daily", schedule=daily(soon(20))), *all_of_it[2:]], **OWNER)
    wait_until(lambda: len(runs(host, "daily")) > seen.ran_then, 120, "the timer of alice elapses")

    # The part of the system fails when that of the account has been applied, and the other way round.
    seen.undone = {}
    make, fix = broken_start("user-system-breaks")
    host.check_output(make)
    before = look(host, ALICE), snapshot(host).units()
    breaks = job("system-breaks", user=None)
    changed = job("daily", schedule="*-*-* 00:00:09")
    seen.undone["system"] = site.refuse([SYSTEM, breaks, changed, *all_of_it[2:]], **OWNER)
    seen.back = [(look(host, ALICE), snapshot(host).units()) == before, state(host, ALICE, "user-daily.timer")]
    host.check_output(fix)
    # In the place of the link that enables a timer.
    in_the_way = f"/home/{BOB}/.config/systemd/user/timers.target.wants/user-more.timer"
    host.check_output("install -d -o %s -g %s %s", BOB, BOB, in_the_way)
    before = look(host, ALICE), look(host, BOB), snapshot(host).units()
    more = [{**SYSTEM, "description": "Changed"}, changed, *all_of_it[2:], job("more", user=BOB)]
    seen.undone["account"] = site.refuse(more, **OWNER)
    seen.back += [(look(host, ALICE), look(host, BOB), snapshot(host).units()) == before]
    host.check_output("rmdir %s", in_the_way)

    tell_the_end(site, host, seen)
    return seen


def tell_the_end(site, host, seen):
    # What is wrong is told of all parts at once, and nothing is changed in any.
    before = look(host, ALICE), snapshot(host).units()
    seen.bad = site.refuse(
        [
            job("daily", schedule="Mon 25:00"),
            job("nobody", user="no-such-account"),
            job("root", user="root"),
            {**SYSTEM, "command": "/no/such/program"},
            job("command", user=BOB, command="/no/such/program"),
        ],
        **OWNER,
    )
    seen.bad_untouched = (look(host, ALICE), snapshot(host).units()) == before
    seen.early = site.refuse(
        [{"name": "user-x", "scope": "user", "schedule": "daily", "command": "/bin/true"}], **OWNER
    )

    # Declared no more: reported, then pruned.
    seen.left = site.apply([SYSTEM], **OWNER)
    host.check_output(f"rm -f /home/{ALICE}/secret {RUNS}/go && touch {RUNS}/wait")
    systemctl(host, ALICE, "start", "--no-block", "user-files.service")
    wait_until(lambda: "activating" in "".join(state(host, ALICE, "user-files.service")), 60, "the job of alice runs")
    seen.pruned = site.apply([SYSTEM], timer_prune=True, timer_prune_limit=10000, **OWNER)
    shown = ("show", "--property=FragmentPath,TimeoutStartUSec", "user-files.service")
    seen.under_way = systemctl(host, ALICE, *shown).stdout
    host.check_output(f"touch {RUNS}/go")
    listed = ("list-units", "--all", "--plain", "--no-legend", "user-files.service", "'dotmobi-run-end-*'")
    wait_until(lambda: not systemctl(host, ALICE, *listed).stdout, 60, "the run of alice ends, and nothing is left")
    seen.last_secret = host.run(f"cat /home/{ALICE}/secret").stdout
    seen.rest = host.run(f"find /home/{ALICE}/.config /home/{BOB}/.config -name 'user-*' -o -name '*dotmobi*'").stdout
    seen.stopped = [state(host, ALICE, "user-daily.timer"), state(host, BOB, "user-daily-too.timer")]
    site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
    for user in (ALICE, BOB):
        host.check_output("loginctl disable-linger %s", user)


def test_check_mode_changes_nothing_for_an_account_that_was_never_used(story):
    assert story.untouched
    assert story.check.result["changed"]
    assert story.check.actions() == story.new.actions()
    prepared = "".join(one.get("prepared", "") for one in story.check.result["diff"])
    assert "alice: let its manager run without a login (linger)" in prepared


def test_the_first_apply_arms_timers_of_accounts_that_are_not_logged_in(story):
    assert {ALICE, BOB} <= set(story.lingers)
    assert story.states == [ARMED, ARMED, ARMED]
    assert story.of_system != 0
    rows = story.new.rows()
    assert (rows["user-daily"]["user"], rows["user-daily-too"]["user"]) == (ALICE, BOB)
    assert "user" not in rows["user-system"]
    assert all(row["armed"] == "now" for row in rows.values())
    assert [row["name"] for row in story.new.result["jobs"]] == [
        "user-system",
        "user-daily",
        "user-files",
        "user-daily-too",
    ]


def test_the_table_says_whose_a_job_is(story):
    assert "alice: user-daily" in story.new.output


def test_files_belong_to_the_account(story):
    modes = dict(line.split(" ", 1) for line in story.modes.splitlines() if line[:1] != " ")
    assert modes["systemd/user/user-daily.service"] == "644 alice:alice"
    assert modes["dotmobi.systemd_timers/user-files/script"] == "755 alice:alice"
    assert modes["dotmobi.systemd_timers/user-files/secrets"] == "600 alice:alice"


def test_the_job_runs_as_the_account(story):
    assert story.who == ALICE
    assert story.secret == "of alice"
    assert story.ran == 1


def test_the_playbook_status_shows_them(story, machine):
    assert story.status.status == 0, story.status.output
    assert "alice: user-daily" in story.status.output
    (line,) = [line for line in story.data.output.splitlines() if line.startswith("{")]
    jobs = json.loads(line)[machine]["jobs"]
    found = {job["name"]: job for job in jobs}
    assert set(found) == {"user-system", "user-daily", "user-files", "user-daily-too"}
    assert (found["user-daily"]["scope"], found["user-daily"]["user"]) == ("user", ALICE)
    assert (found["user-system"]["scope"], found["user-system"]["user"]) == ("system", "root")
    assert found["user-daily"]["health"] == "ok", found["user-daily"]
    assert found["user-daily"]["last_run"]["result"] == "success"
    assert found["user-daily-too"]["health"] == "never-ran"
    assert found["user-daily"]["next_elapse"]
    assert found["user-daily"]["drift"] == []


def test_the_second_run_changes_nothing(story):
    assert not story.again.result["changed"]
    assert story.again.result["diff"] == []


def test_an_edited_schedule_does_not_run_the_job(story):
    assert story.edited.actions() == {"user-daily": ["update", "reschedule"]}
    assert story.ran_then == 1


@pytest.mark.parametrize("which", ["system", "account"])
def test_a_part_that_fails_takes_all_others_back(story, which):
    assert story.undone[which].result["undone"] is True, story.undone[which].message
    assert "another part" not in story.undone[which].message
    assert story.back == [True, ARMED, True]


def test_the_part_that_failed_is_named(story):
    assert "user-system-breaks" in story.undone["system"].message
    assert "bob: " in story.undone["account"].message


def test_what_is_wrong_in_any_part_is_told_and_nothing_changed(story):
    for text in (
        'user-daily: schedule "Mon 25:00"',
        'user-nobody: user "no-such-account": does not exist on this host',
        'user-root: user "root": is root, whose jobs belong to the system; remove `scope: user`',
        'user-system: command "/no/such/program"',
        'user-command: command "/no/such/program"',
    ):
        assert text in story.bad.message
    assert story.bad_untouched
    assert "user-x: user: is missing, and `scope: user` needs it" in story.early.message


def test_a_run_of_an_account_ends_as_it_began_although_its_job_is_pruned(story):
    assert "/systemd/user.control/user-files.service" in story.under_way
    assert "TimeoutStartUSec=6min 40s" in story.under_way
    assert story.last_secret == "of alice\n"


def test_jobs_that_are_declared_no_more(story):
    assert story.left.result["orphans"] == ["user-daily", "user-files", "user-daily-too"]
    assert story.rest == ""
    assert [found[1] for found in story.stopped] == ["ActiveState=inactive"] * 2
