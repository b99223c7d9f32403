# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tests start from: captured answers, rendered jobs, hosts as observed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import with_seals
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import FILES_DIRECTORY, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import model as observe_model
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import NO_FILE, FileState, Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.model import Manager, UnitState
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.jobs import merge_jobs
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import notify
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import (
    Templates,
    compile_templates,
    render,
)

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "tests" / "unit" / "fixtures"
UNIT_DIRECTORY = "/etc/systemd/system"
RUNNING_VERSIONS = [247, 252, 257]
WAITING = UnitState("loaded", "active", "waiting")
ELAPSED = UnitState("loaded", "active", "elapsed")
STOPPED = UnitState("loaded", "inactive", "dead")
FAILED = UnitState("loaded", "failed", "failed")
STAMP = 1795487400 * 10**9


def capture(version: int, name: str) -> dict[str, Any]:
    """Return a captured answer: `command`, `rc`, `stdout`, `stderr`, and `files` for verify."""
    found: dict[str, Any] = yaml.safe_load((FIXTURES / f"systemd-{version}" / f"{name}.yml").read_text("utf-8"))
    return found


def answer(version: int, name: str) -> Completed:
    """Return a captured answer as a runner gives it."""
    found = capture(version, name)
    return Completed(found["rc"], found["stdout"], found["stderr"])


def own_templates() -> Templates:
    """Return the templates of the role."""
    folder = ROOT / "roles" / "timer" / "templates"
    return compile_templates(
        (folder / "job.service.j2").read_text("utf-8"),
        (folder / "job.timer.j2").read_text("utf-8"),
        (True, True),
    )


TEMPLATES = own_templates()


def complete(**fields: Any) -> dict[str, Any]:
    """Return a job with all its fields; what is not given is the least that a job needs."""
    given = {"name": "backup", "schedule": "Mon 08:00", "command": "/bin/true", **fields}
    merged = merge_jobs({"timer_jobs": [given]}, {}, "skip", rules=[notify.refusals])
    assert merged.findings == [], merged.findings
    return merged.jobs[0]


def wanted(own: str = FILES_DIRECTORY, **fields: Any) -> WantedJob:
    """Return a job rendered with the role's templates, with the seals that the host's side gives it.

    own: the directory of the files that jobs have beside their units.
    """
    job = complete(**fields)
    service, timer, files = ("", "", []) if job["state"] == "absent" else render(TEMPLATES, job, "default", own)
    about = (job["renamed_from"] or "", job["take_over_from"] or "", job["on_remove"])
    accept = tuple(job["accept"])
    return with_seals(
        WantedJob(
            job["name"],
            job["state"],
            job["on_reschedule"],
            service,
            timer,
            accept,
            *about,
            tuple(files),
            after_last_run=job["after_last_run"],
            run_on_install=job["run_on_install"],
        )
    )


def file_of(text: str, **attributes: Any) -> FileState:
    """Return a unit file as it should be: root's, 0644, older than the last reload."""
    return FileState("file", text, 0o644, 0, 0, changed_at=1000.0)._replace(**attributes)


def empty_host(**changes: Any) -> Observed:
    """Return a host that has nothing of ours, and is up for an hour."""
    nothing = observe_model.empty_host(Manager(252, [UNIT_DIRECTORY], 2000.0))
    return nothing._replace(uptime=3600.0)._replace(**changes)


def host_with(*jobs: WantedJob, timer: UnitState = WAITING, stamp: bool = True, linked: bool = True) -> Observed:
    """Return a host that has these jobs installed and, unless said otherwise, armed."""
    host = empty_host()
    for job in jobs:
        host.files.update({f"{job.name}.service": file_of(job.service), f"{job.name}.timer": file_of(job.timer)})
        host.units.update({f"{job.name}.service": STOPPED, f"{job.name}.timer": timer})
        if linked:
            link = f"timers.target.wants/{job.name}.timer"
            host.links[f"{job.name}.timer"] = {link: f"{UNIT_DIRECTORY}/{job.name}.timer"}
        if stamp:
            host.stamps[f"{job.name}.timer"] = STAMP
    return host


def suspended_host(*jobs: WantedJob, stamp: bool = True) -> Observed:
    """Return a host that has these jobs installed, not armed and not in memory."""
    return host_with(*jobs, stamp=stamp, linked=False)._replace(units={})


def with_file(host: Observed, unit: str, **changes: Any) -> Observed:
    """Return the host with one unit file changed."""
    state = host.files.get(unit, NO_FILE)._replace(**changes)
    return host._replace(files={**host.files, unit: state})
