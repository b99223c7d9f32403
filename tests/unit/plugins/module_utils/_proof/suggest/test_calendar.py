# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proposed in the place of bad calendar expressions, and that real systemd takes it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.suggest.calendar import candidates
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fixes import (
    MEANT,
    NO_CRON,
    VERSIONS,
    all_with_a_blank,
    judged_calendars,
)

# Too many meanings, or none at all.
NO_GUESS = [
    "",
    " ",
    "bad",
    "-x",
    "--help",
    "now",
    "infinity",
    "5",
    "630",
    "0830",
    "*",
    "* *",
    "*:",
    ":30",
    "early",
    "h\u00f6urly",
    "\u6bce\u65e5",
    "\udcff",
    "daily\nUser=x",
    "Mon\n08:00",
    "x" * 3000,
    "* " * 50,
    # Numbers that are too high.
    "25:00",
    "10:60",
    "08:00:60",
    "2027-13-01",
    "2027-12-32",
    "31.02.2027",
    "*:0/0",
    "*:0/60",
    "*/90",
    "13 am",
    "0 am",
    # Two times, or a time span between two.
    "08:00, 20:00",
    " 08:00,20:00",
    "08:00 and 20:00",
    "08:00 20:00",
    "08:00 - 17:00",
    " 08:00-17:00",
    "Mon 08:00, Tue 09:00",
    # Which of two?
    "Tursday 08:00",
    "Mon 24:00",
    "Mon midnight",
    "*-*-01 24:00",
    "24:30",
    "05/06/2027",
    "5.6.2027",
    "12.10",
    "1h30",
    "*/2",
    "*/3",
    "Mon 8",
    "08:3x",
    "0x:00",
    "08:30m",
    "*-1-5-01",
    "Mon Fri 08:00",
    "biweekly",
    "bimonthly",
    "fortnightly",
    "weekly 08:00",
    "hourly 15",
    # Not one of systemd's.
    "every other day",
    "every second monday",
    "every monday except holidays",
    "first monday",
    "last Fri",
    "Mon/2",
    "every 2 days",
    "90min",
    "7min",
    "1h 30min",
    "1.5h",
    "0min",
    "2M",
    "1 fortnight",
    # Zones.
    "10:00 +02:00",
    "10:00 CEST",
    "10:00 UTC+2",
    "Mon 08:00 Mars/Base",
    "Mars/Base",
]
# Nothing is wrong with them.
GOOD = [
    "daily",
    "Daily",
    "monday 08:00",
    "MON 08:00",
    "8:00",
    "8:00 utc",
    "Mon,Wed *-*-1/2 8..17/2:00/15:30.5 Europe/Berlin",
    "2027-12-31 08:00:00",
    "*-02~03",
]


@pytest.mark.parametrize(("expression", "fixed"), MEANT.items())
def test_what_was_meant(expression: str, fixed: str) -> None:
    assert candidates(expression) == [fixed]


@pytest.mark.parametrize("expression", [*NO_GUESS, *NO_CRON, *GOOD], ids=lambda text: ascii(text[:40]))
def test_nothing_is_proposed_when_it_is_doubtful(expression: str) -> None:
    assert candidates(expression) == []


def test_a_zone_is_kept_whether_the_host_knows_it_or_not() -> None:
    assert candidates("Wendesday 10:00 CET") == ["Wed 10:00 CET"]  # codespell:ignore
    assert candidates("daly Mars/Base") == ["daily Mars/Base"]


@pytest.mark.parametrize("version", VERSIONS)
def test_systemd_takes_every_guess(version: int) -> None:
    assert [text for text, found in judged_calendars(version).items() if not found.fires] == []


@given(st.text() | st.text("0123456789*/-.,: montuewdhfrisazUCT@~", max_size=30))
def test_any_text_at_all(text: str) -> None:
    guesses = candidates(text)
    assert len(guesses) <= 1
    assert text not in guesses
    assert all(guess == guess.strip() and guess.isascii() and guess.isprintable() for guess in guesses)


def test_a_guess_is_cheap() -> None:
    bad = all_with_a_blank([*MEANT, *NO_GUESS, *NO_CRON])
    start = time.process_time()
    for text in bad:
        candidates(text)
    assert time.process_time() - start < 0.5
