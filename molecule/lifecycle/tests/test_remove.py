# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs go: declared absent, or no longer declared. A run under way finishes, other declarations' jobs stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import (
    UNIT_DIRECTORY,
    active_since,
    daily,
    is_armed,
    next_elapse,
    recorder,
    reloads,
    runs,
    show,
    snapshot,
    utc_now,
    wait_until,
)

FAR = "*-*-* 00:00:07"
GO = "/srv/go-remove"


def job(name, *command, **fields):
    return {"name": name, "schedule": FAR, "command": list(command) or recorder(name), **fields}


def assert_gone(host, name):
    found = snapshot(host)
    assert not [path for path in [*found.files, *found.stamps] if f"{name}." in path]
    assert not host.check_output("systemctl list-units --all --plain --no-legend %s.timer %s.service", name, name)
    assert show(host, f"{name}.timer", "LoadState") == {"LoadState": "not-found"}


OWNER = {"timer_owner": "remove"}
NAMES = ("remove-quiet", "remove-failed", "remove-running")


class TestAbsent:
    """Three jobs are declared absent: a quiet one, one that has failed, one whose run is under way."""

    @pytest.fixture(scope="class")
    @classmethod
    def removed(cls, site, host):
        finish = f"until [ -e {GO} ]; do sleep 0.1; done; echo finished >> /srv/finished"
        site.apply(
            [
                job("remove-quiet"),
                job("remove-failed", "/bin/false"),
                job("remove-running", *recorder("remove-running", finish)),
                job("remove-not"),
            ],
            **OWNER,
        )
        assert host.run("systemctl start remove-failed.service").rc != 0
        host.check_output("systemctl start --no-block remove-running.service")
        wait_until(lambda: runs(host, "remove-running"), 20, "the patient job runs")
        before = reloads(host)
        assert all(f"/var/lib/systemd/timers/stamp-{name}.timer" in snapshot(host).stamps for name in NAMES)
        run = site.apply([*({"name": name, "state": "absent"} for name in NAMES), job("remove-not")], **OWNER)
        assert reloads(host) == before + 1
        return run

    def test_everything_is_gone(self, removed, host):
        assert removed.actions() == {
            **{name: ["remove", "disarm", "disable"] for name in NAMES},
            "remove-running": ["remove", "disarm", "disable", "let its run finish"],
        }
        assert_gone(host, "remove-quiet")
        assert_gone(host, "remove-failed")
        assert not [path for path in snapshot(host).files if "remove-running" in path]

    def test_the_other_job_stays(self, removed, host):  # noqa: ARG002
        assert is_armed(host, "remove-not")

    def test_a_run_under_way_is_left_to_finish(self, removed, host):  # noqa: ARG002
        assert show(host, "remove-running.service", "ActiveState") == {"ActiveState": "activating"}
        assert show(host, "remove-running.timer", "ActiveState") == {"ActiveState": "inactive"}
        host.check_output("touch %s", GO)
        wait_until(lambda: host.run("cat /srv/finished").stdout == "finished\n", 20, "the run finishes")
        wait_until(
            lambda: show(host, "remove-running.service", "LoadState")["LoadState"] == "not-found", 20, "it is gone"
        )
        assert_gone(host, "remove-running")

    def test_removing_again_changes_nothing(self, removed, site, host):  # noqa: ARG002
        before = snapshot(host)
        run = site.apply([*({"name": name, "state": "absent"} for name in NAMES), job("remove-not")], **OWNER)
        assert not run.result["changed"]
        assert snapshot(host) == before

    def test_a_job_that_comes_back_does_not_catch_up(self, removed, site, host):  # noqa: ARG002
        """Its stamp is gone; with it, a persistent timer would run at once."""
        when = utc_now() - timedelta(seconds=3)
        run = site.apply([{**job("remove-quiet"), "schedule": daily(when)}, job("remove-not")], **OWNER)
        assert run.actions() == {"remove-quiet": ["install", "arm", "enable"]}
        assert next_elapse(host, "remove-quiet.timer") > utc_now()
        host.check_output("sleep 1")
        assert not runs(host, "remove-quiet")


class TestPrune:
    """What is declared no more is reported first, removed when asked; never another declaration's."""

    @pytest.fixture(scope="class")
    @classmethod
    def others(cls, site, host):
        site.apply([job("prune-other")], timer_owner="other")
        site.apply([job("prune-kept"), job("prune-left"), job("prune-paused", state="suspended")], timer_owner="prune")
        return {name: active_since(host, f"{name}.timer") for name in ("prune-other", "prune-kept")}

    def test_orphans_are_reported(self, site, host, others):  # noqa: ARG002
        before = snapshot(host)
        run = site.apply([job("prune-kept")], timer_owner="prune")
        assert run.result["orphans"] == ["prune-left", "prune-paused"]
        assert not run.result["changed"]
        assert snapshot(host) == before
        warning = " ".join(run.output.split())
        assert "[WARNING]" in warning
        assert f"{site.machine}: prune-left, prune-paused: installed by this declaration, but no longer" in warning
        assert "`timer_prune: true` removes" in warning

    def test_check_mode_predicts_the_removal(self, site, host, others):  # noqa: ARG002
        before = snapshot(host)
        run = site.apply([job("prune-kept")], "--check", timer_owner="prune", timer_prune=True)
        assert run.actions() == {"prune-left": ["remove", "disarm", "disable"], "prune-paused": ["remove"]}
        assert snapshot(host) == before

    def test_orphans_are_removed_when_asked(self, site, host, others):
        run = site.apply([job("prune-kept")], timer_owner="prune", timer_prune=True)
        assert run.actions() == {"prune-left": ["remove", "disarm", "disable"], "prune-paused": ["remove"]}
        assert run.result["orphans"] == []
        assert_gone(host, "prune-left")
        assert_gone(host, "prune-paused")
        for name, since in others.items():
            assert is_armed(host, name)
            assert active_since(host, f"{name}.timer") == since

    def test_an_empty_declaration_prunes_its_own_alone(self, site, host, others):
        site.apply([], timer_owner="prune", timer_prune=True)
        assert_gone(host, "prune-kept")
        assert is_armed(host, "prune-other")
        assert active_since(host, "prune-other.timer") == others["prune-other"]
        assert host.file(f"{UNIT_DIRECTORY}/prune-other.service").contains("Owner=other")
