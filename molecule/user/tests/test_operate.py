# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that operate jobs, on jobs of a user manager: they are found by name, and run and changed there."""

from __future__ import annotations

import pytest
from harness import Site, wait_until
from operating import all_of, as_json, head_of, machines, of_machine, only_readable, row_of

OWNER = {"timer_owner": "user-op"}
CAROL = "carol"
FAR = "Mon 08:00"


def job(name, *script, **fields):
    return {"name": f"uo-{name}", "schedule": FAR, "command": ["/bin/sh", "-c", "; ".join(script)], **fields}


OF_CAROL = {"scope": "user", "user": CAROL}
# Of processes that end at once, as these do, the journal does not always learn which unit of the account it was.
WELL = job("well", "id -un", "echo all is well", **OF_CAROL)
JOBS = [WELL, job("bad", "/bin/echo no luck", "exit 4", **OF_CAROL), job("system", "echo of the system")]
# Writes what the processes of carol have open that work for root, until its file is gone: one could take it from them.
WATCHER = """
import os, pwd, time
uid, seen, programs = pwd.getpwnam("carol").pw_uid, set(), set()
while os.path.exists("/tmp/uo-watch"):
    time.sleep(0.002)
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{name}/cmdline", "rb").read().decode().split(chr(0))
            # The second user id of a process is the one that counts.
            uids = [line.split()[2] for line in open(f"/proc/{name}/status") if line.startswith("Uid:")]
            if uids == [str(uid)] and ("python" in words[0] or words[0].endswith("systemctl")):
                programs.add(os.path.basename(words[0]))
                seen.update(os.readlink(f"/proc/{name}/fd/{one}") for one in os.listdir(f"/proc/{name}/fd"))
        except OSError:
            pass
with open("/tmp/uo-seen", "w") as stream:
    print(*sorted(programs), "|", *sorted(one for one in seen if one.startswith("/")), file=stream)
"""
STEPS = {
    "run": {"playbook": "run", "job": "uo-well"},
    "bad": {"playbook": "run", "job": "uo-bad", "output": "json"},
    "log": {"playbook": "logs", "job": "uo-well", "run": "last"},
    "trouble": {"playbook": "troubleshoot", "job": "uo-bad", "reset": True, "run": False},
    "details": {"playbook": "status", "job": "uo-well"},
    "of one account": {"playbook": "status", "user": CAROL, "output": "json"},
    "of no account": {"playbook": "status", "user": "carrol"},
    "suspend": {"playbook": "suspend", "job": "uo-well"},
    "status": {"playbook": "status", "job": "uo-well", "output": "json"},
    "resume": {"playbook": "resume", "job": "uo-well", "user": CAROL},
    "skip": {"playbook": "skip_next", "job": "uo-well"},
    "reschedule": {"playbook": "reschedule", "job": "uo-well", "schedule": "Tue 09:00"},
    "not of root": {"playbook": "remove", "job": "uo-well", "user": "root"},
    "remove": {"playbook": "remove", "job": "uo-well"},
}


@pytest.fixture(scope="module")
def told(everywhere, tmp_path_factory):
    def prepare(_site, host):
        host.check_output("id %s 2>/dev/null || useradd --create-home %s", CAROL, CAROL)
        # It is to linger, and its manager does not run, as after a crash of the manager.
        host.check_output("touch /var/lib/systemd/linger/%s", CAROL)

    def look(_site, host):
        return host.run(f"find /home/{CAROL}/.config -name 'uo-well*' -printf '%f\\n' | sort").stdout.split()

    def watch(_site, host):
        host.check_output("rm -f /tmp/uo-seen; touch /tmp/uo-watch")
        host.check_output("setsid python3 -c %s >/dev/null 2>&1 </dev/null &", WATCHER)

    def watched(_site, host):
        host.check_output("rm /tmp/uo-watch")
        return wait_until(lambda: host.run("cat /tmp/uo-seen").stdout, 60, "the watcher ends").strip()

    def clean(_site, host):
        host.check_output("loginctl disable-linger %s", CAROL)

    all_of(everywhere(prepare))
    site = Site("timer_hosts", tmp_path_factory.mktemp("user-op"))
    site.apply(JOBS, **OWNER)
    plays = {}
    for name, variables in STEPS.items():
        if name == "suspend":
            all_of(everywhere(watch))
        plays[name] = site.play(**variables)
        if name == "suspend":
            plays["open"] = all_of(everywhere(watched))
    plays["left"] = all_of(everywhere(look))
    # One of the same name with another owner.
    other = {**WELL, "scope": "system", "user": "root"}
    site.apply([other], timer_owner="user-op-too")
    site.apply([WELL], **OWNER)
    plays["both"] = site.play(playbook="run", job="uo-well")
    plays["trouble with both"] = site.play(playbook="troubleshoot", job="uo-well")
    plays["trouble of root"] = site.play(playbook="troubleshoot", job="uo-well", user="root", output="json")
    plays["of root"] = site.play(playbook="run", job="uo-well", user="root")
    site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
    all_of(everywhere(clean))
    return plays


def test_run(told, machine):
    run = told["run"]
    assert run.status == 0, run.output
    only_readable(run)
    printed = machines(run, "Run it")
    assert f"{machine} | {CAROL}" in printed
    assert f"{machine} | all is well" in printed
    assert f"{machine} | (Finished uo-well.service - uo-well.)" in printed
    assert row_of(machines(run, "Show how it went"), machine)[1:3] == ["uo-well", "success"]


def test_a_run_that_fails(told, machine):
    assert told["bad"].status != 0
    found = as_json(told["bad"])[machine]
    assert (found["result"], found["exit_status"], found["user"]) == ("exit-code", 4, CAROL)
    assert [line["text"] for line in found["lines"] if not line["by_systemd"]] == ["no luck"]


def test_logs(told, machine):
    lines = of_machine(machines(told["log"], "Show the logs"), machine)
    assert sum(line.endswith("  all is well") for line in lines) == 1
    assert sum("(Finished uo-well.service" in line for line in lines) == 1


def test_troubleshoot(told, machine):
    run = told["trouble"]
    # It was reset, and not run again: nothing is wrong for now.
    assert run.status == 0, run.output
    only_readable(run)
    said = machines(run, "Show the diagnosis")
    place = head_of(said, f"{CAROL}: uo-bad", machine)
    assert said[place].endswith(": ok")
    assert said[place + 1] == '  the last run failed: exit status 4; it said last: "no luck"'
    assert any(
        line.endswith("  /bin/sh (program)") for line in machines(run, "Show status, output, files and permissions")
    )


def test_the_history_of_runs_is_known(told, machine):
    lines = machines(told["details"], "Show the jobs")
    start = lines.index(f"{CAROL}: uo-well on {machine}")
    assert "  last runs" in lines[start : start + 25]
    assert "The journal cannot be read" not in told["details"].output


def test_status_of_one_account(told, machine):
    assert told["of one account"].status == 0, told["of one account"].output
    found = as_json(told["of one account"])[machine]
    assert [(job["name"], job["user"]) for job in found["jobs"]] == [("uo-bad", CAROL), ("uo-well", CAROL)]


def test_an_account_that_is_none(told):
    assert told["of no account"].status != 0
    assert f"carrol is not an account on any of 2 hosts; did you mean {CAROL}?" in told["of no account"].output


def test_troubleshoot_takes_the_job_of_the_one_who_was_named(told, machine):
    run = told["trouble with both"]
    assert run.status != 0
    said = f"uo-well is a job of {CAROL}, root: say whose with -e user=root"
    assert f"fatal: [{machine}]: FAILED!\n  {said}" in run.output
    found = as_json(told["trouble of root"])[machine]
    assert [found[part]["user"] for part in ("before", "after")] == ["root", "root"]


def test_changes(told, machine):
    rows = {name: row_of(machines(told[name], "Show what was done"), machine) for name in ("suspend", "resume")}
    assert rows["suspend"][1:4] == ["uo-well", "disarm, disable", "suspended"]
    assert rows["resume"][1:4] == ["uo-well", "arm, enable", "armed"]
    (found,) = as_json(told["status"])[machine]["jobs"]
    assert (found["activity"], found["user"], found["scope"]) == ("suspended", CAROL, "user")
    assert row_of(machines(told["reschedule"], "Show what was done"), machine)[2] == "update, reschedule"
    assert row_of(machines(told["remove"], "Show what was done"), machine)[3] == "absent"
    assert told["left"][machine] == []


def test_nothing_of_root_is_open_in_the_processes_of_an_account(told, machine):
    programs, _bar, opened = told["open"][machine].partition("|")
    assert "systemctl" in programs.split(), "the watcher has seen none"
    assert not [one for one in opened.split() if one.startswith(("/run/dotmobi.systemd_timers", "/root"))]


def test_what_it_cannot(told, machine):
    run = told["skip"]
    assert run.status != 0
    only_readable(run)
    assert f"fatal: [{machine}]: FAILED!\n  uo-well is a job of a user manager, which cannot skip a run" in run.output


def test_whose_job_it_is(told, machine):
    run = told["not of root"]
    assert run.status != 0
    assert "uo-well is not a job on any of 2 hosts" in run.output
    run = told["both"]
    assert run.status != 0
    assert f'"uo-well" is a job of root, {CAROL}: say whose with -e user={CAROL}' in " ".join(run.output.split())
    assert told["of root"].status == 0, told["of root"].output
    assert f"{machine} | root" in told["of root"].output
