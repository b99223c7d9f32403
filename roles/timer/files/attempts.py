# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a job's program until an attempt succeeds, all attempts within one run of the service.

    attempts [--attempts N] [--delay S] [--backoff F] [--max-delay S] [--timeout S] [--kill-after S] JOB -- PROGRAM ...
    attempts --several ... JOB -- PROGRAM ... --next-- PROGRAM ...

It stands in ExecStart= before the program, and is the job's user. The last attempt decides how it ends: with the same
exit status, by the same signal, or with 124 when the time limit of that attempt was over. Of several programs one
begins when the one before it has succeeded; the time limit is that of all of them together.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import signal
import sys
import time
from typing import NamedTuple, NoReturn

# Python is started with -I, which leaves out the program's own folder; it belongs to root.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from job_journal import ERROR, INFO, NOTICE, WARNING, tell, words

TIMED_OUT, NO_PROGRAM = 124, 203
# Where systemd looks for a program without a slash (systemd.service(5), Command lines).
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP})
# After SIGKILL a process is gone at once, unless it belongs to another user, or hangs in the kernel.
LONGEST_KILL = 10.0
FOREVER = 3600.0
# Stands between the programs (plugins/module_utils/_job/attempts_command.py).
NEXT = "--next--"


class Outcome(NamedTuple):
    """How an attempt has ended. result: success, exit-code, signal or timeout. status, signal: 0 for none.

    place: the number of the program that ended so.
    """

    result: str
    status: int = 0
    signal: int = 0
    place: int = 1

    @property
    def words(self) -> str:
        """Return how it has ended in words."""
        return f"by {signal_name(self.signal)}" if self.signal else f"with exit status {self.status}"


def signal_name(number: int) -> str:
    """Return the name of a signal; those of real time have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def outcome_of(wait_status: int, success: set[str]) -> Outcome:
    """Return what a status of wait(2) means; `success` holds exit statuses and signals that are no failure."""
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        return Outcome("success" if signal_name(number) in success else "signal", signal=number)
    status = os.WEXITSTATUS(wait_status)
    return Outcome("success" if status == 0 or str(status) in success else "exit-code", status)


def success_words(value: str) -> set[str]:
    """Return the statuses of SuccessExitStatus= as numbers and names of signals (systemd.service(5))."""
    return {str(getattr(os, f"EX_{word}", word)) for word in value.upper().split()}


def delay_before(attempt: int, delay: float, backoff: float, longest: float) -> float:
    """Return how long to wait before an attempt, from the second on."""
    try:
        return min(delay * backoff ** (attempt - 2), longest)
    except OverflowError:
        return longest


def cgroup_directory(job: str, own: str, mounts: str) -> str:
    """Return the directory of the service's control group; empty when the process is in another one.

    own, mounts: /proc/self/cgroup and /proc/self/mountinfo (proc(5)).
    """
    lines = [line.split(":", 2) for line in own.splitlines()]
    kinds = {"": "cgroup2", "name=systemd": "cgroup"}
    paths = {kinds[names]: path for _number, names, path in lines if names in kinds}
    for mount in (line.split(" ") for line in mounts.splitlines()):
        kind, root, place = mount[mount.index("-") + 1], mount[3], mount[4]
        path = paths.get(kind, "")
        if not path or (kind == "cgroup" and "name=systemd" not in mount[-1].split(",")):
            continue
        # In a container the mount shows only a part of the tree.
        below = path[len(root.rstrip("/")) :] if path.startswith(root) else path
        # systemd puts `_` before a name that is also one of the kernel's there, such as memory.service.
        if os.path.basename(below) in (f"{job}.service", f"_{job}.service") and os.path.exists(
            f"{place}{below}/cgroup.procs"
        ):
            return place + below
    return ""


def own_cgroup(job: str) -> str:
    """Return the directory of the control group that this process and the job's are in, or an empty text."""
    texts = []
    try:
        for path in ("/proc/self/cgroup", "/proc/self/mountinfo"):
            with open(path, encoding="utf-8", errors="surrogateescape") as stream:
                texts.append(stream.read())
    except OSError:
        return ""
    return cgroup_directory(job, *texts)


def members(directory: str) -> set[int]:
    """Return the processes of a control group and of those below it."""
    found: set[int] = set()
    for folder, _folders, _files in os.walk(directory):
        with contextlib.suppress(OSError), open(f"{folder}/cgroup.procs", encoding="ascii") as stream:
            found.update(int(line) for line in stream)
    return found


def descendants(process: int) -> set[int]:
    """Return the processes that one has started, as far as those between are still there."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stream:
            parents[int(name)] = int(stream.read().rpartition(")")[2].split()[1])
    found: set[int] = set()
    below = {process}
    while below:
        below = {child for child, parent in parents.items() if parent in below}
        found |= below
    return found


def first_environment() -> dict[bytes, bytes]:
    """Return the environment as systemd made it: Python sets LC_CTYPE in its own at its start."""
    with open("/proc/self/environ", "rb") as stream:
        pairs = [line.partition(b"=") for line in stream.read().split(b"\0")]
    return {name: value for name, equals, value in pairs if equals}


class Attempts:
    """Makes the attempts. All signals stay blocked and are taken one by one, so that none is missed."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Note what the program finds at its start, and is to find again at each attempt."""
        self.options = options
        self.job: str = options.job
        self.success = success_words(options.success.replace(",", " "))
        self.stopped_by = 0
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self.environment = first_environment()
        self.cgroup = own_cgroup(self.job)
        self.input_at: int | None = None
        # The standard input may be a text of the unit file.
        with contextlib.suppress(OSError):
            self.input_at = os.lseek(0, 0, os.SEEK_CUR)

    def run(self) -> Outcome:
        """Make the attempts, and return how the last one has ended."""
        outcome = self.attempt(1)
        for number in range(2, self.options.attempts + 1):
            if outcome.result == "success" or self.stopped_by:
                break
            self.clear()
            self.pause(self.delay(number))
            if self.stopped_by:
                told = f"stopped by {signal_name(self.stopped_by)} before attempt {number} of {self.options.attempts}"
                tell(self.job, "stopped", told, NOTICE, attempt=number - 1, attempts=self.options.attempts)
                return Outcome("signal", signal=self.stopped_by)
            outcome = self.attempt(number)
        return outcome

    def delay(self, number: int) -> float:
        """Return how long to wait before an attempt."""
        return delay_before(number, self.options.delay, self.options.backoff, self.options.max_delay)

    def attempt(self, number: int) -> Outcome:
        """Make one attempt, and tell how it has ended."""
        began = time.monotonic()
        outcome = self.make()
        self.report(number, outcome, time.monotonic() - began)
        return outcome

    def pause(self, seconds: float) -> None:
        """Wait, unless the job is stopped."""
        until = time.monotonic() + seconds
        while not self.stopped_by and time.monotonic() < until:
            self.take_signal(until - time.monotonic())

    def take_signal(self, seconds: float) -> None:
        """Wait for a signal, and keep in mind one that stops the job."""
        found = signal.sigtimedwait(STOP_SIGNALS | {signal.SIGCHLD}, min(max(seconds, 0), FOREVER))
        if found and found.si_signo in STOP_SIGNALS:
            self.stopped_by = found.si_signo

    def make(self) -> Outcome:
        """Run the programs one after the other, until one fails, the job is stopped or its time is over."""
        limit = self.options.timeout
        until = time.monotonic() + limit if limit else float("inf")
        outcome = Outcome("success")
        for place, argv in enumerate(self.options.commands, 1):
            outcome = self.run_program(argv, until)._replace(place=place)
            if outcome.result != "success":
                break
            if self.stopped_by and place < len(self.options.commands):
                # It took the signal well, but the job is not done.
                return Outcome("signal", signal=self.stopped_by, place=place)
        return outcome

    def run_program(self, argv: list[str], until: float) -> Outcome:
        """Start a program, and wait until it has ended or the time is over. until: on the monotonic clock."""
        if self.input_at is not None:
            os.lseek(0, self.input_at, os.SEEK_SET)
        child = os.fork()
        if not child:
            self.become_program(argv)
        passed_on = False
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return outcome_of(status, self.success)
            if self.stopped_by:
                # systemd gives the signal to all processes, unless it is told otherwise; it has a limit of its own.
                if self.options.forward and not passed_on:
                    os.kill(child, self.stopped_by)
                passed_on = True
                self.take_signal(FOREVER)
            elif time.monotonic() >= until:
                self.clear()
                return Outcome("timeout", TIMED_OUT)
            else:
                self.take_signal(until - time.monotonic())

    def become_program(self, argv: list[str]) -> NoReturn:
        """Turn the child into the job's program."""
        try:
            # Python ignores both; systemd only the first, unless it is told otherwise.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL if self.options.sigpipe else signal.SIG_IGN)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)
            if b"SYSTEMD_EXEC_PID" in self.environment:
                self.environment[b"SYSTEMD_EXEC_PID"] = str(os.getpid()).encode()
            places = [argv[0]] if "/" in argv[0] else [f"{folder}/{argv[0]}" for folder in SEARCH_PATH.split(":")]
            program = next((place for place in places if os.path.exists(place)), places[0])
            os.execve(program, argv, self.environment)  # noqa: S606  there is no shell on purpose
        except OSError as error:
            tell(self.job, "no-program", f"{argv[0]} cannot be run: {error.strerror}", ERROR)
        finally:
            os._exit(NO_PROGRAM)

    def clear(self) -> None:
        """End all processes of an attempt in the way of systemd: SIGTERM, and after a while SIGKILL."""
        self.send(signal.SIGTERM, self.options.kill_after)
        self.send(signal.SIGKILL, LONGEST_KILL)

    def send(self, number: int, seconds: float) -> None:
        """Send a signal to the processes of the job, and wait for some time until they are gone."""
        until = time.monotonic() + seconds
        told: set[int] = set()
        while True:
            self.reap()
            left = self.processes()
            for process in left - told:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, number)
                    os.kill(process, signal.SIGCONT)
            told |= left
            if not left or time.monotonic() >= until:
                return
            time.sleep(0.02)

    def processes(self) -> set[int]:
        """Return the processes of the job but this one."""
        found = members(self.cgroup) if self.cgroup else descendants(os.getpid())
        return found - {os.getpid(), 0}

    @staticmethod
    def reap() -> None:
        """Take leave of the children that have ended."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def report(self, number: int, outcome: Outcome, duration: float) -> None:
        """Tell how an attempt has ended, and what follows."""
        attempts, commands = self.options.attempts, self.options.commands
        what, place = f"attempt {number} of {attempts}", ""
        fields: dict[str, object] = {"attempt": number, "attempts": attempts, "result": outcome.result}
        if len(commands) > 1:
            program = commands[outcome.place - 1][0]
            place = f" in command {outcome.place} of {len(commands)}, {program},"
            if outcome.result != "success":
                fields.update(failed="command", command=outcome.place, commands=len(commands), program=program)
        message, priority = f"{what} failed{place} {outcome.words}", ERROR
        if outcome.result == "timeout":
            message = f"{what} was stopped{place} at its time limit of {words(self.options.timeout)}"
        if outcome.result == "success":
            message, priority = f"{what} succeeded", INFO
        elif self.stopped_by:
            message = f"{what} was stopped{place} by {signal_name(self.stopped_by)}"
            message, priority = f"{message}, and ended {outcome.words}", NOTICE
        elif number < attempts:
            message, priority = f"{message}; the next in {words(self.delay(number + 1))}", WARNING
        elif attempts > 1:
            message += "; it was the last"
        fields["status"] = signal_name(outcome.signal) if outcome.signal else outcome.status
        tell(self.job, "attempt", message, priority, duration=f"{duration:.3f}", **fields)


def end(outcome: Outcome) -> int:
    """Return the exit status of the last attempt, or end by the same signal."""
    if not outcome.signal:
        return outcome.status
    # The job's own process may have left a core; this one has nothing to tell. 1 means none, also for a pipe (core(5)).
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0 if hard == 0 else 1, hard))
    # Not for SIGKILL.
    with contextlib.suppress(OSError):
        signal.signal(outcome.signal, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {outcome.signal})
    os.kill(os.getpid(), outcome.signal)
    # Only a signal that ends nobody comes here.
    return 128 + outcome.signal


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the options; what stands after the first `--` is the job's."""
    parser = argparse.ArgumentParser(prog="attempts", allow_abbrev=False)
    parser.add_argument("--attempts", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--backoff", type=float, default=1)
    parser.add_argument("--max-delay", type=float, default=float("inf"))
    parser.add_argument("--timeout", type=float, default=0)
    parser.add_argument("--kill-after", type=float, default=90)
    parser.add_argument("--success", default="", help="as in SuccessExitStatus=")
    parser.add_argument("--forward", action="store_true", help="systemd gives signals to the main process only")
    parser.add_argument("--sigpipe", action="store_true", help="do not ignore SIGPIPE")
    parser.add_argument("--several", action="store_true", help="several programs, --next-- between them")
    parser.add_argument("job")
    place = argv.index("--") if "--" in argv else len(argv)
    options = parser.parse_args(argv[:place])
    options.commands = programs_of(argv[place + 1 :]) if options.several else [argv[place + 1 :]]
    if not all(options.commands):
        parser.error("no program after --")
    return options


def programs_of(argv: list[str]) -> list[list[str]]:
    """Return the programs, each with its arguments."""
    found: list[list[str]] = [[]]
    for word in argv:
        if word == NEXT:
            found.append([])
        else:
            found[-1].append(word)
    return found


def main(argv: list[str]) -> int:
    """Make the attempts."""
    return end(Attempts(parse(argv)).run())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
