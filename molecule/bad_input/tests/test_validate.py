# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `validate`: every error of every host, no change, an exit status that tells."""

from __future__ import annotations

from harness import UNIT_DIRECTORY, snapshot

GOOD = {"name": "good", "schedule": "daily", "command": "/bin/true"}
BAD = [
    {"name": "bad-schedule", "schedule": "25:00", "command": "/bin/true"},
    {"name": "bad-command", "schedule": "daily", "command": "/usr/local/bin/not-there"},
]


def test_shows_every_error_of_every_host(site, host):
    before = snapshot(host)
    site_of_all = type(site)("timer_hosts", site.folder)
    run = site_of_all.play(playbook="validate", timer_jobs=[GOOD, *BAD])
    assert run.status != 0
    assert sorted(run.results) == ["debian12", "debian13"]
    for machine, result in run.results.items():
        assert result["msg"].startswith(f"{machine}: 2 errors in 2 jobs, nothing was changed on this host:")
        assert 'bad-schedule: schedule "25:00": ' in result["msg"]
        assert 'bad-command: command "/usr/local/bin/not-there": ' in result["msg"]
        assert result["msg"].splitlines()[0] in run.output
    assert snapshot(host) == before


def test_good_jobs_pass_and_are_not_installed(site, host):
    before = snapshot(host)
    run = site.play(playbook="validate", timer_jobs=[GOOD])
    assert run.status == 0, run.output
    assert run.rows()["good"]["actions"] == ["install", "arm", "enable"]
    assert snapshot(host) == before
    assert not host.file(f"{UNIT_DIRECTORY}/good.timer").exists


def test_proof_warn_tolerates_a_command_that_is_not_there_yet(site, host):
    """And nothing else."""
    before = snapshot(host)
    run = site.play(playbook="validate", timer_jobs=[GOOD, BAD[1]], timer_proof="warn")
    assert run.status == 0, run.output
    warning = " ".join(run.output.split())
    assert "[WARNING]" in warning
    assert f'{site.machine}: bad-command: command "/usr/local/bin/not-there"' in warning
    run = site.play(playbook="validate", timer_jobs=[GOOD, *BAD], timer_proof="warn")
    assert run.status != 0
    assert f"{site.machine}: 1 error in 1 job, nothing was changed on this host:" in run.message
    assert snapshot(host) == before
