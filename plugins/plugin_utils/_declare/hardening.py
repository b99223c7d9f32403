# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presets of the field `hardening`, directive by directive (systemd.exec(5)). docs/hardening.md is made from it.

Every directive is known to the oldest supported systemd, so that no host refuses what its user has not written.
"""

from __future__ import annotations

from typing import NamedTuple

NONE = "none"
PRESETS = ("standard", "strict")


class Hardened(NamedTuple):
    """The values of a directive in the two presets (none: not part of it), and what it does to a job."""

    standard: tuple[str, ...]
    strict: tuple[str, ...]
    does: str


def _both(value: str, does: str) -> Hardened:
    return Hardened((value,), (value,), does)


def _strict(value: str, does: str) -> Hardened:
    return Hardened((), (value,), does)


HARDENING: dict[str, Hardened] = {
    "NoNewPrivileges": _both("yes", "No program that the job starts gets more rights, as through `sudo`."),
    "ProtectSystem": Hardened(
        ("full",),
        ("strict",),
        "`full`: `/usr`, `/boot`, `/efi` and `/etc` cannot be written. `strict`: nothing can, but for `/dev`, `/proc`, "
        "`/sys`, the job's own directories and `writable_paths`.",
    ),
    "ProtectHome": Hardened(
        ("read-only",), ("yes",), "`/home`, `/root` and `/run/user` cannot be written. `yes`: they are not seen at all."
    ),
    "PrivateTmp": _both("yes", "The job has a `/tmp` and a `/var/tmp` of its own, which go with the run."),
    "PrivateMounts": _strict("yes", "What the job mounts is not seen by others."),
    "PrivateDevices": _strict("yes", "`/dev` has no disks and other devices."),
    "ProtectProc": _strict("invisible", "Processes of other users are not seen in `/proc`."),
    "ProtectClock": _both("yes", "The clock cannot be set."),
    "ProtectHostname": _both("yes", "The name of the host cannot be set."),
    "ProtectKernelLogs": _both("yes", "The kernel's log cannot be read."),
    "ProtectKernelModules": _both("yes", "No kernel module can be loaded."),
    "ProtectKernelTunables": _both("yes", "`/proc/sys`, `/sys` and their like cannot be written."),
    "ProtectControlGroups": _both("yes", "`/sys/fs/cgroup` cannot be written."),
    "RestrictNamespaces": _both("yes", "No namespaces, so no containers."),
    "RestrictRealtime": _both("yes", "No realtime scheduling."),
    "RestrictSUIDSGID": _both("yes", "No file can get the set-user-ID or set-group-ID bit."),
    "LockPersonality": _both("yes", "No other execution domain (`setarch`)."),
    "MemoryDenyWriteExecute": _strict(
        "yes", "No memory is both written and executed: Node.js and Java, which compile as they run, do not start."
    ),
    "CapabilityBoundingSet": _strict(
        "", "No capabilities: root cannot read other users' files, change owners or bind ports below 1024."
    ),
    "RestrictAddressFamilies": _strict("AF_UNIX AF_INET AF_INET6 AF_NETLINK", "Only the usual kinds of sockets."),
    "SystemCallArchitectures": _both("native", "No system calls of another architecture, as of 32-bit programs."),
    "SystemCallFilter": Hardened(
        ("~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap",),
        ("@system-service", "~@privileged @resources"),
        "System calls that an ordinary job does not make fail. `strict` allows what services usually need, less what "
        "needs privileges or changes limits.",
    ),
    "SystemCallErrorNumber": _both("EPERM", "Such a call fails with `EPERM`; the job is not killed."),
    "UMask": _strict("0077", "Only the job's user can read the files that the job makes."),
}


def preset(name: str) -> dict[str, tuple[str, ...]]:
    """Return directive to values of a preset; nothing for `none`."""
    if name == NONE:
        return {}
    found = {key: getattr(one, name) for key, one in HARDENING.items()}
    return {key: values for key, values in found.items() if values}
