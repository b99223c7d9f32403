# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof without a host: what the text of the jobs tells, and a clear word on the rest."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import JobFile, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.offline import NOT_PROVED, prove_offline
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import (
    Completed,
    ProgramMissing,
    Runner,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import schedule_text
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import request_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

DAILY = "  Original form: daily\nNormalized form: *-*-* 00:00:00\n    Next elapse: Wed 2027-01-27 00:00:00 UTC\n"
GOOD = wanted(name="good", schedule="daily", command="/opt/not/here --all", user="nobody-knows", group="staff")


def with_systemd(argv: list[str]) -> Completed:
    """Answer as systemd-analyze does to `daily` and `25:00`."""
    if argv[1] == "--version":
        return Completed(0, "systemd 257 (257.9-1)\n", "")
    if argv[1] == "calendar":
        asked = argv[argv.index("--") + 1 :]
        bad = [one for one in asked if one != "daily"]
        said = "".join(f"Failed to parse calendar specification '{one}': Invalid argument\n" for one in bad)
        return Completed(int(bool(bad)), "\n".join(DAILY if one == "daily" else "" for one in asked), said)
    spans = argv[argv.index("--") + 1 :]
    return Completed(0, "\n".join(f"Original: {one}\n      us: 1000000\n" for one in spans), "")


def without(argv: list[str]) -> Completed:
    raise ProgramMissing(argv[0])


def proved(runner: Runner, *jobs: WantedJob) -> tuple[list[str], list[str]]:
    proof = prove_offline(runner, request_of(*jobs), lambda text: schedule_text(text) is not None)
    return [line(one) for one in proof.findings], proof.notes


@pytest.mark.parametrize("runner", [with_systemd, without])
def test_what_only_a_host_knows_is_no_fault(runner: Runner) -> None:
    found, notes = proved(runner, GOOD, WantedJob("gone", "absent", "skip", "", ""))
    assert found == []
    assert notes[-1] == NOT_PROVED
    assert "its users, groups, programs" in NOT_PROVED


def test_schedules_are_judged_by_the_systemd_of_this_machine() -> None:
    found, notes = proved(with_systemd, GOOD, wanted(name="bad", schedule="25:00"))
    assert [text.split(":")[0] for text in found] == ["bad"]
    assert found[0].endswith("[invalid-schedule]")
    assert notes[0] == "schedules were judged by systemd 257 of this machine"


def test_without_systemd_our_own_grammar_says_what_it_does_not_understand() -> None:
    found, notes = proved(without, GOOD, wanted(name="odd", schedule="sometimes"), wanted(name="fine", every="5min"))
    assert found == []
    assert "this machine has no systemd" in notes[0]
    assert notes[0].endswith("not understood, good or not: sometimes")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"command": "/bin/true | /bin/cat"}, "shell-syntax"),
        ({"command": ["/bin/rm", "/srv/*.tmp"]}, "shell-syntax"),
        ({"command": "bin/report"}, "relative-command"),
        ({"command": "/bin/date +%Y%m%d"}, "date-format"),
        ({"command": "/bin/echo $NOBODY_SETS"}, "unset-variable"),
        ({"environment": {"PATH": "/opt/x:$PATH"}}, "unexpanded-variable"),
        ({"service": {"RemainAfterExit": "yes"}}, "remain-after-exit"),
        ({"service": {"Type": "notify"}}, "never-finishes"),
        ({"environment": {"API_TOKEN": "x1y2z3"}}, "secret-in-environment"),
    ],
)
@pytest.mark.parametrize("runner", [with_systemd, without])
def test_what_the_text_tells(runner: Runner, fields: dict[str, Any], code: str) -> None:
    found, _notes = proved(runner, wanted(name="bad", schedule="daily", **fields))
    assert [text.rpartition("[")[2] for text in found] == [f"{code}]"]


def test_files_of_the_job_are_read() -> None:
    own = "/etc/dotmobi.systemd_timers/bad/environment"
    job = wanted(name="bad", schedule="daily", service={"EnvironmentFile": own})
    (found,) = proved(without, job._replace(files=(JobFile(own, "export A=1\n", 0o600),)))[0]
    assert found.endswith("[invalid-environment-file]")


def test_what_a_job_accepts_is_counted() -> None:
    job = wanted(name="bad", schedule="daily", command="/bin/true | /bin/cat")
    proof = prove_offline(without, request_of(job._replace(accept=("shell-syntax",))), lambda _text: True)
    assert (proof.findings, [one.code for one in proof.accepted]) == ([], ["shell-syntax"])
