# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that are due while they run, that wait for each other, that come too late, and runs that are to be skipped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from entries import BEGAN, begin, entries
from harness import RUNS, UNIT_DIRECTORY, daily, recorder, runs, show, utc_now, wait_until

OWNER = {"timer_owner": "overlap"}
NEVER = "*-01-01 00:00:00"
STEP = 4
OFTEN = f"*:*:0/{STEP}"
# Longer than a step: the job is due while it runs.
LONG = f"sleep {STEP + 1} && date +%s.%N >> {RUNS}/$0.end"
QUEUE = f"{RUNS}/queue"
GO = "/srv/go"
FOLDER = "/etc/dotmobi.systemd_timers"
RUN_DIRECTORY = "/run/dotmobi.systemd_timers"
STATE = "/var/lib/dotmobi.systemd_timers"


def turn(name, then="true"):
    """A command that notes when its turn begins and when it ends."""
    return ["/bin/sh", "-c", f"echo begin $0 >> {QUEUE}; {then}; echo end $0 >> {QUEUE}", name]


def until(path):
    return f"until [ -e {path} ]; do sleep 0.1; done"


GROUP = {"group": "overlap", "group_wait": "10min"}
TURNS = {
    "turn-first": {"command": turn("turn-first", "sleep 500"), "concurrency": GROUP},
    "turn-second": {"command": turn("turn-second", until(f"{GO}-second")), "concurrency": GROUP, "user": "nobody"},
    "turn-stopped": {"command": turn("turn-stopped"), "concurrency": GROUP},
    # The wait is longer than its time limit, which counts for the command alone.
    "turn-third": {"command": turn("turn-third"), "concurrency": GROUP, "timeout": "2s"},
    "turn-late": {"command": turn("turn-late"), "concurrency": {**GROUP, "group_wait": "1s"}},
}


# What the user of a job decides, and root stands beside it: the umask, and variables that the loader obeys.
BESIDE = {
    "command": ["/bin/sh", "-c", f'echo "$PLAIN:$LD_DEBUG:$(umask)" > {RUNS}/beside'],
    "user": "nobody",
    "skip_next": "never-used",
    "concurrency": {"policy": "forbid", "group": "beside"},
    "environment_file": {"content": f"LD_DEBUG=all\nLD_DEBUG_OUTPUT={RUNS}/loader\nPLAIN='two  words'\n"},
    "heartbeat": {"url": "http://127.0.0.1:9/", "start": True},
    "service": {"UMask": "0000"},
    "accept": ["loader-variable"],
}


def day(moment):
    return moment.strftime("%Y-%m-%d")


def jobs(moment):
    hours_ago = daily(moment - timedelta(hours=3))
    found = {
        "overlap-queue": {"schedule": OFTEN, "command": recorder("overlap-queue", LONG)},
        "overlap-forbid": {"schedule": OFTEN, "command": recorder("overlap-forbid", LONG), "concurrency": "forbid"},
        "overlap-manual": {
            "schedule": OFTEN,
            "command": recorder("overlap-manual", until(f"{GO}-manual")),
            "concurrency": "forbid",
            "state": "suspended",
        },
        "overlap-replace": {
            "schedule": OFTEN,
            "command": recorder("overlap-replace", f"echo $$ >> {RUNS}/$0.pids; exec sleep 500"),
            "concurrency": "replace",
            "unit": {"OnFailure": "overlap-failed.service"},
        },
        "late-skipped": {"schedule": hours_ago, "command": recorder("late-skipped"), "starting_deadline": "1h"},
        "late-in-time": {"schedule": hours_ago, "command": recorder("late-in-time"), "starting_deadline": "4h"},
        "late-holds": {"command": turn("late-holds", until(f"{GO}-late")), "concurrency": {"group": "late"}},
        "late-in-queue": {
            "schedule": OFTEN,
            "command": turn("late-in-queue"),
            "concurrency": {"group": "late"},
            # Longer than its gate takes to come to the queue on a machine that is busy.
            "starting_deadline": "8s",
            "state": "suspended",
        },
        "skip-next": {"schedule": OFTEN, "command": recorder("skip-next"), "skip_next": "first"},
        "skip-gone": {"schedule": OFTEN, "command": recorder("skip-gone"), "skip_next": "used"},
        "skip-manual": {"command": recorder("skip-manual"), "skip_next": "never-used"},
        "skip-day": {"schedule": OFTEN, "command": recorder("skip-day"), "skip_next": day(moment)},
        "skip-other-day": {
            "schedule": OFTEN,
            "command": recorder("skip-other-day"),
            "skip_next": day(moment + timedelta(days=3)),
        },
        "root-beside": BESIDE,
        **TURNS,
    }
    return [{"name": name, "schedule": NEVER, **job} for name, job in found.items()]


def skipped(host, job):
    return [one.fields["reason"] for one in entries(host, job, "skipped")]


def take_turns(host):
    """Let the jobs of a group queue for each other; one is killed in its turn, one is stopped in the queue."""
    host.check_output("systemctl start --no-block turn-first")
    wait_until(lambda: "turn-first" in host.run("cat %s", QUEUE).stdout, 90, "turn-first has its turn")
    for name in ("turn-second", "turn-stopped", "turn-third"):
        host.check_output("systemctl start --no-block %s", name)
        wait_until(lambda name=name: entries(host, name, "queued"), 90, f"{name} waits")
    assert host.run("systemctl start turn-late").failed
    host.check_output("systemctl stop turn-stopped")
    host.check_output("systemctl kill --signal=KILL turn-first")
    wait_until(lambda: "begin turn-second" in host.run("cat %s", QUEUE).stdout, 90, "turn-second has its turn")
    host.check_output("touch %s", f"{GO}-second")
    wait_until(lambda: "end turn-third" in host.run("cat %s", QUEUE).stdout, 90, "turn-third has had its turn")


def come_late(host):
    """Let two timers find a run that they have missed, and one job wait for too long."""
    timers = ("late-skipped.timer", "late-in-time.timer")
    host.check_output(f"systemctl stop {' '.join(timers)}")
    for timer in timers:
        host.check_output("touch --date='2 days ago' %s", f"/var/lib/systemd/timers/stamp-{timer}")
    host.check_output(f"systemctl start {' '.join(timers)}")
    wait_until(lambda: skipped(host, "late-skipped"), 90, "late-skipped is skipped")
    wait_until(lambda: runs(host, "late-in-time"), 90, "late-in-time runs")
    # By hand it is never late. A start that comes while systemd still skips the run would be skipped with it.
    wait_until(lambda: show(host, "late-skipped.service", "ActiveState")["ActiveState"] == "inactive", 90, "it is over")
    host.check_output("systemctl start late-skipped")
    host.check_output("systemctl start --no-block late-holds")
    wait_until(lambda: "late-holds" in host.run("cat %s", QUEUE).stdout, 90, "late-holds has its turn")
    host.check_output("systemctl start late-in-queue.timer")
    wait_until(lambda: skipped(host, "late-in-queue"), 120, "late-in-queue is skipped")
    host.check_output("systemctl stop late-in-queue.timer late-in-queue.service")
    host.check_output("touch %s", f"{GO}-late")


def by_hand(host):
    """Start jobs manually whose timers would have them skipped."""
    host.check_output("systemctl start skip-manual")
    host.check_output("systemctl start --no-block overlap-manual")
    wait_until(lambda: runs(host, "overlap-manual"), 90, "overlap-manual runs")
    host.check_output("systemctl start overlap-manual.timer")
    timer = "overlap-manual.timer"
    wait_until(lambda: show(host, timer, "LastTriggerUSec")["LastTriggerUSec"], 90, "its timer elapses")
    host.check_output("touch %s", f"{GO}-manual")
    wait_until(lambda: skipped(host, "overlap-manual"), 90, "overlap-manual tells of it")
    host.check_output("systemctl stop %s", timer)


def modes(host):
    # The second is there when a run was skipped on this host before.
    found = host.run(f"find {RUN_DIRECTORY} {STATE} -type d -printf '%p %m %u\\n'").stdout.splitlines()
    return {path: (mode, user) for path, mode, user in (line.split() for line in found)}


class Story:
    """What was seen."""


def tell(site, host):
    seen = Story()
    begin(host)
    host.check_output(f"mkdir -p {RUNS} && chmod 1777 {RUNS} && touch {QUEUE} && chmod 666 {QUEUE}")
    unit = f"{UNIT_DIRECTORY}/overlap-failed.service"
    host.check_output(f"printf '[Service]\\nType=oneshot\\nExecStart=/usr/bin/touch {RUNS}/failed\\n' > {unit}")
    host.check_output("systemctl daemon-reload")
    declared = jobs(utc_now())
    seen.run = site.apply(declared, **OWNER)
    seen.replace_unit = host.run("cat %s/overlap-replace-replace.service", UNIT_DIRECTORY).stdout
    # As a program with such a umask has left it.
    host.check_output("chmod 0775 %s", RUN_DIRECTORY)
    host.check_output("systemctl start root-beside")
    seen.modes = modes(host)
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(scene, host) for scene in (take_turns, come_late, by_hand)]:
            done.result()
    wait_until(lambda: len(runs(host, "skip-next")) >= 2, 90, "skip-next runs")
    wait_until(lambda: skipped(host, "skip-gone"), 90, "skip-gone is skipped")
    wait_until(lambda: skipped(host, "skip-day"), 90, "skip-day is skipped")
    wait_until(lambda: runs(host, "skip-other-day"), 90, "skip-other-day runs")
    seen.day = next(job["skip_next"] for job in declared if job["name"] == "skip-day")
    seen.skipped_first = skipped(host, "skip-next")
    wait_until(lambda: len(entries(host, "overlap-replace", "replaced")) >= 2, 90, "overlap-replace is replaced twice")
    # Between two runs it is inactive for a moment.
    replaced = {}

    def runs_again():
        replaced.update(show(host, "overlap-replace.service", "Result", "ActiveState"))
        return replaced["ActiveState"] == "activating"

    wait_until(runs_again, 90, "the run that replaces another")
    seen.replaced = replaced
    kept = {job["name"]: job for job in declared if job["name"] in ("skip-next", "overlap-queue", "overlap-forbid")}
    kept["skip-next"]["skip_next"] = "second"
    host.check_output("chmod 0775 %s", RUN_DIRECTORY)
    seen.again = site.apply(kept.values(), timer_prune=True, timer_prune_limit=10000, **OWNER)
    seen.healed = modes(host)[RUN_DIRECTORY]
    before = len(runs(host, "skip-next"))
    host.run("systemctl stop overlap-replace")
    wait_until(lambda: len(runs(host, "skip-next")) >= before + 2, 120, "skip-next runs on")
    wait_until(lambda: len(runs(host, "overlap-forbid")) >= 3, 120, "overlap-forbid runs three times")
    wait_until(lambda: any(made_up(host, "overlap-queue")), 120, "overlap-queue runs twice in a row")
    return seen


@pytest.fixture(autouse=True)
def seen(stories, machine):
    return stories[machine].result()


def made_up(host, job):
    """For each run but the first: whether the job was not due between the end of the run before and its beginning."""
    ends = runs(host, f"{job}.end")
    return [began // STEP * STEP <= ended for ended, began in zip(ends, runs(host, job)[1:], strict=False)]


# --- what overlaps


def test_systemd_starts_a_job_once_more_when_it_was_due_while_it_ran(host):
    assert any(made_up(host, "overlap-queue"))
    assert skipped(host, "overlap-queue") == []


def test_forbid_waits_until_the_job_is_due_again(host):
    assert len(made_up(host, "overlap-forbid")) >= 2
    assert not any(made_up(host, "overlap-forbid"))


def test_forbid_tells_of_what_it_skips(host):
    told = entries(host, "overlap-forbid", "skipped")
    assert {one.fields["reason"] for one in told} == {"forbid"}
    # Between two runs the job was due at least once.
    assert len(told) >= 2
    assert all("the run before was still under way" in one.message for one in told)
    assert all(one.fields["elapse"].endswith("+00:00") for one in told)


def test_an_elapse_during_a_run_that_was_started_by_hand_is_told_too(host):
    first = entries(host, "overlap-manual", "skipped")[0]
    assert first.message == f"skipped the elapse of {first.fields['elapse']}: a run was under way"


def test_replace_stops_the_old_run_and_starts_a_new_one(host, seen):
    pids = host.check_output("cat %s/overlap-replace.pids", RUNS).split()
    told = entries(host, "overlap-replace", "replaced")
    assert len(told) >= 2
    # A run may be replaced before it has written anything.
    assert len(set(pids)) >= 2
    assert [one for one in pids if host.run("test -e /proc/%s", one).succeeded] == []
    assert seen.replaced == {"Result": "success", "ActiveState": "activating"}
    assert not host.file(f"{RUNS}/failed").exists
    assert "Owner=overlap" in seen.replace_unit
    # Which run it was.
    replaced = [one.fields["replaced"] for one in told]
    assert len(set(replaced)) == len(replaced)


# --- groups


def test_jobs_of_a_group_have_their_turns_one_by_one_and_in_order(host):
    told = [line for line in host.check_output("cat %s", QUEUE).splitlines() if "turn-" in line]
    # The first is killed, and frees its place; the one that was stopped in the queue leaves no gap.
    assert told == [
        "begin turn-first",
        "begin turn-second",
        "end turn-second",
        "begin turn-third",
        "end turn-third",
    ]


def test_waiting_is_told_and_has_a_limit(host):
    assert [one.message for one in entries(host, "turn-third", "queued")] == [
        "waits in the group overlap for turn-first.service, turn-second.service, turn-stopped.service"
    ]
    assert float(entries(host, "turn-third", "dequeued")[0].fields["waited"]) > 0
    (gave_up,) = entries(host, "turn-late", "group-timeout")
    assert gave_up.message.startswith("waited 1s in the group overlap, still for turn-first.service, ")


# --- root beside a job


def test_the_umask_of_a_job_is_none_of_roots(seen):
    assert {f"{RUN_DIRECTORY}/groups", f"{RUN_DIRECTORY}/ended"} <= set(seen.modes)
    assert set(seen.modes.values()) == {("700", "root")}
    assert seen.healed == ("700", "root")


def test_the_variables_of_a_job_are_none_of_roots(host):
    # The loader writes such a file for each program that gets them.
    assert host.run(f"ls {RUNS} | grep loader").stdout == ""
    # The others reach the job as they are.
    assert host.check_output(f"cat {RUNS}/beside") == "two  words::0000"
    assert entries(host, "root-beside", "gate-failed") == []


# --- late runs


def test_a_late_run_is_skipped_and_one_within_its_deadline_is_not(host):
    (told,) = entries(host, "late-skipped", "skipped")
    assert told.fields["reason"] == "starting-deadline"
    assert 3 * 3600 <= int(told.fields["late"]) < 4 * 3600
    assert len(runs(host, "late-in-time")) == 1
    assert skipped(host, "late-in-time") == []


def test_a_run_that_has_waited_for_too_long_is_skipped(host):
    told = entries(host, "late-in-queue", "skipped")
    assert {one.fields["reason"] for one in told} == {"starting-deadline"}
    assert told[0].fields["group"] == "late"
    assert "late-in-queue" not in host.check_output("cat %s", QUEUE)


def test_skipped_runs_are_counted_by_the_documented_command(host):
    since = f'--since="@$(stat --format=%Y {BEGAN})"'
    count = f"journalctl {since} DOTMOBI_JOB=late-skipped DOTMOBI_EVENT=skipped --output=cat | wc -l"
    assert host.check_output(count) == "1"


# --- skip_next


def test_a_date_skips_the_runs_of_that_day_and_no_other(host, seen):
    assert set(skipped(host, "skip-day")) == {"skip-date"}
    # Unless the day has ended meanwhile.
    assert seen.day not in {day(datetime.fromtimestamp(one, UTC)) for one in runs(host, "skip-day")}
    assert skipped(host, "skip-other-day") == []


def test_each_token_skips_exactly_one_run(host, seen):
    assert seen.skipped_first == ["skip-next"]
    assert [one.fields["token"] for one in entries(host, "skip-next", "skipped")] == ["first", "second"]
    first = entries(host, "skip-next", "skipped")[0]
    assert runs(host, "skip-next")[0] > first.when
    assert host.check_output(f"cat {STATE}/skip-next/skipped.json") == '["first", "second"]'


def test_the_runs_after_and_between_are_not_skipped(host):
    second = entries(host, "skip-next", "skipped")[1]
    whole = runs(host, "skip-next")
    assert min(whole) < second.when < max(whole)


def test_a_run_that_is_started_by_hand_is_not_skipped(host):
    assert len(runs(host, "skip-manual")) == 1
    assert len(runs(host, "late-skipped")) == 1
    assert skipped(host, "skip-manual") == []


# --- removal


def test_nothing_is_left_of_removed_jobs(host, seen):
    actions = seen.again.actions()
    assert "remove" in actions["skip-gone"]
    assert "remove" in actions["overlap-replace"]
    left = host.run(f"ls -d {UNIT_DIRECTORY}/overlap-replace* {FOLDER}/overlap-replace {FOLDER}/skip-gone").stdout
    assert left == ""
    assert host.run(f"ls {STATE}").stdout.split() == ["skip-next"]


def test_a_changed_token_changes_the_service_alone(seen):
    # One of its many runs may be under way.
    assert [one for one in seen.again.actions()["skip-next"] if one != "let its run finish"] == ["update"]
    assert "overlap-forbid" not in seen.again.actions()
