# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of variables in commands (systemd.service(5), Command lines; systemd.exec(5), Environment)."""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.commands import (
    Text,
    is_code,
    listed,
    names_in,
    texts,
    write,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    COMMAND_KEYS,
    MOST_BYTES,
    is_pattern,
    present_environment_files,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.shell import (
    general_shell,
    only_shell,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import commands_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.environment_file import (
    parse_environment_file,
)

# Set by systemd itself, for some services only; no claim is made where the table cannot tell
# (systemd.exec(5), Environment Variables in Spawned Processes).
_ALWAYS = names_in(
    "PATH LANG USER INVOCATION_ID JOURNAL_STREAM LOG_NAMESPACE SYSTEMD_EXEC_PID MANAGERPID PIDFILE NOTIFY_SOCKET "
    "MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE TRIGGER_UNIT TRIGGER_PATH TRIGGER_TIMER_REALTIME_USEC "
    "TRIGGER_TIMER_MONOTONIC_USEC MONITOR_SERVICE_RESULT MONITOR_EXIT_CODE MONITOR_EXIT_STATUS MONITOR_INVOCATION_ID "
    "MONITOR_UNIT"
)
_OF_A_USER = ("HOME", "LOGNAME", "SHELL")
# One of these directives sets these variables.
_WITH = (
    (("User", "DynamicUser", "SetLoginEnvironment"), _OF_A_USER),
    (("RuntimeDirectory",), ("RUNTIME_DIRECTORY",)),
    (("StateDirectory",), ("STATE_DIRECTORY",)),
    (("CacheDirectory",), ("CACHE_DIRECTORY",)),
    (("LogsDirectory",), ("LOGS_DIRECTORY",)),
    (("ConfigurationDirectory",), ("CONFIGURATION_DIRECTORY",)),
    (
        ("LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential"),
        ("CREDENTIALS_DIRECTORY",),
    ),
    (("Sockets",), ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "REMOTE_ADDR", "REMOTE_PORT")),
    (("FileDescriptorStoreMax", "FileDescriptorStorePreserve"), ("FDSTORE", "LISTEN_FDS", "LISTEN_FDNAMES")),
    (("OpenFile",), ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")),
    (("WatchdogSec",), ("WATCHDOG_PID", "WATCHDOG_USEC")),
    (("TTYPath", "StandardInput"), ("TERM",)),
)
# Some variables only some commands have.
_FOR_COMMANDS = {
    "ExecStartPost": ("MAINPID",),
    "ExecReload": ("MAINPID",),
    "ExecStop": ("MAINPID", "SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS"),
    "ExecStopPost": ("MAINPID", "SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS"),
}
# With this nobody can tell which variables there are.
_UNKNOWABLE = "PAMName"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LEADING = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
# In the order in which systemd looks: a doubled dollar, `${NAME}`, `${NAME:...}`; then what it leaves as it is.
_IN_A_WORD = re.compile(
    r"\$\$|\$\{(?P<name>[^}:]*)\}|\$\{(?P<default>[^}:]*):[^}]*\}?|\$(?P<bare>[A-Za-z_][A-Za-z0-9_]*)"
)


def own_variables(job: ProofJob) -> list[str]:
    """Return the variables of Environment= (systemd.exec(5), Environment=)."""
    values = job.service.values("Service", "Environment")
    # The value has the words of a command line; the first would be the program.
    words = [word for value in values for command in commands_of(f"x {value}") for word in command.argv]
    return [word.partition("=")[0] for word in words if "=" in word]


def variables_of(job: ProofJob, key: str, known: Iterable[str]) -> set[str]:
    """Return the variables that a command of the service finds (systemd.exec(5), Environment Variables)."""
    names = {*known, *_ALWAYS, *own_variables(job), *_FOR_COMMANDS.get(key, ())}
    for directives, variables in _WITH:
        if any(job.service.values("Service", directive) for directive in directives):
            names.update(variables)
    for value in job.service.values("Service", "PassEnvironment"):
        names.update(value.split())
    for value in job.service.values("Service", "UnsetEnvironment"):
        names.difference_update(value.split())
    return names


class Use(NamedTuple):
    """A place in a word where a variable seems to be meant.

    shown: as it is written. name: the variable, or an empty text where the name could be none. kept: why systemd
    leaves it as it is, an empty text when it puts the variable there. fixed: what to write instead.
    """

    shown: str
    name: str
    kept: str
    fixed: str


def uses(word: str, code: bool, names: Iterable[str]) -> list[Use]:
    """Return the variables of a word, and how systemd treats each (systemd.service(5), Command lines).

    A word that begins with `$` is taken for a variable as a whole, quotes or not; `${NAME}` is replaced anywhere.
    """
    if word[:1] == "$" and word[1:2] not in ("{", "$"):
        if _NAME.fullmatch(word[1:]):
            return [Use(word, word[1:], "", f"${word}")]
        leading = None if code else _LEADING.match(word)
        kept, fixed = _left_out(word), f"${word}"
        return [Use(word, leading.group(1), kept, braced(word)) if leading else Use(word, "", kept, fixed)]
    found = []
    for match in _IN_A_WORD.finditer(word):
        shown, name = match.group(), match.group("name")
        if name is not None:
            found.append(Use(shown, name if _NAME.fullmatch(name) else "", "", f"${shown}"))
        elif match.group("default") is not None and not code:
            found.append(Use(shown, "", f"systemd knows no default values, so {shown} stays as it is", ""))
        elif match.group("bare") and not code and seems_meant(match.group("bare"), names):
            kept = f"systemd leaves {shown} inside a longer word as it is"
            found.append(Use(shown, match.group("bare"), kept, braced(word)))
    return found


def _left_out(word: str) -> str:
    short = word if len(word) <= 40 else f"{word[:40]}..."
    return f"systemd takes the whole of {short} for the name of a variable, and leaves the word out"


def braced(word: str) -> str:
    """Return the word with each `$NAME` written as `${NAME}`, which systemd replaces inside a word, too."""

    def brace(match: re.Match[str]) -> str:
        return f"${{{match.group('bare')}}}" if match.group("bare") else match.group()

    return _IN_A_WORD.sub(brace, word)


def seems_meant(name: str, names: Iterable[str]) -> bool:
    """Tell whether `$NAME` inside a word is hardly plain text: not the end of a password or a pattern."""
    return name in names or (len(name) > 2 and name.isupper())


def variables_of_files(job: ProofJob, known: Context) -> tuple[set[str], bool]:
    """Return the variables that environment files set, and whether these are all that there can be."""
    names: set[str] = set()
    values = job.service.values("Service", "EnvironmentFile")
    found = [known.facts.text(path, MOST_BYTES) for path in present_environment_files(job, known)]
    for text in found:
        names.update(one.name for one in parse_environment_file(text) if one.is_valid)
    # One that is missing now or cannot be read, or that a pattern will match, may set any.
    complete = len(found) == len(values) and all(found) and not any(map(is_pattern, values))
    return names, complete and not job.service.values("Service", _UNKNOWABLE)


def check_variables(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse variables that nothing sets, and those that systemd does not replace (systemd.service(5))."""
    findings: list[Finding] = []
    if not any("$" in value for key in COMMAND_KEYS for value in job.service.values("Service", key)):
        return []
    of_files, complete = variables_of_files(job, known)
    for text in texts(job, containing="$"):
        # In a shell, which it needs, it would mean something else.
        shell = any(only_shell(command) for command in text.commands) and "shell-syntax" not in job.wanted.accept
        if shell:
            continue
        names = variables_of(job, text.key, {*known.variables, *of_files})
        found = []
        for command in text.commands:
            # The program is taken as it is; with `:` everything is (systemd.service(5), Command lines).
            for number in range(0 if "@" in command.prefix else 1, 0 if ":" in command.prefix else len(command.argv)):
                word, code = command.argv[number], is_code(command, number)
                found += [(use, code) for use in uses(word, code, names)]
        findings += _unset(job, text, names, found, complete) + _unexpanded(job, text, names, found, complete)
    return findings


def is_unset(use: Use, names: set[str], complete: bool) -> bool:
    """Tell whether nothing sets the variable; what nobody can read may set any, if that can be the name of one."""
    return not use.name or (complete and use.name not in names)


def _unset(job: ProofJob, text: Text, names: set[str], found: list[tuple[Use, bool]], complete: bool) -> list[Finding]:
    """Return the finding about variables that nothing sets."""
    unset = [(use, code) for use, code in found if not use.kept and is_unset(use, names, complete)]
    if not unset:
        return []
    shown = [use.shown for use, _code in unset]
    them = "them" if len(set(shown)) > 1 else "it"
    reason = f"nothing sets {listed(shown)}, so systemd replaces {them} with nothing"
    return [job.finding("unset-variable", text.field, text.value, reason, _fix_unset(job, *unset[0], names))]


def _fix_unset(job: ProofJob, use: Use, code: bool, names: set[str]) -> str:
    """Return the fix for a variable that nothing sets."""
    # A script has names of its own: `${user}` there is not meant to be USER.
    meant = own_variables(job) if code else names
    close = slip(use.name, [name for name in meant if abs(len(name) - len(use.name)) <= 2]) if use.name else ""
    if close:
        return f"write ${{{close}}}"
    if code or not use.name:
        return f"write {use.fixed}, which the command gets as {use.shown}"
    return f"{_fix_set(job, use.name)}, or write {use.fixed} for a plain dollar"


def _fix_set(job: ProofJob, name: str) -> str:
    """Return how to set a variable; some systemd sets for a job with a user (systemd.exec(5), User=)."""
    if name in _OF_A_USER and not job.service.last("Service", "User"):
        return f"set user (root, too), so that systemd sets {name}"
    return f"set {name} in environment"


def _unexpanded(
    job: ProofJob, text: Text, names: set[str], found: list[tuple[Use, bool]], complete: bool
) -> list[Finding]:
    """Return the finding about variables that systemd leaves as they are, or leaves out."""
    kept = [use for use, _code in found if use.kept]
    if not kept:
        return []
    first = kept[0]
    fix = write(first.fixed, "write ${NAME} for a variable, $$ for a plain dollar")
    if not first.fixed or first.fixed.startswith("$$("):
        fix = general_shell(text)
    elif first.name and is_unset(first, names, complete):
        fix += f", and {_fix_set(job, first.name)}"
    return [job.finding("unexpanded-variable", text.field, text.value, first.kept, fix)]
