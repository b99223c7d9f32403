# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs that stand beside a job write to the journal, with fields of its own: DOTMOBI_JOB and others."""

from __future__ import annotations

import datetime
import fcntl
import os
import socket
import sys
import termios
import time

SOCKET = "/run/systemd/journal/socket"
ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6
LONGEST_WAIT = 0.5


def entry(job: str, event: str, message: str, priority: int, fields: dict[str, object]) -> bytes:
    """Return an entry as the journal takes it (systemd's JOURNAL_NATIVE_PROTOCOL), one line for each field."""
    told: dict[str, object] = {"MESSAGE": message, "PRIORITY": priority, "SYSLOG_IDENTIFIER": job}
    # With it `journalctl --unit JOB` shows also what root writes in another unit of the job.
    told["OBJECT_SYSTEMD_UNIT"] = f"{job}.service"
    told.update(DOTMOBI_JOB=job, DOTMOBI_EVENT=event, DOTMOBI_INVOCATION=os.environ.get("INVOCATION_ID", ""))
    told.update({f"DOTMOBI_{name.upper()}": value for name, value in fields.items()})
    lines = [f"{name}={' '.join(str(value).splitlines())}\n" for name, value in told.items()]
    return "".join(lines).encode("utf-8", "replace")


def tell(job: str, event: str, message: str, priority: int = INFO, **fields: object) -> None:
    """Write an entry to the journal, or the message to the standard error where the job cannot reach the journal."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(entry(job, event, message, priority, fields), SOCKET)
            wait_until_taken(client)
    except OSError:
        print(f"{job}: {message}", file=sys.stderr, flush=True)


def wait_until_taken(client: socket.socket) -> None:
    """Let the journal see which unit the entry comes from: it looks at this process, which may be about to end."""
    until = time.monotonic() + LONGEST_WAIT
    waiting = bytearray(4)
    while time.monotonic() < until:
        fcntl.ioctl(client, termios.TIOCOUTQ, waiting)
        if not any(waiting):
            return
        time.sleep(0.002)


def words(seconds: float) -> str:
    """Return a length of time as people write it: 90s, 15min, 2h, 1.5s."""
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{name}"
    return f"{round(seconds, 1):g}s"


def iso(when: float) -> str:
    """Return a time (Unix time) as in ISO 8601, in UTC."""
    return datetime.datetime.fromtimestamp(int(when), datetime.timezone.utc).isoformat()
