# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are hidden in all that leaves the module, and what is none stays readable."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import (
    masked_finding,
    masked_findings,
    without_quotation,
)

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"


# --- values


# --- unit files


# --- findings


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("service.Environment", "API_TOKEN=hunter2", "API_TOKEN=(secret)"),
        ("service.SetCredential", "hunter2", "(secret)"),
        (
            "service",
            {"Environment": ["API_TOKEN=hunter2"], "Nice": 5},
            {"Environment": ["API_TOKEN=(secret)"], "Nice": 5},
        ),
        ("enviroment", {"API_TOKEN": 12345, "LANG": "C"}, {"API_TOKEN": "(secret)", "LANG": "C"}),
        ("credentials", {"db": "hunter2"}, {"db": "(secret)"}),
        ("credentials", ["db:hunter2"], ["(secret)"]),
        ("password", "hunter2", "(secret)"),
        ("user", "nobody", "nobody"),
        ("persistent", True, True),
        ("retries", 3, 3),
        ("schedule", None, None),
    ],
)
def test_values_of_findings(field: str, value: Any, shown: Any) -> None:
    assert masked_finding(Finding("a", field, value, "reason", "fix", "invalid-value")).value == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("systemd replaces --token=hunter2 two", "systemd replaces --token=(secret)"),
        ('write "PGPASSWORD=hunter2 two"', 'write "PGPASSWORD=(secret)'),
        ("cannot reach postgres://app:hunter2@db/app", "cannot reach (secret)"),
        (f"holds x{KEY} AAAA", "holds x(secret)"),
        ("write -Dx=-Dpassword=hunter2", "write -Dx=-Dpassword=(secret)"),
        ("does not know the directive Api_Token= in [Service]", "does not know the directive Api_Token= in [Service]"),
        ('write API_TOKEN: "..." in quotes', 'write API_TOKEN: "..." in quotes'),
    ],
)
def test_sentences(text: str, shown: str) -> None:
    found = masked_finding(Finding("a", "command", None, text, text, "invalid-value"))
    assert (found.reason, found.fix) == (shown, shown)


def test_each_job_has_marks_of_its_own_and_the_host_all_of_them() -> None:
    def finding(job: str) -> Finding:
        return Finding(job, "command", "/bin/env MAILGUN=hunter2", "x", "", "invalid-value")

    found = masked_findings([finding("a"), finding("b"), finding("")], {"a": ["MAILGUN"], "b": []})
    assert ["hunter2" in line(one) for one in found] == [False, True, False]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('Invalid syntax: "API_TOKEN=hunter2', "Invalid syntax"),
        ("Failed to resolve specifiers in API_TOKEN=my hunter2 %Z: Invalid slot", "Failed to resolve specifiers"),
        ("Failed to resolve unit specifiers in 'API_TOKEN=%Z': Invalid slot", "Failed to resolve unit specifiers"),
        ('Can\'t unescape "hunter2": Invalid argument', "Can't unescape"),
        ("Encrypted credential data not valid Base64 data", "Encrypted credential data not valid Base64 data"),
    ],
)
def test_systemd_repeats_what_it_refuses(said: str, shown: str) -> None:
    assert without_quotation(said) == shown


# --- whole units
