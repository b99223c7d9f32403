# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run that is skipped manually: its lines in the service, what a shell makes of them, what an apply keeps."""

from __future__ import annotations

import subprocess
import time

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import skip as _skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import (
    Skip,
    skip_of,
    with_skip,
    without_skip,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.kept_skip import keeping_skip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import UnitText
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import file_of, host_with, wanted

NOW = 1_800_000_000
SKIP = Skip(NOW + 60, NOW + 3660)
JOB = wanted(schedule="hourly")


def installed(skip=SKIP):
    host = host_with(JOB)
    host.files["backup.service"] = file_of(with_skip(JOB.service, "backup", skip))
    return host


@pytest.mark.parametrize("skip", [SKIP, Skip(NOW, 0)])
def test_the_unit_file_says_which_run(skip):
    text = with_skip(JOB.service, "backup", skip)
    assert skip_of(text) == skip
    assert len(UnitText(text).values("Service", "ExecCondition")) == 1
    assert without_skip(text) == JOB.service


def test_another_run_takes_the_place_of_the_first():
    later = Skip(SKIP.until, 0)
    assert with_skip(with_skip(JOB.service, "backup", SKIP), "backup", later) == with_skip(JOB.service, "backup", later)


def test_it_goes_also_after_the_host_got_another_time_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    text = with_skip(JOB.service, "backup", SKIP)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    assert skip_of(text) == SKIP
    assert without_skip(text) == JOB.service


@pytest.mark.parametrize("note", ["", "tomorrow -", "2027-01-01T00:00:00+00:00", "- - -"])
def test_a_note_that_says_nothing_skips_nothing(note):
    assert skip_of(JOB.service.replace("[X-Ansible]", f"[X-Ansible]\nSkips={note}")) is None


def shell(tmp_path, skip):
    """What systemd gives to the shell, run as it would."""
    (value,) = UnitText(with_skip(JOB.service, "backup", skip)).values("Service", "ExecCondition")
    begin = "+/usr/bin/env -i PATH=/usr/bin:/bin /bin/sh -c '"
    assert value.startswith(begin)
    assert value.endswith("'")
    script = value[len(begin) : -1].replace("$$", "$").replace("%%", "%")
    assert "'" not in script
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    return done.returncode, done.stdout


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setattr(_skip, "STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_first_run_within_its_time_is_skipped_and_no_other(tmp_path, state):
    skip = Skip(int(time.time()) - 1, int(time.time()) + 1000)
    status, told = shell(tmp_path, skip)
    assert status == 113
    assert told == f"skipped the run of {_skip.words(skip.elapse)}, as requested\n"
    assert [path.name for path in (state / "backup").iterdir()] == [skip.mark]
    assert shell(tmp_path, skip) == (0, "")
    assert not skip.is_pending(time.time(), [skip.mark])


def test_without_an_elapse_after_it_the_first_run_is_skipped_whenever_it_is(tmp_path, state):
    skip = Skip(int(time.time()) - 10**6, 0)
    assert shell(tmp_path, skip)[0] == 113
    assert shell(tmp_path, skip)[0] == 0
    assert state.exists()


@pytest.mark.parametrize(("begins", "ends"), [(100, 200), (-200, -100)])
def test_a_run_before_or_after_that_time_begins(tmp_path, state, begins, ends):
    now = int(time.time())
    assert shell(tmp_path, Skip(now + begins, now + ends)) == (0, "")
    assert not state.exists()


def test_when_it_cannot_be_noted_the_run_begins(tmp_path, state):
    state.write_text("not a directory")
    assert shell(tmp_path, Skip(int(time.time()) - 1, 0))[0] == 0


class TestApply:
    def test_an_apply_keeps_it(self):
        assert keeping_skip(JOB, installed(), NOW).service == with_skip(JOB.service, "backup", SKIP)
        changed = wanted(schedule="hourly", command="/bin/false")
        assert keeping_skip(changed, installed(), NOW).service == with_skip(changed.service, "backup", SKIP)

    @pytest.mark.parametrize(
        ("job", "host"),
        [
            (JOB, host_with(JOB)),
            (JOB, installed(Skip(NOW - 7200, NOW - 3600))),
            (JOB, installed()._replace(states={"backup": [SKIP.mark]})),
            (wanted(schedule="daily"), installed()),
            (wanted(schedule="hourly", state="suspended"), installed()),
        ],
        ids=["none", "over", "done", "other times", "suspended"],
    )
    def test_what_is_over_goes(self, job, host):
        assert keeping_skip(job, host, NOW) is job
