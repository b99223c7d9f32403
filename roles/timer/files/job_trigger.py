# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks systemd what has started this run of a job: its timer or not, and for which elapse."""

from __future__ import annotations

import datetime
import re
import subprocess
import time
from typing import Mapping, NamedTuple, Sequence

# The environment of the job must not change what systemd's programs print.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
SECONDS = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "min": 60,
    "h": 3600,
    "d": 86400,
    "w": 604800,
    "month": 2629800,
    "y": 31557600,
}
# A service may have to wait for others, such as network-online.target, before it starts. After that a start counts as
# a manual one: a condition of the unit may have kept the timer's own from happening.
LONGEST_START = 300.0
MOST_ELAPSES = 100
LONGEST_LOOK = 10 * 366 * 86400.0
_SPAN = re.compile(r"([0-9.]+)(us|ms|s|min|h|d|w|month|y)")
_CALENDAR = re.compile(r"\{ OnCalendar=(.*) ; next_elapse=(.*) \}")
_ELAPSE = re.compile(r"^ *(?:Next elapse|Iter\. #\d+|Iteration #\d+|\(in UTC\)): (.* UTC)$", re.MULTILINE)

Block = Mapping[str, Sequence[str]]


class NoAnswer(Exception):
    """systemd does not answer, or not what was asked."""


class Trigger(NamedTuple):
    """What systemd knows of the timer and the service.

    expressions: the timer's schedules. elapses: of each the elapse that systemd waits for, or has just acted on (Unix
    time). The others are on the monotonic clock, 0 for never in this boot: triggered: when the timer last elapsed;
    began: when this run did; ended_before: the end of the run before. gone: there is no such timer any more.
    """

    expressions: list[str]
    elapses: list[float]
    triggered: float
    began: float
    ended_before: float
    gone: bool = False


def ask(*argv: str, zone: str = "") -> str:
    """Return what a program of systemd prints."""
    environment = {**ENVIRONMENT, "TZ": zone} if zone else ENVIRONMENT
    done = subprocess.run(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise NoAnswer(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def show(units: Sequence[str], *properties: str) -> dict[str, Block]:
    """Return for each unit its properties, each with all of its lines."""
    argv = ("systemctl", "show", "--timestamp=us", f"--property={','.join(properties)}", "--", *units)
    blocks = parse_blocks(ask(*argv, zone="UTC"))
    if len(blocks) != len(units):
        raise NoAnswer(f"systemctl shows {len(blocks)} units of {', '.join(units)}")
    return dict(zip(units, blocks))


def parse_blocks(text: str) -> list[Block]:
    """Parse `systemctl show` of several units."""
    blocks: list[Block] = []
    for block in text.rstrip("\n").split("\n\n"):
        found: dict[str, list[str]] = {}
        for name, _equals, value in (line.partition("=") for line in block.splitlines()):
            found.setdefault(name, []).append(value)
        blocks.append(found)
    return blocks


def parse_span(text: str) -> float:
    """Return a time span that systemd has printed, in seconds."""
    return sum(float(number) * SECONDS[unit] for number, unit in _SPAN.findall(text))


def parse_time(text: str) -> float | None:
    """Return a time in UTC that systemd has printed (Unix time), None for what is no time."""
    form = "%a %Y-%m-%d %H:%M:%S.%f UTC" if "." in text else "%a %Y-%m-%d %H:%M:%S UTC"
    try:
        return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp()
    except ValueError:
        return None


def parse_elapses(text: str) -> list[float]:
    """Return the times that `systemd-analyze calendar` has printed (Unix time), in order."""
    found = (parse_time(match) for match in _ELAPSE.findall(text))
    return sorted({when for when in found if when is not None})


def first(block: Block, name: str) -> str:
    """Return a property that has one line."""
    return next(iter(block.get(name, ())), "")


def trigger_of(timer: Block, service: Block) -> Trigger:
    """Return what systemd knows, from the properties of both units."""
    calendars = [match for match in map(_CALENDAR.fullmatch, timer.get("TimersCalendar", ())) if match]
    moments = [parse_time(match.group(2)) for match in calendars]
    return Trigger(
        [match.group(1) for match in calendars],
        [moment for moment in moments if moment is not None],
        parse_span(first(timer, "LastTriggerUSecMonotonic")),
        int(first(service, "InactiveExitTimestampMonotonic") or 0) / 1e6,
        int(first(service, "InactiveEnterTimestampMonotonic") or 0) / 1e6,
        first(timer, "LoadState") == "not-found",
    )


def read_trigger(timer: str, service: str) -> Trigger:
    """Ask systemd for it, in one call."""
    found = show(
        [timer, service],
        "LoadState",
        "LastTriggerUSecMonotonic",
        "TimersCalendar",
        "InactiveExitTimestampMonotonic",
        "InactiveEnterTimestampMonotonic",
    )
    return trigger_of(found[timer], found[service])


def is_started_by_timer(trigger: Trigger) -> bool:
    """Tell whether the timer has started this run.

    A timer that elapses while the service is not active starts it, and the next run is that one. ($TRIGGER_UNIT does
    not tell: it stays what it was at the first run for as long as the service is loaded, measured on 252 and 257.)
    """
    waited = trigger.began - trigger.triggered
    return bool(trigger.triggered) and trigger.triggered >= trigger.ended_before and waited <= LONGEST_START


def covered_elapse(trigger: Trigger, now: float, ended: float) -> float | None:
    """Return the elapse that this run catches up because it came before the end of the run before; None for none.

    systemd does not leave such an elapse out: it starts the job once more, as soon as that run has ended. now, ended:
    Unix time.
    """
    due = min((elapse for elapse in trigger.elapses if elapse <= now), default=None)
    return due if due is not None and due <= ended else None


def elapses_between(expressions: Sequence[str], since: float, until: float) -> list[float]:
    """Return the elapses of calendar expressions between two times (Unix time): the first hundred of each."""
    if not expressions:
        return []
    argv = ("systemd-analyze", "calendar", f"--base-time=@{int(since)}", f"--iterations={MOST_ELAPSES}")
    return [when for when in parse_elapses(ask(*argv, "--", *expressions)) if when <= until]


def last_elapse(expressions: Sequence[str], now: float, window: float) -> float | None:
    """Return the last elapse before now (Unix time), None when there is none in years. window: where none is.

    What systemd holds for a missed elapse after a boot is the time of that boot.
    """
    found: list[float] = []
    while not found and window < LONGEST_LOOK:
        window *= 2
        found = elapses_between(expressions, now - window, now)
    last = None
    while found:
        last = found[-1]
        found = [when for when in elapses_between(expressions, last, now) if when > last]
    return last


def monotonic() -> float:
    """Return the time on the clock that systemd's monotonic times are on."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)
