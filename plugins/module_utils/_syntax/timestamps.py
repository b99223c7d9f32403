# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time as texts: those that systemd-analyze(1) prints, ISO 8601, and a base time as people give it; pure."""

from __future__ import annotations

import calendar
import datetime
import re

END_OF_CALENDAR = 7258118400  # 2200-01-01 00:00:00 UTC
_STAMP = re.compile(r"(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")


def parse_stamp(text: str) -> int:
    """Return the Unix seconds of `Tue 2027-01-26 22:15:00 UTC`."""
    match = _STAMP.search(text)
    if match is None:
        raise ValueError(f"no time stamp: {text}")
    return calendar.timegm((*(int(part) for part in match.groups()), 0, 0, 0))


def parse_base_time(text: str) -> int:
    """Return Unix seconds of `@1801000000` or of an ISO 8601 time; without an offset it is local time.

    Raises ValueError with a reason that reads on after "base_time ...".
    """
    try:
        if text.startswith("@"):
            number = int(text[1:])
        else:
            # datetime of Python 3.8 does not know the Z.
            number = int(datetime.datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", text)).timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueError("is neither an ISO 8601 time, such as 2027-03-27T00:00:00+01:00, nor @SECONDS") from error
    if not 0 <= number < END_OF_CALENDAR:
        raise ValueError("does not lie between 1970 and 2199, where systemd has calendar events")
    return number


def iso8601(epoch: int) -> str:
    """Return Unix seconds as local time of this process with numeric offset: 2027-01-26T23:15:00+01:00."""
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).astimezone().isoformat()
