# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the two unit files of each job with plain Jinja2: Ansible's own templating takes seconds for 200 jobs."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateRuntimeError

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.chain import KEY, NOBODY
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.file_record import record_lines
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILES_DIRECTORY, JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import OWNER_SECTION
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.programs import program_text
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.user_scope import files_directory_of
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import quote
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.attempts import Helpers, beside
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.directives import service_lines, unit_lines
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.job_files import with_files
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.notify import Notices, with_notices
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.read_back import (
    meant_of_service,
    meant_of_timer,
    why_not_as_meant,
    why_not_ours,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.schedule import (
    describe,
    spoken_pause,
    spoken_starters,
    spoken_timespan,
    title_words,
)

PROGRAM_MODE = 0o755


class Templates(NamedTuple):
    """The two compiled templates of a pair. are_own: whether each is the one of this collection."""

    service: Template
    timer: Template
    are_own: tuple[bool, bool] = (False, False)


def directives(section: str, raw: Mapping[str, list[str] | None] | None) -> str:
    """Return the lines of a section with raw directives put over them.

    A raw directive takes the place of the lines of that name; one that has none is added at the end; null
    removes them.
    """
    raw = raw or {}
    lines = []
    written = set()
    # Not splitlines(): it also breaks at characters that systemd takes as part of a value, such as U+2028.
    for line in section.split("\n"):
        key = line.split("=", 1)[0]
        if key not in raw:
            if line.strip():
                lines.append(line)
        elif key not in written:
            written.add(key)
            lines.extend(f"{key}={value}" for value in raw[key] or [])
    for key, values in raw.items():
        if key not in written:
            lines.extend(f"{key}={value}" for value in values or [])
    return "\n".join(lines) + "\n" if lines else ""


def make_environment() -> Environment:
    """Return the environment of the unit file templates; the filters quote for systemd, not for HTML."""
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(quote.FILTERS, directives=directives)
    environment.globals["assignment"] = quote.assignment
    return environment


def compile_templates(service: str, timer: str, are_own: tuple[bool, bool] = (False, False)) -> Templates:
    """Compile the texts of the two templates. Raises jinja2.TemplateError."""
    environment = make_environment()
    return Templates(environment.from_string(service), environment.from_string(timer), are_own)


def expressions(job: Mapping[str, Any]) -> list[str]:
    """Return the OnCalendar= expressions of a job, each with its time zone."""
    zone = f" {job['timezone']}" if job["timezone"] else ""
    return [f"{schedule}{zone}" for schedule in job["schedule"] or []]


def spoken_triggers(job: Mapping[str, Any], clock: int = 24) -> str:
    """Return when a job runs, in plain words: "every Monday at 08:00", "5min after boot and every 15 minutes"."""
    if job["triggered_by"] is not None:
        return spoken_starters(job["triggered_by"])
    parts = [describe(expressions(job), clock)] if job["schedule"] else []
    if job["on_boot"]:
        parts.append(f"{job['on_boot']} after boot")
    if job["every"]:
        parts.append(spoken_timespan(job["every"]))
    if job["every_after"]:
        parts.append(spoken_pause(job["every_after"]))
    return " and ".join(parts)


def timer_description(job: Mapping[str, Any]) -> str:
    """Return the description of a timer: `Runs NAME Every Monday at 08:00 AM`."""
    return f"Runs {job['description']} {title_words(spoken_triggers(job, clock=12))}".strip()


def why_not_rendered(error: Exception) -> str:
    """Return why a template cannot be rendered, without what it was given: only Jinja's own messages name no value."""
    if isinstance(error, TemplateError):
        return str(error)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return f"{type(error).__name__} in line {lines[-1]}" if lines else type(error).__name__


class Rendered(NamedTuple):
    """What a job is made of on the host."""

    service: str
    timer: str
    files: list[JobFile]


def check_beside(stands: Helpers, job: Mapping[str, Any], service: str, timer: str) -> None:
    """Refuse a template of a user that leaves out what stands beside the job: its retries would be none."""
    raw = {**(job["service"] or {}), **(job["timer"] or {})}
    expected = [*stands.lines]
    if stands.command and not raw.get("ExecStart"):
        expected.append(f"ExecStart={stands.command}")
    if stands.replace and not raw.get("Unit"):
        expected.append(f"Unit={stands.starts}")
    if stands.programs and not {*service.split("\n"), *timer.split("\n")}.issuperset(expected):
        raise TemplateRuntimeError("leaves out job.helpers, which retries, concurrency and the like need")


def check_notices(notices: Notices, service: str) -> None:
    """Refuse a template of a user that leaves out what tells of runs."""
    lines = [f"{key}={value}" for part in (notices.unit, notices.service) for key in part for value in part[key]]
    if not set(service.split("\n")).issuperset(lines):
        raise TemplateRuntimeError(
            "leaves out job.unit or job.service, which on_failure, on_success and heartbeat need"
        )


def check_read_back(
    templates: Templates, job: Mapping[str, Any], service: str, timer: str, mark: Mapping[str, str]
) -> None:
    """Read the units back, and refuse what nobody meant. Of a user's template only the owner section is known."""
    mark_of_timer = {key: value for key, value in mark.items() if key in ("Owner", "Job")}
    why = why_not_ours(service, mark) or (timer and why_not_ours(timer, mark_of_timer))
    own_service, own_timer = templates.are_own
    if not why and own_service:
        why = why_not_as_meant(service, meant_of_service(job), ("Unit", "Service", "Install"))
    if not why and own_timer and timer:
        why = why_not_as_meant(timer, meant_of_timer(job), ("Unit", "Timer", "Install"))
    if why:
        raise TemplateRuntimeError(why)


def chain_line(job: Mapping[str, Any]) -> str:
    """Return the line of the owner section that says which jobs start a job without a timer."""
    starters = job["triggered_by"]
    return "" if starters is None else f"{KEY}={' '.join(starters) or NOBODY}\n"


def render(
    templates: Templates, job: Mapping[str, Any], owner: str, files_directory: str = FILES_DIRECTORY
) -> Rendered:
    """Return the units of a job, each with the owner mark, and its files. Raises jinja2.TemplateError."""
    files_directory = files_directory_of(job, files_directory)
    plain, files = with_files(job, files_directory)
    mark = f"\n[{OWNER_SECTION}]\nOwner={owner}\nJob={job['name']}\n"
    notices = with_notices(job, files_directory, mark)
    plain["unit"] = {**(plain["unit"] or {}), **notices.unit}
    plain["service"] = {**(plain["service"] or {}), **notices.service}
    stands = beside(plain, files_directory)
    shown = {
        **plain,
        "expressions": expressions(job),
        "timer_description": timer_description(job),
        "timeout": stands.time_limit or plain["timeout"],
        "helpers": stands,
        "unit_lines": unit_lines(job),
        "service_lines": service_lines(job),
    }
    context = {"job": shown}
    # Names only: the host hides what they hold, also in a diff to the next version of the file.
    secrets = f"Secrets={' '.join(job['secrets'])}\n" if job["secrets"] else ""
    folder = f"{files_directory}/{job['name']}"
    programs = [JobFile(f"{folder}/{name}", program_text(name), PROGRAM_MODE, True) for name in stands.programs]
    # Some stand beside the gate and beside what tells of runs.
    files += [one for one in programs if one not in notices.files]
    if stands.replace:
        files.append(JobFile(f"{job['name']}-replace.service", stands.replace + mark))
    files += notices.files
    service = templates.service.render(context).rstrip("\n") + "\n"
    about = record_lines(files, folder, service) + secrets + chain_line(job)
    service += mark + about
    timer = templates.timer.render(context).rstrip("\n") + "\n" + mark if job["triggered_by"] is None else ""
    marked = dict(line.split("=", 1) for line in (f"Owner={owner}", f"Job={job['name']}", *about.splitlines()))
    check_read_back(templates, shown, service, timer, marked)
    check_beside(stands, job, service, timer)
    check_notices(notices, service)
    return Rendered(service, timer, files)
