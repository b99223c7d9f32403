# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proposed in the place of bad time spans, and that real systemd takes it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.time_span import timespan_candidates
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fixes import (
    SPANS,
    VERSIONS,
    all_with_a_blank,
    judged_spans,
)

NO_SPAN = [
    "",
    "bad",
    "soon",
    "a while",
    "tomorrow",
    "never",
    "none",
    "off",
    "-5",
    "-infinity",
    "1:30",
    "00:00",
    "1,30h",
    "1,000ms",
    "5 mils",
    "5 parsecs",
    "1.5 fortnights",
    "5 minuts 30",  # codespell:ignore
    "1 quarter",
    "5 ns",
    "1e3",
    "P",
    "PT",
    "5\udcff",
    "5min\nUser=x",
    "9 " * 1000,
    "15min",
    "1h 30min",
]


@pytest.mark.parametrize(("span", "fixed"), SPANS.items())
def test_which_time_span_was_meant(span: str, fixed: str) -> None:
    assert timespan_candidates(span) == [fixed]


@pytest.mark.parametrize("span", NO_SPAN, ids=lambda text: ascii(text[:40]))
def test_no_time_span_is_proposed_when_it_is_doubtful(span: str) -> None:
    assert timespan_candidates(span) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_systemd_takes_every_guess(version: int) -> None:
    assert [text for text, found in judged_spans(version).items() if not found.valid] == []


@given(st.text() | st.text("0123456789*/-.,: montuewdhfrisazUCT@~", max_size=30))
def test_any_text_at_all(text: str) -> None:
    guesses = timespan_candidates(text)
    assert len(guesses) <= 1
    assert text not in guesses
    assert all(guess == guess.strip() and guess.isascii() and guess.isprintable() for guess in guesses)


def test_a_guess_is_cheap() -> None:
    bad = all_with_a_blank([*SPANS, *NO_SPAN])
    start = time.process_time()
    for text in bad:
        timespan_candidates(text)
    assert time.process_time() - start < 0.5
