# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides in which folder the files of a job are; pure.

A run that is under way goes on with the files that it began with: they cannot be replaced under it, and their paths are
in its memory. When they change meanwhile, the new ones go into a second folder, and the units that refer to
them name that one; each later change goes to whichever of the two no run uses, the first before the second.
"""

from __future__ import annotations

import os
import re

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import usual_folders
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import (
    ABSENT,
    NOTIFY_SETTINGS,
    JobFile,
    Request,
    WantedJob,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.pin import folder_of, paths_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.under_way import folder_in_use

# Unit files have these characters in another form.
_ESCAPED = re.compile(r"[%$\"'\\]")


def in_their_places(request: Request, observed: Observed) -> Request:
    """Return the request with the files of each job where they can be, and with units that say so."""
    return request._replace(jobs=[_placed(job, request, observed) for job in request.jobs])


def _placed(job: WantedJob, request: Request, observed: Observed) -> WantedJob:
    first, second = usual_folders(request.files_directory, job.name)
    if job.state == ABSENT or not any(os.path.isabs(one.name) for one in job.files) or _ESCAPED.search(first):
        return job
    # A job that is changed by a playbook comes as it stands on the host.
    job = moved(job, second, first)
    service = observed.files.get(f"{job.name}.service", NO_FILE).text
    current = folder_of(service)
    if current in (first, second):
        as_it_is = moved(job, first, current)
        if _is_unchanged(as_it_is, paths_of(service), observed):
            return as_it_is
    return moved(job, first, second) if folder_in_use(job.name, observed) == first else job


def _is_unchanged(job: WantedJob, recorded: list[str], observed: Observed) -> bool:
    """Tell whether the files of a job are on the host to the letter, and no others of its own."""
    wanted = {one.name: one.text for one in job.files if os.path.isabs(one.name)}
    return set(recorded) == set(wanted) and all(
        observed.files.get(path, NO_FILE).kind == "file" and observed.files[path].text == text
        for path, text in wanted.items()
    )


def moved(job: WantedJob, old: str, new: str) -> WantedJob:
    """Return a job with its files in another folder. Scripts and what its user has written are left as they are."""
    if old == new:
        return job
    mention = re.compile(rf"(?<![\w.]){re.escape(old)}(?![^/\s\"':;])")

    def text_of(text: str) -> str:
        return mention.sub(lambda _found: new, text)

    files = tuple(
        JobFile(
            os.path.join(new, os.path.basename(one.name)) if os.path.dirname(one.name) == old else one.name,
            text_of(one.text) if _names_paths(one.name) else one.text,
            one.mode,
            one.is_program,
        )
        for one in job.files
    )
    return job._replace(service=text_of(job.service), timer=text_of(job.timer), files=files)


def _names_paths(name: str) -> bool:
    """Tell whether a file is one of ours that holds paths of others."""
    return not os.path.isabs(name) or os.path.basename(name) == NOTIFY_SETTINGS
