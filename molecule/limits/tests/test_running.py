# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job runs: time limits, resources, conditions, sandbox. One set of jobs is applied and run, then looked at."""

from __future__ import annotations

import json
import re

import pytest
from harness import RUNS, recorder, runs, show, wait_until

OWNER = {"timer_owner": "semantics"}
NEVER = "*-*-* 00:00:07"
PORT = 9009
SERVER = f"""\
import socket
listener = socket.create_server(("127.0.0.1", {PORT}))
while True:
    connection, _peer = listener.accept()
    connection.sendall(b"hello")
    connection.close()
"""
# What an ordinary script does, and what a sandbox may forbid; each attempt by itself.
ORDINARY = f"""\
import json, os, pathlib, socket, subprocess, sys, tempfile

def write(path):
    pathlib.Path(path, sys.argv[1]).write_text("x")

def connect():
    with socket.create_connection(("localhost", {PORT}), timeout=30) as connection:
        assert connection.recv(5) == b"hello"

def own(name):
    for folder in os.environ[name].split(":"):
        write(folder)

def temporary():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")

def secret():
    assert pathlib.Path(os.environ["CREDENTIALS_DIRECTORY"], "token").read_text() == "hunter2"

ATTEMPTS = {{
    "resolve": lambda: socket.getaddrinfo("localhost", None),
    "connect": connect,
    "program": lambda: subprocess.run(["/bin/ls", "/usr"], check=True, stdout=subprocess.DEVNULL),
    "state": lambda: own("STATE_DIRECTORY"),
    "cache": lambda: own("CACHE_DIRECTORY"),
    "logs": lambda: own("LOGS_DIRECTORY"),
    "runtime": lambda: own("RUNTIME_DIRECTORY"),
    "temporary": temporary,
    "credential": secret,
    "writable": lambda: write("/srv/semantics-open"),
    "variable data": lambda: write("/var/local"),
    "settings": lambda: write("/etc"),
    "programs": lambda: write("/usr/local/bin"),
    "home": lambda: write("/root"),
    "kernel": lambda: pathlib.Path("/proc/sys/kernel/domainname").write_text("x"),
    "owner": lambda: os.chown(f"/srv/semantics-open/{{sys.argv[1]}}", 1, 1),
}}
found = {{}}
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        found[name] = "done"
    except Exception as error:
        found[name] = type(error).__name__
pathlib.Path(os.environ["STATE_DIRECTORY"].split(":")[0], "found.json").write_text(json.dumps(found))
print("the end", flush=True)
"""
EVERYBODY = (
    "resolve", "connect", "program", "state", "cache", "logs", "runtime", "temporary", "credential", "writable",
)  # fmt: skip
# What each sandbox lets a job of root do beside; `none` shows that the host itself lets it.
ALLOWED = {
    "none": {"variable data", "settings", "programs", "home", "kernel", "owner"},
    "standard": {"variable data", "owner"},
    "strict": set(),
}


def job(name, **fields):
    return {"name": f"semantics-{name}", "schedule": NEVER, **fields}


def sandboxed(name, hardening, **fields):
    return job(
        name,
        script={"content": ORDINARY, "interpreter": "/usr/bin/python3", "args": [f"probe-{name}"]},
        hardening=hardening,
        state_directory=[f"semantics-{name}", f"semantics-{name}/inner"],
        cache_directory=f"semantics-{name}",
        logs_directory=f"semantics-{name}",
        runtime_directory=f"semantics-{name}",
        writable_paths=["/srv/semantics-open", "-/srv/semantics-none"],
        credentials={"token": {"content": "hunter2"}},
        output=f"append:/srv/semantics-output/{name}.log",
        **fields,
    )


# A job that holds out against SIGTERM, and begins a process that does, too.
HANGS = "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' semantics-child & while :; do sleep 1; done"
# What limits look like from within.
SEEN = f'echo "$(nice) $(ulimit -n)" > {RUNS}/limits'
OPENS = "exec /usr/bin/python3 -c 'files = [open(\"/dev/null\") for number in range(64)]'"
THREADS = f"""\
import pathlib, threading
stop, begun = threading.Event(), 0
try:
    for begun in range(40):
        threading.Thread(target=stop.wait).start()
except RuntimeError:
    pass
stop.set()
pathlib.Path("{RUNS}/threads").write_text(str(begun))
"""
LIMITS = {
    "memory": "64M",
    "memory_high": "48M",
    "cpu": "150%",
    "cpu_weight": 50,
    "io_weight": 20,
    "io_class": "idle",
    "nice": 7,
    "tasks": 30,
    "open_files": "512:1024",
    "file_size": "1M",
}
SHOWN_LIMITS = {
    "MemoryMax": str(64 * 2**20),
    "MemoryHigh": str(48 * 2**20),
    "CPUQuotaPerSecUSec": "1.500000s",
    "CPUWeight": "50",
    "IOWeight": "20",
    "IOSchedulingClass": "3",
    "Nice": "7",
    "TasksMax": "30",
    "LimitNOFILE": "1024",
    "LimitNOFILESoft": "512",
    "LimitFSIZE": str(2**20),
}
JOBS = [
    job("hangs", command=["/bin/sh", "-c", HANGS], timeout="2s", kill_after="1s"),
    job("in-time", command=recorder("in-time"), timeout="1h"),
    job("limits", command=["/bin/sh", "-c", SEEN], limits=LIMITS),
    job("opens", command=["/bin/sh", "-c", OPENS], limits={"open_files": 32}),
    job("threads", script={"content": THREADS, "interpreter": "/usr/bin/python3"}, limits={"tasks": 10}),
    job("writes", command="/bin/dd if=/dev/zero of=/srv/runs/writes bs=4096 count=4", limits={"file_size": 8192}),
    job("no-path", command=recorder("no-path"), conditions={"path_exists": ["/srv", "/srv/semantics-none"]}),
    job("no-host", command=recorder("no-host"), conditions={"host": "elsewhere"}),
    job("no-command", command=recorder("no-command"), conditions={"command": ["/bin/test", "-e", "/srv/a b"]}),
    job("bad-command", command=recorder("bad-command"), conditions={"command": ["/bin/sh", "-c", "exit 255"]}),
    job(
        "holds",
        command=recorder("holds"),
        conditions={
            "path_exists": ["/srv", "!/srv/semantics-none"],
            "path_is_directory": "/srv",
            "directory_not_empty": "/etc",
            "file_not_empty": "/etc/passwd",
            "path_is_mount_point": "/proc",
            "virtualization": "container",
            "ac_power": True,
            "host": "!elsewhere",
            "command": "/bin/test -d /srv",
        },
    ),
    sandboxed("none", "none"),
    sandboxed("standard", "standard"),
    sandboxed("strict", "strict"),
    sandboxed("strict-user", "strict", user="daemon"),
    # Not in time: the condition of a repeating job never holds, and its timer goes on all the same.
    {
        "name": "semantics-again",
        "every": "2s",
        "accuracy": "100ms",
        "command": recorder("again"),
        "conditions": {"path_exists": "/srv/semantics-none"},
    },
]
STARTED = [one["name"] for one in JOBS if one["name"] != "semantics-again"]


def is_over(host, name):
    found = show(host, f"{name}.service", "ActiveState", "ConditionTimestampMonotonic")
    return found["ActiveState"] in ("inactive", "failed") and found["ConditionTimestampMonotonic"] != "0"


def skipped(host):
    return int(show(host, "semantics-again.service", "ConditionTimestampMonotonic")["ConditionTimestampMonotonic"])


def tell(site, host):
    host.check_output(f"mkdir -p {RUNS} /srv/semantics-output && install -d -m 1777 /srv/semantics-open")
    host.check_output("systemd-run --quiet --unit=semantics-server python3 -c %s", SERVER)
    wait_until(lambda: host.run("ss -ltn 2>/dev/null || cat /proc/net/tcp").stdout.count(f"{PORT:X}"), 30, "the server")
    try:
        run = site.apply(JOBS, **OWNER)
        times = {skipped(host)}
        host.check_output(f"systemctl start --no-block {' '.join(f'{name}.service' for name in STARTED)}")
        for name in STARTED:
            wait_until(lambda name=name: is_over(host, name), 60, f"{name} has ended")

        def again():
            times.add(skipped(host))
            return len(times - {0}) >= 3

        wait_until(again, 60, "the repeating job was skipped three times")
        second = site.apply(JOBS, **OWNER)
    finally:
        host.run("systemctl stop semantics-server.service")
    return run, second


@pytest.fixture
def applied(stories, machine):
    return stories[machine].result()[0]


def outcome(host, name):
    return show(host, f"semantics-{name}.service", "ActiveState", "Result")


def test_a_second_apply_changes_nothing_and_rates_the_same(stories, machine):
    run, second = stories[machine].result()
    assert not second.result["changed"]
    exposures = [{name: row["exposure"] for name, row in one.rows().items()} for one in (run, second)]
    assert exposures[0] == exposures[1]


def test_a_job_that_hangs_is_stopped_and_gone(applied, host):  # noqa: ARG001
    assert outcome(host, "hangs") == {"ActiveState": "failed", "Result": "timeout"}
    assert host.run("pgrep -f semantics-child").stdout == ""
    assert "start operation timed out" in journal(host, "hangs")


def test_a_job_within_its_time_is_left_alone(applied, host):  # noqa: ARG001
    assert outcome(host, "in-time") == {"ActiveState": "inactive", "Result": "success"}
    assert show(host, "semantics-in-time.service", "TimeoutStartUSec") == {"TimeoutStartUSec": "1h"}
    assert len(runs(host, "in-time")) == 1


def test_systemd_holds_every_limit(applied, host):  # noqa: ARG001
    assert show(host, "semantics-limits.service", *SHOWN_LIMITS) == SHOWN_LIMITS


def test_the_job_sees_its_limits(applied, host):  # noqa: ARG001
    assert host.file(f"{RUNS}/limits").content_string.split() == ["7", "512"]


def test_a_job_cannot_open_more_files_than_it_may(applied, host):  # noqa: ARG001
    assert outcome(host, "opens") == {"ActiveState": "failed", "Result": "exit-code"}
    assert "Too many open files" in journal(host, "opens")


def test_a_job_cannot_write_a_larger_file_than_it_may(applied, host):  # noqa: ARG001
    assert outcome(host, "writes")["ActiveState"] == "failed"
    assert host.file(f"{RUNS}/writes").size == 8192


def test_a_job_cannot_have_more_threads_than_it_may_where_the_host_can_count_them(applied, host):  # noqa: ARG001
    # In a container on a host with cgroup v1 systemd has no controllers; the other limits hold all the same.
    counted = show(host, "systemd-journald.service", "TasksCurrent")["TasksCurrent"] != "[not set]"
    begun = int(host.file(f"{RUNS}/threads").content_string)
    assert (begun < 10) == counted


@pytest.mark.parametrize("name", ["no-path", "no-host", "no-command"])
def test_a_job_whose_condition_does_not_hold_is_skipped_and_has_not_failed(applied, host, name):  # noqa: ARG001
    assert runs(host, name) == []
    found = outcome(host, name)
    assert found == {"ActiveState": "inactive", "Result": "exec-condition" if name == "no-command" else "success"}
    assert host.run(f"systemctl is-failed semantics-{name}.service").stdout.strip() == "inactive"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-path", r"skipped.* unmet condition check \(?ConditionPathExists=/srv/semantics-none\)?"),
        ("no-host", r"skipped.* unmet condition check \(?ConditionHost=elsewhere\)?"),
        ("no-command", "Condition check resulted in .* being skipped"),
    ],
)
def test_the_journal_says_why_it_was_skipped(applied, host, name, said):  # noqa: ARG001
    assert re.search(said, journal(host, name))


def test_a_command_that_fails_is_no_unmet_condition(applied, host):  # noqa: ARG001
    assert outcome(host, "bad-command") == {"ActiveState": "failed", "Result": "exit-code"}
    assert runs(host, "bad-command") == []


def test_a_job_whose_conditions_hold_runs(applied, host):  # noqa: ARG001
    assert outcome(host, "holds") == {"ActiveState": "inactive", "Result": "success"}
    assert len(runs(host, "holds")) == 1


def test_a_repeating_job_goes_on_after_it_was_skipped(applied, host):  # noqa: ARG001
    assert runs(host, "again") == []
    assert show(host, "semantics-again.timer", "ActiveState") == {"ActiveState": "active"}


@pytest.mark.parametrize("name", ["none", "standard", "strict"])
def test_an_ordinary_script_works_in_each_sandbox_and_what_it_forbids_fails(applied, host, name):  # noqa: ARG001
    assert outcome(host, name) == {"ActiveState": "inactive", "Result": "success"}
    found = json.loads(host.file(f"/var/lib/semantics-{name}/found.json").content_string)
    expected = {*EVERYBODY, *ALLOWED[name]}
    assert {one for one, what in found.items() if what == "done"} == expected, found


def test_an_ordinary_script_of_a_user_works_in_the_strict_sandbox(applied, host):  # noqa: ARG001
    assert outcome(host, "strict-user") == {"ActiveState": "inactive", "Result": "success"}
    found = json.loads(host.file("/var/lib/semantics-strict-user/found.json").content_string)
    assert {one for one, what in found.items() if what == "done"} == set(EVERYBODY), found
    assert host.file("/var/lib/semantics-strict-user").user == "daemon"


@pytest.mark.parametrize("name", ["none", "standard", "strict", "strict-user"])
def test_systemd_opens_the_output_file_for_the_job(applied, host, name):  # noqa: ARG001
    assert host.file(f"/srv/semantics-output/{name}.log").content_string == "the end\n"


def test_the_result_rates_each_sandbox(applied):
    rated = {name: row["exposure"] for name, row in applied.rows().items()}
    assert rated["semantics-none"] is None
    assert rated["semantics-limits"] is None
    assert rated["semantics-strict"] <= 2.0
    assert rated["semantics-strict-user"] < rated["semantics-strict"] < rated["semantics-standard"] < 7.0


def test_the_rating_is_that_of_the_loaded_unit(applied, host):
    said = host.check_output("systemd-analyze security --no-pager semantics-strict.service")
    level = applied.rows()["semantics-strict"]["exposure"]
    assert f"semantics-strict.service: {level} " in said


def journal(host, name):
    return host.check_output(f"journalctl --no-pager --output=cat --unit=semantics-{name}.service")
