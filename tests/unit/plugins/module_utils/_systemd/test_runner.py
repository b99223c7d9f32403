# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs are started in a settled environment, and none is waited for without end."""

from __future__ import annotations

import time

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import (
    TIMED_OUT,
    ProgramMissing,
    make_runner,
)


def test_a_program_that_does_not_answer_is_ended_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PROGRAM_SECONDS", 0.3)
    began = time.monotonic()
    done = make_runner()(["/bin/sh", "-c", "echo begun; exec sleep 600", "a", "b", "c"])
    assert time.monotonic() - began < 300
    assert (done.rc, done.stdout) == (TIMED_OUT, "begun\n")
    assert done.stderr == "no answer of `/bin/sh -c echo begun; exec sleep 600 a ...` within 0.3 seconds"


def test_a_program_that_ends_in_time_is_as_it_was() -> None:
    done = make_runner()(["/bin/sh", "-c", "echo out; echo error >&2; exit 3"])
    assert done == (3, "out\n", "error\n")
    with pytest.raises(ProgramMissing):
        make_runner()(["/no/such/program"])
