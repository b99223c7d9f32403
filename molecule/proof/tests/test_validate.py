# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `validate`: one table of all hosts, every finding once, no change, an exit status that tells."""

from __future__ import annotations

import re

from harness import UNIT_DIRECTORY, snapshot

GOOD = {"name": "good", "schedule": "daily", "command": "/bin/true"}
WITHOUT = {"name": "without", "command": "/bin/true"}
BAD = [
    {"name": "bad-schedule", "schedule": "25:00", "command": "/bin/true"},
    {"name": "bad-command", "schedule": "daily", "command": "/usr/local/bin/not-there", "jitter": "25h"},
]
MISSING = 'bad-command: command "/usr/local/bin/not-there": does not exist on this host; '


def cells(output, name):
    """The rows of a job in the table, white space aside, without the name of the host."""
    found = re.findall(rf"^(?:debian\d+)? +({name} .*)$", output, flags=re.MULTILINE)
    return [re.sub(r"  +", "  ", row.strip()) for row in found]


def test_shows_one_table_of_all_hosts(site, host):
    before = snapshot(host)
    site_of_all = type(site)("timer_hosts", site.folder)
    run = site_of_all.play(playbook="validate", timer_jobs=[GOOD, *BAD])
    assert run.status != 0
    assert sorted(run.results) == ["debian12", "debian13"]
    assert len(re.findall(r"^HOST +JOB +SCHEDULE +PROOF$", run.output, flags=re.MULTILINE)) == 1
    assert cells(run.output, "good") == ["good  every day at 00:00  ok"] * 2
    assert cells(run.output, "bad-schedule") == ["bad-schedule  25:00  1 error"] * 2
    assert cells(run.output, "bad-command") == ["bad-command  every day at 00:00  1 error, 1 warning"] * 2
    assert run.output.count("2 hosts: 4 errors, 2 warnings") == 1
    # The findings once, for both hosts say the same.
    assert run.output.count("debian12, debian13:\n  bad-schedule: schedule") == 1
    assert run.output.count(MISSING) == 1
    assert "[WARNING]" not in run.output
    # The role's task is no failure, the last one is.
    shown, last_task = run.output.split("2 hosts: 4 errors, 2 warnings")
    assert "fatal: " not in shown
    assert "Task failed" not in shown
    for machine, result in run.results.items():
        assert last_task.count(f"fatal: [{machine}]: FAILED!") == 1
        assert result["finding_counts"] == {"errors": 2, "warnings": 1, "accepted": 0}
        assert re.search(rf"^{machine} .*\bchanged=0 .*\bfailed=1\b", run.output, flags=re.MULTILINE)
    assert "2 errors, see the table above" in run.output
    assert snapshot(host) == before


def test_good_jobs_pass_and_are_not_installed(site, host):
    before = snapshot(host)
    run = site.play(playbook="validate", timer_jobs=[GOOD])
    assert run.status == 0, run.output
    assert run.rows()["good"]["actions"] == ["install", "arm", "enable"]
    assert "1 host: 0 errors, 0 warnings" in run.output
    assert snapshot(host) == before
    assert not host.file(f"{UNIT_DIRECTORY}/good.timer").exists


def test_proof_warn_tolerates_a_command_that_is_not_there_yet(site, host):
    """And nothing else."""
    before = snapshot(host)
    run = site.play(playbook="validate", timer_jobs=[GOOD, BAD[1]], timer_proof="warn")
    assert run.status == 0, run.output
    assert run.result["finding_counts"] == {"errors": 0, "warnings": 2, "accepted": 0}
    assert run.output.count(MISSING.replace(": command", ": warning: command")) == 1
    run = site.play(playbook="validate", timer_jobs=[GOOD, *BAD], timer_proof="warn")
    assert run.status != 0
    assert run.result["finding_counts"] == {"errors": 1, "warnings": 2, "accepted": 0}
    assert snapshot(host) == before


def test_a_host_that_cannot_be_looked_at_has_a_row(site, host):
    """The findings that are about no job."""
    before = snapshot(host)
    run = site.play(playbook="validate", timer_jobs=[GOOD, WITHOUT], timer_unit_directory="/srv/no/units")
    assert run.status != 0
    assert cells(run.output, r"\(the host\)") == ["(the host)  -  1 error"]
    # Nobody has asked the host about its jobs.
    assert cells(run.output, "good") == ["good  every day at 00:00  not proved"]
    assert cells(run.output, "without") == ["without  -  1 error"]
    assert f'{site.machine}:\n  timer_unit_directory "/srv/no/units": is not a directory on this host; ' in run.output
    assert snapshot(host) == before


BROKEN = [
    GOOD,
    {"name": "secret", "schedule": "daily", "command": ["/bin/true", "{{ vault_of_nobody }}"]},
    {"name": "jinja", "schedule": "25:00", "command": "/bin/true", "user": "{{ 'root' | no_such_filter }}"},
    {"name": "one-host", "schedule": "{{ {'debian12': 'daily'}[inventory_hostname] }}", "command": "/bin/true"},
]


def test_a_broken_template_is_a_finding_of_its_job(site):
    """All others are judged, by the host too; a host for which the template is good has one finding less."""
    site_of_all = type(site)("timer_hosts", site.folder)
    run = site_of_all.play(
        playbook="validate", timer_jobs=BROKEN, timer_defaults={"description": "{{ inventory_hostname }}"}
    )
    assert run.status != 0
    assert cells(run.output, "good") == ["good  every day at 00:00  ok"] * 2
    for machine, result in run.results.items():
        found = {(one["job"], one["field"]): one["message"] for one in result["findings"]}
        assert found.keys() - {("one-host", "schedule")} == {
            ("secret", "command"),
            ("jinja", "user"),
            ("jinja", "schedule"),
        }
        assert (("one-host", "schedule") in found) == (machine == "debian13")
        assert "'vault_of_nobody' is undefined" in found["secret", "command"]
        assert "no_such_filter" in found["jinja", "user"]
        assert all(".yml:" in found[key] for key in found if key != ("jinja", "schedule"))


def test_offline_no_host_is_asked(site, host):
    """A job list that an editor or CI looks at; the container is not even entered."""
    before = snapshot(host)
    variables = {"offline": True, "ansible_host": "no-such-container"}
    run = site.play(playbook="validate", timer_jobs=[GOOD, *BAD], **variables)
    assert run.status != 0
    # What only the host knows is not claimed.
    assert cells(run.output, "bad-command") == ["bad-command  every day at 00:00  1 warning"]
    assert cells(run.output, "bad-schedule")[0].startswith("bad-schedule  25:00  ")
    assert run.output.count("offline: not proved, for no host was asked: ") == 1
    run = site.play(playbook="validate", timer_jobs=[GOOD], **variables)
    assert run.status == 0, run.output
    assert "1 host: 0 errors, 0 warnings" in run.output
    assert snapshot(host) == before
