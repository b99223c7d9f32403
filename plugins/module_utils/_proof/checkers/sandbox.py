# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of a job's sandbox: what it hides, what it must find, what root cannot do in it (systemd.exec(5))."""

from __future__ import annotations

import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import ATTEMPTS, PYTHON
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.access import (
    PASSING_CAPABILITIES,
    describe_mode,
    is_dynamic,
    needs,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    fix_missing,
    own_directory,
    programs,
    sees_this_tree,
    working_directory,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob, field_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import has_specifier, words_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import is_true

HOMES = ("/home", "/root", "/run/user")
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108
# Without one of these paths the run would fail (status 226).
NEEDED_PATHS = ("ReadWritePaths", "ReadOnlyPaths")
SHIFT = {"user": 6, "group": 3, "others": 0}


def hidden_places(job: ProofJob) -> list[tuple[str, str]]:
    """Return the directories that the sandbox hides, each with the directive that does."""
    found = []
    home = job.service.last("Service", "ProtectHome")
    if is_true(home) or home == "tmpfs":
        found += [(place, f"ProtectHome={home}") for place in HOMES]
    private = job.service.last("Service", "PrivateTmp")
    if is_true(private) or private == "disconnected":
        found += [(place, f"PrivateTmp={private}") for place in TEMPORARY]
    for value in job.service.values("Service", "InaccessiblePaths"):
        found += [(word.text.lstrip("-+"), "InaccessiblePaths=") for word in words_of(value)]
    return found


def hidden_under(job: ProofJob) -> list[tuple[str, str]]:
    """Return the directories in whose place the job sees an empty one."""
    return [
        (word.text.partition(":")[0].lstrip("-+"), "TemporaryFileSystem=")
        for value in job.service.values("Service", "TemporaryFileSystem")
        for word in words_of(value)
    ]


def shown_again(job: ProofJob) -> list[str]:
    """Return the places that BindPaths= and its like put back into such a tree."""
    found = []
    for key in ("BindPaths", "BindReadOnlyPaths"):
        for value in job.service.values("Service", key):
            for word in words_of(value):
                source, _colon, rest = word.text.lstrip("-+").partition(":")
                found.append(rest.partition(":")[0] or source)
    return found


def not_executable(job: ProofJob, path: str) -> bool:
    """Tell whether NoExecPaths= covers a path more closely than ExecPaths= (systemd.exec(5))."""
    closest = {
        key: max(
            (
                len(place.rstrip("/"))
                for value in job.service.values("Service", key)
                for place in (word.text.lstrip("-+") for word in words_of(value))
                if is_in(path, place)
            ),
            default=-1,
        )
        for key in ("NoExecPaths", "ExecPaths")
    }
    return closest["NoExecPaths"] > closest["ExecPaths"]


def check_hidden(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse a command, script or working directory that the sandbox hides from the job."""
    places = hidden_places(job)
    if not places or not sees_this_tree(job):
        return []
    looked_at = [
        (program.field, path)
        for program in programs(job, known)
        if not program.missing_ok and not program.as_root
        for path in (program.path, program.script)
        if path
    ]
    given = job.service.last("Service", "WorkingDirectory")
    directory = working_directory(job, known)
    if given and directory and not given.startswith("-"):
        looked_at.append(("working_directory", directory))
    findings = []
    for field, path in dict.fromkeys(looked_at):
        if own_directory(path, job, known):
            continue
        hiding = hiding_place(path, places, known)
        if hiding:
            findings.append(job.finding("hidden-path", field, path, *told_hidden(*hiding)))
    return findings


def hiding_place(path: str, places: list[tuple[str, str]], known: Context) -> tuple[str, str] | None:
    """Return the first directory that hides a path, and the directive that does it."""
    ways = (path, known.facts.real(path))
    return next(((place, by) for place, by in places if any(is_in(one, place) for one in ways)), None)


def told_hidden(place: str, by: str) -> tuple[str, str]:
    """Return reason and fix."""
    fix = f"move it elsewhere, or set `service: {{{by.partition('=')[0]}: ...}}` so that the job sees it"
    return f"{by} hides {place} from the job", fix


def check_hidden_attempts(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse a sandbox in which the program that makes the attempts cannot be run: each run would fail."""
    program = next((one.name for one in job.wanted.files if os.path.basename(one.name) == ATTEMPTS), "")
    if not program:
        return []
    again = [one for one in shown_again(job) if is_in(program, one)]
    places = hidden_places(job) + ([] if again else hidden_under(job))
    for path in (program, PYTHON):
        hiding = hiding_place(path, places, known)
        reason = ""
        if hiding:
            reason, _fix = told_hidden(*hiding)
        elif path == PYTHON and not_executable(job, known.facts.real(path)):
            reason = "NoExecPaths= lets the job run no program there"
        if reason:
            field = "retries" if "--attempts 1 " not in job.wanted.service else "timeout"
            reason = f"{reason}, and {field} needs it"
            fix = f"remove {field}, or let the job see {path} (BindReadOnlyPaths=) and run it (ExecPaths=)"
            return [job.finding("hidden-path", field, path, reason, fix)]
    return []


def is_in(path: str, place: str) -> bool:
    """Tell whether a path is a directory or below it."""
    return path == place or path.startswith(f"{place.rstrip('/')}/")


def check_sandbox_paths(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse paths of the sandbox that are not there, and without which systemd does not start the job."""
    findings = []
    for key in NEEDED_PATHS if sees_this_tree(job) else ():
        for value in job.service.values("Service", key):
            for word in (one.text for one in words_of(value)):
                path = word.lstrip("+").replace("%%", "%")
                if not path.startswith("/") or has_specifier(word) or own_directory(path, job, known):
                    continue
                if known.facts.path(path).kind == "absent":
                    fix = fix_missing(path, known, "make it before the job, or write a - before it")
                    reason = "does not exist on this host, so every run would fail"
                    findings.append(job.finding("missing-path", field_of("Service", key), path, reason, fix))
    return findings


def lacks_power(job: ProofJob) -> bool:
    """Tell whether even root is held to owner and mode: CapabilityBoundingSet= leaves out what passes them by."""
    has = set(PASSING_CAPABILITIES)
    fresh = True
    for found in job.service.assignments:
        if (found.section, found.key) != ("Service", "CapabilityBoundingSet"):
            continue
        named = set(found.value.lstrip("~").upper().split()).intersection(PASSING_CAPABILITIES)
        if found.value.startswith("~"):
            has -= named
        else:
            # The first list, and an empty one, take the place of all capabilities.
            has = named if fresh or not found.value else has | named
        fresh = False
    return not has


def check_powerless_root(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse what root cannot reach without its capabilities; mode bits say so."""
    user = job.service.last("Service", "User")
    account = known.facts.user(user) if user else None
    is_root = not is_dynamic(job) and (not user or bool(account and account.uid == 0))
    if not is_root or not lacks_power(job) or not sees_this_tree(job):
        return []
    findings = []
    for field, value, path, mode in needs(job, known):
        obstacle = obstacle_by_mode(known.facts.real(path), mode, known)
        if obstacle:
            reason = (
                f"root without capabilities (CapabilityBoundingSet=) cannot reach it: {describe_mode(obstacle, known)}"
            )
            fix = "give it to root or open its mode, name its owner as `user`, or move it"
            findings.append(job.finding("no-access", field, value, reason, fix))
    return findings


def obstacle_by_mode(path: str, mode: int, known: Context) -> str:
    """Return the first part of a path that a root without capabilities cannot enter or have; empty when it can."""
    parts = path.split("/")
    for number in range(1, len(parts)):
        folder = "/".join(parts[:number]) or "/"
        if not allows(folder, os.X_OK, known):
            return folder
    return "" if allows(path, mode, known) else path


def allows(path: str, mode: int, known: Context) -> bool:
    """Tell whether the mode bits allow it to user and group 0; also for a folder that this apply makes."""
    found = known.facts.path(path)
    if found.kind == "absent":
        return True
    who = "user" if found.uid == 0 else "group" if found.gid == 0 else "others"
    return (found.mode >> SHIFT[who]) & mode == mode
