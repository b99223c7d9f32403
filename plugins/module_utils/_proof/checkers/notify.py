# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checker of what the notices of a job need on the host: the mail program, commands, files with tokens."""

from __future__ import annotations

import json
import os
from typing import Any, Iterator

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import NOTIFY_SETTINGS
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    FIX_COMMAND,
    fix_missing,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.writable import (
    first_replaceable,
    first_writable,
)

SENDMAIL = "/usr/sbin/sendmail"
FIX_SENDMAIL = "install a mail program that brings it, such as postfix, exim4, msmtp-mta or nullmailer"
FIELDS = {"failure": "on_failure", "success": "on_success"}


def settings_of(job: ProofJob) -> dict[str, Any]:
    """Return the settings of the job's notifier, nothing when it has none."""
    texts = [one.text for one in job.wanted.files if os.path.basename(one.name) == NOTIFY_SETTINGS]
    return dict(json.loads(texts[0])) if texts else {}


def check_notices(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse ways that cannot be gone; the notice would be lost when it is needed."""
    settings = settings_of(job)
    if not settings:
        return []
    findings = []
    for event, field in FIELDS.items():
        given = settings.get(event, {})
        if given.get("mail") and not known.facts.path(SENDMAIL).executable:
            reason = f"{SENDMAIL} does not exist on this host"
            findings.append(job.finding("missing-command", f"{field}.mail", None, reason, FIX_SENDMAIL))
        if given.get("command"):
            findings += check_command(job, known, f"{field}.command", given["command"][0])
    own = {one.name for one in job.wanted.files}
    for place, path in files_of(settings):
        # Those that come with the job are expected.
        if known.facts.path(path).kind != "file":
            fix = fix_missing(path, known, "deploy it before the job, or give a credential its `content`")
            findings.append(job.finding("missing-credential", place, path, "does not exist on this host", fix))
        culprit = first_replaceable(path, known.facts) if path not in own else None
        if culprit:
            reason = f"root reads it, and {culprit[1]} can put a link to another file there: {culprit[0]}"
            fix = "give a credential its `content`, or move the file to a directory of root's"
            findings.append(job.finding("writable-by-others", place, path, reason, fix))
    return findings


def check_command(job: ProofJob, known: Context, field: str, path: str) -> list[Finding]:
    """Refuse a command that is not there, warn of one that somebody else can change: root runs it."""
    found = known.facts.path(path)
    if found.kind == "absent":
        fix = fix_missing(path, known, FIX_COMMAND)
        return [job.finding("missing-command", field, path, "does not exist on this host", fix)]
    if found.kind != "file" or not found.executable:
        reason = "is a directory" if found.kind == "directory" else "has no execute permission"
        return [job.finding("not-executable", field, path, reason, f"chmod 0755 {path}")]
    culprit = first_writable(path, known.facts)
    if not culprit:
        return []
    place, who = culprit
    reason = f"root runs it, and {who} can change {'it' if place == path else place}"
    fix = f"chown root:root {place}; chmod go-w {place}"
    return [job.finding("writable-by-others", field, path, reason, fix)]


def files_of(settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the field and the path of each text that stands in a file."""
    texts = []
    for event, field in FIELDS.items():
        for webhook in settings.get(event, {}).get("webhook") or []:
            texts += [(f"{field}.webhook", one) for one in (webhook["url"], *webhook["headers"].values())]
    if "heartbeat" in settings:
        texts.append(("heartbeat", settings["heartbeat"]["url"]))
    for place, one in texts:
        if isinstance(one, dict):
            yield place, one.get("file") or one["encrypted"]
