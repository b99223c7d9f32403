# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads files of the directory that jobs log to. A job may write there, so no link is followed."""

from __future__ import annotations

import os
import stat
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601

SHOWN_FILES = 10
# The end of a file is looked for in so many of its last bytes.
MOST_BYTES = 4 * 1024 * 1024


class LogFileError(Exception):
    """A file or the directory cannot be read; the text says why."""


def newest(directory: str) -> list[dict[str, Any]]:
    """Return the newest files of a directory, the newest first. Raises LogFileError."""
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                # A hidden one is the lock of the rotation.
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    about = entry.stat(follow_symlinks=False)
                    found.append((about.st_mtime, entry.name, about.st_size))
    except OSError as error:
        raise LogFileError(f"log_directory {directory}: {error.strerror}") from error
    return [
        {"name": name, "size": size, "modified": iso8601(int(modified))}
        for modified, name, size in sorted(found, reverse=True)[:SHOWN_FILES]
    ]


def last_lines(directory: str, name: str, lines: int) -> list[str]:
    """Return the last lines of a file in the directory. Raises LogFileError."""
    if os.path.basename(name) != name or name in ("", ".", ".."):
        raise LogFileError(f"file {name!r} is not the name of a file in {directory}")
    path = os.path.join(directory, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LogFileError(f"{path} is not an ordinary file")
            size = os.fstat(descriptor).st_size
            stream.seek(max(0, size - MOST_BYTES))
            text = stream.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise LogFileError(f"{path}: {error.strerror}") from error
    return text.splitlines()[-lines:]
