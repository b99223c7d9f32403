# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what stands at a path of the host. Changes nothing."""

from __future__ import annotations

import os
import stat

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState

LARGEST_UNIT_FILE = 4 * 1024 * 1024


def file_state(path: str) -> FileState:
    """Return what stands at a path, without following a link."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return NO_FILE
    if stat.S_ISLNK(found.st_mode):
        return FileState("symlink", target=os.readlink(path))
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_UNIT_FILE:
        return FileState("other")
    with open(path, "rb") as stream:
        text = stream.read().decode("utf-8", "replace")
    return FileState("file", text, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_ctime)
