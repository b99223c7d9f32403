# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a job: the one table that validation, rendering and the contract tests read.

kind: text (one line), texts (a text or a list), path, span (a time span), zone (a time zone), bool, name, user, choice,
command (text or list), script, environment (name to value), environment_file (a path or a dictionary), credentials
(name to dictionary), directives (directive to value or list of values), codes (of findings, a text or a list),
variables (names, a text or a list), retries, concurrency (short forms or dictionaries), duration (a time span that
becomes seconds), token (a word), notice (ways to values), heartbeat (an address or a
dictionary).
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """How a field is checked, what it is when left out, and what it may be."""

    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()


STATES = ("present", "suspended", "absent")
ON_RESCHEDULE = ("skip", "run", "fail")
ON_REMOVE = ("finish", "stop")
SCOPES = ("system", "user")
RAW_FIELDS = ("unit", "service", "timer", "install")

FIELDS: dict[str, Field] = {
    "name": Field("name"),
    "description": Field("text"),
    "state": Field("choice", "present", STATES),
    "schedule": Field("texts"),
    "timezone": Field("zone"),
    "on_boot": Field("span"),
    "every": Field("span"),
    "persistent": Field("bool", True),
    "accuracy": Field("span", "1s"),
    "jitter": Field("span"),
    "fixed_jitter": Field("bool", True),
    "on_reschedule": Field("choice", None, ON_RESCHEDULE),
    "on_remove": Field("choice", "finish", ON_REMOVE),
    "renamed_from": Field("name"),
    "take_over_from": Field("text"),
    "accept": Field("codes"),
    "command": Field("command"),
    "script": Field("script"),
    "working_directory": Field("path"),
    "user": Field("user"),
    "group": Field("user"),
    "scope": Field("choice", "system", SCOPES),
    "environment": Field("environment"),
    "secrets": Field("variables"),
    "environment_file": Field("environment_file"),
    "credentials": Field("credentials"),
    "network_online": Field("bool", False),
    "output": Field("text"),
    "timeout": Field("span"),
    "kill_after": Field("span"),
    "retries": Field("retries"),
    "concurrency": Field("concurrency"),
    "starting_deadline": Field("duration"),
    "skip_next": Field("token"),
    "on_failure": Field("notice"),
    "on_success": Field("notice"),
    "heartbeat": Field("heartbeat"),
    "unit": Field("directives"),
    "service": Field("directives"),
    "timer": Field("directives"),
    "install": Field("directives"),
}

# What people coming from cron, Kubernetes or other roles write; the nearest name by letters would miss it.
SYNONYMS = {
    "calendar": "schedule",
    "on_calendar": "schedule",
    "oncalendar": "schedule",
    "cron": "schedule",
    "when": "schedule",
    "exec_start": "command",
    "execstart": "command",
    "exec": "command",
    "cmd": "command",
    "job": "command",
    "env": "environment",
    "env_file": "environment_file",
    "credential": "credentials",
    "load_credential": "credentials",
    "script_content": "script",
    "secret": "secrets",
    "no_log": "secrets",
    "workdir": "working_directory",
    "cwd": "working_directory",
    "chdir": "working_directory",
    "interval": "every",
    "randomized_delay": "jitter",
    "random_delay": "jitter",
    "enabled": "state",
    "ignore": "accept",
    "ensure": "state",
    "tz": "timezone",
    "retry": "retries",
    "attempts": "retries",
    "backoff_limit": "retries",
    "backofflimit": "retries",
    "concurrency_policy": "concurrency",
    "concurrencypolicy": "concurrency",
    "overlap": "concurrency",
    "starting_deadline_seconds": "starting_deadline",
    "startingdeadlineseconds": "starting_deadline",
    "skip": "skip_next",
    "onfailure": "on_failure",
    "failure": "on_failure",
    "notify": "on_failure",
    "mailto": "on_failure",
    "alert": "on_failure",
    "onsuccess": "on_success",
    "healthcheck": "heartbeat",
    "healthchecks": "heartbeat",
    "ping": "heartbeat",
    "ping_url": "heartbeat",
    "monitor": "heartbeat",
}
