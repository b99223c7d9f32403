# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rating of sandboxes, with real answers of systemd-analyze."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.exposure import exposures, parse_exposures
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import answer, wanted

HARD = wanted(name="hard", hardening="strict")._replace(hardening="strict")
PLAIN = wanted(name="plain")
GONE = wanted(name="gone", state="absent")._replace(hardening="strict")


@pytest.mark.parametrize(("version", "level"), [(252, 6.5), (257, 6.4)])
def test_parse(version: int, level: float) -> None:
    found = parse_exposures(answer(version, "security-two").stdout)
    assert list(found) == ["job", "job@a-1"]
    assert found["job@a-1"] == level < found["job"]


def test_one_call_for_the_jobs_with_a_sandbox() -> None:
    calls: list[list[str]] = []

    def runner(argv: list[str]) -> Completed:
        calls.append(argv)
        return Completed(0, "→ Overall exposure level for hard.service: 1.6 OK\n", "")

    assert exposures(runner, [HARD, PLAIN, GONE], 252) == {"hard": 1.6}
    assert [call[-1].rsplit("/", maxsplit=1)[-1] for call in calls] == ["hard.service"]
    assert exposures(runner, [PLAIN, GONE], 252) == {}
    # Older ones rate only what is loaded.
    assert exposures(runner, [HARD], 249) == {}
    assert len(calls) == 1
