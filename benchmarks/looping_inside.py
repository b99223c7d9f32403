# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host: do the steps of template_role, or only verify, for many cases at once; JSON in, JSON out.

The same programs are called, in the same order for each case, and a step that fails for a job ends its case after that
step, as a task in a loop does. What costs an hour is shared: one process, and two reloads for all cases.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

UNITS = Path("/etc/systemd/system")
# As in template_role/tasks/main.yml.
VALIDATE = 'sh -c \'d=$(mktemp -d) && cp "$1" "$d/$2.{kind}" && systemd-analyze verify "$d/$2.{kind}"\' -- %s'
KINDS = ("service", "timer")


class Failed(Exception):
    """A step has failed for a job."""


def call(*argv, folder=None):
    try:
        done = subprocess.run(
            argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except (OSError, ValueError) as error:  # too long, or nothing that a program can be given
        raise Failed(str(error)) from error
    if done.returncode:
        raise Failed(done.stdout.decode(errors="replace"))


def calendar(job):
    """The task that checks the schedules."""
    if job["schedules"] is not None:
        call("systemd-analyze", "calendar", "--", *job["schedules"])


def verified(name, kind, text):
    """What the module does with the role's command for `validate`: its words are those of a shell."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "source")
        write(path, text)
        try:
            words = shlex.split(VALIDATE.format(kind=kind) % path + " " + name)
        except ValueError as error:
            raise Failed(str(error)) from error
        call(*words)


def write(path, text):
    """As the module does: beside the file, then in its place; a directory gets a file below it."""
    beside = None
    try:
        if path.is_dir():
            path = path / "job.j2"
        beside = path.parent / ".beside"
        beside.write_text(text, "utf-8")
        beside.chmod(0o644)
        beside.rename(path)
    except (OSError, ValueError) as error:
        if beside and beside.exists():
            beside.unlink()
        raise Failed(str(error)) from error


def installing(kind, validate):
    """The task that installs one kind of units."""

    def install(job):
        text = job[kind]
        if text is None:
            raise Failed("the template cannot be rendered: " + job["broken"])
        if validate:
            verified(job["name"], kind, text)
        write(UNITS / "{}.{}".format(job["name"], kind), text)

    return install


def verify(job_list):
    """Both units of each job of a case, side by side."""
    with tempfile.TemporaryDirectory() as folder:
        units = []
        for job in job_list:
            for kind in KINDS:
                if job[kind] is None:
                    raise Failed("the template cannot be rendered: " + job["broken"])
                units.append("./{}.{}".format(job["name"], kind))
                write(Path(folder, units[-1]), job[kind])
        call("systemd-analyze", "verify", *units, folder=folder)


def timer_of(job):
    return "{}.timer".format(job["name"])


def enable(job):
    call("systemctl", "enable", "--no-reload", timer_of(job))


def start(job):
    call("systemctl", "start", timer_of(job))


def reload():
    call("systemctl", "daemon-reload")


def main():
    way, cases = json.load(sys.stdin)
    said = {}

    def step(do):
        """One step for all jobs of all cases that have not failed before it."""
        for name, jobs in cases.items():
            if name in said:
                continue
            failures = []
            for job in jobs:
                try:
                    do(job)
                except Failed as error:
                    failures.append(str(error))
            if failures:
                said[name] = "\n".join(failures)

    if way == "verify":
        for name, jobs in cases.items():
            try:
                if jobs:
                    verify(jobs)
            except Failed as error:
                said[name] = str(error)
    else:
        if way == "looping":
            step(calendar)
        for kind in KINDS:
            step(installing(kind, way == "validate"))
        reload()
        step(enable)
        reload()
        step(start)
    print(json.dumps(said))


main()
