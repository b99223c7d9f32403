# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes one installed job without its declaration: as what stands on the host, with one thing changed.

It goes the way of every apply, so it is proved, undone when it fails, and runs no job by surprise.
"""

from __future__ import annotations

import os
from typing import Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import CODES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import starters_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    ABSENT,
    PRESENT,
    SUSPENDED,
    JobFile,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_result import skipped_by_hand
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.skip import (
    GUARD,
    SKIP_KEY,
    Skip,
    lines_of,
    with_skip,
    without_skip,
    words,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import (
    CHANGED_KEY,
    InstalledJob,
    followers_of,
    own_pairs,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.own_files import beside_pair, own_files
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.unit_files import unit_files
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import timer_unit
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    OWNER_SECTION,
    contents,
    goes_on,
    parse,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_value import BadText, one_line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import UnitState

SUSPEND, RESUME, REMOVE, RESCHEDULE, SKIP_NEXT = "suspend", "resume", "remove", "reschedule", "skip_next"
# It changes what systemd remembers, and no file.
RESET_FAILED = "reset_failed"
CHANGES = (SUSPEND, RESUME, RESCHEDULE, SKIP_NEXT, RESET_FAILED, REMOVE)
STATES = {SUSPEND: SUSPENDED, RESUME: PRESENT, REMOVE: ABSENT, RESCHEDULE: PRESENT, SKIP_NEXT: PRESENT}


class NotChangeable(Exception):
    """The job cannot be changed as it stands; the text says why."""


class Change(NamedTuple):
    """What is asked for. schedule, on_reschedule: for another schedule only. skip: the run to skip."""

    kind: str
    schedule: list[str]
    on_reschedule: str = "skip"
    skip: Skip | None = None


# What a timer that is rescheduled says otherwise. Its description says when it elapses, as declared.
DESCRIPTION = ("Unit", "Description")
REPLACED = (("Timer", "OnCalendar"), DESCRIPTION, (OWNER_SECTION, CHANGED_KEY))


def check_schedule(name: str, schedule: Iterable[str]) -> None:
    """Refuse expressions that are more than a line of a unit file. Raises NotChangeable."""
    found = [one for expression in schedule for one in _refusals(name, expression)]
    if found:
        raise NotChangeable("\n".join(["nothing was changed on this host:", *found]))


def _refusals(name: str, expression: str) -> list[str]:
    try:
        if one_line(expression):
            return []
        error = BadText("is empty", "write an expression such as Mon 08:00")
    except BadText as bad:
        error = bad
    return [line(Finding(name, "schedule", expression, error.reason, error.fix, error.code))]


def rescheduled(name: str, text: str, schedule: list[str]) -> str:
    """Return the timer of a job with other calendar expressions, and with a note that says so until the next apply.

    Raises NotChangeable.
    """
    check_schedule(name, schedule)
    assignments = parse(text)
    before = timer_unit.calendars(text)
    notes = [one.value for one in assignments if (one.section, one.key) == (OWNER_SECTION, CHANGED_KEY)]
    # Changed twice, it is still the declared schedule that it was.
    note = notes[0] if notes else f"rescheduled manually, declared was: {'; '.join(before) or 'no calendar expression'}"
    put_in = {"Timer": [("OnCalendar", one) for one in schedule], OWNER_SECTION: [(CHANGED_KEY, note)]}
    if any((one.section, one.key) == DESCRIPTION for one in assignments):
        put_in["Unit"] = [("Description", f"Runs {name}, rescheduled manually")]
    new = _edited(text, {one.line for one in assignments if (one.section, one.key) in REPLACED}, put_in)
    kept = [one for one in contents(text) if one[:2] not in REPLACED]
    check_edit(name, kept, [(section, *one) for section, lines in put_in.items() for one in lines], new)
    return new


def _edited(text: str, gone: set[int], put_in: dict[str, list[tuple[str, str]]]) -> str:
    """Return a unit file without the assignments that begin in these lines, and with others after the heads."""
    lines: list[str] = []
    left = dict(put_in)
    previous, dropped = "", False
    for number, text_line in enumerate(text.rstrip("\n").split("\n"), 1):
        # An assignment goes on in the lines after it.
        dropped = number in gone or (dropped and goes_on(previous))
        previous = text_line
        if not dropped:
            lines.append(text_line)
        head = text_line.strip()
        if head.startswith("[") and head.endswith("]"):
            lines += [f"{key}={value}" for key, value in left.pop(head[1:-1], [])]
    return "\n".join(lines) + "\n"


def check_edit(
    name: str, kept: Sequence[tuple[str, str, str]], added: Iterable[tuple[str, str, str]], after: str
) -> None:
    """Read an edited unit back: it holds what it is to keep, what was added, and nothing else. Raises NotChangeable."""
    found = contents(after)
    for one in added:
        if one in found:
            found.remove(one)
        else:
            found.append(one)
    if found != list(kept):
        raise NotChangeable(f"{name}: its unit file cannot be edited line by line; apply the declaration again")


def request_of(pair: InstalledJob, change: Change, host: Request) -> Request:
    """Return what an apply is to do. host: where units and files are, and whose manager it is. Raises NotChangeable."""
    timed = starters_of(pair.service.text) is None
    if change.kind == RESCHEDULE and not timed:
        raise NotChangeable(f"{pair.name} has no timer: other jobs start it, or somebody manually")
    followers = followers_of(pair.name, own_pairs(host.unit_directory)) if change.kind == REMOVE else []
    if followers:
        raise NotChangeable(
            f"{pair.name} starts {', '.join(followers)}, which nothing would start then; remove that first"
        )
    files = (pair.service, pair.timer) if timed else (pair.service,)
    for unit, file in zip(pair.units, files):
        if file.kind != "file" and change.kind != REMOVE:
            raise NotChangeable(f"{unit} is not an ordinary file; apply the declaration again")
    bare = host._replace(owner=pair.owner)
    if change.kind == REMOVE:
        return bare._replace(jobs=[WantedJob(pair.name, ABSENT, "skip", "", "")])
    timer = rescheduled(pair.name, pair.timer.text, change.schedule) if change.kind == RESCHEDULE else pair.timer.text
    job = WantedJob(
        pair.name,
        STATES[change.kind],
        change.on_reschedule,
        service_of(pair, change),
        timer,
        # What the declaration was warned of, or has accepted, is not said again.
        accept=() if change.kind == RESCHEDULE else tuple(CODES),
        files=files_of([pair], bare)[pair.name],
        run_on_install=None,
    )
    return bare._replace(jobs=[job])


def service_of(pair: InstalledJob, change: Change) -> str:
    """Return the text of the service. A job that is resumed, or gets other times, skips no run."""
    if change.skip:
        new = with_skip(pair.service.text, pair.name, change.skip)
        added = [("Service", "ExecCondition"), (OWNER_SECTION, SKIP_KEY), ("Service", "UnsetEnvironment")]
        lines = zip(added, (*lines_of(pair.name, change.skip), GUARD))
        check_edit(
            pair.name,
            contents(without_skip(pair.service.text)),
            [(*key, text.split("=", 1)[1]) for key, text in lines],
            new,
        )
        return new
    return pair.service.text if change.kind == SUSPEND else without_skip(pair.service.text)


def failed_units(pair: InstalledJob, units: Mapping[str, UnitState]) -> list[str]:
    """Return which units of a job are in the state "failed"."""
    return [unit for unit in pair.units if unit in units and units[unit].active == "failed"]


def files_of(pairs: Sequence[InstalledJob], request: Request) -> dict[str, tuple[JobFile, ...]]:
    """Return job to what it has beside its pair, as it stands. The jobs are those of the request's owner."""
    names = [pair.name for pair in pairs]
    everything = unit_files(request.unit_directory)
    units = beside_pair(everything, [request.owner], names)
    own = own_files(request, everything, names, [request.owner])
    found = {
        name: [(unit, everything[unit]) for unit in units.get(name, [])]
        + [(path, own.files[path]) for path in own.extras.get(name, []) if os.path.isabs(path)]
        for name in names
    }
    return {
        name: tuple(JobFile(file, state.text, state.mode) for file, state in files if state.kind == "file")
        for name, files in found.items()
    }


def hint(change: Change) -> str:
    """Return what to do so that the next apply does not undo it."""
    if change.skip:
        return skipped_by_hand(words(change.skip.elapse))
    return {
        SUSPEND: "the next apply arms it again, unless its variables say `state: suspended`",
        RESUME: "the next apply suspends it again, if its variables say `state: suspended`",
        REMOVE: "the next apply installs it again, unless it is taken out of the variables",
        RESCHEDULE: "shown as drifted until the next apply, which goes back to the schedule of the variables",
    }[change.kind]
