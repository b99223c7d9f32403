# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a program of ours that is root stands in the unit of a job, though that unit has the job's environment.

systemd gives the variables of a unit to all of its commands. So the first program is `env`, which starts ours with
none but those named here. `env` itself gets them all: what the dynamic loader and the C library obey before it begins
is taken out of the unit (systemd.exec(5), UnsetEnvironment=), for the job too. The proof tells when that takes a
variable from a job.
"""

from __future__ import annotations

ENV = "/usr/bin/env"
# The privileges of PID 1 (systemd.service(5), Command lines).
AS_ROOT = "+"
# What ld.so(8) and glibc obey in a program that has just been started; musl knows some of them.
LOADER_VARIABLES = (
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "LD_ASSUME_KERNEL",
    "LD_AUDIT",
    "LD_BIND_NOT",
    "LD_BIND_NOW",
    "LD_DEBUG",
    "LD_DEBUG_OUTPUT",
    "LD_DYNAMIC_WEAK",
    "LD_HWCAP_MASK",
    "LD_LIBRARY_PATH",
    "LD_ORIGIN_PATH",
    "LD_POINTER_GUARD",
    "LD_PREFER_MAP_32BIT_EXEC",
    "LD_PRELOAD",
    "LD_PROFILE",
    "LD_PROFILE_OUTPUT",
    "LD_SHOW_AUXV",
    "LD_TRACE_LOADED_OBJECTS",
    "LD_TRACE_PRELINKING",
    "LD_USE_LOAD_BIAS",
    "LD_VERBOSE",
    "LD_WARN",
    "LOCPATH",
    "NLSPATH",
)
UNSET = " ".join(LOADER_VARIABLES)
UNSET_KEY = "UnsetEnvironment="
# Of the run, for what is written to the journal. The command line takes them from the unit.
INVOCATION, RESULT = "INVOCATION_ID", "SERVICE_RESULT"
_CLEAN = f"{ENV} -i PATH=/usr/bin:/bin"


def as_root(command: str, *variables: str) -> str:
    """Return a command that runs as root, with an environment of its own; `variables` are those of the run it keeps."""
    return " ".join([f"{AS_ROOT}{_CLEAN}", *(f"{name}=${{{name}}}" for name in variables), command])


def guarded(service: str) -> str:
    """Return the text of a service that has one of our commands, without what the dynamic loader would obey in it."""
    line = f"{UNSET_KEY}{UNSET}"
    lines = service.split("\n")
    ours = [number for number, one in enumerate(lines) if is_ours(one.partition("=")[2])]
    if not ours or line in lines:
        return service
    lines.insert(ours[-1] + 1, line)
    return "\n".join(lines)


def end_of_service(lines: list[str]) -> int:
    """Return where a line goes that is to be the last one of the section [Service] of a unit file."""
    heads = [number for number, line in enumerate(lines) if line.startswith("[")]
    after = [number for number in heads if "[Service]" in lines[:number]]
    place = after[0] if after else len(lines)
    while place and not lines[place - 1].strip():
        place -= 1
    return place


def escaped(path: str) -> str:
    """Return a path as it stands between double quotes in a command of a unit (systemd.service(5), Command lines)."""
    for character, written in (("\\", r"\\"), ('"', r"\""), ("%", "%%"), ("$", "$$")):
        path = path.replace(character, written)
    return path


def is_ours(value: str) -> bool:
    """Tell whether a command of a unit is one of ours."""
    return value.lstrip("-+").startswith(f"{_CLEAN} ")
