# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a job, in a form that a person can act on; made on both sides of the connection."""

from __future__ import annotations

import difflib
import json
import re
from typing import Any, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import CODES, WARNING

LONGEST_VALUE = 120
# From so many letters on one may be wrong, missing or too much, and two.
SHORT_NAME = 4
LONG_NAME = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Finding(NamedTuple):
    """One fault: where it is, what stands there, why that is wrong, how to fix it, its code (`codes`).

    An empty `job` means the host as a whole. `kind` is that of the code unless it is given.
    """

    job: str
    field: str
    value: Any
    reason: str
    fix: str
    code: str
    kind: str = ""

    @property
    def severity(self) -> str:
        """Return error, environment or warning."""
        return self.kind or CODES[self.code].kind


def shown(value: Any) -> str:
    """Return a value in one short line, control characters escaped."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    except (TypeError, ValueError):  # keys that are no text
        text = str(value)
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}..."
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text


def line(finding: Finding, among_warnings: bool = False) -> str:
    """Return the finding as one line: `JOB: FIELD "VALUE": REASON; FIX [CODE]`.

    A warning says that it is one, unless it is `among_warnings`, where Ansible says so.
    """
    where = finding.field
    if finding.value is not None:
        where = f"{where} {shown(finding.value)}".strip()
    warning = "warning" if finding.severity == WARNING and not among_warnings else ""
    head = ": ".join(part for part in (finding.job, warning, where, finding.reason) if part)
    whole = f"{head}; {finding.fix}" if finding.fix else head
    # Names and keys in it may be as bad as any value.
    escaped = _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), whole)
    return f"{escaped} [{finding.code}]"


def grouped(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without repetition: the host's own first, then jobs with errors, then jobs with warnings.

    Within a job the errors come first; else all keep the order in which they were found.
    """
    unique = list({(f.job, f.field, shown(f.value), f.reason): f for f in findings}.values())
    order: dict[str, int] = {}
    for number, finding in enumerate(unique):
        order.setdefault(finding.job, number)
    with_errors = {finding.job for finding in unique if finding.severity != WARNING}

    def rank(finding: Finding) -> tuple[bool, bool, int, bool]:
        job = finding.job
        return job != "", job not in with_errors, order[job], finding.severity == WARNING

    return sorted(unique, key=rank)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant, or an empty text."""
    candidates = list(known)
    folded = {candidate.lower().replace("-", "_"): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.lower().replace("-", "_"), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def slip(name: str, known: Iterable[str]) -> str:
    """Return the known name that is hardly anything else than a slip of this one, or an empty text.

    For names that anybody may give: what is somewhat alike is most often another thing.
    """
    if len(name) < SHORT_NAME:
        # One letter more or less makes another name; two that are swapped hardly do.
        return next((one for one in known if one != name and sorted(one) == sorted(name) and one[:1] == name[:1]), "")
    allowed = 1 if len(name) < LONG_NAME else 2
    plain = name.lower().replace("_", "-")
    found = [
        (distance(plain, one.lower().replace("_", "-"), allowed), one)
        for one in known
        if one != name and one[:1].lower() == name[:1].lower() and abs(len(one) - len(name)) <= allowed
    ]
    slips, nearest_one = min(found, default=(allowed + 1, ""))
    return nearest_one if slips <= allowed else ""


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters are wrong, missing, too much or swapped with the next; more than `most` is `most + 1`."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, right in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != right))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == right:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
        before, last = last, line
    return min(last[-1], most + 1)
