# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of broken jobs (tests/corpus), proved against what real hosts have answered: each line that it expects."""

from __future__ import annotations

import functools
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.request import tolerated
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import CODES, EVIDENCE
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, grouped, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import masked_findings
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import marks_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import FileState, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof import verify
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Account, Facts, PathFacts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.proof import prove_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.clock_change import ClockChange
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.corpus.corpus import VERSIONS, Case, apart, load, together
from ansible_collections.dotmobi.systemd_timers.tests.unit.fixtures.capture_corpus import (
    HOST_LEVEL,
    TOGETHER,
    declared_by,
    runs_of,
    staged,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import FIXTURES

ANEW = "the corpus or the proof has changed: capture it anew (tests/unit/fixtures/README.md)"
# What no declared job can cause.
NOT_OF_A_JOB = {
    "not-utf8": "Ansible's own reader refuses such bytes in a file of variables: tests/unit/test_jobs.py",
    "no-systemd": "a host without systemd: molecule/proof/tests/test_without_systemd.py",
    "systemd-answer": "an answer of systemd that nobody has seen yet: tests/unit/test_calendar.py, test_verify.py",
    "files-directory": "a place that all jobs with files share: tests/unit/test_job_files.py",
    "not-root": "an apply by an ordinary user: molecule/user/tests/test_managers.py",
    "silent-account": "an account without a declared job: molecule/user/tests/test_hostile_accounts.py",
    "foreign-file": "what somebody has put into the folder of an installed job: tests/unit/test_own_files.py",
    "run-space": "a full /run, which would hurt all that runs beside: tests/unit/test_module.py",
    "broken-template": "the corpus is not templated: molecule/proof/tests/test_validate.py",
    "prune-limit": "all jobs of a declaration: molecule/lifecycle/tests/test_declared.py",
    "owner-used-twice": "several uses of the role: molecule/lifecycle/tests/test_declared.py",
    "unread-list": "a variable that is not read: tests/unit/test_variables.py",
    **dict.fromkeys(EVIDENCE, "found after the apply: molecule/failure"),
}
CASES = load()


class RecordedFacts(Facts):
    """The facts of a host as they were captured."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.now = found["now"]
        self.answers = Answers({as_question(*one[:-1]): ANSWERS[one[0]](one[-1]) for one in found["facts"]})


class Answers(dict[tuple[Any, ...], Any]):
    """Answers of a host; a question that was not asked then has none."""

    def __contains__(self, question: object) -> bool:
        return super().__contains__(question) or pytest.fail(f"no answer to {question}: {ANEW}")


def as_question(method: str, *words: Any) -> tuple[Any, ...]:
    """Return the key of a fact."""
    if method == "obstacles":
        account, groups, wanted = words
        return method, Account(*account), tuple(groups), tuple((path, mode) for path, mode in wanted)
    return (method, *words)


def same(answer: Any) -> Any:
    return answer


def tuple_of(kind: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return what makes a named tuple, or nothing, of a list."""
    return lambda answer: None if answer is None else kind(*answer)


ANSWERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("real", "can_read", "text", "listing", "matches", "group", "local_names", "members"), same),
    **dict.fromkeys(("obstacles", "has_zone", "zones"), same),
    "path": tuple_of(PathFacts),
    "user": tuple_of(Account),
    "clock_change": tuple_of(ClockChange),
    "head": bytes.fromhex,
}


def observed_as(found: dict[str, Any]) -> Observed:
    """Return a host as it was observed; what a capture does not know yet, no case is about."""
    return Observed(
        **{
            "referenced": {},
            "marked": {},
            "extras": {},
            "states": {},
            "records": {},
            "forgotten": [],
            "foreign": {},
            "noted": (),
            "pins": {},
            "first_runs": {},
            **found,
            "folders": {},
            "stale": frozenset(found.get("stale", [])),
            "manager": Manager(**found["manager"]),
            "files": {name: FileState(*state) for name, state in found["files"].items()},
            "units": {name: UnitState(*state) for name, state in found["units"].items()},
            "host_units": frozenset(found["host_units"]),
        }
    )


@functools.cache
def captured(version: int) -> dict[str, Any]:
    """Return what a host has answered, run by run."""
    path = FIXTURES / f"systemd-{version}" / "corpus.yml"
    found: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def proved(cases: list[Case], found: dict[str, Any]) -> list[Finding]:
    """Return the findings of both sides, the host's answers as they were captured."""
    calls = {tuple(call["argv"]): Completed(call["rc"], call["stdout"], call["stderr"]) for call in found["calls"]}
    programs = {argv[0] for argv in calls}

    def replay(argv: list[str]) -> Completed:
        asked = tuple(staged(word) for word in argv)
        if asked not in calls:
            pytest.fail(f"no answer to {' '.join(asked)[:300]}: {ANEW}")
        done = calls[asked]
        folders = {str(Path(word).parent) for word, plain in zip(argv, asked, strict=True) if word != plain}
        return done._replace(stderr=done.stderr.replace("STAGE", folders.pop())) if folders else done

    def exists(path: str, really: Callable[[str], bool] = os.path.exists) -> bool:
        return path in programs if path in verify.MANAGER_PROGRAMS else really(path)

    def realpath(path: str, *options: Any, really: Callable[..., str] = os.path.realpath, **more: Any) -> str:
        return found["real"].get(path) or really(path, *options, **more)

    ours = declared_by(cases)
    with pytest.MonkeyPatch.context() as patch:
        # What the proof asks the host itself.
        patch.setattr(os.path, "exists", exists)
        patch.setattr(os.path, "realpath", realpath)
        facts = RecordedFacts(found)
        facts.expect(one for job in ours.request.jobs for one in job.files)
        proof = prove_jobs(replay, ours.request, observed_as(found["observed"]), facts)
    findings = [tolerated(one, ours.request) for one in proof.findings]
    marks = {job.name: marks_of(job.service) for job in ours.request.jobs}
    return masked_findings(grouped([*ours.findings, *findings]) + proof.accepted, marks)


@functools.cache
def lines_of(version: int, run: str) -> list[tuple[str, str]]:
    """Return job and line of each finding of a run."""
    cases = runs_of(CASES)[run]
    found = captured(version)
    if run not in found:
        pytest.fail(f"no answers of the run {run}: {ANEW}")
    return [(finding.job, line(finding)) for finding in proved(cases, found[run])]


def pairs(cases: list[Case]) -> list[Any]:
    """Return each case with each version."""
    return [
        pytest.param(version, case, id=f"{case.name}-{version}")
        for case in cases
        for version in VERSIONS
        if case.name not in HOST_LEVEL
    ]


@pytest.mark.parametrize(("version", "case"), pairs(together(CASES)))
def test_says_what_is_wrong_with_each_job(version: int, case: Case) -> None:
    lines = [text for job, text in lines_of(version, TOGETHER) if job in case.job_names]
    assert not case.differences(lines, version), case.differences(lines, version)


@pytest.mark.parametrize(("version", "case"), pairs(apart(CASES)))
def test_says_what_is_wrong_in_a_run_of_its_own(version: int, case: Case) -> None:
    lines = [text for _job, text in lines_of(version, case.name)]
    assert not case.differences(lines, version), case.differences(lines, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_line_belongs_to_no_case(version: int) -> None:
    names = {name for case in CASES for name in case.job_names}
    assert [text for job, text in lines_of(version, TOGETHER) if job not in names] == []


def test_every_code_that_a_job_can_cause_has_a_case() -> None:
    covered = {code for case in CASES for code in case.codes}
    assert set(CODES) - covered == set(NOT_OF_A_JOB)
    assert covered <= set(CODES)


def test_names_of_jobs_are_unique() -> None:
    count = Counter(name for case in CASES for name in case.job_names)
    assert [name for name, number in count.items() if number > 1] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_complete(case: Case) -> None:
    assert case.about.endswith(".")
    assert bool(case.says) != case.name.startswith("good-"), "good jobs, and only they, have no findings"
    assert bool(case.prepare) == bool(case.restore)
    assert set(case.versions) <= set(VERSIONS)
    assert all(re.search(r" \[[a-z0-9-]+\]$", text) for text in case.says)


def test_cases_that_are_not_replayed_exist() -> None:
    assert set(HOST_LEVEL) <= {case.name for case in apart(CASES)}
