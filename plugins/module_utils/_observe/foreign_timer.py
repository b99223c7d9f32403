# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says whose a timer is that is no job of ours: of a package, or of the administrator. Starts no program."""

from __future__ import annotations

import contextlib
import glob
import os
import re

# Where systemd looks for units of the system (systemd.unit(5)), the first one wins.
DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
PACKAGE_LISTS = "/var/lib/dpkg/info/*.list"
_NAME = re.compile(r"[\w:.@\\-]+")


def foreign_timer(name: str) -> str:
    """Return what a name is when it names a timer that is no job of ours, or an empty text."""
    if not _NAME.fullmatch(name):
        return ""
    for directory in DIRECTORIES:
        path = os.path.join(directory, f"{name}.timer")
        if os.path.lexists(path):
            package = package_of(os.path.join("systemd/system", f"{name}.timer"))
            return f"a timer of {f'package {package}' if package else 'this host'}, {path}"
    return ""


def package_of(end: str) -> str:
    """Return the Debian package that has installed a file whose path ends so; an empty text when none is known."""
    wanted = f"/{end}\n".encode()
    for path in glob.glob(PACKAGE_LISTS):
        with contextlib.suppress(OSError), open(path, "rb") as stream:
            if wanted in stream.read():
                return os.path.basename(path)[: -len(".list")].split(":")[0]
    return ""
