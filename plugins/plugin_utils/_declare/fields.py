# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a job: the one table that validation, rendering and the contract tests read.

kind: text (one line), texts (a text or a list), path, span (a time span), zone (a time zone), bool, name, names (a text
or a list, also an empty one), user, choice, command (text or list), commands (a list of them), script, environment
(name to value), environment_file (a path or a dictionary), credentials (name to dictionary), directives (directive to
value or list of values), codes (of findings, a text or a list), variables (names, a text or a list), limits and
conditions (by name), directories (relative paths) and paths (a text or a list), spread (a time span up to a day, or a
word for it), retries, concurrency (short forms or dictionaries), duration (a time span that becomes seconds), token (a
word), notice (ways to values), heartbeat (an address or a dictionary).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.hardening import PRESETS


class Field(NamedTuple):
    """How a field is checked and what it may be; then what the table in docs/fields.md says of it.

    `left_out` says in words what holds without the field, where `default` cannot; `since` what needs a newer systemd
    than the oldest supported one, and which.
    """

    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()
    becomes: str = ""
    example: str = ""
    left_out: str = ""
    since: str = ""


STATES = ("present", "suspended", "absent")
ON_RESCHEDULE = ("skip", "run", "fail")
ON_REMOVE = ("finish", "stop")
AFTER_LAST_RUN = ("keep", "remove")
SCOPES = ("system", "user")
HARDENING = ("none", *PRESETS)
RAW_FIELDS = ("unit", "service", "timer", "install")

# What they hold may be a secret, and the reason names the part at fault.
HIDDEN_KINDS = ("environment", "variables", "script", "environment_file", "credentials", "notice", "heartbeat")
# What the table calls a kind, with its units; a choice is called by its words.
KIND_WORDS = {
    "text": "text",
    "texts": "text or list",
    "path": "path",
    "span": "[time span](#values)",
    "zone": "time zone",
    "bool": "boolean",
    "name": "name",
    "names": "list of names",
    "user": "name or number",
    "command": "text or list",
    "commands": "list of commands",
    "script": "dictionary",
    "environment": "names and values",
    "environment_file": "path or dictionary",
    "credentials": "names and dictionaries",
    "directives": "directives",
    "codes": "codes of findings",
    "variables": "names of variables",
    "spread": "`hour`, `day` or a [time span](#values)",
    "limits": "names and values",
    "conditions": "names and values",
    "directories": "text or list",
    "paths": "path or list",
    "retries": "number or dictionary",
    "concurrency": "`queue`, `forbid`, `replace`, or dictionary",
    "duration": "[time span](#values)",
    "token": "date or word",
    "notice": "channels and values",
    "heartbeat": "address or dictionary",
}

FIELDS: dict[str, Field] = {
    "name": Field("name", becomes="`NAME.service`, `NAME.timer`", example="it-glue-backup", left_out="required"),
    "description": Field("text", becomes="`Description=`", example="IT Glue Export Backup", left_out="the name"),
    "state": Field("choice", "present", STATES, becomes="armed; installed and not armed; removed", example="suspended"),
    "schedule": Field("texts", becomes="`OnCalendar=`, one line each", example='"*-*-* *:15:00"'),
    "timezone": Field("zone", becomes="the end of each `OnCalendar=`", example="Europe/London", left_out="the host's"),
    "on_boot": Field("span", becomes="`OnBootSec=`", example="5min"),
    "every": Field("span", becomes="`OnActiveSec=` and `OnUnitActiveSec=`, see [below](#intervals)", example="15min"),
    "every_after": Field(
        "span", becomes="`OnActiveSec=` and `OnUnitInactiveSec=`, see [below](#intervals)", example="20s"
    ),
    "triggered_by": Field(
        "names",
        becomes="no timer: the service is started by other jobs, see [below](#jobs-without-a-schedule)",
        example="[backup]",
    ),
    "persistent": Field("bool", True, becomes="`Persistent=`, with a `schedule`", example="false"),
    "accuracy": Field("span", "1s", becomes="`AccuracySec=`", example="1min"),
    "jitter": Field("span", becomes="`RandomizedDelaySec=`", example="10min"),
    "fixed_jitter": Field("bool", True, becomes="`FixedRandomDelay=`, with `jitter`", example="false"),
    "spread": Field("spread", becomes="the time of day in each `OnCalendar=`, see [below](#spread)", example="hour"),
    "on_reschedule": Field(
        "choice",
        None,
        ON_RESCHEDULE,
        becomes="no directive, see [below](#a-changed-schedule)",
        example="run",
        left_out="`timer_on_reschedule`",
    ),
    "on_remove": Field(
        "choice", "finish", ON_REMOVE, becomes="no directive, see [below](#removing-and-renaming)", example="stop"
    ),
    "run_on_install": Field(
        "bool", False, becomes="no directive, see [below](#a-run-when-a-job-is-installed)", example="true"
    ),
    "after_last_run": Field(
        "choice", "keep", AFTER_LAST_RUN, becomes="no directive, see [below](#jobs-with-a-last-run)", example="remove"
    ),
    "renamed_from": Field("name", becomes="no directive, see [below](#removing-and-renaming)", example="backup-old"),
    "take_over_from": Field("text", becomes="no directive, see [below](#removing-and-renaming)", example="web-team"),
    "accept": Field(
        "codes", becomes="no directive, see [findings](findings.md)", example="[missing-command]", left_out="none"
    ),
    "command": Field("command", becomes="`ExecStart=`", example="[/usr/bin/df, -h]", left_out="required"),
    "commands": Field(
        "commands",
        becomes="`ExecStart=`, one after the other, see [below](#several-commands)",
        example="[[/usr/bin/sync], [/usr/bin/df, -h]]",
    ),
    "script": Field("script", becomes="`ExecStart=`, see [below](#scripts)", example="{src: report.sh}"),
    "working_directory": Field("path", becomes="`WorkingDirectory=`", example="/srv/reports"),
    "user": Field("user", becomes="`User=`", example="reports", left_out="root"),
    "group": Field("user", becomes="`Group=`", example="adm", left_out="the user's"),
    "scope": Field(
        "choice",
        "system",
        SCOPES,
        becomes="whose manager has the units, see [below](#jobs-of-a-user-manager)",
        example="user",
    ),
    "environment": Field("environment", becomes="`Environment=`, one line each", example="{LANG: C.UTF-8}"),
    "secrets": Field("variables", becomes="no directive, see [below](#secrets)", example="[MAILGUN]", left_out="none"),
    "environment_file": Field("environment_file", becomes="`EnvironmentFile=`", example="/etc/reports/secrets"),
    "credentials": Field(
        "credentials",
        becomes="`LoadCredential=`, `LoadCredentialEncrypted=`",
        example="{token: {path: /etc/token}}",
        since="`encrypted`: systemd 250",
    ),
    "network_online": Field("bool", False, becomes="`After=` and `Wants=network-online.target`", example="true"),
    "output": Field(
        "text", becomes="`StandardOutput=` and `StandardError=`", example="journal+console", left_out="the journal"
    ),
    "timeout": Field("span", becomes="`TimeoutStartSec=`", example="1h", left_out="no limit"),
    "kill_after": Field("span", becomes="`TimeoutStopSec=`", example="30s", left_out="systemd's, 90s"),
    "retries": Field(
        "retries",
        becomes="a program before the command, see [below](#retries)",
        example="{attempts: 3, delay: 10s}",
        left_out="none",
    ),
    "concurrency": Field(
        "concurrency",
        becomes="`ExecCondition=`, see [below](#runs-that-overlap)",
        example="forbid",
        left_out="`queue`",
    ),
    "starting_deadline": Field(
        "duration",
        becomes="`ExecCondition=`, see [below](#late-runs-and-runs-to-skip)",
        example="10min",
        left_out="none",
    ),
    "skip_next": Field(
        "token",
        becomes="`ExecCondition=`, see [below](#late-runs-and-runs-to-skip)",
        example='"2027-01-01"',
        left_out="none",
    ),
    "limits": Field("limits", becomes="`MemoryMax=` and others, see [below](#limits)", example="{memory: 512M}"),
    "hardening": Field(
        "choice", "none", HARDENING, becomes="a sandbox, see [hardening](hardening.md)", example="strict"
    ),
    "state_directory": Field("directories", becomes="`StateDirectory=`, below `/var/lib`", example="reports"),
    "cache_directory": Field("directories", becomes="`CacheDirectory=`, below `/var/cache`", example="reports"),
    "logs_directory": Field("directories", becomes="`LogsDirectory=`, below `/var/log`", example="reports"),
    "runtime_directory": Field("directories", becomes="`RuntimeDirectory=`, below `/run`", example="reports"),
    "writable_paths": Field("paths", becomes="`ReadWritePaths=`", example="[/srv/reports]"),
    "conditions": Field(
        "conditions",
        becomes="`ConditionPathExists=` and others, see [below](#conditions)",
        example="{path_exists: /srv/data}",
    ),
    "on_failure": Field(
        "notice",
        becomes="`OnFailure=`, see [notification](notification.md)",
        example="{mail: ops@example.com}",
        left_out="no one is notified",
    ),
    "on_success": Field(
        "notice",
        becomes="`OnSuccess=`, see [notification](notification.md)",
        since="systemd 249",
        example="{command: /usr/local/bin/done}",
        left_out="no one is notified",
    ),
    "heartbeat": Field(
        "heartbeat",
        becomes="`OnFailure=`, `OnSuccess=`, see [notification](notification.md)",
        since="systemd 249",
        example="https://example.com/ping/1",
        left_out="no pings",
    ),
    "unit": Field("directives", becomes="lines of the service's `[Unit]`", example="{ConditionACPower: true}"),
    "service": Field("directives", becomes="lines of `[Service]`", example="{OOMScoreAdjust: 500}"),
    "timer": Field("directives", becomes="lines of `[Timer]`", example="{WakeSystem: true}"),
    "install": Field("directives", becomes="the service's `[Install]` section", example="{WantedBy: default.target}"),
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
    "steps": "commands",
    "exec_starts": "commands",
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
    "after": "triggered_by",
    "depends_on": "triggered_by",
    "needs": "triggered_by",
    "pause": "every_after",
    "on_unit_inactive_sec": "every_after",
    "onunitinactivesec": "every_after",
    "timeout_start_sec": "timeout",
    "time_limit": "timeout",
    "active_deadline_seconds": "timeout",
    "activedeadlineseconds": "timeout",
    "resources": "limits",
    "sandbox": "hardening",
    "read_write_paths": "writable_paths",
    "condition": "conditions",
    "log_directory": "logs_directory",
    "randomized_delay": "jitter",
    "random_delay": "jitter",
    "stagger": "spread",
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
