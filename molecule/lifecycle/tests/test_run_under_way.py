# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is under way ends as it would have, whatever becomes of its job: limits, commands, notices, files.

Each job waits for a file, and writes what it sees before and after. systemd would end a run whose unit has gone after
90 seconds, and applies what has changed at the next reload.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from harness import FILES_DIRECTORY, RUNS, UNIT_DIRECTORY, recorder, reloads, show, snapshot, unit_property, wait_until

OWNER = {"timer_owner": "under-way", "timer_prune": True}
FAR = "*-01-01 00:00:07"
GO = "/srv/go-under-way"
WAIT = f"until [ -e {GO} ]; do sleep 0.1; done"
SEEN = '$1 $SECRET $(grep -o "one\\|two" "$CREDENTIALS_DIRECTORY/key")'
SCRIPT = f"""\
#!/bin/sh
echo "%s {SEEN}" >> {RUNS}/"$2"
touch {RUNS}/"$2".runs
{WAIT}
exit 1
"""
PINS = "/run/systemd/system.control"
# Where the new files go while a run has the old ones.
OTHER = f"{FILES_DIRECTORY}/.other"


def with_files(name: str, version: str, **fields: Any) -> dict[str, Any]:
    """A job with all kinds of files, and with stop commands and notices that need them."""
    stop = f"-/bin/sh -c 'echo stop ${{WORD}} >> {RUNS}/{name}'"
    return {
        "name": name,
        "schedule": FAR,
        "script": {"content": SCRIPT % version, "args": [f"args-{version}", name]},
        "environment": {"SECRET": f"secret-{version}"},
        "secrets": ["SECRET"],
        "environment_file": {"content": f"WORD=word-{version}\n"},
        "credentials": {"key": {"content": f"key-{version}"}},
        "retries": {"attempts": 2, "delay": "300ms"},
        "service": {"ExecStopPost": stop},
        "on_failure": {"command": ["/bin/sh", "-c", f"echo told {version} >> {RUNS}/{name}"]},
        **fields,
    }


def waiting(name: str, status: int, **fields: Any) -> dict[str, Any]:
    """A job that waits, and ends with an exit status."""
    script = f"touch {RUNS}/{name}.runs; {WAIT}; echo ended >> {RUNS}/{name}; exit {status}"
    return {"name": name, "schedule": FAR, "command": ["/bin/sh", "-c", script], **fields}


def always_due(version: str) -> dict[str, Any]:
    """A job that is due again whenever its run ends."""
    script = f"echo begin {version} >> {RUNS}/under-way-due; touch {RUNS}/under-way-due.runs; {WAIT}; sleep 1.5"
    return {
        "name": "under-way-due",
        "schedule": "*:*:*",
        "unit": {"StartLimitIntervalSec": 0},
        "command": ["/bin/sh", "-c", f"{script}; echo end {version} >> {RUNS}/under-way-due"],
    }


LIMITED = {"timeout": "20s", "service": {"SuccessExitStatus": 3, "ExecStopPost": f"/bin/touch {RUNS}/never"}}
BEFORE = [
    with_files("under-way-gone", "one", timeout="200s", kill_after="7s"),
    with_files("under-way-files", "one"),
    waiting("under-way-limits", 3, timeout="300s"),
    waiting("under-way-old", 0, timeout="300s"),
    always_due("one"),
    waiting("under-way-same", 0),
]
AFTER = [
    with_files("under-way-files", "two"),
    waiting("under-way-limits", 3, **LIMITED),
    waiting("under-way-new", 0, renamed_from="under-way-old"),
    always_due("two"),
    waiting("under-way-same", 0),
]
NAMES = [job["name"] for job in BEFORE]
# It follows a job that is renamed while it runs.
FOLLOWER = {"name": "under-way-next", "command": recorder("under-way-next")}
BEFORE.append({**FOLLOWER, "triggered_by": "under-way-old"})
AFTER.append({**FOLLOWER, "triggered_by": "under-way-new"})


class Told(NamedTuple):
    predicted: dict[str, list[str]]
    changed: Any
    reloads: int
    during: dict[str, dict[str, str]]
    again: Any
    written: dict[str, list[str]]
    results: dict[str, str]
    left: dict[str, Any]
    once_more: Any
    next_run: list[str]
    back: Any


def is_cleaned_up(host: Any) -> bool:
    return not host.check_output("ls %s 2>/dev/null || true", PINS) and not host.check_output(
        "systemctl list-units --all --plain --no-legend 'dotmobi-run-end-*'"
    )


def lines(host: Any, name: str) -> list[str]:
    return host.run("cat %s/%s", RUNS, name).stdout.splitlines()


def tell(site: Any, host: Any) -> Told:
    host.check_output("mkdir -p %s && chmod 1777 %s && rm -f %s", RUNS, RUNS, GO)
    site.apply(BEFORE, **OWNER)
    host.check_output(f"systemctl start --no-block {' '.join(f'{name}.service' for name in NAMES)}")
    for name in NAMES:
        wait_until(lambda name=name: host.file(f"{RUNS}/{name}.runs").exists, 60, f"{name} runs")
    predicted = site.apply(AFTER, "--check", **OWNER).actions()
    before = reloads(host)
    changed = site.apply(AFTER, **OWNER)
    reloaded = reloads(host) - before
    # Somebody else's.
    host.check_output("systemctl daemon-reload")
    again = site.apply(AFTER, **OWNER)
    during = {
        name: show(host, f"{name}.service", "FragmentPath", "TimeoutStartUSec", "ActiveState", "SuccessExitStatus")
        for name in (*NAMES, "under-way-new")
    }
    host.check_output("touch %s", GO)
    wait_until(lambda: is_cleaned_up(host), 60, "the runs end, and are cleaned up after")
    wait_until(lambda: lines(host, "under-way-next"), 60, "the job that follows one of another name by now has run")
    wait_until(lambda: "end two" in lines(host, "under-way-due"), 60, "the job that is always due has its change")
    written = {name: lines(host, name) for name in (*NAMES, "under-way-next")}
    results = {
        name: unit_property(host, f"{name}.service", "Result") for name in ("under-way-limits", "under-way-files")
    }
    left = {
        "files": snapshot(host).files,
        "units": host.check_output("systemctl list-units --all --plain --no-legend 'under-way-*'").splitlines(),
        "limits": show(host, "under-way-limits.service", "FragmentPath", "TimeoutStartUSec"),
        "run": host.check_output(
            "find /run/dotmobi.systemd_timers /run/systemd/system -name '*under-way*' -o -name '*run-end*'"
        ),
    }
    once_more = site.apply(AFTER, **OWNER)
    host.run("systemctl start under-way-files.service")
    wait_until(lambda: len(lines(host, "under-way-files")) >= 8, 60, "it tells of the next run")
    next_run = lines(host, "under-way-files")[4:]
    # Nothing runs: the files are where they always are.
    rest = [{**job, "state": "suspended"} if job["name"] == "under-way-due" else job for job in AFTER[1:]]
    back = site.apply([with_files("under-way-files", "three"), *rest], **OWNER)
    return Told(
        predicted, changed, reloaded, during, again, written, results, left, once_more, next_run,
        {**back.actions(), "files": snapshot(host).files},
    )  # fmt: skip


def test_the_apply_says_that_runs_go_on(story):
    assert story.predicted == story.changed.actions()
    for name in NAMES[:-1]:
        assert "let its run finish" in story.changed.actions()[name], name
    assert "under-way-same" not in story.changed.actions()
    assert story.reloads == 1


def test_a_run_under_way_has_its_own_limits(story):
    limits = {name: found["TimeoutStartUSec"] for name, found in story.during.items()}
    assert limits["under-way-gone"] != "1min 30s"
    assert limits["under-way-limits"] == limits["under-way-old"] == "5min"
    for name in NAMES[:-1]:
        assert story.during[name]["FragmentPath"] == f"{PINS}/{name}.service"
        assert story.during[name]["ActiveState"] == "activating"
    assert story.during["under-way-same"]["FragmentPath"] == f"{UNIT_DIRECTORY}/under-way-same.service"


def test_an_apply_beside_the_run_and_after_it_changes_nothing(story):
    assert not story.again.result["changed"], story.again.output
    assert not story.once_more.result["changed"], story.once_more.output


def test_it_ends_as_it_began(story):
    seen = "one args-one secret-one one"
    for name in ("under-way-gone", "under-way-files"):
        assert story.written[name] == [seen, seen, "stop word-one", "told one"], name
    assert story.written["under-way-old"] == story.written["under-way-limits"] == ["ended"]
    # The new declaration takes this exit status for a success.
    assert story.results == {"under-way-limits": "exit-code", "under-way-files": "exit-code"}
    assert f"{RUNS}/never" not in story.left["files"]


def test_nothing_is_left_of_what_has_gone(story):
    gone = ("under-way-gone", "under-way-old")
    assert not [
        path for path in story.left["files"] if any(name in path for name in gone) and not path.startswith(RUNS)
    ]
    assert not [line for line in story.left["units"] if any(name in line for name in gone)]
    assert not story.left["run"]
    assert not [path for path in story.left["files"] if path.startswith(f"{FILES_DIRECTORY}/.runs")]


def test_the_change_holds_from_the_next_run(story):
    assert story.left["limits"] == {
        "FragmentPath": f"{UNIT_DIRECTORY}/under-way-limits.service",
        "TimeoutStartUSec": "20s",
    }
    seen = "two args-two secret-two two"
    assert story.next_run == [seen, seen, "stop word-two", "told two"]
    assert f"{OTHER}/under-way-files/script" in story.left["files"]
    assert f"{FILES_DIRECTORY}/under-way-files" not in story.left["files"]


def test_a_run_starts_what_follows_it_though_it_was_renamed(story):
    assert len(story.written["under-way-next"]) == 1
    assert "under-way-next" in story.changed.actions()


def test_a_job_that_is_always_due_has_the_change_from_its_next_run(story):
    found = story.written["under-way-due"]
    first_new = found.index("begin two")
    assert set(found[:first_new]) == {"begin one", "end one"}
    assert found[first_new - 1] == "end one"
    assert not [line for line in found[first_new:] if line.endswith("one")]
    # One more, if the next began before the apply had started what cleans up.
    assert first_new <= 4


def test_the_next_change_goes_to_the_usual_place(story):
    assert f"{FILES_DIRECTORY}/under-way-files/script" in story.back["files"]
    assert not [path for path in story.back["files"] if path.startswith(OTHER)]
