# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to write in the place of a field that no job has: ours of that meaning, with the value where that can be; pure.

People come from cron, from ansible.builtin.cron, from Kubernetes, and from unit files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.cron_line import calendar_of_cron
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.conditions import CONDITIONS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS, RAW_FIELDS, SYNONYMS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.limits import LIMITS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.directive_help import BY_SECTION

# The arguments of ansible.builtin.cron that say when, in the order of crontab(5), and what holds without each.
CRON_TIMES = {"minute": "*", "hour": "*", "day": "*", "month": "*", "weekday": "*"}
CRON_WORD = "special_time"
# Where the value goes into a dictionary of ours.
PARTS = {
    "max_retries": "retries: {}",
    "retry_count": "retries: {}",
    "retry_delay": "retries: {{delay: {}}}",
    "retry_interval": "retries: {{delay: {}}}",
    "max_runtime": "timeout: {}",
    "max_run_time": "timeout: {}",
    "run_timeout": "timeout: {}",
    "memory": "limits: {{memory: {}}}",
    "memory_limit": "limits: {{memory: {}}}",
    "cpu": "limits: {{cpu: {}}}",
    "cpu_limit": "limits: {{cpu: {}}}",
    "nice": "limits: {{nice: {}}}",
}
PLAIN = re.compile(r"[A-Za-z0-9_.%-]{1,40}")
# What has no field, and what does it here.
NEEDLESS = {
    "cron_file": "remove it: the units NAME.service and NAME.timer stand in its place",
    "backup": "remove it: an apply that fails puts back what was there",
    "disabled": "write `state: suspended` for a job that is not to run, and remove it else",
}
# Words in a name, and the fields of that subject.
SUBJECTS = {
    r"time(?!out)|when|date|cal|period|freq|hour|week|month|zone|minute|clock": (
        "schedule",
        "timezone",
        "every",
        "on_boot",
    ),
    r"delay|random|splay|stagger": ("jitter", "spread", "accuracy"),
    r"time_?out|limit|max|kill|deadline": ("timeout", "kill_after", "starting_deadline", "limits"),
    r"retr|attempt|restart|fail": ("retries", "timeout", "on_failure"),
    r"lock|parallel|overlap|concurr|exclusive|queue": ("concurrency", "starting_deadline"),
    r"mail|notif|alert|hook|slack|report|monitor|health|ping": ("on_failure", "on_success", "heartbeat"),
    r"user|account|group|owner|become|sudo|root": ("user", "group", "scope"),
    r"secret|pass|token|key|cred|vault": ("secrets", "credentials", "environment_file"),
    r"env|var": ("environment", "environment_file", "secrets"),
    r"log|output|std|journal": ("output", "logs_directory"),
    r"mem|cpu|nice|prio|io|resource": ("limits", "hardening"),
    r"sandbox|protect|harden|secure|private": ("hardening", "writable_paths"),
    r"dir|path|home|folder|file": ("working_directory", "environment_file", "writable_paths"),
    r"exec|run|cmd|shell|arg|program|binary|prog": ("command", "script"),
    r"state|enable|active|present|absent": ("state", "on_remove"),
    r"if|cond|only|unless|require|depend": ("conditions", "network_online", "unit"),
    r"desc|comment|title|label|doc": ("description",),
}
# What a job is made of, where nothing says what was meant.
FEW = ("name", "schedule", "command", "script")


def directives_of_fields() -> dict[str, str]:
    """Return directive to the field that sets it, as the table of fields has it."""
    found: dict[str, str] = {}
    for name, field in FIELDS.items():
        # What stands at the beginning is set by the field, what comes later is only mentioned.
        head = re.match(r"(?:(?:, | and )?`[A-Z][A-Za-z]+=[^`]*`)*", field.becomes)
        for directive in re.findall(r"`([A-Z][A-Za-z]+)=", head.group() if head else ""):
            # ExecCondition= and their like belong to several fields.
            found[directive] = "" if directive in found else name
    return {
        **{directive: name for directive, name in found.items() if name},
        **{limit.directive: f"limits: {{{name}: ...}}" for name, limit in LIMITS.items()},
        **{condition.directive: f"conditions: {{{name}: ...}}" for name, condition in CONDITIONS.items()},
    }


DIRECTIVES = directives_of_fields()


def meant_field(field: str) -> str:
    """Return the field that was probably meant, or an empty text."""
    own = DIRECTIVES.get(field, "")
    if own in FIELDS:
        return own
    return SYNONYMS.get(field.lower().replace("-", "_")) or nearest(field, FIELDS)


def fix_field(field: str, entry: Mapping[Any, Any], known: Collection[str]) -> str:
    """Return what to write in the place of an unknown field. entry: all fields of the job: some belong together."""
    folded = field.lower().replace("-", "_")
    for given in (_cron_schedule(folded, entry), _part(folded, entry.get(field)), NEEDLESS.get(folded, "")):
        if given:
            return given
    if field in DIRECTIVES and DIRECTIVES[field] not in FIELDS:
        return f"write `{DIRECTIVES[field]}`"
    section = next((name for name in RAW_FIELDS if field in BY_SECTION[name.capitalize()]), "")
    if section and field not in DIRECTIVES and folded not in SYNONYMS:
        return f"write it under `{section}`: `{section}: {{{field}: ...}}`"
    meant = meant_field(field)
    if meant and meant in known:
        return f'write "{meant}"'
    if field[:1].isupper():
        return "write a directive of systemd under `unit`, `service`, `timer` or `install`"
    subject = next((fields for words, fields in SUBJECTS.items() if re.search(words, folded)), FEW)
    few = [name for name in subject if name in known]
    return f"known fields of this kind: {', '.join(few)}; all of them: docs/fields.md"


def _cron_schedule(field: str, entry: Mapping[Any, Any]) -> str:
    """Return the schedule that arguments of ansible.builtin.cron stand for."""
    if field == CRON_WORD:
        word = str(entry.get(CRON_WORD)).lower()
        schedule = calendar_of_cron(f"@{word}")
        if word == "reboot":
            return "write `on_boot: 1min`, or another time after the boot"
    elif field in CRON_TIMES:
        schedule = calendar_of_cron(" ".join(str(entry.get(name, default)) for name, default in CRON_TIMES.items()))
    else:
        return ""
    return f'write `schedule: "{schedule}"` for all that says when' if schedule else 'write "schedule"'


def _part(field: str, value: Any) -> str:
    """Return the field of ours with the value in it, where it is a plain one."""
    if field not in PARTS:
        return ""
    text = str(value)
    return f"write `{PARTS[field].format(text if PLAIN.fullmatch(text) else '...')}`"
