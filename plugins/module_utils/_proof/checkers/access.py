# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of who runs a job: does the user exist, can it reach what it needs, who else can change what root runs."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.root_helper import is_ours
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    environment_files,
    own_directory,
    programs,
    sees_this_tree,
    working_directory,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Account
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.writable import first_writable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import is_true

ROOT = "root"
# With these the kernel lets a user past owner and mode.
PASSING_CAPABILITIES = ("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH")


def is_dynamic(job: ProofJob) -> bool:
    """Tell whether systemd makes up the user (systemd.exec(5), DynamicUser=)."""
    return is_true(job.service.last("Service", "DynamicUser"))


def check_user(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse a user that the host does not have."""
    user = job.service.last("Service", "User")
    if not user or is_dynamic(job) or "%" in user or known.facts.user(user):
        return []
    fix = fix_account(user, known.facts.local_names("passwd"))
    return [job.finding("missing-user", "user", user, "does not exist on this host", fix)]


def check_group(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse groups that the host does not have."""
    findings = []
    main = job.service.last("Service", "Group")
    more = [name for value in job.service.values("Service", "SupplementaryGroups") for name in value.split()]
    given = ([("group", main)] if main and not is_dynamic(job) else []) + [
        ("service.SupplementaryGroups", n) for n in more
    ]
    for field, name in given:
        if "%" not in name and known.facts.group(name) is None:
            fix = fix_account(name, known.facts.local_names("group"))
            findings.append(job.finding("missing-group", field, name, "does not exist on this host", fix))
    return findings


def fix_account(name: str, names: list[str]) -> str:
    """Return the fix for a missing user or group."""
    meant = slip(name, names)
    return f'write "{meant}", or create it before the job' if meant else "create it before the job, or correct the name"


def account_of(job: ProofJob, known: Context) -> Account | None:
    """Return the user of a job if it is a known one and not root."""
    user = job.service.last("Service", "User", known.facts.own_user)
    account = known.facts.user(user) if user != ROOT and not is_dynamic(job) else None
    return account if account and account.uid != 0 else None


def groups_of(job: ProofJob, account: Account, known: Context) -> tuple[int, ...]:
    """Return the main group of a job, and the further ones that the unit names."""
    main = known.facts.group(job.service.last("Service", "Group"))
    more = [name for value in job.service.values("Service", "SupplementaryGroups") for name in value.split()]
    found = [known.facts.group(name) for name in more]
    return (account.gid if main is None else main, *(gid for gid in found if gid is not None))


def needs(job: ProofJob, known: Context) -> list[tuple[str, str, str, int]]:
    """Return what a job's user has to reach: field, value, path, mode of access(2); less what is missing."""
    found = []
    for program in programs(job, known):
        if program.as_root or program.missing_ok:
            continue
        if program.path:
            # A script is read by its interpreter, with the user's rights.
            mode = os.R_OK | os.X_OK if known.facts.head(program.path).startswith(b"#!") else os.X_OK
            found.append((program.field, program.name, program.path, mode))
        if program.script:
            found.append((program.field, program.script, program.script, os.R_OK))
    given = job.service.last("Service", "WorkingDirectory")
    directory = working_directory(job, known)
    if given and not given.startswith("-") and directory:
        found.append(("working_directory", given, directory, os.X_OK))
    return [one for one in found if known.facts.path(one[2]).kind != "absent" and not own_directory(one[2], job, known)]


def check_access(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse what the job's user cannot reach; the kernel is asked as that user."""
    account = account_of(job, known)
    capabilities = " ".join(job.service.values("Service", "AmbientCapabilities")).upper()
    if account is None or not sees_this_tree(job) or any(one in capabilities for one in PASSING_CAPABILITIES):
        return []
    wanted = needs(job, known)
    questions = tuple((path, mode) for _field, _value, path, mode in wanted)
    obstacles = known.facts.obstacles(account, groups_of(job, account, known), questions)
    findings = []
    for (field, value, path, mode), obstacle in zip(wanted, obstacles):
        # Nobody has execute permission: told as such.
        if not obstacle or (obstacle == path and mode & os.X_OK and not known.facts.path(path).executable):
            continue
        if obstacle == path:
            verb = "enter" if known.facts.path(path).kind == "directory" else "read" if mode == os.R_OK else "execute"
            reason = f"the user {account.name} cannot {verb} it"
        else:
            reason = f"the user {account.name} cannot reach it: no way into {obstacle}"
        fix = f"let {account.name} in ({describe_mode(obstacle, known)}), or move what the job needs"
        findings.append(job.finding("no-access", field, value, reason, fix))
    return findings


def describe_mode(path: str, known: Context) -> str:
    """Return owner and mode of a path in words: `/root is 0700 of root:root`."""
    found = known.facts.path(path)
    return f"{path} has mode {found.mode:04o}, owner {found.uid}, group {found.gid}"


def runs_as_root(job: ProofJob, known: Context) -> bool:
    """Tell whether the job's own user is root."""
    user = job.service.last("Service", "User", known.facts.own_user)
    account = known.facts.user(user) if user != ROOT else None
    return not is_dynamic(job) and (user == ROOT or bool(account and account.uid == 0))


def check_writable(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse files that root runs and somebody else can change: that user becomes root with the next run."""
    if not sees_this_tree(job):
        return []
    is_root = runs_as_root(job, known)
    looked_at = []
    for program in programs(job, known):
        if is_root or program.as_root:
            looked_at += [(program.field, path) for path in (program.path, program.script) if path]
    # A variable such as LD_PRELOAD decides what root's commands do, also beside those of another user.
    if is_root or any(program.as_root and not is_ours(program.value) for program in programs(job, known)):
        looked_at += [("environment_file", path) for path in environment_files(job, known)]
    findings = []
    for field, path in dict.fromkeys(looked_at):
        culprit = first_writable(path, known.facts)
        if culprit:
            place, who = culprit
            reason = f"root runs it, and {who} can change {'it' if place == path else place}"
            fix = f"chown root:root {place}; chmod go-w {place}"
            findings.append(job.finding("writable-by-others", field, path, reason, fix))
    return findings
