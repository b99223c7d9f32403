# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options that hold for all jobs of a host."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import one_line
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_.-]+")
DIRECTORIES = ("unit_directory", "files_directory", "log_directory")


def plain_directories(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the directories as all parts of the collection write them: without `//`, `/./` and a slash at the end.

    Host and controller compare them, and put them into unit files.
    """
    given = {name: str(options[name] or "") for name in DIRECTORIES}
    return {
        # normpath() keeps two slashes at the beginning (POSIX), and follows `..` without knowing links.
        name: posixpath.normpath(f"/{path.lstrip('/')}") if path.startswith("/") and not has_parent(path) else path
        for name, path in given.items()
    }


def has_parent(path: str) -> bool:
    """Tell whether a path goes up again."""
    return ".." in path.split("/")


def why_no_directory(path: str) -> BadValue | None:
    """Return what is wrong with the path of a directory."""
    try:
        one_line(path)
    except BadValue as error:
        return error
    if not path.startswith("/"):
        return BadValue("is not an absolute path", "write the whole path, beginning with /")
    if has_parent(path):
        return BadValue("goes up with `..`", "write the path that it leads to")
    return None


def check_options(options: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with the owner mark and the directories."""
    findings = []
    if not _OWNER.fullmatch(options["owner"]):
        fix = "use letters, digits, '-', '_' and '.'"
        reason = "cannot be an owner mark"
        findings.append(Finding("", "timer_owner", options["owner"], reason, fix, "invalid-declaration"))
    bad = {name: why_no_directory(options[name]) for name in DIRECTORIES if options[name]}
    for name, fault in bad.items():
        if fault:
            finding = Finding("", f"timer_{name}", options[name], fault.reason, fault.fix, "invalid-declaration")
            findings.append(finding)
    keep = options["log_keep"]
    if keep < 0 or (keep and not options["log_directory"]):
        reason = "is less than 0" if keep < 0 else "has no timer_log_directory whose files it could rotate"
        fix = "write how many files to keep, or 0" if keep < 0 else "set timer_log_directory, or remove it"
        findings.append(Finding("", "timer_log_keep", keep, reason, fix, "invalid-declaration"))
    files = str(options["files_directory"])
    if not bad.get("files_directory") and not _PLAIN_PATH.fullmatch(files):
        reason, fix = "holds characters that have a meaning in unit files", "use letters, digits, '-', '_' and '.'"
        findings.append(Finding("", "timer_files_directory", files, reason, fix, "invalid-declaration"))
    return findings
