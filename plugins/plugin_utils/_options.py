# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options that hold for all jobs of a host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_.-]+")
_PATH = re.compile(r"/[^\x00-\x1f\x7f]*")


def check_options(options: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with the owner mark and the directories."""
    findings = []
    if not _OWNER.fullmatch(options["owner"]):
        mend = "use letters, digits, '-', '_' and '.'"
        reason = "cannot be an owner mark"
        findings.append(Finding("", "timer_owner", options["owner"], reason, mend, "invalid-declaration"))
    for name in ("unit_directory", "files_directory", "log_directory"):
        if options[name] and not _PATH.fullmatch(options[name]):
            mend = "write the whole path, beginning with /"
            reason = "is not an absolute path"
            findings.append(Finding("", f"timer_{name}", options[name], reason, mend, "invalid-declaration"))
    keep = options["log_keep"]
    if keep < 0 or (keep and not options["log_directory"]):
        reason = "is less than 0" if keep < 0 else "has no timer_log_directory whose files it could rotate"
        mend = "write how many files to keep, or 0" if keep < 0 else "set timer_log_directory, or remove it"
        findings.append(Finding("", "timer_log_keep", keep, reason, mend, "invalid-declaration"))
    files = str(options["files_directory"])
    if _PATH.fullmatch(files) and not _PLAIN_PATH.fullmatch(files):
        reason, mend = "holds characters that have a meaning in unit files", "use letters, digits, '-', '_' and '.'"
        findings.append(Finding("", "timer_files_directory", files, reason, mend, "invalid-declaration"))
    return findings
