# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and accounts that were named: there on all hosts, on some, on none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.unknown_jobs import (
    left_out,
    nothing_to_remove,
    unknown_everywhere,
    without_job,
)

HAS = {"jobs": [{"name": "backup"}], "unknown": []}
RAN = {"name": "backup", "finished": True}
LACKS = {"unknown": [{"name": "backup", "nearest": ""}]}
NEAR = {"jobs": [], "unknown": [{"name": "backup", "nearest": "backups"}]}
NAMELESS = {"unknown": [{"name": "", "nearest": ""}]}
UNSEEN = {"jobs": [], "unknown": [{"name": "x", "nearest": ""}], "unseen": [{"user": "alice", "reason": "is slow"}]}
NOBODY = {"jobs": [], "unknown": [], "unknown_user": [{"name": "alcie", "nearest": "alice"}]}


@pytest.mark.parametrize(
    ("results", "silent", "error"),
    [
        ({"a": HAS, "b": LACKS}, False, ""),
        ({"a": RAN, "b": LACKS}, False, ""),
        ({"a": LACKS, "b": NEAR}, False, "backup is not a job on any of 2 hosts; did you mean backups?"),
        ({"a": LACKS}, False, "backup is not a job on this host; the playbook `status` lists the jobs"),
        # A host that has failed may be the one that has it.
        ({"a": LACKS}, True, ""),
        ({"a": NAMELESS}, True, "no job is named: say which one with -e job=NAME; the playbook `status` lists them"),
        ({"a": NOBODY, "b": NOBODY}, False, "alcie is not an account on any of 2 hosts; did you mean alice?"),
        ({"a": NOBODY, "b": HAS}, False, ""),
        ({}, False, ""),
    ],
)
def test_the_error(results: dict[str, dict[str, Any]], silent: bool, error: str) -> None:
    assert unknown_everywhere(results, silent) == error


def test_hosts_without_the_job_are_named() -> None:
    assert without_job({"a": HAS, "b": LACKS, "c": RAN}) == ["b"]
    assert left_out({"a": HAS, "b": LACKS, "c": NEAR}) == "Note: backup is not a job on b, c."
    assert left_out({"a": HAS, "c": RAN}) == ""


def test_a_file_that_was_named_is_shown_without_the_job() -> None:
    assert without_job({"a": {"jobs": [], "file": "/srv/logs/x.log", **LACKS}}) == []


def test_a_job_may_be_one_of_an_account_that_was_not_looked_at() -> None:
    assert unknown_everywhere({"web1": UNSEEN}) == (
        "x is not a job on this host; the playbook `status` lists the jobs (not looked at: jobs of alice)"
    )


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ({"a": LACKS, "b": LACKS}, "backup is not there on a, b: nothing to do"),
        # Another one was meant, or perhaps it is there all the same.
        ({"a": LACKS, "b": NEAR}, ""),
        ({"a": UNSEEN}, ""),
        ({"a": NAMELESS}, ""),
        ({"a": {"unknown": [{"name": "fstrim", "nearest": "", "foreign": "a timer of package util-linux"}]}}, ""),
        ({"a": HAS}, ""),
    ],
)
def test_what_is_to_be_removed_and_is_not_there(results: dict[str, Any], said: str) -> None:
    assert nothing_to_remove(results) == said
