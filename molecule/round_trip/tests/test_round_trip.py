# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""List commands and environment values reach the process byte for byte; no value adds or changes a directive.

The values are random, but the same each time: SEED in the environment gives others.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from harness import Unsafe, show

COUNT = 200
SEED = int(os.environ.get("SEED", "20260301"))
DUMP = "/srv/dump"
# A program whose own path is hostile; systemd allows no quote, backslash or dollar sign there.
ODD_DUMP = "/srv/od d; %n #ä/dump"
OWNER = {"timer_owner": "round-trip"}

# Each of them has a meaning to systemd, to YAML, to Jinja2 or to a shell.
PIECES = [
    *"%$;\"'\\ \t#=*?[]{}()<>|&!@:,+-~`^/",
    *(
        "%n",
        "%%",
        "%H",
        "%i",
        "%z",
        "+%Y%m%d",
        "$HOME",
        "${HOME}",
        "$$",
        "$",
        "\\x41",
        "\\n",
        "\\",
        '\\"',
        "\\s",
        "\\u0041",
    ),
    *(
        "{{ 1 + 1 }}",
        "{% raw %}",
        "{# no #}",
        "User=nobody",
        "[Service]",
        "ExecStart=/bin/false",
        " ; ",
        ";",
        "&&",
        "$(id)",
    ),
    *("ä", "ß", "日本", "🕰", "\u00a0", "\u200b", "\ufeff", "e\u0301", "\u202e"),
    *("", " ", "  ", "null", "true", "1e3", "~", "-", "--", "@", "!", "|", "+", ":", "-e", "!unsafe"),
]
# What a text may not hold, but an argument and a value of a variable may.
BREAKS = [
    "\n",
    "\r",
    "\r\n",
    "\nUser=nobody\n",
    "\\\n",
    "\x01",
    "\x07",
    "\x0b",
    "\x0c",
    "\x1b[31m",
    "\x1c",
    "\x1d",
    "\x1e",
]
BREAKS += ["\x7f", "\x85", "\u2028", "\u2029", "\u2028User=nobody", "\x85ExecStart=/bin/false", "\x0bUser=nobody"]


def text(rng, pieces, most=6):
    return "".join(rng.choice(pieces) for _number in range(rng.randint(0, most)))


def description(rng):
    """One line, as a description must be: not empty, no white space around it, no backslash at its end."""
    found = text(rng, [*PIECES, "\u2028User=nobody", "\u2029"]).replace("\t", " ").strip().rstrip("\\").strip()
    return found or "plain"


def hostile_jobs(seed):
    rng = random.Random(seed)
    jobs = []
    for number in range(COUNT):
        name = f"trip-{number:03}"
        words = [text(rng, PIECES + BREAKS) for _number in range(rng.randint(0, 5))]
        if number == 0:
            words = ["", " ", ";", "-", "x" * 100_000, "\\", "%", "$", "\n"]
        environment = {f"V{key}": text(rng, PIECES + BREAKS) for key in range(rng.randint(0, 4))}
        jobs.append(
            {
                "name": name,
                "schedule": "*-*-* 00:00:07",
                "description": description(rng),
                "command": [ODD_DUMP if number % 4 == 0 else DUMP, name, *words],
                "environment": environment,
            }
        )
    return jobs


JOBS = hostile_jobs(SEED)


def unsafe(value):
    """The same, marked so that Ansible does not take it for a template."""
    if isinstance(value, dict):
        return {key: unsafe(found) for key, found in value.items()}
    if isinstance(value, list):
        return [unsafe(found) for found in value]
    return Unsafe(value)


def unhex(dump):
    return bytes.fromhex(dump).split(b"\0")[:-1]


READ = """
import json, pathlib
print(json.dumps({p.name: {q.name: q.read_text() for q in p.iterdir()} for p in pathlib.Path("/srv/dumps").iterdir()}))
"""


def tell(site, host):
    """All jobs applied in one go and run once: job to its arguments and environment."""
    script = (Path(__file__).parent.parent / "files" / "dump.sh").read_text()
    for path in (DUMP, ODD_DUMP):
        host.check_output(
            'mkdir -p -- "$(dirname -- %s)" && printf %%s %s > %s && chmod 0755 %s', path, script, path, path
        )
    run = site.apply([unsafe(job) for job in JOBS], **OWNER)
    assert len(run.actions()) == COUNT
    services = " ".join(f"{job['name']}.service" for job in JOBS)
    host.run(f"systemctl start {services}")
    found = json.loads(host.check_output("python3 -c %s", READ))
    return {name: (unhex(dump["arguments"]), unhex(dump["environment"])) for name, dump in found.items()}


@pytest.fixture(scope="module")
def stories(everywhere):
    return everywhere(tell)


@pytest.fixture
def dumps(stories, machine):
    return stories[machine].result()


def test_every_job_has_run(dumps):
    assert sorted(dumps) == [job["name"] for job in JOBS], f"SEED={SEED}"


def test_arguments_arrive_byte_for_byte(dumps):
    wrong = {}
    for job in JOBS:
        # The interpreter stands before the script and its arguments.
        arrived = dumps[job["name"]][0][1:]
        expected = [word.encode() for word in job["command"]]
        if arrived != expected:
            wrong[job["name"]] = (expected, arrived)
    assert not wrong, f"SEED={SEED}"


def test_environment_arrives_byte_for_byte(dumps):
    wrong = {}
    for job in JOBS:
        arrived = {line for line in dumps[job["name"]][1] if line[:1] == b"V"}
        expected = {f"{key}={value}".encode() for key, value in job["environment"].items()}
        if arrived != expected:
            wrong[job["name"]] = (expected, arrived)
    assert not wrong, f"SEED={SEED}"


def test_no_value_adds_a_directive(dumps, host):  # noqa: ARG001
    """What systemd has loaded: one command, no user, the description as it was written."""
    properties = ("Id", "Description", "LoadState", "User", "Group", "Nice", "WorkingDirectory", "NeedDaemonReload")
    units = " ".join(f"{job['name']}.service" for job in JOBS)
    shown = host.check_output(f"systemctl show --property={','.join(properties)} {units}")
    blocks = [dict(line.split("=", 1) for line in block.split("\n")) for block in shown.split("\n\n")]
    found = {block["Id"]: block for block in blocks}
    wrong = {}
    for job in JOBS:
        unit = f"{job['name']}.service"
        values = found[unit]
        expected = {
            "Id": unit,
            "Description": job["description"],
            "LoadState": "loaded",
            "User": "",
            "Group": "",
            "Nice": "0",
            "WorkingDirectory": "",
            "NeedDaemonReload": "no",
        }
        seen = {key: values.get(key) for key in expected}
        if seen != expected:
            wrong[unit] = {key: (seen[key], expected[key]) for key in expected if seen[key] != expected[key]}
    assert not wrong, f"SEED={SEED}"
    # Arguments may hold line breaks: each command begins like this.
    commands = host.check_output(f"systemctl show --property=ExecStart {units}")
    assert [line.startswith("ExecStart={ path=/srv/") for line in commands.split("\n")].count(True) == COUNT


def test_sections_and_directives_are_those_of_the_templates(dumps, host):  # noqa: ARG001
    text_of_all = host.check_output("cat /etc/systemd/system/trip-*.service")
    count = {}
    for line in text_of_all.split("\n"):
        key = line.split("=", 1)[0] if not line.startswith("#") else ""
        count[key] = count.get(key, 0) + 1
    variables = sum(len(job["environment"]) for job in JOBS)
    count.pop("")
    assert count == {
        "[Unit]": COUNT,
        "Description": COUNT,
        "[Service]": COUNT,
        "Type": COUNT,
        "ExecStart": COUNT,
        "Environment": variables,
        "[X-Ansible]": COUNT,
        "Owner": COUNT,
        "Job": COUNT,
    }


def test_a_second_run_changes_nothing(dumps, site):  # noqa: ARG001
    assert not site.apply([unsafe(job) for job in JOBS], **OWNER).result["changed"]


def test_timers_are_all_armed(dumps, host):  # noqa: ARG001
    waiting = host.check_output("systemctl list-units --plain --no-legend --state=waiting 'trip-*.timer'")
    # Not splitlines(): descriptions hold what it takes for a line break.
    assert len(waiting.split("\n")) == COUNT
    assert show(host, "trip-000.timer", "NextElapseUSecRealtime")["NextElapseUSecRealtime"]
