# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in every state, and what the playbooks that only look say of them: status, logs, schedule."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from harness import UNIT_DIRECTORY, Site, recorder, runs, show, snapshot, utc_now, wait_until
from operating import WIDTH, all_of, as_json, machines, of_machine, only_readable, row_of
from printed import command

MONDAYS = "Mon 08:00"
GO = "/srv/go-on"
PATIENT = f"until [ -e {GO} ]; do sleep 0.2; done"
LOGS = "/srv/job-logs"
JOBS = [
    {"name": "op-ok", "schedule": MONDAYS, "command": recorder("op-ok", "echo all is well")},
    {"name": "op-fail", "schedule": MONDAYS, "command": ["/bin/sh", "-c", "echo '<3>no space left'; exit 3"]},
    {"name": "op-kill", "schedule": MONDAYS, "command": ["/bin/sh", "-c", "kill -9 $$"]},
    {"name": "op-running", "schedule": MONDAYS, "command": recorder("op-running", PATIENT)},
    {"name": "op-hang", "schedule": MONDAYS, "command": recorder("op-hang", PATIENT)},
    {"name": "op-never", "description": "Never ran", "schedule": "*-*-31", "command": "/bin/true"},
    {"name": "op-overdue", "schedule": "daily", "command": "/bin/true"},
    {"name": "op-stopped", "schedule": "daily", "persistent": False, "command": "/bin/true"},
    {"name": "op-edited", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-reloaded", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-drop-in", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-mode", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-suspended", "schedule": "hourly", "state": "suspended", "command": "/bin/echo once"},
    {"name": "op-half", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-masked", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-unlinked", "schedule": MONDAYS, "command": "/bin/true"},
    {"name": "op-past", "schedule": MONDAYS, "command": "/bin/true"},
]
HEALTH = {
    "op-ok": "ok",
    "op-fail": "failing",
    "op-kill": "failing",
    "op-running": "running",
    "op-hang": "overdue",
    "op-never": "never-ran",
    "op-overdue": "overdue",
    "op-stopped": "broken",
    "op-edited": "drifted",
    "op-reloaded": "drifted",
    "op-drop-in": "drifted",
    "op-mode": "drifted",
    "op-suspended": "suspended",
    "op-half": "broken",
    "op-masked": "broken",
    "op-unlinked": "drifted",
    "op-past": "broken",
}
REASONS = {
    "op-fail": "last run: exit status 3",
    "op-kill": "last run: killed by SIGKILL",
    "op-hang": "still runs, and has missed its elapses of 20",
    "op-overdue": "op-overdue.timer is enabled, but not active",
    "op-stopped": "op-stopped.timer is enabled, but not active: nothing starts the job before the next boot",
    "op-edited": "op-edited.timer has changed, and systemd has not read it since",
    "op-reloaded": "op-reloaded.service was edited",
    "op-drop-in": f"{UNIT_DIRECTORY}/op-drop-in.service.d/nice.conf changes the unit",
    "op-mode": "op-mode.service has the mode 0666",
    "op-half": "op-half.service is missing",
    "op-masked": "op-masked.timer is masked: it is a link to /dev/null; `systemctl unmask op-masked.timer`",
    "op-unlinked": "op-unlinked.timer is active, but not enabled: it is gone after the next boot",
    "op-past": "op-past.timer will not elapse again",
}
BREAK = f"""
cd {UNIT_DIRECTORY}
systemctl start op-ok.service op-suspended.service
systemctl start op-fail.service op-kill.service
systemctl start --no-block op-running.service op-hang.service
mkdir op-drop-in.service.d
printf '[Service]\\nNice=5\\n' > op-drop-in.service.d/nice.conf
sed -i 's/^OnCalendar=.*/OnCalendar=2001-01-01/' op-past.timer
sed -i 's|^ExecStart=.*|ExecStart=/bin/false|' op-reloaded.service
sed -i 's|^OnCalendar=.*|OnCalendar=*:*:0/2|' op-hang.timer
rm timers.target.wants/op-unlinked.timer
systemctl daemon-reload
systemctl stop op-overdue.timer op-stopped.timer
touch -d '3 days ago' /var/lib/systemd/timers/stamp-op-overdue.timer
sed -i 's/^OnCalendar=.*/OnCalendar=Tue 09:00/' op-edited.timer
chmod 0666 op-mode.service
rm op-half.service
ln -sf /dev/null op-masked.timer
mkdir -p {LOGS}
printf 'first\\nlast \\033[31mline\\n' > {LOGS}/backup.log
ln -s /etc/shadow {LOGS}/sneaky.log
printf '[Timer]\\nOnCalendar=hourly\\n' > foreign-job.timer
printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > foreign-job.service
systemctl start foreign-job.timer
"""


NO_PYTHON = "/srv/no-python"
MAKE_NO_PYTHON = (
    f"printf '#!/bin/sh\\necho no Python; echo not at all >&2; exit 1\\n' > {NO_PYTHON}; chmod +x {NO_PYTHON}"
)


def prepare(site, host):
    host.check_output(MAKE_NO_PYTHON)
    site.apply(JOBS, timer_owner="look", timer_log_directory=LOGS)
    host.run("sh -c %s", BREAK)
    wait_until(lambda: runs(host, "op-hang") and runs(host, "op-running"), 40, "the jobs that do not end have begun")
    began = datetime.fromtimestamp(runs(host, "op-hang")[0], utc_now().tzinfo)
    # Two elapses, and what systemd is allowed to be late.
    wait_until(lambda: utc_now() > began + timedelta(seconds=17), 40, "the job that hangs has missed two elapses")


@pytest.fixture(scope="module")
def both(everywhere, tmp_path_factory):
    """All hosts in one run of a playbook, with the jobs as they are to be seen."""
    all_of(everywhere(prepare))
    return Site("timer_hosts", tmp_path_factory.mktemp("look"))


NOBODY = {"ansible_user": "nobody", "ansible_remote_tmp": "/tmp/of-nobody"}
# Each is run once, for both machines.
PLAYS = {
    "status": {"playbook": "status", "owner": "look"},
    "data": {"playbook": "status", "output": "json", "exposure": True, "all": True},
    "as nobody": {"playbook": "status", "owner": "look", "output": "json", **NOBODY},
    "seen by nobody": {"playbook": "status", "owner": "look", "health": "running", **NOBODY},
    "details": {"playbook": "status", "job": "op-fail"},
    "near": {"playbook": "status", "owneer": "look"},
    "no Python": {"playbook": "status", "ansible_python_interpreter": NO_PYTHON},
    "misspelt": {"playbook": "status", "job": "op-fial"},
    "nowhere": {"playbook": "status", "timer_hosts": "timer_hots"},
    "logs": {"playbook": "playbooks/logs.yml", "job": "op-ok", "timer_log_directory": LOGS},
    "file": {"playbook": "playbooks/logs.yml", "timer_log_directory": LOGS, "file": "backup.log"},
    "all logs": {"playbook": "playbooks/logs.yml", "since": "1 hour ago"},
    "no such time": {"playbook": "playbooks/logs.yml", "job": "op-ok", "since": "yesteryear"},
    "bad schedule": {"playbook": "playbooks/schedule.yml", "expression": "25:00"},
}

# As they are printed, and for which job.
TYPED = {
    "errors": ("logs -e job=JOB -e \"since='1 hour ago'\" -e priority=err -e invocation=last -e lines=50", "op-fail"),
    "well": ("status -e job=JOB", "op-ok"),
    "schedule": ("schedule -e \"expression='Mon *-*-* 08:00:00'\"", ""),
}


@pytest.fixture(scope="module")
def runs_of_playbooks(both, everywhere, tmp_path_factory):  # noqa: ARG001
    def snapshots():
        return all_of(everywhere(lambda _site, host: snapshot(host)))

    before = snapshots()

    def play(item):
        number, (name, variables) = item
        site = Site("timer_hosts", tmp_path_factory.mktemp(f"play{number}"))
        site.colour = name == "details"
        return name, site.play(**variables) if name in PLAYS else site.type(command(variables[0]), job=variables[1])

    with ThreadPoolExecutor(3) as pool:
        done = dict(pool.map(play, enumerate([*PLAYS.items(), *TYPED.items()])))
    assert snapshots() == before
    return done


@pytest.fixture
def status(runs_of_playbooks):
    return runs_of_playbooks["status"]


@pytest.fixture
def data(runs_of_playbooks, machine):
    assert runs_of_playbooks["data"].status != 0
    return as_json(runs_of_playbooks["data"])[machine]


@pytest.fixture
def table(status, machine):
    return of_machine(machines(status, "Show the jobs"), machine)


@pytest.fixture
def job(data):
    found = {one["name"]: one for one in data["jobs"]}
    return found.__getitem__


class TestStatus:
    @pytest.mark.parametrize("name", HEALTH)
    def test_the_table_says_how_each_job_is(self, table, name):
        assert row_of(table, name)[-1] == HEALTH[name]

    @pytest.mark.parametrize("name", REASONS)
    def test_what_is_wrong_has_a_reason_and_a_fix(self, table, name):
        (line,) = [line for line in table if line.startswith(f"  {name}: {HEALTH[name]}: ")]
        assert REASONS[name] in line
        assert "; " in line

    def test_the_columns(self, table):
        assert re.fullmatch(r"debian\d+  \(17 jobs: .*\)", table[0])
        assert table[1].split("  ")[0] == "JOB"
        head = [word.strip() for word in table[1].split("  ") if word.strip()]
        assert head == ["JOB", "SCHEDULE", "STATE", "LAST RUN", "RESULT", "TOOK", "NEXT RUN", "HEALTH"]
        assert row_of(table, "op-fail")[1:3] == ["every Monday at 08:00", "armed"]
        assert row_of(table, "op-fail")[4] == "exit 3"
        assert row_of(table, "op-kill")[4] == "SIGKILL"
        assert row_of(table, "op-ok")[4] == "ok"
        # An expression without words stands as itself.
        assert row_of(table, "op-never")[1:6] == ["*-*-31", "armed", "-", "-", "-"]
        assert row_of(table, "op-suspended")[2] == "suspended"

    def test_it_fits_a_terminal(self, table):
        end = next(number for number, line in enumerate(table) if line.startswith("  "))
        assert max(len(line) for line in table[1:end]) <= WIDTH

    def test_it_fails_because_jobs_are_unhealthy(self, status, machine):
        assert status.status != 0
        only_readable(status)
        unhealthy = sorted(name for name, health in HEALTH.items() if name in REASONS)
        assert f"unhealthy: {', '.join(unhealthy)}; see above" in " ".join(status.output.split())
        assert f"fatal: [{machine}]: FAILED!" in status.output
        assert "\x1b[" not in status.output

    def test_it_passes_when_nothing_is_wrong(self, runs_of_playbooks):
        run = runs_of_playbooks["well"]
        assert run.status == 0, run.output
        assert run.output.count("ok: last run: success") == 2

    def test_a_wrong_name_gets_the_nearest(self, runs_of_playbooks):
        run = runs_of_playbooks["misspelt"]
        assert run.status != 0
        assert "op-fial is not a job on any of 2 hosts; did you mean op-fail?" in " ".join(run.output.split())
        only_readable(run)

    def test_a_variable_that_is_misspelt_is_refused(self, runs_of_playbooks):
        run = runs_of_playbooks["near"]
        assert run.status == 2
        assert "-e owneer: no variable of this playbook; did you mean owner?" in run.output
        only_readable(run)

    def test_what_an_interpreter_prints_that_is_no_python_is_shown(self, runs_of_playbooks):
        run = runs_of_playbooks["no Python"]
        assert run.status == 2
        assert run.output.count("  module_stderr:\n    not at all\n  module_stdout:\n    no Python\n") == 1
        assert "fatal: [debian13]: FAILED!" in run.output

    def test_what_is_not_seen_without_root_is_said(self, runs_of_playbooks):
        run = runs_of_playbooks["seen by nobody"]
        assert run.status == 0, run.output
        assert run.output.count("Not seen without root: earlier runs, channels, and notices that") == 1
        assert "Not seen without root" not in runs_of_playbooks["status"].output

    def test_hosts_that_do_not_exist_are_an_error(self, runs_of_playbooks):
        run = runs_of_playbooks["nowhere"]
        assert run.status != 0
        assert "'timer_hots' matches no host of the inventory; did you mean timer_hosts?" in run.output


class TestDetails:
    def test_all_that_is_known_of_one_job(self, runs_of_playbooks, machine):
        text = "\n".join(machines(runs_of_playbooks["details"], "Show the jobs"))
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
        block = text.split(f"op-fail on {machine}\n", 1)[1].split("op-fail on ", 1)[0]
        pairs = [line.strip().split("  ", 1) for line in block.splitlines() if re.match(r"  \w.*  ", line)]
        found = {label: told.strip() for label, told in pairs}
        assert found["health"] == "failing: last run: exit status 3"
        assert found["schedule"] == "every Monday at 08:00"
        assert found["expression"] == MONDAYS
        assert found["command"].startswith("/bin/sh -c ")
        assert found["owner"] == "look"
        assert found["runs as"] == "root"
        assert found["service"] == "failed (failed)"
        assert found["overlap"] == "while it runs, further elapses start it once more, after that run"
        assert "exit status 3, took " in found["last run"]
        assert "    START " in block

    def test_the_colours_of_a_terminal(self, runs_of_playbooks, status):
        lines = [line for line in runs_of_playbooks["details"].output.splitlines() if "  health  " in line]
        assert len(lines) == 2
        assert all(line.startswith("\x1b[0;31m") for line in lines)
        assert "\x1b[" not in status.output


class TestData:
    def test_every_job_is_there(self, data):
        assert {one["name"]: one["health"] for one in data["jobs"] if one["owner"] == "look"} == HEALTH
        assert data["history_readable"]

    def test_foreign_timers_are_there_on_request(self, job, status):
        assert job("foreign-job")["owner"] is None
        assert job("foreign-job")["health"] == "never-ran"
        assert job("foreign-job")["schedule"] == ["hourly"]
        assert job("foreign-job")["command"] == ["/bin/true"]
        # Of the distribution.
        assert job("systemd-tmpfiles-clean")["unit_files"]["timer"].startswith(("/usr/lib/", "/lib/"))
        assert "foreign-job" not in status.output

    def test_what_systemd_says_of_a_run(self, job, host):
        run = job("op-fail")["last_run"]
        assert (run["result"], run["exit_status"], run["signal"]) == ("exit-code", 3, None)
        assert run["invocation_id"] == show(host, "op-fail.service", "InvocationID")["InvocationID"]
        assert 0 <= run["duration"] < 30
        assert job("op-fail")["runs"] == [run]
        assert job("op-kill")["last_run"]["signal"] == "SIGKILL"
        assert job("op-running")["last_run"]["result"] == "running"
        assert job("op-running")["last_run"]["end"] is None

    def test_times(self, job):
        assert datetime.fromisoformat(job("op-ok")["next_elapse"]).strftime("%a %H:%M") == "Mon 08:00"
        assert job("op-suspended")["next_elapse"] is None
        # Its service is out of systemd's memory; the journal knows.
        assert job("op-suspended")["last_run"]["result"] == "success"
        missed = datetime.fromisoformat(job("op-overdue")["overdue_since"])
        assert timedelta(days=2) - timedelta(hours=1) < utc_now() - missed < timedelta(days=3)
        assert job("op-never")["last_run"] is None

    def test_exposure(self, job):
        assert 0 < job("op-ok")["exposure"] <= 10

    def test_an_ordinary_user_sees_the_same_but_the_history(self, runs_of_playbooks, job, machine):
        found = as_json(runs_of_playbooks["as nobody"])[machine]
        assert not found["history_readable"]
        jobs = {one["name"]: one for one in found["jobs"]}
        # Its service is out of systemd's memory.
        assert jobs["op-suspended"]["last_run"] is None
        assert {name: one["health"] for name, one in jobs.items()} == HEALTH
        for name in ("op-ok", "op-fail", "op-kill"):
            told = ("result", "exit_status", "signal", "invocation_id")
            assert [jobs[name]["last_run"][key] for key in told] == [job(name)["last_run"][key] for key in told]


class TestLogs:
    def test_what_a_job_wrote(self, runs_of_playbooks, machine):
        run = runs_of_playbooks["logs"]
        assert run.status == 0, run.output
        lines = of_machine(machines(run, "Show the logs"), machine)
        assert sum(line.endswith("  all is well") for line in lines) == 1
        assert sum("(Finished op-ok.service" in line for line in lines) == 1
        only_readable(run)

    def test_files_of_the_log_directory(self, runs_of_playbooks, machine):
        lines = of_machine(machines(runs_of_playbooks["logs"], "Show the logs"), machine)
        (listed,) = [line.split("  ") for line in lines if line.startswith("    backup.log")]
        assert listed[3] == "21 B"
        assert not any("sneaky" in line for line in lines)

    def test_the_end_of_a_file_and_no_journal(self, runs_of_playbooks, machine):
        lines = of_machine(machines(runs_of_playbooks["file"], "Show the logs"), machine)
        assert lines[1] == f"  newest files of {LOGS}:"
        # What would steer the terminal does not.
        place = lines.index(f"  end of {LOGS}/backup.log:")
        assert lines[place + 1 : place + 3] == ["    first", "    last \\x1b[31mline"]

    def test_errors_only_and_the_last_run(self, runs_of_playbooks, machine):
        lines = of_machine(machines(runs_of_playbooks["errors"], "Show the logs"), machine)
        said = [re.sub(r"^  [-0-9]+ [:0-9]+  ", "", line) for line in lines[1:] if line]
        assert said[0] == "no space left"
        assert all("Failed to start" in line for line in said[1:])

    def test_all_jobs(self, runs_of_playbooks, machine):
        text = "\n".join(of_machine(machines(runs_of_playbooks["all logs"], "Show the logs"), machine))
        assert "  op-ok: all is well" in text
        assert "  op-fail: no space left" in text
        assert "  op-suspended: once" in text

    def test_a_time_that_is_none(self, runs_of_playbooks):
        run = runs_of_playbooks["no such time"]
        assert run.status != 0
        assert "yesteryear" in run.output
        only_readable(run)


class TestSchedule:
    def test_words_and_times(self, runs_of_playbooks):
        run = runs_of_playbooks["schedule"]
        assert run.status == 0, run.output
        lines = [line for line in machines(run, "Show when it elapses") if line]
        assert lines[:3] == ["every Monday at 08:00", "debian12, debian13:", "  Mon *-*-* 08:00:00"]
        elapses = [datetime.fromisoformat(line.strip()) for line in lines[3:]]
        assert len(elapses) == 5
        assert all(elapse.strftime("%a %H:%M") == "Mon 08:00" for elapse in elapses)

    def test_a_bad_expression(self, runs_of_playbooks):
        run = runs_of_playbooks["bad schedule"]
        assert run.status != 0
        assert "25:00: is not a valid calendar expression" in run.output
        only_readable(run)
