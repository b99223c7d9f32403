# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pins: how a run that is under way goes on as it began, whatever an apply does to its job; pure.

systemd applies a changed unit file to a run that is under way at the next reload. So the former text of the service
stands in a directory that goes before all others while the run lasts: the pin. One more unit waits for the end of the
run and of its notices, then takes away the pin, and what the job has no use for.

That unit is ordered before the service: so the next run, which can be due already, waits for it, and is the first with
the new text. Ordered after the service it would never get its turn with a job that is always due. A service that
systemd restarts by itself (Restart=) is under way until then, and its restart must not wait: there it comes after.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from typing import Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import is_sealed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import (
    further_units,
    record_of,
    usual_folders,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    FILES_DIRECTORY,
    OTHER_DIRECTORY,
    SYSTEM,
    JobFile,
    Scope,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    UnitText,
    is_true,
    owner_of,
)

SYSTEM_RUNTIME_DIRECTORY = "/run/systemd"
PRIVATE_MODE = 0o600
# In the directory of jobs' files: what a run leaves to be deleted, in case that a boot comes before its end.
KEPT_DIRECTORY = ".runs"

UNIT = """\
# Made by an apply of dotmobi.systemd_timers: goes by itself.

[Unit]
Description=Cleans up after the run of {job} that was under way at an apply
{order}={job}.service
CollectMode=inactive-or-failed
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh {script} wait
ExecStart=/bin/sh {script} end
TimeoutStartSec=infinity
"""

# The run of a job begins its notices in the very moment of its end; one of them can begin another, between two
# questions. `end` is read anew when the wait is over: a later apply may have changed it. A start of the service that
# waits for this unit is not waited for.
SCRIPT = """\
# Made by an apply of dotmobi.systemd_timers. The run of {job} goes on as it began; this cleans up after it.
is_busy() {{
    found=$({systemctl} show --property="$1" -- "$2") || return 0
    printf '%s\\n' "$found" | grep -Evq '^(SubState=(dead|dead-resources-pinned|failed|exited)|Job=|)$'
}}
busy() {{
    {busy}
}}
if [ "$1" = wait ]; then
    {run}
    idle=0
    while [ "$idle" -lt {looks} ]; do
        if busy; then idle=0; sleep 1; else idle=$((idle + 1)); [ "$idle" -ge {looks} ] || sleep 0.5; fi
    done
    exit 0
fi
rm -f -- {pins}
{systemctl} daemon-reload || exit 1
# One that began since the last look has the files of old still.
while busy; do sleep 1; done
{files}case $({systemctl} show --property=LoadState --value -- {service}) in
not-found) {systemctl} reset-failed -- {service} 2>/dev/null ;;
esac
rm -f -- {own}
rmdir -- {folders} 2>/dev/null
exit 0
"""


# While a unit is active in any way, systemd has this link. To look at it costs far less than a call of systemctl.
RUN = "while [ -L {link} ]; do sleep 1; done"


class Places(NamedTuple):
    """Where the parts of a pin are: directories, and the call of systemctl that speaks to their manager.

    invocations: where systemd has a link for each unit that is not inactive.
    """

    control: str
    units: str
    scripts: str
    kept: str
    systemctl: str
    invocations: str


def places_of(scope: Scope, run_directory: str, files_directory: str) -> Places:
    """Return the places of pins (systemd.unit(5), Unit File Load Path). run_directory: our own below /run."""
    runtime = SYSTEM_RUNTIME_DIRECTORY if scope.is_system else os.path.join(scope.runtime_directory, "systemd")
    kind = "system" if scope.is_system else "user"
    return Places(
        os.path.join(runtime, f"{kind}.control"),
        os.path.join(runtime, kind),
        os.path.join(run_directory, "runs"),
        os.path.join(files_directory, KEPT_DIRECTORY),
        "systemctl" if scope.is_system else "systemctl --user",
        os.path.join(runtime, "units"),
    )


SYSTEM_PLACES = places_of(SYSTEM, "/run/dotmobi.systemd_timers", FILES_DIRECTORY)


def folder_of(service: str) -> str:
    """Return the folder that holds the files of a job by its own record, empty for none."""
    mark = owner_of(service)
    record = record_of(service, mark.job) if mark else None
    return record.folder if record else ""


def paths_of(service: str) -> list[str]:
    """Return the paths of the files of a job by its own record."""
    mark = owner_of(service)
    record = record_of(service, mark.job) if mark else None
    return record.paths() if record else []


def cleaner_of(job: str) -> str:
    """Return the unit that cleans up after a run. A job's name can be as long as that of a unit."""
    return f"dotmobi-run-end-{hashlib.sha256(job.encode()).hexdigest()[:12]}.service"


def notify_template(job: str) -> str:
    """Return the template of the units that tell of runs: the run starts them at its end."""
    return further_units(job)[1]


def has_notices(service: str, job: str) -> bool:
    """Tell whether a job has a unit that tells of its runs, by its own record."""
    record = record_of(service, job)
    return record is not None and notify_template(job) in record.units


def pinned_units(job: str) -> tuple[str, str]:
    """Return the units that a run under way is made of. NAME-replace.service is none: it begins the next one."""
    return f"{job}.service", notify_template(job)


def pin_files(
    job: str, units: Mapping[str, str], kept: Iterable[str], places: Places, links: Sequence[str] = ()
) -> list[JobFile]:
    """Return all parts of a pin. units: pinned unit to text. kept: files that the job goes on using.

    links: links that go with the pin.
    """
    service = units[f"{job}.service"]
    keeps = set(kept)
    # Who edits a record does not have files of somewhere else deleted by it.
    trusted = is_sealed(service) or folder_of(service) in usual_folders(os.path.dirname(places.kept), job)
    gone = [path for path in paths_of(service) if trusted and path not in keeps]
    script = os.path.join(places.scripts, f"{job}.sh")
    pins = [JobFile(os.path.join(places.control, unit), text) for unit, text in units.items()]
    after = restarts(service)
    order = "After" if after else "Before"
    unit = JobFile(os.path.join(places.units, cleaner_of(job)), UNIT.format(job=job, script=script, order=order))
    copy = JobFile(os.path.join(places.kept, f"{job}.service"), service, PRIVATE_MODE)
    own = [*links, unit.name, script, copy.name]
    folders = [os.path.dirname(path) for path in (*gone[:1], *links[:1])]
    text = _script(job, [one.name for one in pins], gone=gone, own=own, folders=folders, places=places, after=after)
    # In the order in which they are laid down: an apply that is killed meanwhile leaves a pin that the next one sees.
    return [*pins, JobFile(script, text, PRIVATE_MODE), unit, *([copy] if gone else [])]


def restarts(service: str) -> bool:
    """Tell whether systemd restarts a service by itself, or keeps it active after its run."""
    text = UnitText(service)
    return text.last("Service", "Restart", "no") != "no" or is_true(text.last("Service", "RemainAfterExit"))


def _script(
    job: str, pins: list[str], *, gone: list[str], own: list[str], folders: list[str], places: Places, after: bool
) -> str:
    files_directory = os.path.dirname(places.kept)
    folders = [*folders, places.kept, os.path.join(files_directory, OTHER_DIRECTORY), files_directory, places.scripts]
    has_notices = len(pins) > 1
    service = _words([f"{job}.service"])
    busy = [f"is_busy {'SubState,Job' if after else 'SubState'} {service}"]
    if has_notices:
        # A pattern, in which a backslash has a meaning.
        notices = notify_template(job).replace("\\", "?").replace("@.", "@*.")
        busy.append(f"is_busy SubState,Job {_words([notices])}")
    link = _words([os.path.join(places.invocations, f"invocation:{job}.service")])
    return SCRIPT.format(
        job=job,
        systemctl=places.systemctl,
        busy=" || ".join(busy),
        run=":" if after else RUN.format(link=link),
        looks=2 if has_notices else 1,
        pins=_words(pins),
        files=f"rm -f -- {_words(gone)}\n" if gone else "",
        service=service,
        own=_words(own),
        folders=_words(folders),
    )


def _words(texts: Iterable[str]) -> str:
    return " ".join(shlex.quote(text) for text in texts)
