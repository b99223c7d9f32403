# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter schedule_text: what it takes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dotmobi.systemd_timers.plugins.filter.schedule_text import FilterModule

schedule_words_filter = FilterModule().filters()["schedule_text"]


def test_the_filter() -> None:
    assert schedule_words_filter("Mon 08:00") == "every Monday at 08:00"
    assert schedule_words_filter("*-*-31") == "*-*-31"
    assert schedule_words_filter(["20:30", "Sun"], clock=12) == "every day at 08:30 PM and every Sunday at 12:00 AM"
    assert schedule_words_filter(["*:15", "fri *-*-13"], title=True) == "Every Hour at :15 and fri *-*-13"


@pytest.mark.parametrize("value", [None, 1, {"a": 1}, [1]])
def test_the_filter_refuses_what_is_no_schedule(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="takes a calendar expression"):
        schedule_words_filter(value)


def test_the_filter_refuses_another_clock() -> None:
    with pytest.raises(AnsibleFilterError, match="clock is 12 or 24"):
        schedule_words_filter("daily", clock=13)
