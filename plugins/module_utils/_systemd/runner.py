# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that starts programs: an argv list, never a shell, in the C locale."""

from __future__ import annotations

import os
import subprocess
from typing import Callable, NamedTuple


class Completed(NamedTuple):
    """What a program left behind: exit status and its two outputs as text."""

    rc: int
    stdout: str
    stderr: str


class ProgramMissing(Exception):
    """The program is not installed on this host."""

    def __init__(self, program: str) -> None:
        super().__init__(f"{program} is not installed on this host")
        self.program = program


# As of timeout(1).
TIMED_OUT = 124
# No program is waited for without end, in seconds. Thousands of units take some seconds, journals of a busy host more.
PROGRAM_SECONDS = 600.0
# What is shown of a command that does not answer.
FEW_WORDS = 4

# Descriptors that every program gets too: what holds a lock is to hold it until the last program has ended.
INHERITED: list[int] = []

Runner = Callable[["list[str]"], Completed]


def shown(argv: list[str]) -> str:
    """Return the first words of a command, for a message: what it is about may be thousands of units."""
    return f"`{' '.join(argv[:FEW_WORDS])}{' ...' if argv[FEW_WORDS:] else ''}`"


def decoded(output: bytes | None) -> str:
    """Return the output of a program as text."""
    return (output or b"").decode("utf-8", "replace")


def make_runner() -> Runner:
    """Return a runner that really runs; tests inject one that replays captured outputs.

    TZ is removed so that systemd's tools use the zone of the host, as PID 1 does. systemd may be
    told by SYSTEMD_* variables to look elsewhere or to colour its output: they are removed too.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LC_", "SYSTEMD_")) and name not in ("TZ", "LANG", "LANGUAGE")
    }
    # systemd 247 colours what it logs even when SYSTEMD_COLORS says no.
    environment.update(LC_ALL="C", SYSTEMD_COLORS="0", SYSTEMD_LOG_COLOR="0", SYSTEMD_PAGER="")

    def run(argv: list[str]) -> Completed:
        try:
            done = subprocess.run(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                pass_fds=tuple(INHERITED),
                timeout=PROGRAM_SECONDS,
            )
        except FileNotFoundError as error:
            raise ProgramMissing(argv[0]) from error
        except subprocess.TimeoutExpired as late:
            return Completed(
                TIMED_OUT, decoded(late.stdout), f"no answer of {shown(argv)} within {PROGRAM_SECONDS:g} seconds"
            )
        return Completed(done.returncode, decoded(done.stdout), decoded(done.stderr))

    return run
