# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job has beside it so that somebody is told of its runs: lines of its service, a unit, programs, settings.

A failure is told by OnFailure=, a success by OnSuccess=: systemd itself starts them when a run is over, so they can
neither fail nor delay the job. Only the ping of a start needs a command before the job's own.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import PYTHON
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import NOTIFY_SETTINGS, JobFile
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import UNSET, as_root
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.attempts import raw
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.notify import CHANNELS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.duration import seconds
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.programs import program_text
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import quote
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.attempts import TIMER, number

# There with and without a merged /usr.
SYSTEMCTL = "/bin/systemctl"
# Asking systemd for the ping of a start takes some hundredths of a second; it is ended where systemd does not answer.
START_SECONDS = 5.0
PROGRAM = "notifier.py"
PROGRAMS = (PROGRAM, "notice_channels.py", "notice_facts.py", "notice_formats.py", "private_directory.py")
PROGRAM_MODE = 0o755
SETTINGS_MODE = 0o600
DEFAULT_LINES = 20
# The field, and the directive by which systemd tells.
EVENTS = {"failure": ("on_failure", "OnFailure"), "success": ("on_success", "OnSuccess")}
NOTICES = ("on_failure", "on_success")
# Each run gets a unit: JOB-notify@failure-INVOCATION.service.
LONGEST_UNIT = 255 - 32
# A shorter text would be masked in the middle of words.
SHORTEST_SECRET = 4

UNIT = """\
# Managed by Ansible (dotmobi.systemd_timers): change the job's variables, not this file.

[Unit]
Description=Tells of {name} (%i)
CollectMode=inactive-or-failed
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart={command} %i
TimeoutStartSec=1min
"""


class Notices(NamedTuple):
    """What the job gets: further lines of its sections, by directive, and files."""

    unit: dict[str, list[str]]
    service: dict[str, list[str]]
    files: list[JobFile]


def given_parts(job: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return a field of a job without what was taken out again."""
    return {name: item for name, item in (job[field] or {}).items() if item is not None}


def uses(job: Mapping[str, Any]) -> bool:
    """Tell whether anybody is told of the job."""
    return any(given_parts(job, field) for field in (*NOTICES, "heartbeat"))


# --- what does not fit together


def refusals(job: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each thing that is missing, or that does not fit together."""
    found: list[Finding] = []
    if not uses(job):
        return found
    for field in NOTICES:
        parts = given_parts(job, field)
        if parts and not set(parts).intersection(CHANNELS):
            fix = f"add one of {', '.join(CHANNELS)}"
            found.append(Finding(job["name"], field, None, "names no channel", fix, "missing-field"))
        if parts.get("only") == TIMER and parts.get("unit"):
            reason = "has `only: timer` and `unit`, which systemd starts after each run"
            fix = "remove one of the two, or name a `command` in place of the unit"
            found.append(Finding(job["name"], field, None, reason, fix, "invalid-value"))
    if given_parts(job, "heartbeat") and not given_parts(job, "heartbeat").get("url"):
        fix = "add the address that the monitor gives"
        found.append(Finding(job["name"], "heartbeat", None, "has no url", fix, "missing-field"))
    credentials = sorted(job["credentials"] or {})
    for field, part, given in secret_places(job):
        name = given.get("credential")
        if name is not None and name not in credentials:
            fix = f"write one of {', '.join(credentials)}" if credentials else "add it to `credentials`"
            reason = f'{part} names the credential "{name}", which the job does not have'
            found.append(Finding(job["name"], field, None, reason, fix, "invalid-value"))
    return found + _raw_refusals(job)


def _raw_refusals(job: Mapping[str, Any]) -> list[Finding]:
    """Return what of the raw directives does not fit."""
    name, found = job["name"], []
    field = next(one for one in (*NOTICES, "heartbeat") if given_parts(job, one))
    restart = (job["service"] or {}).get("Restart") or []
    if restart and restart[-1] != "no":
        reason = f"makes attempts of their own of one run, and {field} would tell of each, or of the wrong ones"
        fix = "remove it: `retries` makes attempts within one run"
        found.append(Finding(name, "service.Restart", restart[-1], reason, fix, "invalid-declaration"))
    for section, lines in (("unit", directives_of(job)), ("service", commands_of(job))):
        for key in lines:
            if key in (job[section] or {}) and job[section][key] is None:
                reason, fix = f"is null, and {field} needs that directive", f"remove it, or {field}"
                found.append(Finding(name, f"{section}.{key}", None, reason, fix, "invalid-declaration"))
    too_long = len(unit_of(job, "failure-")) - LONGEST_UNIT
    if too_long > 0 and settings_of(job):
        reason = f"is longer than {len(name) - too_long} characters, which {field} allows"
        found.append(Finding(name, "name", name, reason, "shorten it", "invalid-name"))
    return found


def secret_places(job: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield field, part and dictionary of each text that stands elsewhere."""
    for field in NOTICES:
        for webhook in given_parts(job, field).get("webhook") or []:
            places = {"webhook url": webhook["url"], **{f"webhook {n}": v for n, v in webhook["headers"].items()}}
            yield from ((field, part, given) for part, given in places.items() if isinstance(given, Mapping))
    url = given_parts(job, "heartbeat").get("url")
    if isinstance(url, Mapping):
        yield "heartbeat", "url", url


# --- lines of the service


def unit_of(job: Mapping[str, Any], instance: str = "") -> str:
    """Return the unit that tells of a job, without an instance its template (notify_unit in notice_facts.py is alike).

    The first `@` of a name decides about its template, so that of an instance (backup@db1) is written as systemd-escape
    does.
    """
    return f"{job['name']}-notify".replace("@", r"\x40") + f"@{instance}.service"


def needs_program(job: Mapping[str, Any], field: str) -> bool:
    """Tell whether the program tells of such runs; systemd itself starts what `unit` names."""
    return bool(set(given_parts(job, field)) & (set(CHANNELS) - {"unit"})) or has_heartbeat(job)


def has_heartbeat(job: Mapping[str, Any]) -> bool:
    """Tell whether a monitor is pinged."""
    return bool(given_parts(job, "heartbeat").get("url"))


def directives_of(job: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the lines of [Unit]."""
    found = {}
    for event, (field, directive) in EVENTS.items():
        own = [unit_of(job, event)] if needs_program(job, field) else []
        units = [*own, *(given_parts(job, field).get("unit") or [])]
        if units:
            found[directive] = units
    return found


def commands_of(job: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the lines of [Service]. `-`: it cannot fail the job."""
    if not has_heartbeat(job) or not given_parts(job, "heartbeat").get("start"):
        return {}
    limited = ["/usr/bin/timeout", number(start_limit(job))]
    ping = quote.command([*limited, SYSTEMCTL, "start", "--no-block", unit_of(job, "start")])
    return {"ExecStartPre": [f"-{as_root(ping)}"], "UnsetEnvironment": [UNSET]}


def start_limit(job: Mapping[str, Any]) -> float:
    """Return how many seconds the command of the ping of a start may take.

    The job's time limit counts for each of its commands, also for this one, and fails the job in spite of `-`.
    """
    limits = [START_SECONDS]
    for value in (job["timeout"], *raw(job, "TimeoutSec"), *raw(job, "TimeoutStartSec")):
        # What is no number of seconds is no limit, or is refused elsewhere.
        with contextlib.suppress(BadValue):
            limits += [one / 2 for one in [seconds(value)] if one]
    return min(limits)


def put_before(ours: list[str], given: list[str]) -> list[str]:
    """Return commands before those of a raw directive; an empty one takes away what stands before it."""
    place = max((number + 1 for number, value in enumerate(given) if not value), default=0)
    return [*given[:place], *ours, *given[place:]]


# --- settings of the program


def settings_of(job: Mapping[str, Any], folder: str = "") -> dict[str, Any]:
    """Return what the program reads, nothing when it has nothing to do."""
    found: dict[str, Any] = {}
    for event, (field, _directive) in EVENTS.items():
        parts = {name: item for name, item in given_parts(job, field).items() if name != "unit"}
        if set(parts).intersection(CHANNELS):
            found[event] = {"lines": DEFAULT_LINES, **parts}
            if "webhook" in parts:
                found[event]["webhook"] = [_webhook(job, one, folder) for one in parts["webhook"]]
    if has_heartbeat(job):
        heartbeat = given_parts(job, "heartbeat")
        found["heartbeat"] = {
            "start": False,
            "exit_status": False,
            **heartbeat,
            "url": _stored(job, heartbeat["url"], folder),
        }
    return {**found, "hide": hidden(job)} if found else {}


def _webhook(job: Mapping[str, Any], webhook: Mapping[str, Any], folder: str) -> dict[str, Any]:
    headers = {name: _stored(job, value, folder) for name, value in webhook["headers"].items()}
    shape = {name: webhook[name] for name in ("format", "body") if webhook.get(name) is not None}
    return {"url": _stored(job, webhook["url"], folder), "headers": headers, **shape}


def _stored(job: Mapping[str, Any], given: str | Mapping[str, str], folder: str) -> str | dict[str, str]:
    """Return a text as the program finds it: here, in a file, or in an encrypted credential."""
    if isinstance(given, str):
        return given
    prefix = {"prefix": given["prefix"]} if "prefix" in given else {}
    if "path" in given:
        return {"file": given["path"], **prefix}
    name = given["credential"]
    credential = (job["credentials"] or {}).get(name)
    if credential is None:
        # Refused; this is never applied.
        return ""
    path = credential.get("path") or os.path.join(folder, f"credential-{name}")
    if credential.get("encrypted") is not None:
        return {"encrypted": path, "name": name, **prefix}
    return {"file": path, **prefix}


def hidden(job: Mapping[str, Any]) -> list[str]:
    """Return the secrets of the job that the controller knows, line by line: the journal may hold them."""
    texts = [value for name, value in job["environment"].items() if name in job["secrets"]]
    texts += [str(one.get("content") or "") for one in (job["credentials"] or {}).values() if one]
    lines = {line.strip() for text in texts for line in text.splitlines()}
    return sorted(line for line in lines if len(line) >= SHORTEST_SECRET)


def with_notices(job: Mapping[str, Any], files_directory: str, mark: str) -> Notices:
    """Return what stands beside a job; nothing for one that nobody is told of. `mark`: the end of a unit file."""
    unit: dict[str, list[str]] = {
        key: [*((job["unit"] or {}).get(key) or []), *values] for key, values in directives_of(job).items()
    }
    service = {
        key: put_before(values, (job["service"] or {}).get(key) or []) for key, values in commands_of(job).items()
    }
    folder = os.path.join(files_directory, job["name"])
    settings = settings_of(job, folder)
    if not settings:
        return Notices(unit, service, [])
    files = [JobFile(os.path.join(folder, name), program_text(name), PROGRAM_MODE, True) for name in PROGRAMS]
    text = json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    files.append(JobFile(os.path.join(folder, NOTIFY_SETTINGS), text, SETTINGS_MODE))
    command = quote.command([PYTHON, "-I", os.path.join(folder, PROGRAM), job["name"]])
    files.append(JobFile(unit_of(job), UNIT.format(name=job["name"], command=command) + mark))
    return Notices(unit, service, files)
