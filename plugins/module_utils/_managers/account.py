# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts whose user managers get units: who they are, their manager, and how a process becomes one of them."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
import time
from typing import Any, Callable

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import HOME_MARK, Scope, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe import observe
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state import lock
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.child_process import Child, Line, NoAnswer
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, Runner
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.systemctl import MANAGER_COMMAND

LINGER_DIRECTORY = "/var/lib/systemd/linger"
# A user manager is there in less than a second; a busy host gets its time.
MANAGER_SECONDS = 60.0
STOP_SECONDS = 30.0
# So long a process of an account may take for what is asked of it. Its manager gives up after 90 seconds to stop a job.
WORK_SECONDS = 150.0
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_.-]+")
# Where the manager of an account reads units (systemd.unit(5)), as far as it matters while none runs.
UNIT_PATH = ("/etc/xdg/systemd/user", "/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user")
VENDOR_PATH = ("/usr/local/share/systemd/user", "/usr/share/systemd/user", "/usr/lib/systemd/user")


# What a task before the role may fix.
NO_ACCOUNT = "does not exist on this host"
NO_HOME = "has no home directory"


def identity_of(account: str) -> tuple[Scope | None, str, str]:
    """Return who an account is, by name or number; else why it cannot have units of its own, and how to fix it.

    Nothing of the account is looked at: its home is as the list of accounts has it.
    """
    try:
        found = pwd.getpwuid(int(account)) if account.isdigit() else pwd.getpwnam(account)
    except (KeyError, OverflowError):
        return None, NO_ACCOUNT, "create it before the job, or correct the name"
    if found.pw_uid == 0:
        return None, "is root, whose jobs belong to the system", "remove `scope: user`"
    return Scope(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir), "", ""


def settled_home(scope: Scope) -> tuple[str, str, str]:
    """Return the home directory of an account without links; and why it will not do, and how to fix it.

    To be asked by a process of the account: not every home lets root in, and where its links lead is its own affair.
    """
    home = os.path.realpath(scope.home)
    if not os.path.isdir(home):
        return home, f"{NO_HOME} ({scope.home})", "make it before the job"
    if os.stat(home).st_uid != scope.uid:
        return home, f"does not own its home directory {home}", f"chown {scope.account} {home}"
    if not _PLAIN_PATH.fullmatch(home):
        return home, f"has a home directory with characters that have a meaning in unit files ({home})", ""
    return home, "", ""


def at_home(job: WantedJob, scope: Scope) -> WantedJob:
    """Return a job with the account's home directory in the place of the mark."""
    mark = HOME_MARK.format(job.account)
    files = tuple(
        one._replace(name=one.name.replace(mark, scope.home), text=one.text.replace(mark, scope.home))
        for one in job.files
    )
    return job._replace(service=job.service.replace(mark, scope.home), files=files)


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
    if not _comes_true(lambda: has_manager(scope), MANAGER_SECONDS):
        return f"the manager of {scope.account} did not start; see systemctl status user@{scope.uid}.service"
    return ""


def stop_linger(run: Runner, scope: Scope) -> str:
    """Take the linger back, and wait until the manager has ended by that; return why it could not be, or an empty text.

    Whoever comes next would else speak to a manager that is about to end.
    """
    done = run(["loginctl", "disable-linger", scope.account])
    if done.rc != 0:
        return f"loginctl disable-linger {scope.account}: {done.stderr.strip()}"
    # For somebody who is logged in it goes on.
    sessions = run(["loginctl", "show-user", "--property=Sessions", "--value", scope.account])
    if not sessions.stdout.strip():
        _comes_true(lambda: not has_manager(scope), STOP_SECONDS)
    return ""


def _comes_true(ask: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def become(scope: Scope) -> None:
    """Make this process one of the account, for good. Nothing that it does from here on can hurt another user."""
    os.initgroups(scope.account, scope.gid)
    os.setgid(scope.gid)
    os.setuid(scope.uid)
    os.chdir("/")
    os.umask(0o022)
    # The environment of root may hold what is nobody's business: passwords of a proxy, what a task was given.
    path = os.environ.get("PATH", os.defpath)
    os.environ.clear()
    os.environ.update(
        PATH=path,
        HOME=scope.home,
        USER=scope.account,
        LOGNAME=scope.account,
        XDG_RUNTIME_DIR=scope.runtime_directory,
    )
    tempfile.tempdir = None
    lock.RUN_DIRECTORY = os.path.join(scope.runtime_directory, os.path.basename(lock.RUN_DIRECTORY))
    observe.STAMP_DIRECTORY = scope.stamp_directory


def child_of(scope: Scope, work: Callable[[Line], Any]) -> Child:
    """Start a process of the account that does some work."""
    return Child(lambda: become(scope), work)


def as_account(scope: Scope, work: Callable[[], Any], seconds: float = WORK_SECONDS) -> Any:
    """Return what a process of the account makes of some work. Raises NoAnswer, also when that takes longer."""
    child = child_of(scope, lambda _line: work())
    try:
        return child.answer(time.monotonic() + seconds)
    finally:
        child.end()


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
        try:
            return Completed(*as_account(scope, lambda: user_runner(scope, make_runner())(argv)))
        except NoAnswer as error:
            return Completed(1, "", f"the process that works for {scope.account} {error}")

    return call


def _verify(run: Runner, argv: list[str], scope: Scope) -> Completed:
    """Verify units as the account's manager reads them. It wants a place for files of its own, also while none runs."""
    if has_manager(scope):
        return run(["systemd-analyze", "--user", *argv[1:]])
    with tempfile.TemporaryDirectory(prefix="systemd-timers-") as folder:
        return run(["env", f"XDG_RUNTIME_DIR={folder}", "systemd-analyze", "--user", *argv[1:]])


def _without_manager(run: Runner, argv: list[str], scope: Scope) -> Completed:
    """Answer for a manager that does not run yet: no unit is in memory. Its version is that of PID 1."""
    if argv == MANAGER_COMMAND:
        version = run(["systemctl", "show", "--property=Version"])
        path = " ".join((scope.unit_directory, *UNIT_PATH, *VENDOR_PATH))
        return version._replace(stdout=f"{version.stdout.strip()}\nUnitPath={path}\nSystemState=offline\n")
    return Completed(0, "" if "show" in argv[1] else "[]", "")
