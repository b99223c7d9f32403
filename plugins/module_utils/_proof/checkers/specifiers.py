# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of per cent signs in commands (systemd.unit(5), Specifiers)."""

from __future__ import annotations

import re
from typing import Iterator, Mapping, Sequence

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import SYSTEM, Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.commands import (
    Text,
    listed,
    texts,
    write,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import specifiers

# What systemd puts in the place of a specifier in a system service that is no instance (systemd.unit(5), Specifiers).
SPECIFIERS = {
    "a": "the architecture",
    "A": "the version of the image of the operating system",
    "b": "the boot ID",
    "B": "the build ID of the operating system",
    "c": "the control group of the service",
    "C": "/var/cache",
    "d": "the directory of the credentials",
    "D": "/usr/share",
    "E": "/etc",
    "f": "the name of the job as a path",
    "g": "root, not the group of the job",
    "G": "0, not the group of the job",
    "h": "/root, not the home of the job's user",
    "H": "the host name",
    "i": "nothing",
    "I": "nothing",
    "j": "the last part of the name of the job",
    "J": "the last part of the name of the job",
    "l": "the short host name",
    "L": "/var/log",
    "m": "the machine ID",
    "M": "the ID of the image of the operating system",
    "n": "the name of the service",
    "N": "the name of the job",
    "o": "the ID of the operating system",
    "p": "the name of the job",
    "P": "the name of the job, unescaped",
    "q": "the pretty host name",
    "r": "the control group of the slice",
    "R": "the root of the control groups",
    "s": "the shell of root",
    "S": "/var/lib",
    "t": "/run",
    "T": "/tmp",  # noqa: S108
    "u": "root, not the user of the job",
    "U": "0, not the user of the job",
    "v": "the release of the kernel",
    "V": "/var/tmp",  # noqa: S108
    "w": "the version of the operating system",
    "W": "the variant of the operating system",
    "y": "the path of the unit file",
    "Y": "the directory of the unit file",
}
# Those that came after the oldest systemd that the collection takes (NEWS of systemd).
SINCE = {"A": 249, "M": 249, "d": 251, "q": 251, "y": 251, "Y": 251, "D": 255}
INSTANCE = ("%i", "%I")
# The same of an instance (NAME@INSTANCE).
OF_AN_INSTANCE = {
    "f": "the instance as a path",
    "j": "the last part of the name before the @",
    "J": "the last part of the name before the @",
    "p": "the name before the @",
    "P": "the name before the @, unescaped",
}
# From here on the state of a user's services has a directory of its own ($XDG_STATE_HOME; measured on 252 and 257).
STATE_HOME = 254
# A newer systemd may know more; what it refuses, `systemd-analyze verify` tells.
NEWEST_VERSION = 257

_RAW_SPECIFIER = re.compile(r"%(?:%|[A-Za-z0-9])")
# `date +%F`, also half doubled; or two letters of strftime(3) that belong together.
_DATE = re.compile(r"(?<![\w%])\+[\"']?%|%[Yy][-_./]?%%?m|%%?m[-_./]?%d|%d[-_./]?%%?m|%H[-_.:h]?%%?M|%%?H[-_.:h]?%M")


def is_known(specifier: str, version: int) -> bool:
    """Tell whether a version of systemd replaces the specifier; else it refuses the unit (systemd.unit(5))."""
    letter = specifier[1]
    return version >= SINCE.get(letter, 0) if letter in SPECIFIERS else version > NEWEST_VERSION


def doubled(value: str, which: Sequence[str]) -> str:
    """Return the value with these specifiers made plain text."""
    return _RAW_SPECIFIER.sub(lambda found: f"%{found.group()}" if found.group() in which else found.group(), value)


def fix_percent(value: str, which: Sequence[str]) -> str:
    """Return the fix that doubles the per cent signs of these specifiers."""
    fixed = doubled(value, which)
    general = "write %% for each per cent sign"
    return write(fixed, general) if fixed != value else general


def of_an_account(scope: Scope, version: int) -> dict[str, str]:
    """Return what the manager of an account puts in the place of specifiers that differ from the system's."""
    state = f"{scope.home}/.local/state" if version >= STATE_HOME else f"{scope.home}/.config"
    return {
        "C": f"{scope.home}/.cache",
        "D": f"{scope.home}/.local/share",
        "E": f"{scope.home}/.config",
        "g": f"the group of {scope.account}",
        "G": str(scope.gid),
        "h": scope.home,
        "L": f"{state}/log",
        "s": f"the shell of {scope.account}",
        "S": state,
        "t": scope.runtime_directory,
        "u": scope.account,
        "U": str(scope.uid),
    }


def meanings(job: ProofJob, version: int, scope: Scope) -> dict[str, str]:
    """Return what systemd puts in the place of each specifier in the service of a job."""
    of_instance = OF_AN_INSTANCE if "@" in job.name else {}
    return {**SPECIFIERS, **of_instance, **({} if scope.is_system else of_an_account(scope, version))}


def check_specifiers(job: ProofJob, version: int, scope: Scope = SYSTEM) -> list[Finding]:
    """Refuse date formats and what is no specifier; warn of what is one (systemd.unit(5), Specifiers)."""
    findings: list[Finding] = []
    meaning = meanings(job, version, scope)
    for text in texts(job, containing="%"):
        words = [word for command in text.commands for word in command.argv if "%" in word]
        dates = [one for word in words if _DATE.search(word) for one in specifiers(word)]
        plain = [one for word in words if not _DATE.search(word) for one in specifiers(word)]
        findings += _specifier_findings(job, text, version, dates, plain, meaning=meaning)
    return findings


def _specifier_findings(
    job: ProofJob, text: Text, version: int, dates: list[str], plain: list[str], *, meaning: Mapping[str, str]
) -> Iterator[Finding]:
    """Return one finding of each kind; a date format that systemd refuses cannot be accepted."""
    # Whoever gives a job an instance means it to be used.
    meant = INSTANCE if "@" in job.name else ()
    known = [one for one in plain if is_known(one, version) and one[1] in SPECIFIERS and one not in meant]
    unknown = [one for one in dates + plain if not is_known(one, version)]
    replaced = [one for one in dates if is_known(one, version)]
    if unknown:
        reason = f"systemd {version} refuses {listed(unknown)}"
        reason += f" and replaces {listed(replaced)} before the command sees them" if replaced else _newer(unknown)
        fix = fix_percent(text.value, [*unknown, *dates])
        yield job.finding("unknown-specifier", text.field, text.value, reason, fix)
    elif dates:
        them = "them" if len(set(dates)) > 1 else "it"
        reason = f"systemd replaces {listed(dates)} before the command sees {them}"
        yield job.finding("date-format", text.field, text.value, reason, fix_percent(text.value, dates))
    if known:
        reason = "systemd replaces " + listed(f"{one} with {meaning[one[1]]}" for one in known)
        plainly = listed(f"%{one}" for one in known)
        fix = f"write {plainly} for a plain {listed(known)}, or accept it"
        yield job.finding("specifier", text.field, text.value, reason, fix)


def _newer(unknown: list[str]) -> str:
    """Return why systemd refuses them: what a newer one would know, what none does."""
    since = [f"{one} only since systemd {SINCE[one[1]]}" for one in unknown if one[1] in SINCE]
    if since:
        return f": there is {listed(since)}"
    return ", which are no specifiers" if len(set(unknown)) > 1 else ", which is no specifier"
