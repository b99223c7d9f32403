# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts whose user managers get units: who they are, their manager, and how a process becomes one of them."""

from __future__ import annotations

import json
import os
import pwd
import re
import tempfile
import time
from typing import Any, Callable, Iterable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _run_directory as run_directory
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._model import HOME_MARK, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Completed, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import owner_of

LINGER_DIRECTORY = "/var/lib/systemd/linger"
# A user manager is there in less than a second; a busy host gets its time.
MANAGER_SECONDS = 60.0
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_.-]+")
# Where the manager of an account reads units (systemd.unit(5)), as far as it matters while none runs.
UNIT_PATH = ("/etc/xdg/systemd/user", "/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user")
VENDOR_PATH = ("/usr/local/share/systemd/user", "/usr/share/systemd/user", "/usr/lib/systemd/user")


def find_scope(account: str) -> tuple[Scope | None, str, str]:
    """Return the scope of an account; else why it cannot have units of its own, and how to mend it."""
    try:
        found = pwd.getpwuid(int(account)) if account.isdigit() else pwd.getpwnam(account)
    except (KeyError, OverflowError):
        return None, "does not exist on this host", "create it before the job, or correct the name"
    if found.pw_uid == 0:
        return None, "is root, whose jobs belong to the system", "remove `scope: user`"
    home = os.path.realpath(found.pw_dir)
    if not os.path.isdir(home):
        return None, f"has no home directory ({found.pw_dir})", "make it before the job"
    if os.stat(home).st_uid != found.pw_uid:
        return None, f"does not own its home directory {home}", f"chown {found.pw_name} {home}"
    if not _PLAIN_PATH.fullmatch(home):
        return None, f"has a home directory with characters that have a meaning in unit files ({home})", ""
    return Scope(found.pw_name, found.pw_uid, found.pw_gid, home), "", ""


def find_scopes(jobs: Iterable[WantedJob]) -> tuple[dict[str, Scope], list[Finding]]:
    """Return account, as the jobs name it, to its scope; and a finding for each job whose account cannot have one."""
    scopes: dict[str, Scope] = {}
    findings = []
    for job in jobs:
        if not job.account or job.account in scopes:
            continue
        scope, reason, mend = find_scope(job.account)
        if scope:
            scopes[job.account] = scope
        else:
            findings.append(Finding(job.name, "user", job.account, reason, mend, "missing-user"))
    return scopes, findings


def at_home(job: WantedJob, scope: Scope) -> WantedJob:
    """Return a job with the account's home directory in the place of the mark."""
    mark = HOME_MARK.format(job.account)
    files = tuple(
        one._replace(name=one.name.replace(mark, scope.home), text=one.text.replace(mark, scope.home))
        for one in job.files
    )
    return job._replace(service=job.service.replace(mark, scope.home), files=files)


def lingering(owner: str = "") -> list[Scope]:
    """Return the accounts with linger that have jobs of ours: unit files with the mark of this owner, or of any."""
    try:
        names = sorted(os.listdir(LINGER_DIRECTORY))
    except OSError:
        return []
    found = []
    for scope in filter(None, (find_scope(name)[0] for name in names)):
        files = _observe.unit_files(scope.unit_directory).values()
        marks = [mark for mark in (owner_of(state.text) for state in files) if mark]
        if any(owner in ("", mark.owner) for mark in marks):
            found.append(scope)
    return found


def lingers(scope: Scope) -> bool:
    """Tell whether the account's manager runs without a login."""
    return os.path.exists(os.path.join(LINGER_DIRECTORY, scope.account))


def has_manager(scope: Scope) -> bool:
    """Tell whether the account's manager runs."""
    return os.path.exists(scope.socket)


def start_manager(run: Runner, scope: Scope) -> str:
    """Let the account's manager run without a login; return why it does not, or an empty text."""
    done = run(["loginctl", "enable-linger", scope.account])
    if done.rc != 0:
        return f"loginctl enable-linger {scope.account}: {done.stderr.strip() or done.stdout.strip()}"
    deadline = time.monotonic() + MANAGER_SECONDS
    while not has_manager(scope):
        if time.monotonic() > deadline:
            return f"the manager of {scope.account} did not start; see systemctl status user@{scope.uid}.service"
        time.sleep(0.05)
    return ""


def stop_linger(run: Runner, scope: Scope) -> str:
    """Take the linger back; return why not, or an empty text."""
    done = run(["loginctl", "disable-linger", scope.account])
    return "" if done.rc == 0 else f"loginctl disable-linger {scope.account}: {done.stderr.strip()}"


def become(scope: Scope) -> None:
    """Make this process one of the account, for good. Nothing that it does from here on can hurt another user."""
    os.initgroups(scope.account, scope.gid)
    os.setgid(scope.gid)
    os.setuid(scope.uid)
    os.chdir("/")
    os.umask(0o022)
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_DIRS"):
        os.environ.pop(name, None)
    os.environ.update(
        HOME=scope.home, USER=scope.account, LOGNAME=scope.account, XDG_RUNTIME_DIR=scope.runtime_directory
    )
    run_directory.RUN_DIRECTORY = os.path.join(scope.runtime_directory, os.path.basename(run_directory.RUN_DIRECTORY))
    _observe.STAMP_DIRECTORY = scope.stamp_directory


def as_account(scope: Scope, work: Callable[[], Any]) -> Any:
    """Return what a process of the account makes of some work; None when it ends without an answer."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover  another process
        try:
            os.close(reading)
            become(scope)
            answer = json.dumps(work()).encode()
            with os.fdopen(writing, "wb") as stream:
                stream.write(answer)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


def user_runner(scope: Scope, run: Runner) -> Runner:
    """Return a runner that speaks to the account's manager; while there is none, it answers as an empty one."""

    def call(argv: list[str]) -> Completed:
        if argv[:2] == ["systemd-analyze", "verify"]:
            return _verify(run, argv, scope)
        if argv[0] != "systemctl":
            return run(argv)
        if has_manager(scope):
            return run(["systemctl", "--user", *argv[1:]])
        return _without_manager(run, argv, scope)

    return call


def root_runner(scope: Scope, make_runner: Callable[[], Runner]) -> Runner:
    """Return a runner for root that speaks to the manager of an account, as that user; all else it asks itself."""
    run = make_runner()
    if scope.is_system:
        return run

    def call(argv: list[str]) -> Completed:
        if argv[0] != "systemctl":
            return run(argv)
        answer = as_account(scope, lambda: user_runner(scope, make_runner())(argv))
        return Completed(*answer) if answer else Completed(1, "", f"no process could be started for {scope.account}")

    return call


def _verify(run: Runner, argv: list[str], scope: Scope) -> Completed:
    """Verify units as the account's manager reads them. It wants a place for files of its own, also while none runs."""
    if has_manager(scope):
        return run(["systemd-analyze", "--user", *argv[1:]])
    with tempfile.TemporaryDirectory(prefix="systemd-timers-") as folder:
        return run(["env", f"XDG_RUNTIME_DIR={folder}", "systemd-analyze", "--user", *argv[1:]])


def _without_manager(run: Runner, argv: list[str], scope: Scope) -> Completed:
    """Answer for a manager that does not run yet: no unit is in memory. Its version is that of PID 1."""
    if argv == _observe.MANAGER_COMMAND:
        version = run(["systemctl", "show", "--property=Version"])
        path = " ".join((scope.unit_directory, *UNIT_PATH, *VENDOR_PATH))
        return version._replace(stdout=f"{version.stdout.strip()}\nUnitPath={path}\nSystemState=offline\n")
    return Completed(0, "" if "show" in argv[1] else "[]", "")
