# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proposed for bad expressions, lines of cron and bad time spans, and what real systemd says of that."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    Calendar,
    Timespan,
    check_calendars,
    check_timespans,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import answer, capture

VERSIONS = [252, 257]
WINTER = 1801000000  # 2027-01-26 21:46:40 UTC, a Tuesday

# In the place of the first the second is proposed.
EXPRESSIONS = {
    # Blanks, quotes and what belongs to the unit file.
    " daily": "daily",
    "daily\n": "daily",
    "Mon\u00a0*-*-* 08:00 ": "Mon *-*-* 08:00",
    " daily UTC": "daily UTC",
    '"Mon 08:00"': "Mon 08:00",
    "OnCalendar=daily": "daily",
    # Words and weekdays, misspelt.
    "daly": "daily",
    "dayly": "daily",
    "hourley": "hourly",
    "wekly": "weekly",
    "monthy": "monthly",
    "quaterly": "quarterly",
    "daly Europe/Berlin": "daily Europe/Berlin",
    "Wendesday 08:00": "Wed 08:00",  # codespell:ignore
    "Wensday 08:00": "Wed 08:00",  # codespell:ignore
    "Thurs 08:00": "Thu 08:00",
    "Tues,Thur 08:00": "Tue,Thu 08:00",  # codespell:ignore
    "Mno..Fri 08:00": "Mon..Fri 08:00",
    "Mondays 08:00": "Mon 08:00",
    "Mo,We,Fr 08:00": "Mon,Wed,Fri 08:00",
    "Montag 08:00": "Mon 08:00",
    "Satuday *-*-1..7 18:00 UTC": "Sat *-*-1..7 18:00 UTC",
    "Wendesday": "Wed 00:00",  # codespell:ignore
    "Sunnday *:0..30:00": "Sun *:0..30:00",
    # Weekdays joined in other ways.
    "Mon\u2013Fri 08:00": "Mon..Fri 08:00",
    "Mon - Fri 08:00": "Mon..Fri 08:00",
    "Mon...Fri 08:00": "Mon..Fri 08:00",
    "Mon to Fri 08:00": "Mon..Fri 08:00",
    "Monday through Friday 08:00": "Monday..Friday 08:00",
    "Mon, Tue and Fri 08:00": "Mon,Tue,Fri 08:00",
    "Mon. 08:00": "Mon 08:00",
    "08:00 Mon": "Mon 08:00",
    # Ranges over the end.
    "Sat..Tue": "Sat,Sun,Mon,Tue 00:00",
    "Sat..Tue 10:00": "Sat,Sun,Mon,Tue 10:00",
    "Sun-Thu 10:00": "Sun,Mon,Tue,Wed,Thu 10:00",
    "Fri,Sun..Mon 10:00": "Fri,Sun,Mon 10:00",
    "22..02:00": "22,23,00,01,02:00",
    "20..6:30": "20..23,00..06:30",
    "*-11..2-01": "*-11,12,01,02-01",
    # Dashes for dots.
    "08-17:00": "08..17:00",
    "Mon 08-17:00/15": "Mon 08..17:00/15",
    "Sat *-*-1-7 18:00": "Sat *-*-1..7 18:00",
    # English.
    "every monday": "Monday 00:00",
    "Every Monday and Friday at 8:00": "Monday,Friday 8:00",
    "every day": "daily",
    "every day at 8": "08:00",
    "Every day at 8 p.m.": "20:00",
    "daily 08:00": "08:00",
    "daily at 08:00 Europe/Berlin": "08:00 Europe/Berlin",
    "once a day": "daily",
    "every hour": "hourly",
    "every 15 minutes": "*:00/15",
    "Every 15 Minuts": "*:00/15",  # codespell:ignore
    "every half hour": "*:00/30",
    "half an hour": "*:00/30",
    "every 2 hours": "00/2:00",
    "every week": "weekly",
    "every month": "monthly",
    "every 3 months": "quarterly",
    "every second": "*:*:*",
    "every 30 seconds": "*:*:00/30",
    "noon": "12:00",
    "Mon noon": "Mon 12:00",
    "midnight": "00:00",
    "every day at midnight": "00:00",
    "weekdays 07:00": "Mon..Fri 07:00",
    "every weekday at 5 pm Europe/Berlin": "Mon..Fri 17:00 Europe/Berlin",
    "weekends 10:00": "Sat,Sun 10:00",
    # Times of day.
    "Mon 8:30 PM": "Mon 20:30",
    "8am": "08:00",
    "8 pm": "20:00",
    "12am": "00:00",
    "12:30 pm": "12:30",
    "20:30 PM": "20:30",
    "8:00:30 a.m.": "08:00:30",
    "8.30": "08:30",
    "Mon 8.05": "Mon 08:05",
    "8h30": "08:30",
    "08h05": "08:05",
    "8 Uhr": "08:00",
    "08:00 Uhr": "08:00",
    "08:00h": "08:00",
    "O8:3O": "08:30",
    "08:00:0x": "08:00:00",
    "Mon *-*-31 08:00:0x": "Mon *-*-31 08:00:00",
    "24:00": "00:00",
    "*-*-* 24:00:00": "*-*-* 00:00:00",
    "24:00 UTC": "00:00 UTC",
    # Steps without a start.
    "*/2:00": "00/2:00",
    "*/15": "*:00/15",
    "*:*/15": "*:00/15",
    "*:/15": "*:00/15",
    "Mon *-*-* */6:*/30:00": "Mon *-*-* 00/6:00/30:00",
    "*-*-*/2 06:00": "*-*-01/2 06:00",
    "*-*/3-01": "*-01/3-01",
    # Dates.
    "31.12.2027": "2027-12-31",
    "31/12/2027 08:00": "2027-12-31 08:00",
    "12/31/2027": "2027-12-31",
    "31-12-2027": "2027-12-31",
    "6.6.2027": "2027-06-06",
    "2027/12/31": "2027-12-31",
    "2027-12-31T08:00": "2027-12-31 08:00",
    "2027-12-31T08:00:00Z": "2027-12-31 08:00:00 UTC",
    # Time spans.
    "15min": "*:00/15",
    "15m": "*:00/15",
    "1h": "hourly",
    "60min": "hourly",
    "120min": "00/2:00",
    "1d": "daily",
    "24h": "daily",
    "1w": "weekly",
    "1M": "monthly",
    "1min": "minutely",
    "15min UTC": "*:00/15 UTC",
}
# Lines of cron, and when they run first after WINTER.
CRON = {
    "* * * * *": ("*:*", ["01-26 21:47", "01-26 21:48", "01-26 21:49"]),
    "*/5 * * * *": ("*:00/5", ["01-26 21:50", "01-26 21:55", "01-26 22:00"]),
    "0,30 * * * *": ("*:00,30", ["01-26 22:00", "01-26 22:30", "01-26 23:00"]),
    "15 * * * *": ("*:15", ["01-26 22:15", "01-26 23:15", "01-27 00:15"]),
    "1-59/20 * * * *": ("*:01..59/20", ["01-26 22:01", "01-26 22:21", "01-26 22:41"]),
    "*/35 * * * *": ("*:00/35", ["01-26 22:00", "01-26 22:35", "01-26 23:00"]),
    "0 4 * * *": ("*-*-* 04:00:00", ["01-27 04:00", "01-28 04:00", "01-29 04:00"]),
    "* 4 * * *": ("*-*-* 04:*:00", ["01-27 04:00", "01-27 04:01", "01-27 04:02"]),
    "0 */6 * * *": ("*-*-* 00/6:00:00", ["01-27 00:00", "01-27 06:00", "01-27 12:00"]),
    "0 9-17/4 * * *": ("*-*-* 09..17/4:00:00", ["01-27 09:00", "01-27 13:00", "01-27 17:00"]),
    "30 2 * * 1-5": ("Mon..Fri *-*-* 02:30:00", ["01-27 02:30", "01-28 02:30", "01-29 02:30"]),
    "*/5 * * * 6,7": ("Sat,Sun *-*-* *:00/5:00", ["01-30 00:00", "01-30 00:05", "01-30 00:10"]),
    "0 0 * * 0": ("Sun *-*-* 00:00:00", ["01-31 00:00", "02-07 00:00", "02-14 00:00"]),
    "0 0 * * fri-sun": ("Fri..Sun *-*-* 00:00:00", ["01-29 00:00", "01-30 00:00", "01-31 00:00"]),
    "0 0 * * SUN-tue": ("Mon,Tue,Sun *-*-* 00:00:00", ["01-31 00:00", "02-01 00:00", "02-02 00:00"]),
    "0 0 * * 0-7": ("*-*-* 00:00:00", ["01-27 00:00", "01-28 00:00", "01-29 00:00"]),
    "0 0 * * */2": ("Tue,Thu,Sat,Sun *-*-* 00:00:00", ["01-28 00:00", "01-30 00:00", "01-31 00:00"]),
    "0 0 */2 * 1": ("Mon *-*-01/2 00:00:00", ["02-01 00:00", "02-15 00:00", "03-01 00:00"]),
    "15 6 1,15 * *": ("*-*-01,15 06:15:00", ["02-01 06:15", "02-15 06:15", "03-01 06:15"]),
    "0 0 1 */3 *": ("*-01/3-01 00:00:00", ["04-01 00:00", "07-01 00:00", "10-01 00:00"]),
    "0 12 28-31 feb,apr *": ("*-02,04-28..31 12:00:00", ["02-28 12:00", "04-28 12:00", "04-29 12:00"]),
    "@hourly": ("hourly", ["01-26 22:00", "01-26 23:00", "01-27 00:00"]),
    "@daily": ("daily", ["01-27 00:00", "01-28 00:00", "01-29 00:00"]),
    "@midnight": ("daily", ["01-27 00:00", "01-28 00:00", "01-29 00:00"]),
    "@weekly": ("Sun *-*-* 00:00:00", ["01-31 00:00", "02-07 00:00", "02-14 00:00"]),
    "@weekly UTC": ("Sun *-*-* 00:00:00 UTC", ["01-31 00:00", "02-07 00:00", "02-14 00:00"]),
    "@wekly": ("Sun *-*-* 00:00:00", ["01-31 00:00", "02-07 00:00", "02-14 00:00"]),
    "@monthly": ("monthly", ["02-01 00:00", "03-01 00:00", "04-01 00:00"]),
    "0 4 * * * America/New_York": ("*-*-* 04:00:00 America/New_York", ["01-27 09:00", "01-28 09:00", "01-29 09:00"]),
}
YEARLY = ["@yearly", "@annually"]
# Either of two days, what cron refuses itself, more fields.
NO_CRON = [
    "30 4 1,15 * 5",
    "0 0 1-31 * 1",
    "5/15 * * * *",
    "*/0 * * * *",
    "*/90 * * * *",
    "*,5 * * * *",
    "0 24 * * *",
    "60 0 * * *",
    "0 0 0 * *",
    "0 0 * 13 *",
    "0 0 * * 8",
    "0 0 * * /2",
    "0 0 * * 6-1",
    "0 30-10 * * *",
    "0 0 L * *",
    "0 0 12 * * ?",
    "0 4 * * * root /bin/true",
    "@reboot",
]
# In the place of the first the second is proposed.
SPANS = {
    "15 minuts": "15min",  # codespell:ignore
    "15 minuten": "15min",
    "5 minuto": "5min",
    "5 minutos": "5min",
    "10 sekunden": "10s",
    "2 Stunden 30 Minuten": "2h 30min",
    "15 Minutes": "15min",
    "15mins": "15min",
    "15 MIN": "15min",
    "30 secs": "30s",
    "2 hrs": "2h",
    "1 H": "1h",
    "10 milliseconds": "10ms",
    "1 fortnight": "2w",
    "2 fortnights": "4w",
    "3 mths": "3month",
    "2 yrs": "2y",
    "1,5h": "1.5h",
    "0,25 stunden": "0.25h",
    "-5min": "5min",
    "\u22125min": "5min",
    "- 5 minuts": "5min",  # codespell:ignore
    "1h30": "1h 30min",
    "1h,30min": "1h 30min",
    "1 hour and 30 minutes": "1h 30min",
    "1 hour, 30 minutes": "1h 30min",
    "15min.": "15min",
    '"15min"': "15min",
    "every 15 minutes": "15min",
    "an hour": "1h",
    "ten minutes": "10min",
    "half an hour": "30min",
    "Half hour": "30min",
    "quarter of an hour": "15min",
    "00:15": "15min",
    "01:30:10": "1h 30min 10s",
    "PT15M": "15min",
    "P1DT2H": "1d 2h",
    "P1M": "1month",
    "hourly": "1h",
    "daily": "1d",
    "Infinity": "infinity",
    "infinty": "infinity",  # codespell:ignore
    "unlimited": "infinity",
}
MEANT = {
    **EXPRESSIONS,
    **{line: expression for line, (expression, _fires) in CRON.items()},
    **dict.fromkeys(YEARLY, "yearly"),
}
# As check_calendars() and check_timespans() ask; fixtures/capture_fixes.py keeps the answers.
COMMANDS = {
    "calendar-fixes": [
        *("systemd-analyze", "calendar", "--iterations=3", f"--base-time=@{WINTER}", "--"),
        *dict.fromkeys(MEANT.values()),
    ],
    "timespan-fixes": ["systemd-analyze", "timespan", "--", *dict.fromkeys(SPANS.values())],
}


def replay(version: int, name: str) -> Completed:
    """Return the captured answer to all guesses."""
    assert capture(version, name)["command"] == COMMANDS[name], "capture it anew: tests/unit/fixtures/capture_fixes.py"
    return answer(version, name)


def judged_calendars(version: int) -> dict[str, Calendar]:
    """Return what systemd made of the expressions."""
    return check_calendars(lambda _argv: replay(version, "calendar-fixes"), MEANT.values(), 3, WINTER)


def judged_spans(version: int) -> dict[str, Timespan]:
    """Return what systemd made of the time spans."""
    return check_timespans(lambda _argv: replay(version, "timespan-fixes"), SPANS.values())


def all_with_a_blank(texts: Iterable[str], count: int = 1000) -> list[str]:
    """Return many bad texts, to see what they cost."""
    return [f"{text} " for text in itertools.islice(itertools.cycle(texts), count)]
