# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkers of what a service means under a timer: types, units that it refers to, secrets (systemd.service(5))."""

from __future__ import annotations

from typing import Iterable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, slip
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import ABSENT
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.secrets import looks_secret
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import words_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import is_true, marked_secrets

# What a job's program hardly ever does; measured on 252 and 257.
NEVER_READY = "makes every run fail in which the program does not tell systemd that it is ready"
WAITING_TYPES = {
    "notify": NEVER_READY,
    "notify-reload": NEVER_READY,
    "dbus": "makes every run fail in which the program does not take its name on the bus",
    "forking": "lets a run last as long as anything that the program leaves in the background, and no other begins",
}
ENDLESS_RESTARTS = ("always", "on-success")
HANDLERS = ("OnFailure", "OnSuccess")


def check_remain_after_exit(job: ProofJob, _known: Context) -> list[Finding]:
    """Refuse a service that stays active after its first run: the timer would never start it again."""
    value = job.service.last("Service", "RemainAfterExit")
    # What nothing needs is stopped at once (systemd.unit(5), StopWhenUnneeded=), and can be started again.
    if not is_true(value) or is_true(job.service.last("Unit", "StopWhenUnneeded")):
        return []
    reason = "keeps the service active after its first run, so the timer never starts it again"
    return [job.finding("remain-after-exit", "service.RemainAfterExit", value, reason, "remove it")]


def check_runtime_max(job: ProofJob, _known: Context) -> list[Finding]:
    """Refuse a time limit that a oneshot service does not have."""
    value = job.service.last("Service", "RuntimeMaxSec")
    if not value or job.service.last("Service", "Type") != "oneshot" or value == "infinity":
        return []
    reason = "has no effect on a service of Type=oneshot, which a job is"
    return [job.finding("no-effect", "service.RuntimeMaxSec", value, reason, f"write `timeout: {value}`")]


def check_finishes(job: ProofJob, _known: Context) -> list[Finding]:
    """Refuse a service that does not end: a timer starts only what is not active."""
    kind = job.service.last("Service", "Type", "simple")
    restart = job.service.last("Service", "Restart")
    findings = []
    if kind in WAITING_TYPES:
        fix = "remove it: oneshot is the default"
        findings.append(job.finding("never-finishes", "service.Type", kind, WAITING_TYPES[kind], fix))
    if restart in ENDLESS_RESTARTS:
        reason = "starts the program again as soon as it has ended, so the timer has nothing to start"
        fix = "remove it; `on-failure` repeats a failed run"
        findings.append(job.finding("never-finishes", "service.Restart", restart, reason, fix))
    return findings


def unit_exists(unit: str, known: Context) -> bool:
    """Tell whether a unit will be there after the apply; of an instance, its template (systemd.unit(5))."""
    declared = {job.name: job.state for job in known.request.jobs}
    stem, suffix = unit.rpartition(".")[0], unit.rpartition(".")[2]
    if stem in declared and suffix in ("service", "timer"):
        return declared[stem] != ABSENT
    name, at, instance = stem.partition("@")
    if at and not instance:
        # A template alone cannot be started.
        return False
    return unit in known.observed.host_units or (bool(at) and f"{name}@.{suffix}" in known.observed.host_units)


def is_own(unit: str, job: ProofJob) -> bool:
    """Tell whether a unit, or the template that it is an instance of, comes with the job."""
    template = f"{unit.partition('@')[0]}@.{unit.rpartition('.')[2]}"
    return unit in job.wanted.units() or ("@" in unit and template in job.wanted.units())


def nearest_unit(unit: str, units: Iterable[str]) -> str:
    """Return the unit of the same type that was probably meant, or an empty text."""
    suffix = f".{unit.rpartition('.')[2]}"
    meant = slip(unit[: -len(suffix)], [one[: -len(suffix)] for one in units if one.endswith(suffix)])
    return f"{meant}{suffix}" if meant else ""


def check_unit(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse a timer whose Unit= is not there: it could not be started."""
    unit = job.timer.last("Timer", "Unit")
    if unit.endswith(".target") and unit not in known.unneeded:
        reason = "stays active once it is started, so the timer starts it only once"
        return [
            job.finding(
                "never-finishes", "timer.Unit", unit, reason, "name a service, or a target with StopWhenUnneeded=yes"
            )
        ]
    if not unit or "%" in unit or unit in job.wanted.units() or unit_exists(unit, known):
        return []
    meant = nearest_unit(unit, {f"{job.name}.service", *known.observed.host_units})
    fix = f'write "{meant}"' if meant else f"remove it: {job.name}.service is the default"
    return [job.finding("missing-unit", "timer.Unit", unit, "does not exist on this host", fix)]


def check_handlers(job: ProofJob, known: Context) -> list[Finding]:
    """Refuse OnFailure= and OnSuccess= of units that are not there: systemd would only log that."""
    findings = []
    for key in HANDLERS:
        for value in job.service.values("Unit", key):
            for unit in value.split():
                # A template and its instance: `notify@%n.service`.
                plain = f"{unit.partition('@')[0]}@x.{unit.rpartition('.')[2]}" if "@" in unit else unit
                if "%" in plain or is_own(plain, job) or unit_exists(plain, known):
                    continue
                meant = nearest_unit(plain.replace("@x.", "@."), known.observed.host_units)
                fix = "install it before the job, or correct the name" + (f': "{meant}"?' if meant else "")
                reason = "does not exist on this host, so it would not be notified"
                findings.append(job.finding("missing-handler", f"unit.{key}", unit, reason, fix))
    return findings


def check_secrets(job: ProofJob, _known: Context) -> list[Finding]:
    """Refuse variables that are marked as secret, warn of what looks like one; the value is never shown."""
    findings = []
    marks = marked_secrets(job.service)
    # One variable for each line, as the template writes it, or several words of a raw directive.
    words = [word.text for value in job.service.values("Service", "Environment") for word in words_of(value)]
    for name, _equals, value in (word.partition("=") for word in words):
        if name in marks and value:
            reason = f"{name} is marked as secret, and every user of the host can read it here"
            fix = "write it in `environment`: from there it goes to a file that only root can read"
            findings.append(job.finding("marked-secret", "service.Environment", None, reason, fix))
        elif looks_secret(name, value):
            reason = f"{name} looks like a secret, and every user of the host can read it"
            fix = "write it in `environment`, name it in `secrets`, and it goes to a file that only root can read"
            findings.append(job.finding("secret-in-environment", "environment", None, reason, fix))
    if job.service.values("Service", "SetCredential"):
        reason = "every user of the host can read it"
        fix = "write LoadCredential= with a file that only root can read, or SetCredentialEncrypted="
        findings.append(job.finding("readable-credential", "service.SetCredential", None, reason, fix))
    return findings
