# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examines jobs as they stand on the host: the proof once more, and what their commands need. Changes nothing."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from typing import Any, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import (
    Finding,
    grouped,
    line,
    shown,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.redact import masked_findings
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import marks_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import SUSPENDED, Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import (
    InstalledJob,
    is_whole,
    own_pairs,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.observe import observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.change.change_request import files_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._operate.info.live_state import Query
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.programs import (
    programs,
    sees_this_tree,
    working_directory,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, view
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import Facts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.proof import prove_jobs, without_repetition
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.verify import verify
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import observe_manager


class Examined(NamedTuple):
    """What the proof finds of jobs, and what their commands need: job to findings, and to paths."""

    findings: dict[str, list[dict[str, Any]]]
    paths: dict[str, list[dict[str, Any]]]


def examine(runner: Runner, wish: Query, files_directory: str, names: Iterable[str]) -> Examined:
    """Examine the installed jobs of these names; a few calls of programs for each owner mark."""
    pairs = own_pairs(wish.unit_directory)
    whole = [pairs[name] for name in names if name in pairs and is_whole(pairs[name])]
    found = Examined({}, {})
    for owner in sorted({pair.owner for pair in whole}):
        bare = Request([], owner, False, "strict", wish.unit_directory, "", files_directory, scope=wish.scope)
        request = bare._replace(jobs=as_they_stand([pair for pair in whole if pair.owner == owner], bare))
        observed = observe(runner, request, observe_manager(runner))
        facts = Facts()
        findings = prove(runner, request, observed, facts)
        for job in request.jobs:
            of_job = [finding for finding in findings if finding.job == job.name]
            found.findings[job.name] = [data_of(finding) for finding in of_job]
            found.paths[job.name] = paths_of(job, request, observed, facts)
    return found


def as_they_stand(pairs: list[InstalledJob], request: Request) -> list[WantedJob]:
    """Return installed jobs as if they were declared so. Nobody wants to start a timer: they count as suspended."""
    files = files_of(pairs, request)
    return [
        WantedJob(pair.name, SUSPENDED, "skip", pair.service.text, pair.timer.text, files=files[pair.name])
        for pair in pairs
    ]


def prove(runner: Runner, request: Request, observed: Observed, facts: Facts) -> list[Finding]:
    """Return all findings. What stands on the host is verified, too: an apply has no need to."""
    told = prove_jobs(runner, request, observed, facts).findings
    units = {unit: text for job in request.jobs for unit, text in job.units().items()}
    verified = without_repetition(verify(runner, units, observed.manager.version), told, {})
    marks = {job.name: marks_of(job.service) for job in request.jobs}
    return grouped(masked_findings([*told, *verified], marks))


def data_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as the modules document it."""
    kept = {key: getattr(finding, key) for key in ("field", "reason", "fix", "code", "severity")}
    return {**kept, "value": None if finding.value is None else shown(finding.value), "message": line(finding)}


def paths_of(job: WantedJob, request: Request, observed: Observed, facts: Facts) -> list[dict[str, Any]]:
    """Return what the commands of a job need on the host, each path with what stands there."""
    seen = view(job)
    if not sees_this_tree(seen):
        return []
    # Of all that a checker gets, these questions need the facts alone.
    known = Context(request, observed, facts, {}, {}, {}, {}, frozenset())
    needed = {"directory": [working_directory(seen, known)] if seen.service.last("Service", "WorkingDirectory") else []}
    own = [one for one in programs(seen, known) if one.key == "ExecStart"]
    needed.update(program=[one.path or one.name for one in own], script=[one.script for one in own])
    return [
        {"what": what, "path": path, **attributes(path)}
        for what, paths in needed.items()
        for path in dict.fromkeys(paths)
        if path
    ]


def attributes(path: str) -> dict[str, Any]:
    """Return mode, owner, group, size and time of a path as `ls -l` has them; links are followed."""
    try:
        found = os.stat(path)
    except OSError:
        return {"mode": None, "owner": None, "group": None, "size": None, "modified": None}
    return {
        "mode": stat.filemode(found.st_mode),
        "owner": named(pwd.getpwuid, found.st_uid),
        "group": named(grp.getgrgid, found.st_gid),
        "size": found.st_size,
        "modified": iso8601(int(found.st_mtime)),
    }


def named(look_up: Any, number: int) -> str:
    """Return the name of an account or group, or its number when it has none."""
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)
