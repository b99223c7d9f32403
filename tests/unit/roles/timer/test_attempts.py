# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that makes the attempts, started as systemd starts it; without systemd it tells on its standard error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.tests.unit.support.programs import FOLDER, program

attempts = program("attempts")
# Each run leaves a line, so the number of lines is the number of attempts.
COUNTED = 'echo x >> "$0"; '


def argv(*options: str, command: list[str]) -> list[str]:
    return [sys.executable, "-I", str(FOLDER / "attempts.py"), *options, "job", "--", *command]


def run(*options: str, command: list[str], **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv(*options, command=command), capture_output=True, text=True, timeout=60, check=False, **more
    )


def counted(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "log"


def shell(script: str, log: Path) -> list[str]:
    return ["/bin/sh", "-c", COUNTED + script, str(log)]


# --- how it ends


@pytest.mark.parametrize(
    ("script", "tries", "status"),
    [
        ("true", 1, 0),
        ("exit 3", 3, 3),
        ('[ $(wc -l < "$0") -ge 2 ]', 2, 0),
        ("kill -KILL $$", 3, -signal.SIGKILL),
        ("kill -SEGV $$", 3, -signal.SIGSEGV),
        ("kill -TERM $$", 3, -signal.SIGTERM),
    ],
)
def test_it_ends_as_the_last_attempt(log, script, tries, status):
    done = run("--attempts", "3", command=shell(script, log))
    assert (counted(log), done.returncode) == (tries, status)


@pytest.mark.parametrize(
    ("success", "script", "status"),
    [("3", "exit 3", 3), ("TEMPFAIL,4", "exit 75", 75), ("SIGUSR1", "kill -USR1 $$", -signal.SIGUSR1)],
)
def test_what_is_no_failure_is_not_repeated_and_stays_as_it_is(log, success, script, status):
    done = run("--attempts", "3", "--success", success, command=shell(script, log))
    assert (counted(log), done.returncode) == (1, status)


@pytest.mark.parametrize("name", ["/nonexistent/program", "no-such-program-anywhere"])
def test_a_program_that_is_missing_has_the_status_of_systemd(name):
    done = run("--attempts", "2", command=[name])
    assert done.returncode == attempts.NO_PROGRAM


def test_a_program_without_a_slash_is_looked_for_where_systemd_does():
    done = run(command=["echo", "a b"], env={"PATH": "/nonexistent"})
    assert (done.returncode, done.stdout) == (0, "a b\n")


def test_without_a_program_it_says_so():
    done = run(command=[])
    assert done.returncode == 2
    assert "no program" in done.stderr


# --- what the job gets


def test_the_job_finds_what_systemd_gave_it(tmp_path):
    """Python changes its own locale and ignores signals; the job must not see that."""
    script = "env | sort; umask; pwd; grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"
    environment = {"A": "b c", "PATH": "/usr/bin:/bin", "LD_BIND_NOW": "1"}
    given = {"env": environment, "cwd": tmp_path, "umask": 0o027}
    # systemd lets a job ignore SIGPIPE.
    plain = subprocess.run(
        ["/bin/sh", "-c", "trap '' PIPE; exec /bin/sh -c \"$0\"", script],
        capture_output=True, text=True, check=True, **given,
    )  # fmt: skip
    assert run("--attempts", "2", command=["/bin/sh", "-c", script], **given).stdout == plain.stdout
    assert "LC_CTYPE" not in plain.stdout


def test_the_standard_input_is_whole_at_each_attempt(tmp_path, log):
    text = tmp_path / "text"
    text.write_text("skipped\nhello\n")
    with text.open() as stream:
        os.lseek(stream.fileno(), len("skipped\n"), os.SEEK_SET)
        done = run("--attempts", "2", command=shell("cat; false", log), stdin=stream)
    assert done.stdout == "hello\nhello\n"


# --- time


@pytest.mark.parametrize(
    ("attempt", "delay", "backoff", "longest", "expected"),
    [(2, 10, 1, 3600, 10), (5, 10, 1, 3600, 10), (2, 10, 2, 3600, 10), (4, 10, 2, 3600, 40), (4, 10, 2, 25, 25),
     (1000, 10, 100, 3600, 3600), (3, 0, 5, 10, 0)],
)  # fmt: skip
def test_delays_grow_up_to_the_longest(attempt, delay, backoff, longest, expected):
    assert attempts.delay_before(attempt, delay, backoff, longest) == expected


def test_it_waits_between_the_attempts(log):
    began = time.monotonic()
    run("--attempts", "3", "--delay", "0.2", "--backoff", "2", command=shell("false", log))
    assert counted(log) == 3
    assert time.monotonic() - began >= 0.6


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_attempt_is_ended_at_its_time_limit_with_all_that_it_has_started(log, tmp_path):
    pids = tmp_path / "pids"
    script = f'trap "" TERM; (trap "" TERM; exec sleep 61) & echo $! >> {pids}; echo $$ >> {pids}; sleep 62'
    done = run("--attempts", "2", "--timeout", "0.5", "--kill-after", "0.2", command=shell(script, log))
    assert (counted(log), done.returncode) == (2, attempts.TIMED_OUT)
    assert [one for one in map(int, pids.read_text().split()) if is_alive(one)] == []


def test_an_attempt_within_its_limit_is_left_alone(log):
    done = run("--timeout", "60", command=shell("exit 4", log))
    assert (counted(log), done.returncode) == (1, 4)


# --- stopping


def wait_for(path: Path, lines: int) -> None:
    until = time.monotonic() + 30
    while counted(path) < lines:
        assert time.monotonic() < until, f"{path} has {counted(path)} lines"
        time.sleep(0.01)


# Signals do what they do in a service: who runs the tests in the background may have some of them ignored.
HEED = """\
import os, signal, sys
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def started(log: Path, script: str, *options: str) -> subprocess.Popen[str]:
    # A group of its own: systemd gives a signal to all processes of the job, and so does the test.
    command = [sys.executable, "-c", HEED, *argv(*options, command=shell(script, log))]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def test_stopping_in_a_delay_ends_it_at_once(log):
    process = started(log, "false", "--attempts", "3", "--delay", "60")
    wait_for(log, 1)
    time.sleep(0.2)
    process.terminate()
    assert process.wait(timeout=20) == -signal.SIGTERM
    assert counted(log) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_stopping_an_attempt_ends_the_retries(log, number):
    process = started(log, "exec sleep 60", "--attempts", "3")
    wait_for(log, 1)
    os.killpg(process.pid, number)
    assert process.wait(timeout=20) == -number
    assert counted(log) == 1


def test_a_job_that_ends_well_when_it_is_stopped_has_ended_well(log):
    process = started(log, "trap 'exit 0' TERM; while :; do sleep 0.05; done", "--attempts", "3")
    wait_for(log, 1)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_a_signal_for_the_main_process_alone_is_passed_on_where_it_is_told_to(log):
    process = started(log, "exec sleep 60", "--attempts", "3", "--forward")
    wait_for(log, 1)
    process.terminate()
    assert process.wait(timeout=20) == -signal.SIGTERM


def test_other_signals_are_for_the_job(log):
    process = started(log, "trap 'exit 7' USR1; while :; do sleep 0.05; done")
    wait_for(log, 1)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGUSR1)
    assert process.wait(timeout=20) == 7


# --- control groups (proc(5), cgroups(7))

UNIFIED = "0::/system.slice/job.service\n"
HYBRID = "5:pids:/system.slice/job.service\n1:name=systemd:/system.slice/job.service\n0::/system.slice/job.service\n"


def mount(place: Path, kind: str, root: str, options: str) -> str:
    return f"30 23 0:26 {root} {place} rw,nosuid shared:9 - {kind} {kind} {options}\n"


@pytest.mark.parametrize(
    ("own", "mounted", "found"),
    [
        # As for a job of the name memory: systemd keeps its names apart from those of the kernel.
        ("0::/system.slice/_job.service\n", ("cgroup2", "/", "rw"), True),
        (UNIFIED, ("cgroup2", "/", "rw,nsdelegate"), True),
        (HYBRID, ("cgroup", "/", "rw,xattr,name=systemd"), True),
        (HYBRID, ("cgroup", "/", "rw,pids"), False),
        ("0::/box/1/system.slice/job.service\n", ("cgroup2", "/box/1", "rw"), True),
        ("0::/user.slice/session-1.scope\n", ("cgroup2", "/", "rw"), False),
        ("0::/system.slice/other.service\n", ("cgroup2", "/", "rw"), False),
        ("0::/\n", ("cgroup2", "/", "rw"), False),
    ],
)
def test_the_control_group_is_that_of_the_job_and_no_other(tmp_path, own, mounted, found):
    own_folder = "system.slice/_job.service" if "_job" in own else "system.slice/job.service"
    folders = (own_folder, "system.slice/other.service", "user.slice/session-1.scope", ".")
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "cgroup.procs").write_text("1\n")
    mounts = "22 1 8:1 / / rw - ext4 /dev/x rw\n" + mount(tmp_path, *mounted)
    expected = f"{tmp_path}/{own_folder}" if found else ""
    assert attempts.cgroup_directory("job", own, mounts) == expected


def test_processes_in_groups_below_belong_to_the_job(tmp_path):
    (tmp_path / "below" / "more").mkdir(parents=True)
    (tmp_path / "cgroup.procs").write_text("11\n12\n")
    (tmp_path / "below" / "more" / "cgroup.procs").write_text("13\n")
    assert attempts.members(str(tmp_path)) == {11, 12, 13}
    assert attempts.members(str(tmp_path / "gone")) == set()


# --- several programs


def several(*options: str, commands: list[list[str]]) -> subprocess.CompletedProcess[str]:
    words = [word for command in commands for word in [*command, attempts.NEXT]][:-1]
    return run("--several", *options, command=words)


def test_programs_run_in_order_and_the_first_that_fails_is_named(log):
    commands = [shell("true", log), shell("exit 3", log), shell("true", log)]
    done = several("--attempts", "2", commands=commands)
    assert (counted(log), done.returncode) == (4, 3)
    assert "attempt 2 of 2 failed in command 2 of 3, /bin/sh, with exit status 3; it was the last" in done.stderr


def test_all_programs_are_one_success(log):
    done = several(commands=[shell("true", log)] * 3)
    assert (counted(log), done.returncode, done.stderr.splitlines()) == (3, 0, ["job: attempt 1 of 1 succeeded"])


def test_programs_have_one_time_limit_together(log):
    began = time.monotonic()
    done = several("--timeout", "1", "--kill-after", "1", commands=[shell("sleep 0.6", log), shell("sleep 60", log)])
    assert (counted(log), done.returncode) == (2, attempts.TIMED_OUT)
    assert 1 <= time.monotonic() - began < 30
    assert "was stopped in command 2 of 2, /bin/sh, at its time limit of 1s" in done.stderr


def test_a_stop_that_a_program_takes_well_does_not_make_a_success_of_those_that_did_not_run(log):
    words = [*shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done", log), attempts.NEXT, "/bin/true"]
    call = argv("--several", "--forward", command=words)
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("words", [["a", "--next--"], ["--next--", "a"], ["a", "--next--", "--next--", "b"]])
def test_a_program_that_is_left_out_is_a_fault(words):
    assert run("--several", command=words).returncode == 2
