# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What troubleshooting says in the end: the causes, the gravest first, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import words
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.diagnosis import (
    causes,
    has_failed_state,
    verdict,
    why_not_run,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.error_patterns import SAYINGS, cause_said
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.troubleshoot import (
    diagnosis_lines,
    finding_lines,
    path_lines,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import BAD

MISSING = {
    "field": "command", "value": '"/opt/x"', "reason": "does not exist on this host", "fix": "install it",
    "severity": "environment", "code": "missing-command", "message": "backup: command: does not exist",
}  # fmt: skip


def run_of(result: str, status: int | None = None, **more: Any) -> dict[str, Any]:
    return {"result": result, "exit_status": status, "result_text": words(result, status), **more}


def by_hand(result: str, status: int | None = None, *said: str) -> dict[str, Any]:
    """What timer_job_run returns of a run that has ended."""
    failed = {} if result == "success" else {"msg": f"backup: {words(result, status)}"}
    found = {
        "result": result,
        "exit_status": status,
        "result_text": words(result, status),
        "finished": True,
        "lines": lines(*said),
    }
    return {**found, **failed}


def lines(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text, "by_systemd": False} for text in texts]


def row(health: str = "ok", **more: Any) -> dict[str, Any]:
    found = {
        "name": "backup", "health": health, "reason": f"the reason of {health}", "fix": f"the fix of {health}",
        "activity": "armed", "last_run": None, "next_elapse": "2027-02-01T08:00:00+01:00", "findings": [],
        "service_state": "inactive (dead)", "timer_state": "active (waiting)", "drift": [],
    }  # fmt: skip
    return {**found, **more}


def case(before: dict[str, Any], after: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"before": before, "after": after or before, "lines": [], "run": None, **more}


FAILED = row("failing", last_run=run_of("exit-code", 3), service_state="failed (failed)")


class TestCauses:
    def test_nothing_is_wrong(self) -> None:
        assert causes(case(row(), run=by_hand("success", 0))) == []
        assert verdict(case(row(), run=by_hand("success", 0))) == ""

    def test_what_the_run_by_hand_said(self) -> None:
        found = case(FAILED, run=by_hand("exit-code", 3, "begins", "tar: x: No space left on device", "gives up"))
        (cause,) = causes(found)
        assert cause.what == (
            'the manual run failed: exit status 3; a file system is full: "tar: x: No space left on device"'
        )
        assert "df -h" in cause.fix
        assert verdict(found) == cause.what

    def test_without_a_run_by_hand_the_last_one_tells(self) -> None:
        (cause,) = causes(case(FAILED, lines=lines("one", "the tape is full")))
        assert cause.what == 'the last run failed: exit status 3; it said last: "the tape is full"'

    def test_a_job_that_says_nothing(self) -> None:
        (cause,) = causes(case(FAILED))
        assert cause.what == "the last run failed: exit status 3, and it said nothing"
        assert cause.fix

    @pytest.mark.parametrize(
        ("result", "status", "fix"),
        [
            ("timeout", None, "`timeout`"),
            ("oom-kill", None, "`limits"),
            ("start-limit-hit", None, "reset=true"),
            ("exit-code", 203, "first line"),
            ("exit-code", 217, "user exists"),
            ("exit-code", 226, "writable_paths"),
        ],
    )
    def test_what_systemd_says_is_enough(self, result: str, status: int | None, fix: str) -> None:
        # What it wrote by chance is not looked at.
        (cause,) = causes(case(FAILED, run=by_hand(result, status, "Permission denied")))
        assert cause.what == f"the manual run failed: {words(result, status)}"
        assert fix in cause.fix

    def test_the_run_by_hand_is_good(self) -> None:
        found = case(FAILED, row(), run=by_hand("success", 0))
        (cause,) = causes(found)
        assert cause.what.startswith("the last run failed (exit status 3), and the manual run did not")
        assert "2027-02-01 08:00:00+01:00" in cause.fix
        # It is shown, and no reason for an alarm.
        assert verdict(found) == ""

    def test_the_proof_comes_before_its_consequence(self) -> None:
        found = case({**FAILED, "findings": [MISSING]}, run=by_hand("exit-code", 203))
        first, second = causes(found)
        assert (first.what, first.fix) == ('command "/opt/x": does not exist on this host', "install it")
        assert second.what.startswith("the manual run failed: exit status 203")

    def test_a_warning_of_the_proof_is_no_cause(self) -> None:
        found = case(row(findings=[{**MISSING, "severity": "warning"}]))
        assert causes(found) == []
        assert verdict(found) == ""

    def test_a_finding_alone_is_bad_enough(self) -> None:
        assert verdict(case(row(findings=[MISSING]))) == 'command "/opt/x": does not exist on this host'

    @pytest.mark.parametrize("health", ["broken", "overdue", "drifted"])
    def test_what_status_says(self, health: str) -> None:
        (cause,) = causes(case(row(health)))
        assert cause == (f"the reason of {health}", f"the fix of {health}")
        assert verdict(case(row(health))) == cause.what

    def test_suspended_is_told_and_no_fault(self) -> None:
        assert causes(case(row("suspended")))[0].what == "the reason of suspended"
        assert verdict(case(row("suspended"))) == ""

    def test_an_edit_is_told_before_what_has_failed_since(self) -> None:
        edited = {**FAILED, "drift": ["backup.service was edited"]}
        first, second = causes(case(edited))
        assert first == ("backup.service was edited", "apply the declaration again, or declare the change")
        assert second.what.startswith("the last run failed")

    def test_a_run_that_could_not_begin(self) -> None:
        found = case(row("never-ran"), run={"msg": "backup: Unit is masked."})
        assert causes(found)[0].what == "it could not be run: backup: Unit is masked."
        assert verdict(found)

    def test_a_run_that_goes_on(self) -> None:
        run = {**run_of("running"), "finished": False, "msg": "backup: still runs after 5 s, and goes on", "lines": []}
        assert causes(case(row("running"), run=run))[0].what == "the manual run still goes on"
        assert verdict(case(row("running"), run=run))


class TestQuestions:
    def test_what_is_run_by_hand(self) -> None:
        assert why_not_run(FAILED) == ""
        assert why_not_run(row("never-ran")) == ""
        assert why_not_run(row("drifted")) == "it was changed on the host"
        assert why_not_run(row("ok")) == "its last run was good"
        assert why_not_run(row("suspended")) == "it is suspended"
        assert why_not_run(row("broken")) == "it cannot run as it stands"

    def test_a_job_that_runs_is_not_run_again_however_it_is(self) -> None:
        assert why_not_run(row("overdue", activity="running")) == "a run is under way"

    def test_after_a_reset_nobody_knows_yet(self) -> None:
        assert why_not_run(row("ok", last_run=run_of("exit-code", 3))) == ""

    def test_the_failed_state(self) -> None:
        assert has_failed_state(FAILED)
        assert has_failed_state(row(timer_state="failed (failed)"))
        assert not has_failed_state(row())


SAID = {
    "ModuleNotFoundError: No module named 'requests'": "Python does not find the module requests",
    "/bin/sh: 1: rclone: not found": "it calls rclone, which is not in its PATH",
    "script.sh: line 3: jq: command not found": "it calls jq, which is not in its PATH",
    "OSError: [Errno 28] No space left on device": "a file system is full",
    "touch: cannot touch '/usr/x': Read-only file system": "it writes where it may not",
    "PermissionError: [Errno 13] Permission denied: '/root/x'": "it is not allowed to do that",
    "curl: (6) Could not resolve host: api.example.com": "a name of another host cannot be resolved",
    "ConnectionRefusedError: [Errno 111] Connection refused": "another host does not answer",
    "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED]": "the certificate of another host is not trusted",
    "HTTP 401: Unauthorized": "the other side does not accept the credentials",
    "UnicodeEncodeError: 'ascii' codec can't encode": "it meets characters that its locale does not have",
    "MemoryError": "memory ran out",
    "python3: can't open file '/opt/x.py': [Errno 2]": "a file or directory is missing",
    "x.sh: 3: TOKEN: parameter not set": "a variable is missing",
    "KeyError: 'API_TOKEN'": "a variable is missing",
}


@pytest.mark.parametrize("line", SAID)
def test_what_is_said_has_a_cause(line: str) -> None:
    found = cause_said(lines("begins", line, "ends"))
    assert found is not None
    assert (found[0], found[1].what) == (line, SAID[line])
    assert found[1].fix


def test_every_saying_is_known_to_this_test() -> None:
    assert {found[1].what for line in SAID if (found := cause_said(lines(line)))} >= {
        one.cause.what for one in SAYINGS if "{0}" not in one.cause.what
    }


def test_the_last_word_counts_and_that_of_systemd_does_not() -> None:
    said = [*lines("Connection refused", "No space left on device"), {"text": "Permission denied", "by_systemd": True}]
    found = cause_said(said)
    assert found is not None
    assert found[1].what == "a file system is full"
    assert cause_said(lines("all is well", "found 3 files")) is None


def test_paths_stand_as_ls_has_them() -> None:
    there = {
        "what": "script", "path": "/opt/backup.py", "mode": "-rwxr-xr-x", "owner": "root", "group": "adm",
        "size": 2048, "modified": "2027-02-01T07:00:00+01:00",
    }  # fmt: skip
    gone = {**dict.fromkeys(there), "what": "program", "path": "/opt/x"}
    assert [line.text for line in path_lines([there, gone])] == [
        "    -rwxr-xr-x  root:adm  2.0 KiB  2027-02-01 07:00  /opt/backup.py (script)",
        "    missing     -         -        -                 /opt/x (program)",
    ]
    assert path_lines([]) == []
    assert [line.text for line in finding_lines([])] == ["    the proof finds nothing"]


def test_the_diagnosis_of_several_hosts() -> None:
    cases = {"web1": case(FAILED, lines=lines("MemoryError")), "web2": case(row(), run=by_hand("success", 0))}
    assert [line.text for line in diagnosis_lines(cases)] == [
        "backup on web1: failing",
        '  the last run failed: exit status 3; memory ran out: "MemoryError"',
        "    fix: raise `limits: {memory: ...}`, or let it use less",
        "  It was not run manually: nobody has said yes; `-e run=true` runs it.",
        "backup on web2: ok",
        "  nothing is wrong: the reason of ok",
    ]
    both = {"web1": cases["web1"], "web3": cases["web1"]}
    assert [line.text for line in diagnosis_lines(both)][0::3] == [
        "backup on web1, web3: failing",
        "  It was not run manually: nobody has said yes; `-e run=true` runs it.",
    ]


def test_a_job_at_fault_is_not_called_ok() -> None:
    """Its last run was good, and the proof finds that the next cannot be."""
    (head, *_rest) = diagnosis_lines({"web1": case(row(findings=[MISSING]))})
    assert (head.text, head.mood) == ("backup on web1: faulty", BAD)
    (head, *_rest) = diagnosis_lines({"web1": case(row(findings=[{**MISSING, "severity": "warning"}]))})
    assert head.text == "backup on web1: ok"
