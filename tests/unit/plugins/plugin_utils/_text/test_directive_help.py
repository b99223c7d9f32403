# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every directive that the collection writes has words, and the words are of the directives that there are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.verify import parse_directives
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import parse
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.conditions import CONDITIONS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.hardening import HARDENING
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.limits import LIMITS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.directive_help import (
    BY_SECTION,
    IGNORED,
    UNKNOWN,
    directive_words,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import capture, wanted


def written_directives() -> set[str]:
    """All directives that fields become."""
    named = {name for field in FIELDS.values() for name in re.findall(r"`([A-Z]\w+)=", field.becomes)}
    named |= set(HARDENING) | {limit.directive for limit in LIMITS.values()}
    return named | {condition.directive for condition in CONDITIONS.values()}


def test_every_directive_that_a_field_becomes_has_words() -> None:
    known = {name for words in BY_SECTION.values() for name in words}
    assert len(written_directives()) > 60
    assert written_directives() - known == set()


# Each way in which the collection itself writes lines.
WAYS = [
    {},
    {"jitter": "5min", "accuracy": "1min", "install": {"WantedBy": "default.target"}, "network_online": True},
    {"schedule": None, "every": "15min", "on_boot": "5min"},
    {"retries": {"attempts": 3}, "timeout": "1h", "kill_after": "10s"},
    {"concurrency": "forbid"},
    {"concurrency": {"policy": "replace"}},
    {"concurrency": {"group": "disk"}, "timeout": "1h"},
    {"on_failure": {"mail": "a@example.com"}, "on_success": {"unit": "x.service"}, "heartbeat": {"url": "https://a"}},
    {"heartbeat": {"url": "https://a", "start": True}},
    {"secrets": ["A"], "environment": {"A": "b", "C": "d"}, "environment_file": "/etc/x"},
    {"credentials": {"a": {"path": "/etc/x"}, "b": {"encrypted": "xyz"}}},
    {"hardening": "strict", "state_directory": "x", "writable_paths": "/srv"},
]  # fmt: skip


@pytest.mark.parametrize("fields", WAYS, ids=str)
def test_all_lines_that_the_collection_writes_have_words(fields: dict[str, Any]) -> None:
    job = wanted(**fields)
    found = [*parse(job.service), *parse(job.timer)]
    assert [one.key for one in found if directive_words(one.section, one.key) in (UNKNOWN, IGNORED)] == []


def test_words_are_for_directives_that_there_are_in_these_sections() -> None:
    # The newest does not take what the oldest takes, and the other way round.
    known = [parse_directives(capture(version, "pid1-directives")["stdout"]) for version in (247, 262)]
    for name in ("Unit", "Service", "Timer", "Install"):
        assert set(BY_SECTION[name]) - set(known[0][name]) - set(known[1][name]) == set(), name


def test_words_are_one_plain_line() -> None:
    words = [text for section in BY_SECTION.values() for text in section.values()]
    assert [text for text in words if not re.fullmatch(r"[A-Z`][^\n|]*\.", text) or text.count("`") % 2] == []


def test_what_has_no_words() -> None:
    assert directive_words("Service", "Nonsense") == UNKNOWN
    assert directive_words("Timer", "User") == UNKNOWN
    assert directive_words("X-Team", "Contact") == directive_words("Service", "X-Contact") == IGNORED
