# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar expressions and time spans of systemd.time(7), judged by the host's own systemd-analyze(1).

systemd-analyze prints for every calendar expression, in the order of the arguments, a block of lines
(nothing for a bad one) and between two of them an empty line: blocks and expressions pair by position.
The `timespan` verb stops at its first bad argument, see `check_timespans`.
"""

from __future__ import annotations

import os
import re
import time
from typing import Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import parse_stamp
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, Runner

OLDEST_VERSION = 247
LONGEST_EXPRESSION = 2048
INFINITY = 2**64 - 1

FAILURE = "Failed to parse calendar specification "
# An open step of hours in a zone whose clocks change at midnight: systemd gives up, and a timer would stop for good.
NO_ELAPSE = "Failed to determine next elapse for "
TIMESPAN_HINT = "Hint: this expression is a valid timespan."

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FIELD = re.compile(r"^\s*(?P<label>[^:]+): (?P<value>.*)$")
_ELAPSE = re.compile(r"^(?:Next elapse|Iter\. #\d+|Iteration #\d+)$")
_CRON = re.compile(r"^(?:@\w+|[-*/,\d]+ [-*/,\d]+ [-*/,\d]+ [-*/,\w]+ [-*/,\w]+)$")
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CalendarError(Exception):
    """systemd-analyze answered in a way that this module does not understand."""


class Calendar(NamedTuple):
    """An OnCalendar expression as the host's systemd sees it.

    elapses: Unix seconds in UTC, ascending, at most as many as asked for; empty means never.
    reason: empty when the expression is valid and fires.
    """

    expression: str
    valid: bool
    normalized: str
    elapses: list[int]
    reason: str

    @property
    def fires(self) -> bool:
        """Whether it ever elapses after the base time."""
        return bool(self.elapses)


class Timespan(NamedTuple):
    """A time span as the host's systemd sees it; microseconds is None for infinity (and when not valid)."""

    span: str
    valid: bool
    microseconds: int | None = None
    reason: str = ""


def systemd_version(runner: Runner) -> int:
    """Return the major version of the host's systemd-analyze, for example 252; 0 when it does not say."""
    match = re.match(r"systemd (\d+)", runner(["systemd-analyze", "--version"]).stdout)
    return int(match.group(1)) if match else 0


def require_version(runner: Runner) -> int:
    """Return the version of the host's systemd, or raise CalendarError when it is too old."""
    version = systemd_version(runner)
    if version < OLDEST_VERSION:
        raise CalendarError(f"systemd {OLDEST_VERSION} or newer is needed on this host; found {version or 'none'}")
    return version


def check_calendars(
    runner: Runner, expressions: Iterable[str], count: int = 1, base_time: int | None = None
) -> dict[str, Calendar]:
    """Judge any number of OnCalendar expressions with one call of systemd-analyze.

    count: how many elapses to compute. base_time: Unix seconds; elapses are later than it (default: now).
    Raises CalendarError, and ProgramMissing from the runner.
    """
    unique = list(dict.fromkeys(expressions))
    found = {text: _bad(text, refusal(text)) for text in unique}
    asked = [text for text in unique if not found[text].reason]
    if asked:
        options = [f"--iterations={count}"] if count > 1 else []
        if base_time is not None:
            options.append(f"--base-time=@{base_time}")
        done = runner(["systemd-analyze", "calendar", *options, "--", *asked])
        found.update((item.expression, item) for item in parse_calendars(asked, done))
    return found


def check_timespans(runner: Runner, spans: Iterable[str]) -> dict[str, Timespan]:
    """Judge any number of time spans with one call, or three when a span is bad.

    `systemd-analyze timespan` of all versions (247 to 262 measured) stops at the first bad argument. The
    `calendar` verb does not, and says of each argument that is no calendar expression whether it is a
    valid time span: that sorts them, and a second `timespan` call evaluates the good ones.
    """
    unique = list(dict.fromkeys(spans))
    found = {text: Timespan(text, False, reason=refusal(text)) for text in unique}
    asked = [text for text in unique if not found[text].reason]
    if not asked:
        return found
    command = ["systemd-analyze", "timespan", "--"]
    done = runner(command + asked)
    if done.rc != 0:
        sorting = runner(["systemd-analyze", "calendar", "--", *asked])
        found.update((item.span, item) for item in parse_sorting(asked, sorting))
        asked = [text for text in asked if found[text].valid]
        if not asked:
            return found
        done = runner(command + asked)
    if done.rc != 0:
        raise CalendarError(_unexpected(done))
    found.update((item.span, item) for item in parse_timespans(asked, done))
    return found


def refusal(text: str) -> str:
    """Return why a text is not even shown to systemd, or an empty text."""
    if not text.strip():
        return "is empty"
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in text):
        return "contains a control character or a line break"
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        return "is not valid UTF-8"
    if len(text) > LONGEST_EXPRESSION:
        return f"is longer than {LONGEST_EXPRESSION} characters"
    return ""


def parse_calendars(expressions: list[str], done: Completed) -> list[Calendar]:
    """Return what one `systemd-analyze calendar` call said of each of these expressions, in order."""
    blocks = _blocks(len(expressions), done)
    lost = lost_elapses([text for text, block in zip(expressions, blocks) if not block], done)
    failures = parse_failures(
        [text for text, block in zip(expressions, blocks) if not block and text not in lost], done
    )

    def judged(text: str, block: list[str]) -> Calendar:
        if block:
            return _calendar(text, block, done)
        return lost[text] if text in lost else _bad(text, _calendar_reason(text, failures[text]))

    return [judged(text, block) for text, block in zip(expressions, blocks)]


def lost_elapses(expressions: list[str], done: Completed) -> dict[str, Calendar]:
    """Return those of the expressions that are valid, but whose next elapse systemd failed to determine."""
    reason = "is valid but never fires: systemd loses its next elapse at a change of the clocks"
    lines = _COLOUR.sub("", done.stderr).split("\n")
    return {
        text: Calendar(text, True, "", [], reason)
        for text in expressions
        if any(line.startswith(f"{NO_ELAPSE}'{text}': ") for line in lines)
    }


def parse_timespans(spans: list[str], done: Completed) -> list[Timespan]:
    """Return the values that one successful `systemd-analyze timespan` call printed, in order."""
    result = []
    for text, block in zip(spans, _blocks(len(spans), done)):
        fields = dict(_fields(block))
        # The label is "us" in the C locale and a Greek letter where the output may be UTF-8.
        digits = [value for label, value in fields.items() if label in ("us", "\u03bcs", "\u00b5s")]
        # The printed table has no blanks at the ends of its lines.
        if fields.get("Original", "").strip() != text.strip() or len(digits) != 1 or not digits[0].isdigit():
            raise CalendarError(_unexpected(done))
        number = int(digits[0])
        result.append(Timespan(text, True, None if number == INFINITY else number))
    return result


def parse_sorting(spans: list[str], done: Completed) -> list[Timespan]:
    """Return which of these time spans are valid, from the hints of one `calendar` call (no values)."""
    blocks = _blocks(len(spans), done)
    failures = parse_failures([text for text, block in zip(spans, blocks) if not block], done)
    result = []
    for text, block in zip(spans, blocks):
        if block:
            reason = "is not a time span but a calendar expression"
        elif any(line.startswith(TIMESPAN_HINT) for line in failures[text][1:]):
            reason = ""
        else:
            reason = _failure_reason("time span", failures[text])
        result.append(Timespan(text, not reason, reason=reason))
    return result


def parse_failures(bad: list[str], done: Completed) -> dict[str, list[str]]:
    """Return for each bad argument, in order, systemd's own words and the hints that follow them."""
    lines = _COLOUR.sub("", done.stderr).split("\n")
    found: dict[str, list[str]] = {}
    position = 0
    for text in bad:
        start = f"{FAILURE}'{text}': "
        while position < len(lines) and not lines[position].startswith(start):
            position += 1
        if position == len(lines):
            raise CalendarError(_unexpected(done))
        found[text] = [lines[position][len(start) :]]
        position += 1
        while position < len(lines) and lines[position].startswith("Hint: "):
            found[text].append(lines[position])
            position += 1
    return found


def use_host_zone() -> None:
    """Forget TZ, so that iso8601() speaks the zone of the host, as PID 1 and systemd-analyze do."""
    os.environ.pop("TZ", None)
    time.tzset()


def _blocks(number: int, done: Completed) -> list[list[str]]:
    """Split the output into the lines of each argument: an empty line stands between two arguments."""
    blocks: list[list[str]] = [[]]
    for line in _COLOUR.sub("", done.stdout).split("\n")[:-1]:
        if line:
            blocks[-1].append(line)
        else:
            blocks.append([])
    if len(blocks) != number:
        raise CalendarError(_unexpected(done))
    return blocks


def _fields(block: list[str]) -> list[tuple[str, str]]:
    """Return the `label: value` lines of a block."""
    matches = [_FIELD.match(line) for line in block]
    return [(match.group("label"), match.group("value")) for match in matches if match]


def _bad(expression: str, reason: str) -> Calendar:
    """Return an expression that is not valid."""
    return Calendar(expression, False, "", [], reason)


def _calendar(expression: str, block: list[str], done: Completed) -> Calendar:
    """Return a valid expression from its block.

    An elapse is followed by a line `(in UTC)` unless the local zone is UTC: then it is UTC itself.
    """
    fields = _fields(block)
    values = dict(fields)
    normalized = values.get("Normalized form", "")
    if not normalized or values.get("Original form", normalized) not in (expression, normalized):
        raise CalendarError(_unexpected(done))
    elapses: list[int] = []
    for label, value in fields:
        if _ELAPSE.match(label) and value != "never":
            elapses.append(parse_stamp(value))
        elif label == "(in UTC)":
            elapses[-1] = parse_stamp(value)
    reason = "" if elapses else "is valid but never fires: no such date lies ahead"
    return Calendar(expression, True, normalized, elapses, reason)


def _calendar_reason(expression: str, failure: list[str]) -> str:
    """Return why this is no calendar expression, with systemd's hints and our own."""
    lower = expression.lower()
    hints = []
    if expression != expression.strip():
        hints.append("remove the blanks around it")
    if _CRON.match(expression):
        hints.append("it looks like cron: write it as in systemd.time(7), for example Mon *-*-* 08:00:00")
    if expression.isdigit():
        hints.append("a time of day has to be quoted in YAML: without quotes 10:30 is the number 630")
    if "24:00" in lower:
        hints.append("midnight is 00:00")
    if re.search(r"(?:^|[ :,])\*/\d", lower):
        hints.append("a step needs a start: 0/15, not */15")
    for first, last in re.findall(r"\b([a-z]{3})[a-z]*\.\.([a-z]{3})[a-z]*\b", lower):
        if first in _DAYS and last in _DAYS and _DAYS.index(first) > _DAYS.index(last):
            hints.append("a range of days cannot go over Sunday: list the days instead")
    return "; ".join([_failure_reason("calendar expression", failure), *hints])


def _failure_reason(kind: str, failure: list[str]) -> str:
    """Return systemd's own words for a bad argument, made readable."""
    parts = [f"is not a valid {kind} (systemd: {failure[0]})"]
    for line in failure[1:]:
        match = re.match(r"Hint: this expression is a valid (timespan|timestamp|calendar)", line)
        if match:
            what = {"timespan": "time span", "timestamp": "point in time"}.get(match.group(1), match.group(1))
            parts.append(f"it is a {what}")
    return "; ".join(parts)


def _unexpected(done: Completed) -> str:
    """Return a short account of an answer that was not understood."""
    said = (_COLOUR.sub("", done.stderr).strip() or done.stdout.strip()).splitlines()
    return f"systemd-analyze gave an unexpected answer (exit status {done.rc}): {' / '.join(said[:3])[:300]}"
