# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile jobs on real systemd: each does what its declaration says and nothing else, or is refused by name.

The jobs come from tests/unit/support/hostile.py: the same each time, SEED in the environment gives others. A failure
shows the seed and the declarations, which can be put into `timer_jobs` as they are; texts with braces need !unsafe.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from harness import CHECKOUT, Run, Snapshot, Unsafe, snapshot

sys.path.insert(0, str(CHECKOUT / ".cache" / "collections"))
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import sealed, unsealed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile import (
    FOLDER,
    PROGRAM,
    Bad,
    Job,
    hostile_jobs,
    refused_jobs,
    report,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile_units import (
    OWNER,
    assignments,
    difference,
    rendered,
)

# On each machine. About one in twenty of the valid jobs is declared to be absent.
COUNT = 2150
RUN_AT_LEAST = 2000
BATCH = 430
REFUSED = 600
FILES = Path(__file__).parent.parent / "files"
VARIABLES = {"timer_owner": OWNER, "timer_prune": True, "timer_prune_limit": 10000}
# A job with nothing hostile in it: what systemd holds of the others is compared with what it holds of this one.
PLAIN = {"name": "plain", "schedule": "2090/1-01-01", "command": [PROGRAM, "plain"]}
SHOWN = 3

# What systemd gives every process (systemd.exec(5), Environment Variables in Spawned Processes).
GIVEN = ("LANG", "PATH", "USER", "LOGNAME", "HOME", "SHELL", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID")
GIVEN += ("MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE")
# Properties that tell how a run went and when, and what a unit that is started manually or has a path depends on.
OF_A_RUN = re.compile(
    r".*Timestamp(Monotonic)?|(Assert|Condition)(Result|s)|ExecMain\w+|ControlGroupId|InvocationID|WatchdogUSec"
    r"|(Requires|Wants)MountsFor|After|Requires|MainPID|NFileDescriptorStore"
)
AFTER = {"sysinit.target", "system.slice", "systemd-journald.socket", "basic.target", "-.mount"}


class Batch(NamedTuple):
    """Jobs that were applied together, the apply, what the host said of them after a run of each."""

    jobs: list[Job]
    applied: Run
    found: dict[str, Any]

    @property
    def installed(self) -> list[Job]:
        return [job for job in self.jobs if job.installed]


class Refused(NamedTuple):
    """A set with jobs that must be refused and others: the host before, the run, the host after."""

    bad: list[Bad]
    good: list[Job]
    before: Snapshot
    run: Run
    after: Snapshot


class Story(NamedTuple):
    batches: list[Batch]
    again: Run
    refused: Refused
    units_before: dict[str, Any]
    units_after: dict[str, Any]


JOBS = hostile_jobs(COUNT)
BAD = refused_jobs(REFUSED)


def unsafe(value: Any) -> Any:
    """The same, marked so that Ansible does not take it for a template."""
    if isinstance(value, dict):
        return {key: unsafe(found) for key, found in value.items()}
    if isinstance(value, list):
        return [unsafe(found) for found in value]
    return Unsafe(value) if isinstance(value, str) else value


def declared(jobs: list[Any]) -> list[Any]:
    return [unsafe(job.declaration) for job in jobs]


def ask(host: Any, **request: Any) -> dict[str, Any]:
    """Run files/host.py; the request is too long for an argument."""
    argv = ["podman", "exec", "--interactive", host.backend.name, "python3", "-c", (FILES / "host.py").read_text()]
    done = subprocess.run(argv, input=json.dumps(request), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tell(site: Any, host: Any) -> Story:
    """All batches one after the other, each in the place of the one before; then the refusals, then nothing."""
    units_before = snapshot(host).units()
    ask(
        host,
        do="prepare",
        program=(FILES / "dump.sh").read_text(),
        programs=sorted({PROGRAM, *(job.program for job in JOBS)}),
        directories=[job.directory for job in JOBS if job.directory],
        files={job.file: f"FROM_FILE={job.key}\n" for job in JOBS if job.file},
    )
    batches = []
    for start in range(0, COUNT, BATCH):
        jobs = JOBS[start : start + BATCH]
        applied = site.apply([*declared(jobs), PLAIN], **VARIABLES)
        services = [f"{job.name}.service" for job in jobs if job.installed]
        batches.append(Batch(jobs, applied, ask(host, do="run", services=[*services, "plain.service"])))
    again = site.apply([*declared(batches[-1].jobs), PLAIN], **VARIABLES)
    good = batches[-1].jobs[:50]
    before = snapshot(host)
    run = site.refuse([*declared(BAD[::2]), *declared(good), PLAIN, *declared(BAD[1::2])], **VARIABLES)
    refused = Refused(BAD, good, before, run, snapshot(host))
    site.apply([], **VARIABLES)
    return Story(batches, again, refused, units_before, snapshot(host).units())


@pytest.fixture
def batches(story):
    return story.batches


def told(wrong: list[str]) -> str:
    return "\n".join([f"{len(wrong)} jobs, the first of them:", *wrong[:SHOWN]])


def unhex(dump: str) -> list[bytes]:
    return bytes.fromhex(dump).split(b"\0")[:-1]


# --- jobs that are valid


def test_every_job_is_applied_and_has_run(batches):
    assert sum(len(batch.installed) for batch in batches) >= RUN_AT_LEAST
    for batch in batches:
        assert batch.found["started"] == [0, ""], batch.found["started"][1]
        assert set(batch.found["dumps"]) == {job.key for job in batch.installed} | {"plain"}


def test_arguments_arrive_byte_for_byte(batches):
    wrong = []
    for batch in batches:
        for job in batch.installed:
            # The interpreter stands before the script and its arguments.
            arrived = unhex(batch.found["dumps"][job.key]["arguments"])[1:]
            if arrived != [word.encode() for word in (job.program, *job.argv)]:
                wrong.append(report(job, expected=job.argv, arrived=arrived))
    assert not wrong, told(wrong)


def test_environment_arrives_byte_for_byte(batches):
    """All of it: what is declared, and besides only what systemd gives every process."""
    wrong = []
    for batch in batches:
        for job in batch.installed:
            lines = unhex(batch.found["dumps"][job.key]["environment"])
            arrived = {name.decode(): value for name, _equals, value in (line.partition(b"=") for line in lines)}
            expected = {name: value.encode() for name, value in job.environment.items()}
            declared_ones = {name: value for name, value in arrived.items() if name in expected or name not in GIVEN}
            if declared_ones != expected or len(lines) != len(arrived):
                wrong.append(report(job, expected=expected, arrived=declared_ones))
    assert not wrong, told(wrong)


def test_directories_and_output_files_are_those_declared(batches):
    wrong = []
    outputs = {}
    for batch in batches:
        outputs.update(batch.found["outputs"])
        for job in batch.installed:
            directory = bytes.fromhex(batch.found["dumps"][job.key]["directory"]).decode()
            if directory != f"{job.directory or '/'}\n":
                wrong.append(report(job, expected=job.directory or "/", arrived=directory))
            output = outputs.get(job.output.removeprefix(f"{FOLDER}/outputs/"))
            if job.output and output != f"{job.key}\n":
                wrong.append(report(job, expected=job.output, arrived=output))
    assert not wrong, told(wrong)
    expected = {job.output.removeprefix(f"{FOLDER}/outputs/") for batch in batches for job in batch.installed}
    assert set(outputs) == expected - {""}


def held(job: Job) -> dict[str, Any]:
    """What the bus has to say of a job's service, but for what it says of any plain service as well."""
    fields = job.declaration
    raw = fields.get("service", {})
    kind = fields.get("output", "").partition(":")[0]
    timers = [] if fields.get("state") == "suspended" else [f"{job.name}.timer"]
    description = fields.get("unit", {}).get("Description", "").replace("%%", "%")
    expected = {
        "Id": f"{job.name}.service",
        "Names": [f"{job.name}.service"],
        "FragmentPath": f"/etc/systemd/system/{job.name}.service",
        "Description": description or fields.get("description", job.name),
        "Environment": [f"{name}={value}" for name, value in fields.get("environment", {}).items()],
        "EnvironmentFiles": [[fields["environment_file"], False]] if "environment_file" in fields else [],
        "WorkingDirectory": job.directory,
        "StandardOutput": kind,
        "StandardError": kind,
        "SyslogIdentifier": raw.get("SyslogIdentifier", "").replace("%%", "%"),
        "Nice": int(raw.get("Nice", 0)),
        "Documentation": [text.replace("%%", "%") for text in fields.get("unit", {}).get("Documentation", [])],
        "Wants": ["network-online.target"] if fields.get("network_online") else [],
    }
    return {name: value for name, value in expected.items() if value} | {"TriggeredBy": timers}


def without_runs(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if not OF_A_RUN.fullmatch(name)}


def test_systemd_holds_what_is_declared_and_nothing_else(batches):
    """All properties of the loaded services, compared with those of a plain one: no value changes another."""
    wrong = []
    for batch in batches:
        for job in batch.installed:
            properties = batch.found["services"][f"{job.name}.service"]
            seen = without_runs(properties)
            (command,) = seen.pop("ExecStart")
            (command_too,) = seen.pop("ExecStartEx")
            path, argv = command[0], [word.replace("$$", "$") for word in command[1]]
            after = set(properties["After"]) - AFTER - {f"{job.name}.timer"} - set(seen.get("Wants", []))
            right = seen == held(job) and not after and command_too[:2] == command[:2] and path == job.program
            if not right or (job.exact and argv != [job.program, *job.argv]):
                wrong.append(report(job, expected=held(job), seen=seen, command=command[:2], after=after))
    assert not wrong, told(wrong)


def test_unit_files_hold_the_declared_directives_and_no_others(batches):
    """As read by a parser that knows nothing of the collection."""
    wrong = []
    for batch in batches:
        for job in batch.installed:
            for kind, expected in assignments(job).items():
                unlike = difference(expected, unsealed(batch.found["units"][f"{job.name}.{kind}"]))
                if unlike:
                    wrong.append(report(job, kind=kind, unlike=unlike))
    assert not wrong, told(wrong)


def test_no_job_changes_another(batches):
    """Each unit file is to the byte what its job gives alone; the host has the declared units and no others."""
    for batch in batches:
        units = {name: text for name, text in batch.found["units"].items() if f"\nOwner={OWNER}\n" in text}
        alone = [job.declaration for job in batch.installed] + [PLAIN]
        expected = {
            f"{job['name']}.{kind}": sealed(text)
            for job in alone
            for kind, text in zip(("service", "timer"), rendered([job])[0], strict=True)
        }
        assert units == expected
        links = [link for link in batch.found["links"] if link.endswith(tuple(expected))]
        armed = [job for job in alone if job.get("state") != "suspended"]
        assert links == sorted(f"timers.target.wants/{job['name']}.timer" for job in armed)


def test_timers_start_their_own_services(batches):
    for batch in batches:
        loaded = {row["unit"]: row for row in batch.found["loaded"]}
        timers = {row["unit"]: row for row in batch.found["timers"]}
        for job in batch.installed:
            unit = f"{job.name}.timer"
            if job.declaration.get("state") == "suspended":
                assert unit not in timers, report(job)
                continue
            assert (loaded[unit]["load"], loaded[unit]["active"]) == ("loaded", "active"), report(job)
            assert timers[unit]["activates"] == f"{job.name}.service", report(job)
            assert timers[unit]["next"], report(job)
            described = f"Runs {job.declaration.get('description', job.name)} "
            assert loaded[unit]["description"].startswith(described), report(job)


def test_a_second_run_changes_nothing(story):
    assert not story.again.result["changed"]


def test_nothing_is_left_when_all_jobs_are_gone(story):
    assert story.units_after == story.units_before


# --- jobs that are not


def errors(run: Run) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in run.result["findings"]:
        if finding["severity"] in ("error", "environment"):
            found.setdefault(finding["job"], []).append(finding)
    return found


def test_every_bad_job_is_named(story):
    """An error for each, and about the field that is bad."""
    found = errors(story.refused.run)
    wrong = [
        report(job, found=found.get(job.name))
        for job in story.refused.bad
        if not any(job.field in (one["field"], one["field"].split(".")[0]) for one in found.get(job.name, []))
    ]
    assert not wrong, told(wrong)


def test_no_other_job_is_blamed(story):
    assert set(errors(story.refused.run)) <= {job.name for job in story.refused.bad}


def test_a_refusal_is_lines_that_a_terminal_can_show(story):
    message = story.refused.run.message
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", message)
    assert re.search(
        r": \d+ errors( and \d+ warnings)? in \d+ jobs, nothing was changed on this host:$", message.split("\n")[0]
    )
    # A line for each finding, and no value makes another.
    assert len(message.split("\n")) == 1 + sum(
        story.refused.run.result["finding_counts"][one] for one in ("errors", "warnings")
    )


def test_a_refusal_changes_nothing(story):
    assert story.refused.after == story.refused.before
