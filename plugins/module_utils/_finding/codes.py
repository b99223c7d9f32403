# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes of findings: the one table that the proof, the field `accept` and docs/findings.md read."""

from __future__ import annotations

from typing import NamedTuple

# An error stops the apply. So does what the host lacks, unless the proof is `warn`. A warning is shown.
ERROR = "error"
ENVIRONMENT = "environment"
WARNING = "warning"


class Code(NamedTuple):
    """How grave a finding is, whether a job may accept it, what causes it, how to fix it."""

    kind: str
    acceptable: bool
    cause: str
    fix: str


def _never(cause: str, fix: str) -> Code:
    return Code(ERROR, False, cause, fix)


def _error(cause: str, fix: str) -> Code:
    return Code(ERROR, True, cause, fix)


def _lacks(cause: str, fix: str) -> Code:
    return Code(ENVIRONMENT, True, cause, fix)


def _warning(cause: str, fix: str) -> Code:
    return Code(WARNING, True, cause, fix)


DECLARATION = {
    "unknown-field": _never("The job has a field of an unknown name.", "Write the name that the message suggests."),
    "missing-source": _never(
        "A file on the controller, the `src` of a script or a credential, cannot be read.", "Correct the path."
    ),
    "broken-template": _never(
        "A template in the variables gives no value: a variable is missing, a secret cannot be decrypted, or it is bad "
        "Jinja.",
        "Define what is missing, or correct the template.",
    ),
    "missing-field": _never("The job has no name, no command, or nothing that starts it.", "Add the field."),
    "invalid-declaration": _never(
        "A variable is not of the form that the role expects, or a template is broken.",
        "Correct it as the message says.",
    ),
    "duplicate-name": _never("A list holds two jobs of the same name.", "Rename or remove one of them."),
    "invalid-name": _never(
        "The name cannot be that of a unit, or it is too long.",
        "Use letters, digits, `-`, `_` and `.`, and for an instance one `@`.",
    ),
    "invalid-value": _never("The value is not one that the field or directive takes.", "Correct the value."),
    "control-character": _never("The value holds a line break or a control character.", "Remove it."),
    "not-utf8": _never("The value cannot be written as UTF-8.", "Remove the stray bytes."),
    "argument-too-long": _never("An argument or a variable has 128 KiB or more.", "Put it in a file."),
    "prune-limit": _never(
        "`timer_prune` would remove more than half of the jobs of a declaration, and at least four.",
        "Look whether the lists are complete. If they are, say how many with `timer_prune_limit`.",
    ),
    "owner-used-twice": _never(
        "Two uses of the role in one run have the same `timer_owner` and declare different jobs of one host.",
        "Give each use a `timer_owner` of its own, or declare all jobs in one.",
    ),
    "unread-list": Code(
        WARNING,
        False,
        "A variable looks like a list of jobs, and the role does not read it.",
        "Correct its name, or begin it with `timer_jobs_of_`.",
    ),
    "invalid-code": _never(
        "`accept` holds a word that is not a code, or a code that cannot be accepted.", "Correct or remove it."
    ),
}

HOST = {
    "no-systemd": _never("systemd is not PID 1, or its tools are not installed.", "Boot the host with systemd."),
    "systemd-too-old": _never("systemd is older than this collection needs.", "Upgrade the host."),
    "systemd-answer": _never("systemd answered what the collection does not understand.", "Report it as a bug."),
    "unit-directory": _never(
        "The unit directory is missing, not read by systemd, not writable, or writable by others than root. Or "
        "so is a directory of links in it, or a link is in its place.",
        "Correct `timer_unit_directory`, or the directory.",
    ),
    "files-directory": _never(
        "The directory of the jobs' files, or that of a job in it, is not a directory, or others can change it. Or the "
        "directory of the job holds files of others.",
        "Correct `timer_files_directory`, or the directory.",
    ),
    "not-root": _never("Jobs are applied without root.", "Set `become: true`."),
    "silent-account": Code(
        WARNING,
        False,
        "An account that lingers cannot be looked at, or its part of the apply has failed. It is left as it is. With a "
        "declared job it is an error.",
        "See what the message says of it, or `loginctl disable-linger` it.",
    ),
    "run-space": _never("`/run` has too little free space for systemd to reload.", "Free some space there."),
}

NAMES = {
    "name-taken": _never("A unit or another file that is not ours holds the name.", "Choose another name."),
    "masked": _never("An administrator has masked the unit.", "`systemctl unmask` it, or remove the job."),
    "other-owner": _never("The job belongs to another declaration.", "Choose another name, or remove it there."),
    "stamp-not-a-file": _never(
        "The timer's stamp, systemd's note of the last run, is a link or no ordinary file.", "Remove it."
    ),
    "drop-in": _warning(
        "A drop-in file on the host changes the unit, and is not part of the proof.", "Remove it, or accept it."
    ),
    "enabled-service": _warning(
        "The service itself is enabled, so each boot runs the job.", "`systemctl disable` the service."
    ),
    "foreign-file": _warning(
        "The directory of the job's files holds other files, or someone has edited a unit that the job no longer has. "
        "Both are left as they are.",
        "Move it to another place.",
    ),
}

SCHEDULE = {
    "invalid-schedule": _never("systemd does not understand the calendar expression.", "See systemd.time(7)."),
    "never-elapses": _never(
        "The calendar expression has no elapse ahead, and the job has not run for the last one.", "Correct the date."
    ),
    "unknown-timezone": _never("The host does not know the time zone.", "Correct it, or install tzdata."),
    "invalid-timespan": _never("systemd does not understand the time span.", "Write `90s`, `15min` or `1h 30min`."),
    "no-trigger": _never("The timer has no trigger, so it never elapses.", "Add `schedule`, `every` or `on_boot`."),
    "never-starts": _never(
        "The timer counts only from a run of the job, and nothing makes the first one.",
        "Use `every`, or add a first trigger.",
    ),
    "clock-change": _warning(
        "The next change to or from daylight-saving time skips or repeats a time of the schedule, or stops the timer.",
        "Write the schedule in UTC, or choose another time.",
    ),
    "runs-at-reload": _error(
        "`OnActiveSec=` runs the job again at each reload of systemd.", "Use `every` or `on_boot`."
    ),
    "runs-at-once": _never(
        "The apply itself would run the job, and `on_reschedule` forbids that.",
        "Set `on_reschedule` to `skip` or `run`.",
    ),
    "start-limit": _error(
        "The job runs so often that systemd's start limit stops it.", "Set `unit: {StartLimitIntervalSec: 0}`."
    ),
    "longer-than-interval": _warning(
        "Jitter, accuracy or time limit is as long as the time between two runs, so runs are left out.", "Shorten it."
    ),
}

SERVICE = {
    "unknown-directive": _never("This systemd does not know the directive.", "Correct the name, or upgrade systemd."),
    "wrong-section": _never("The directive belongs to another section.", "Write it under the other field."),
    "unknown-section": _never("This systemd does not know the section.", "Remove it from the template."),
    "refused": _never("systemd refuses the unit for another reason, in its own words.", "Correct what it names."),
    "remain-after-exit": _error(
        "With `RemainAfterExit=yes` the service stays active after its first run, and the timer never starts it again.",
        "Remove the directive.",
    ),
    "no-effect": _error("`RuntimeMaxSec=` has no effect on a oneshot service.", "Write `timeout: ...`."),
    "never-finishes": _error(
        "A run fails or goes on for ever, so the timer starts nothing any more.",
        "Use `Type=oneshot`, no `Restart=always`.",
    ),
    "missing-unit": _never("The unit that the timer starts does not exist.", "Remove `Unit=`, or correct it."),
    "missing-handler": _lacks(
        "A unit of `on_failure`, `on_success`, `OnFailure=` or `OnSuccess=` does not exist.",
        "Install it before the job, or correct the name.",
    ),
    "marked-secret": _error(
        "A raw `Environment=` holds a variable that `secrets` names, and every user of the host can read a unit file.",
        "Write it in `environment`: from there it goes to a file that only root can read.",
    ),
    "readable-credential": _warning(
        "`SetCredential=` is in the unit file, which every user of the host can read.",
        "Write `LoadCredential=` with a file that only root can read, or `SetCredentialEncrypted=`.",
    ),
    "secret-in-environment": _warning(
        "A variable that looks like a secret is in the unit file, which every user of the host can read.",
        "Write it in `environment`, name it in `secrets`: then it goes to a file that only root can read.",
    ),
}

COMMAND = {
    "missing-command": _lacks("The command does not exist on the host.", "Install it before the job."),
    "not-executable": _lacks("The command is a directory, or has no execute permission.", "`chmod 0755` it."),
    "bad-interpreter": _lacks(
        "The script's first line names no interpreter, or one that the host lacks.", "Begin the script with `#!`."
    ),
    "missing-script": _lacks("The script that an interpreter is given does not exist.", "Deploy it before the job."),
    "relative-command": _never("The command is a relative path.", "Write the absolute path."),
    "invalid-command": _never("The command line cannot be taken apart.", "Close the quotes, or write a list."),
    "unknown-specifier": _never("A `%` is followed by what is no specifier.", "Write `%%` for a per cent sign."),
    "specifier": _warning("systemd replaces a `%` and the letter after it.", "Write `%%`, or accept it."),
    "date-format": _error(
        "A date format has per cent signs that systemd replaces before the command sees them.", "Write `%%`."
    ),
    "unset-variable": _error("A `$NAME` is replaced by nothing: nothing sets the variable.", "Set it, or write `$$`."),
    "unexpanded-variable": _error(
        "A `$NAME` inside a word of a command stays as it is, for systemd replaces only whole words. So does any in a "
        "value of `environment`, or of an environment file.",
        "In a command write `${NAME}`, in a value what is meant to stand there.",
    ),
    "shell-syntax": _error(
        "A pipe, redirection or another operator of the shell stands in the command, and there is no shell.",
        'Write `[/bin/sh, -c, "..."]`.',
    ),
}

ACCOUNT = {
    "missing-user": _lacks("The user does not exist on the host.", "Create it before the job."),
    "missing-group": _lacks("The group does not exist on the host.", "Create it before the job."),
    "missing-directory": _lacks(
        "The working directory does not exist, or is none.", "Make it before the job, or write a `-` before it."
    ),
    "missing-path": _lacks(
        "A path of `writable_paths` or `ReadOnlyPaths=` does not exist, so systemd would not start the job.",
        "Make it before the job, or write a `-` before it.",
    ),
    "hidden-path": _error(
        "The sandbox of the job hides the command, the script or the working directory from it.",
        "Move it, or change the directive that the message names.",
    ),
    "missing-credential": _lacks(
        "A credential's file does not exist on the host.", "Deploy it before the job, or give `content`."
    ),
    "missing-environment-file": _lacks(
        "The environment file does not exist.", "Deploy it before the job, or write a `-` before it."
    ),
    "invalid-environment-file": _error(
        "The environment file holds a line that systemd leaves out, such as one with `export`. A warning where the "
        "file does not come with the job.",
        "Write `NAME=value`: no shell reads the file.",
    ),
    "no-access": _lacks(
        "The job's user cannot reach the command, the script or the working directory.", "Correct owner and mode."
    ),
    "writable-by-others": _error(
        "Root runs a file that another user can change, and so become root. Or systemd opens a file as root, such as "
        "an output or a credential, in a place where another user can put a link.",
        "Give the file, or the directory that the message names, to root.",
    ),
    "loader-variable": _error(
        "A variable that the dynamic loader obeys, such as `LD_LIBRARY_PATH`, does not reach the job: a helper program "
        "of the job runs as root, and must not get it.",
        "Set it in the command: `[/usr/bin/env, NAME=value, ...]`.",
    ),
}

EVIDENCE = {
    "not-armed": _never(
        "After the apply systemd does not hold the timer as declared. The apply is undone.",
        "See what systemd says of it.",
    ),
    "start-waits": Code(
        WARNING,
        False,
        "The timer is as declared, and its start waits for another unit: the host is still booting, or its clock is "
        "not set yet.",
        "`systemctl list-jobs` shows what is waited for.",
    ),
    "unfinished": Code(
        WARNING,
        False,
        "Everything is applied, but something that is of no use any more could not be removed.",
        "The next apply does it. Correct what the message names.",
    ),
}

GROUPS = {
    "The declaration": DECLARATION,
    "The host": HOST,
    "Names": NAMES,
    "Schedules": SCHEDULE,
    "Units and directives": SERVICE,
    "Commands": COMMAND,
    "Users, directories, files": ACCOUNT,
    "After the apply": EVIDENCE,
}
CODES: dict[str, Code] = {code: found for group in GROUPS.values() for code, found in group.items()}
ACCEPTABLE = tuple(code for code, found in CODES.items() if found.acceptable)
