# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs say when they fail, and what that usually means for a job of a timer; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Cause(NamedTuple):
    """What is wrong, and what to do about it (empty when nobody can tell)."""

    what: str
    fix: str = ""


class Saying(NamedTuple):
    """A pattern of what is said, and the cause; {0} is what the pattern has caught."""

    pattern: re.Pattern[str]
    cause: Cause


def saying(pattern: str, what: str, fix: str) -> Saying:
    return Saying(re.compile(pattern), Cause(what, fix))


# The first that fits counts.
SAYINGS = (
    saying(
        r"No module named '?([\w.]+)",
        "Python does not find the module {0}",
        "install it for the interpreter of the job, or write the interpreter of its virtual environment",
    ),
    saying(
        r"(?:^|: )([\w./+-]+): (?:command )?not found",
        "it calls {0}, which is not in its PATH",
        "write the whole path, or set PATH in `environment`: a job does not have the PATH of a login",
    ),
    saying(r"No space left on device", "a file system is full", "`df -h` on the host shows which; make room"),
    saying(
        r"Read-only file system",
        "it writes where it may not",
        "with `hardening`, name the directory in `writable_paths`; else see how the file system is mounted",
    ),
    saying(
        r"Permission denied|Operation not permitted",
        "it is not allowed to do that",
        "compare owner and mode of the path with the user that the job runs as",
    ),
    saying(
        r"Temporary failure in name resolution|Name or service not known|Could not resolve host",
        "a name of another host cannot be resolved",
        "see whether the host has a name server; `network_online: true` lets the job wait for the network",
    ),
    saying(
        r"Connection refused|Connection timed out|Network is unreachable|No route to host|Connection reset",
        "another host does not answer",
        "see whether it can be reached from here; `retries` gets over short outages",
    ),
    saying(
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "the certificate of another host is not trusted",
        "see its date and the host's CA certificates",
    ),
    saying(
        r"\bUnauthorized\b|\bForbidden\b|[Aa]uthentication failed|invalid_grant",
        "the other side does not accept the credentials",
        "renew the token or password that the job has",
    ),
    saying(
        r"UnicodeEncodeError|UnicodeDecodeError",
        "it meets characters that its locale does not have",
        "set `environment: {LANG: C.UTF-8}`: a job does not have the locale of a login",
    ),
    saying(
        r"MemoryError|Cannot allocate memory|Out of memory",
        "memory ran out",
        "raise `limits: {memory: ...}`, or let it use less",
    ),
    saying(
        r"(?:can't open file|cannot open|can't open|FileNotFoundError|No such file or directory)",
        "a file or directory is missing",
        "the line names it; a relative path starts at `working_directory`",
    ),
    saying(
        r"not set\b|unbound variable|KeyError: '[A-Z_]+'",
        "a variable is missing",
        "name it in `environment` or `environment_file`: a job does not have the variables of a login",
    ),
)


def own_lines(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the job itself said, without empty lines."""
    return [line["text"].strip() for line in lines if not line["by_systemd"] and line["text"].strip()]


def cause_said(lines: Iterable[Mapping[str, Any]]) -> tuple[str, Cause] | None:
    """Return the last line of a job that tells why it failed, and the cause; None when none does."""
    for line in reversed(own_lines(lines)):
        for one in SAYINGS:
            found = one.pattern.search(line)
            if found:
                caught = found.groups()
                return line, Cause(one.cause.what.format(*caught), one.cause.fix)
    return None
