# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of broken jobs (tests/corpus): exactly the lines that each case expects, and the host left untouched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import NamedTuple

import pytest
from harness import CHECKOUT, Run, Snapshot, snapshot

sys.path.insert(0, str(CHECKOUT / "tests" / "corpus"))
sys.path.insert(0, str(CHECKOUT / ".cache" / "collections"))
from corpus import apart, load, preparation, restoration, together
from fixes import fixed

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import CODES, ENVIRONMENT

CASES = load()
GOOD = {"name": "good", "schedule": "daily", "command": "/bin/true"}
# So many findings at least say exactly what to write.
LEAST_FIXES = 50
# What stops an apply.
GRAVE = ("error", ENVIRONMENT)
# The usual play: tasks before the role make the users and deploy the scripts.
LACKING = [
    GOOD,
    {"name": "lacking-script", "schedule": "daily", "command": "/usr/bin/python3 /opt/quux/report.py"},
    {"name": "lacking-command", "schedule": "daily", "command": "/opt/quux/run", "working_directory": "/opt/quux"},
    {"name": "lacking-user", "schedule": "daily", "command": "/bin/true", "user": "quux", "group": "quux"},
    {"name": "lacking-account", "schedule": "daily", "command": "/bin/true", "user": "quux", "scope": "user"},
]


class Seen(NamedTuple):
    """The host before, the runs, the host after them."""

    before: Snapshot
    runs: dict[str, Run]
    after: Snapshot


def name_of(case):
    return case.name


def version_of(host):
    return int(host.check_output("systemctl --version").split()[1])


@contextmanager
def prepared(host, cases) -> Iterator[None]:
    """Put on the host what stands there before; all of it is gone in the end."""
    try:
        host.check_output(preparation(cases))
        yield
    finally:
        host.run(restoration(cases))


def tell_all(site, host):
    """All cases that can be together in one set: refused as they are, with everything accepted, with a mild proof."""
    cases = together(CASES)
    jobs = [*(job for case in cases for job in case.jobs), GOOD]
    with prepared(host, cases):
        before = snapshot(host)
        runs = {"strict": site.refuse(jobs)}
        runs["check"] = site.refuse(jobs, "--check")
        runs["forecast"] = site.play("--check", "--diff", timer_jobs=LACKING)
        runs["warn"] = site.refuse(jobs, timer_proof="warn")
        runs["accept"] = site.refuse([accepting(job, runs["strict"]) for job in jobs])
        runs["fixed"] = site.play("--check", timer_jobs=fixed_jobs(jobs, runs["strict"]))
        return Seen(before, runs, snapshot(host))


def accepting(job, run):
    """The job, which accepts every finding about it that can be accepted."""
    found = {one["code"] for one in run.result["findings"] if one["job"] == job.get("name")}
    codes = sorted(code for code in found if CODES[code].acceptable)
    return {**job, "accept": codes} if codes else job


def followed(jobs, run):
    """What each finding says is followed, one by one: job and finding to the job as it is after that."""
    by_name = {str(job["name"]): job for job in jobs if "name" in job}
    for finding in run.result["findings"]:
        job = by_name.get(finding["job"])
        after = fixed(job, finding) if job else None
        # Under another name it would not mean itself any more.
        if after is not None and f"{after['name']}.service" not in str(after):
            yield finding, after


def fixed_jobs(jobs, run):
    """The same, each under a name of its own."""
    return [{**job, "name": f"fixed-{number}"} for number, (_one, job) in enumerate(followed(jobs, run))]


def tell_one(case, site, host):
    """A case that needs a run of its own."""
    with prepared(host, [case]):
        before = snapshot(host)
        # A broken template would break the good job as well.
        beside = [] if any("template" in name for name in case.variables) else [GOOD]
        run = site.refuse([*case.jobs, *beside], **case.variables)
        return Seen(before, {"strict": run}, snapshot(host))


@pytest.fixture(scope="module")
def stories(everywhere):
    """What happened on both machines, told when it is first asked for."""
    by_name = {case.name: case for case in CASES}
    return cache(lambda name="": everywhere(partial(tell_one, by_name[name]) if name else tell_all))


@pytest.fixture(scope="module")
def seen(stories, machine):
    return stories()[machine].result()


@pytest.fixture(scope="module")
def version(host):
    return version_of(host)


def assert_untouched(seen):
    assert seen.after._replace(ours=seen.before.ours) == seen.before
    assert not any("good." in path for path in seen.after.files)
    assert set(seen.after.ours) <= {"lock"}


def of_severity(run, *severities):
    return [found for found in run.result["findings"] if found["severity"] in severities]


def by_fault(run):
    """The severity of each finding."""
    return {(one["job"], one["field"], one["value"], one["reason"]): one for one in run.result["findings"]}


# --- all together


def test_the_host_is_left_untouched(seen):
    assert_untouched(seen)


@pytest.mark.parametrize("case", together(CASES), ids=name_of)
def test_says_what_is_wrong(seen, version, case):
    lines = [one["message"] for one in seen.runs["strict"].result["findings"] if one["job"] in case.job_names]
    assert not case.differences(lines, version), case.differences(lines, version)


def test_every_finding_belongs_to_a_case(seen):
    names = {name for case in CASES for name in case.job_names}
    assert [one["message"] for one in seen.runs["strict"].result["findings"] if one["job"] not in names] == []


def test_the_message_holds_every_line(seen, machine):
    run = seen.runs["strict"]
    head, *lines = run.message.split("\n")
    counts = run.result["finding_counts"]
    jobs = len({one["job"] for one in run.result["findings"]})
    assert head == (
        f"{machine}: {counts['errors']} errors and {counts['warnings']} warnings in {jobs} jobs, "
        "nothing was changed on this host:"
    )
    assert lines == [f"  {one['message']}" for one in run.result["findings"]]
    # And a person sees it, not the result alone.
    shown = " ".join(run.output.split())
    assert [line for line in lines if " ".join(line.split()) not in shown] == []


def test_errors_come_first_job_by_job(seen):
    found = of_severity(seen.runs["strict"], *GRAVE, "warning")
    jobs = list(dict.fromkeys(one["job"] for one in found))
    with_errors = {one["job"] for one in found if one["severity"] in GRAVE}

    def rank(one):
        return one["job"] not in with_errors, jobs.index(one["job"]), one["severity"] == "warning"

    assert found == sorted(found, key=rank)


def test_counts_are_right(seen):
    for name in ("strict", "check", "warn", "accept"):
        run = seen.runs[name]
        found = run.result["findings"]
        assert run.result["finding_counts"] == {
            "errors": sum(one["severity"] in GRAVE for one in found),
            "warnings": sum(one["severity"] == "warning" for one in found),
            "accepted": sum(one["severity"] == "accepted" for one in found),
        }
        by_job = {row["name"]: row for row in run.result["proof"]}
        assert by_job["good"] == {
            "name": "good", "schedule_text": "every day at 00:00", "errors": 0, "warnings": 0, "accepted": 0,
        }  # fmt: skip
        assert sum(row["errors"] for row in by_job.values()) <= run.result["finding_counts"]["errors"]


def test_check_mode_finds_the_same_and_says_what_a_task_before_may_fix(seen):
    strict, check = by_fault(seen.runs["strict"]), by_fault(seen.runs["check"])
    assert check.keys() == strict.keys()
    for fault, one in check.items():
        if strict[fault]["severity"] == ENVIRONMENT:
            assert one["severity"] == "warning"
            assert one["fix"].startswith(strict[fault]["fix"])
            assert "a warning because of check mode" in one["message"]
        else:
            assert one == strict[fault]


def test_check_mode_is_complete_where_tasks_before_have_not_made_anything_yet(seen):
    run = seen.runs["forecast"]
    assert run.status == 0, run.output
    assert {one["severity"] for one in run.result["findings"]} == {"warning"}
    assert "a warning because of check mode" in " ".join(run.output.split())
    assert run.actions() == {job["name"]: ["install", "arm", "enable"] for job in LACKING}
    assert run.result["changed"]
    installed = {one["after_header"] for one in run.result["diff"] if "after_header" in one}
    assert {f"/etc/systemd/system/{job['name']}.timer" for job in LACKING if "scope" not in job} <= installed
    assert "~quux/.config/systemd/user/lacking-account.timer" in installed


def test_a_job_can_accept_what_is_acceptable(seen):
    strict, accept = by_fault(seen.runs["strict"]), by_fault(seen.runs["accept"])
    # What systemd refuses too is not hidden with what the job accepts; nor is what a shell would have made of `$(...)`.
    more = {"bad-restart-always", "bad-substitution"}
    assert {fault[0] for fault in accept.keys() ^ strict.keys()} == more
    for fault, one in accept.items():
        if fault[0] in more:
            continue
        acceptable = CODES[one["code"]].acceptable
        assert one["severity"] == ("accepted" if acceptable else strict[fault]["severity"]), one["message"]
    assert not of_severity(seen.runs["accept"], "warning")
    accepted = [one["message"] for one in of_severity(seen.runs["accept"], "accepted")]
    assert accepted
    assert [text for text in accepted if text in seen.runs["accept"].message] == []


def test_every_fix_that_is_proposed_works(seen):
    """Followed to the letter, the finding is gone; others of the job may be left."""
    jobs = [*(job for case in together(CASES) for job in case.jobs), GOOD]
    followed_findings = [finding for finding, _job in followed(jobs, seen.runs["strict"])]
    assert len(followed_findings) > LEAST_FIXES
    left = {(one["job"], one["field"], one["code"]): one for one in seen.runs["fixed"].result["findings"]}
    still = [
        (finding["message"], left[f"fixed-{number}", finding["field"], finding["code"]]["message"])
        for number, finding in enumerate(followed_findings)
        if (f"fixed-{number}", finding["field"], finding["code"]) in left
    ]
    assert still == []


def test_a_mild_proof_warns_of_what_the_host_lacks(seen):
    strict, warn = by_fault(seen.runs["strict"]), by_fault(seen.runs["warn"])
    assert warn.keys() == strict.keys()
    for fault, one in warn.items():
        lacks = CODES[one["code"]].kind == ENVIRONMENT
        assert one["severity"] == ("warning" if lacks else strict[fault]["severity"]), one["message"]
        # A job with a name says first whose line it is.
        assert (": warning: " in one["message"]) == (one["severity"] == "warning"), one["message"]


# --- one by one


@pytest.mark.parametrize("case", apart(CASES), ids=name_of)
def test_says_what_is_wrong_in_a_run_of_its_own(stories, machine, version, case):
    told = stories(case.name)[machine].result()
    assert_untouched(told)
    lines = [one["message"] for one in told.runs["strict"].result["findings"]]
    assert not case.differences(lines, version), case.differences(lines, version)
