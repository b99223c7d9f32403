# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as jobs, and schedules that are spread over the hosts."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import pytest
from harness import CHECKOUT, RUNS, UNIT_DIRECTORY, is_armed, next_elapse, show, snapshot, wait_until

sys.path.insert(0, str(CHECKOUT / ".cache" / "collections"))
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.spread import move, offset_of, span_of

OWNER = {"timer_owner": "names"}
HOUR = 3600
# A text is in systemd's own syntax, so %i is the instance.
INSTANCE = f"/bin/sh -c 'echo %i $0 >> {RUNS}/instance' %n"
INSTANCES = [
    {"name": "names-backup@db1", "schedule": "*-*-* 02:00:07", "command": INSTANCE},
    {
        "name": "names-backup@db-2.x_y",
        "schedule": "*-*-* 03:00:07",
        "script": {"content": f'echo "$1 by script" >> {RUNS}/script\n', "args": ["db2"]},
    },
]
SPREAD = [
    {"name": "names-hourly", "schedule": "hourly", "command": "/bin/true", "spread": "hour"},
    {"name": "names-weekly", "schedule": ["Mon 23:50", "Fri..Sun 06:00 UTC"], "command": "/bin/true", "spread": "day"},
    {"name": "names-monthly", "schedule": "monthly", "command": "/bin/true", "spread": "1h 30min"},
    # As a default it does nothing for a job without a schedule.
    {"name": "names-every", "every": "1w", "command": "/bin/true"},
]
MOVED = [
    "hourly",
    "*:0/15",
    "*:50",
    "Mon *-*-* 23:50",
    "Sat,Sun *:30",
    "Mon..Fri 08..17:00/20",
    "*-*~01 12:00",
    "Fri 23:59:59",
]
BASE = "2030-01-01 00:00:00"


def job_names(jobs):
    return [job["name"] for job in jobs]


@pytest.fixture(scope="module")
def stories(everywhere):
    def tell(site, host):
        host.check_output(f"mkdir -p {RUNS}")
        run = site.apply([*INSTANCES, *SPREAD], timer_defaults={"spread": "hour"}, **OWNER)
        for job in INSTANCES:
            host.check_output("systemctl start -- %s", f"{job['name']}.service")
        return run

    return everywhere(tell)


@pytest.fixture
def applied(stories, machine):
    return stories[machine].result()


@pytest.mark.parametrize("name", job_names(INSTANCES))
def test_an_instance_is_a_pair_of_whole_units_and_armed(applied, host, name):
    assert applied.rows()[name]["armed"] == "now"
    assert is_armed(host, name)
    for unit in (f"{name}.service", f"{name}.timer"):
        assert show(host, unit, "FragmentPath", "NeedDaemonReload") == {
            "FragmentPath": f"{UNIT_DIRECTORY}/{unit}",
            "NeedDaemonReload": "no",
        }
    assert show(host, f"{name}.timer", "Unit") == {"Unit": f"{name}.service"}
    assert host.file(f"/var/lib/systemd/timers/stamp-{name}.timer").exists
    assert not host.file(f"{UNIT_DIRECTORY}/names-backup@.service").exists


def test_a_command_gets_its_instance(applied, host):  # noqa: ARG001
    assert host.file(f"{RUNS}/instance").content_string == "db1 names-backup@db1.service\n"
    assert host.file(f"{RUNS}/script").content_string == "db2 by script\n"


def test_offsets_are_those_of_host_and_job_and_are_shown(applied, host, machine):
    rows = applied.rows()
    offset = offset_of(machine, "names-hourly", HOUR)
    assert rows["names-hourly"]["spread"] == span_of(offset)
    moved = f"*-*-* *:{offset // 60:02d}:{offset % 60:02d}"
    assert rows["names-hourly"]["schedule"] == [moved]
    assert rows["names-hourly"]["schedule_text"].startswith("every hour at :") or offset == 0
    elapse = next_elapse(host, "names-hourly.timer")
    assert elapse.minute * 60 + elapse.second == offset
    assert rows["names-every"]["spread"] is None
    assert len(rows["names-weekly"]["schedule"]) == 2


def test_systemd_elapses_just_that_much_later(applied, host, machine):  # noqa: ARG001
    for number, expression in enumerate(MOVED):
        offset = offset_of(machine, f"job {number}", HOUR)
        before = elapses(host, [expression])
        after = elapses(host, move(expression, offset, HOUR))
        # What begins before the first or ends after the last is not compared.
        end = min(before[-1] + timedelta(seconds=offset), after[-1])
        start = before[0] + timedelta(seconds=offset)
        assert [one + timedelta(seconds=offset) for one in before if one + timedelta(seconds=offset) <= end] == [
            one for one in after if start <= one <= end
        ], (expression, offset)


def elapses(host, expressions):
    """The elapses of several expressions together, ascending."""
    found = []
    for expression in expressions:
        text = host.check_output("systemd-analyze calendar --iterations=60 --base-time=%s -- %s", BASE, expression)
        lines = [
            line.partition(": ")[2].strip() for line in text.splitlines() if "Next elapse" in line or "Iter" in line
        ]
        found.append([datetime.strptime(line, "%a %Y-%m-%d %H:%M:%S UTC") for line in lines])
    last = min(one[-1] for one in found)
    return sorted({when for one in found for when in one if when <= last})


def test_a_second_apply_changes_nothing(applied, site):  # noqa: ARG001
    run = site.apply([*INSTANCES, *SPREAD], timer_defaults={"spread": "hour"}, **OWNER)
    assert not run.result["changed"], run.actions()


def test_another_name_of_the_job_gives_another_time_and_the_former_one_goes(applied, site, host):  # noqa: ARG001
    jobs = [
        {**INSTANCES[0], "name": "names-backup@db9", "renamed_from": "names-backup@db1"},
        {**SPREAD[0], "name": "names-hourly-2", "renamed_from": "names-hourly"},
    ]
    rest = [*INSTANCES[1:], *SPREAD[1:]]
    run = site.apply([*jobs, *rest], timer_defaults={"spread": "hour"}, **OWNER)
    assert is_armed(host, "names-backup@db9")
    assert not host.file(f"{UNIT_DIRECTORY}/names-backup@db1.service").exists
    assert run.rows()["names-hourly-2"]["schedule"] != run.rows().get("names-hourly", {}).get("schedule")
    assert len(host.file(f"{RUNS}/instance").content_string.splitlines()) == 1


def test_an_instance_of_a_template_on_the_host_is_refused(applied, site, host):  # noqa: ARG001
    template = f"{UNIT_DIRECTORY}/names-vendor@.service"
    host.check_output("printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > %s", template)
    try:
        run = site.refuse([{"name": "names-vendor@a", "schedule": "daily", "command": "/bin/true"}], **OWNER)
        assert f"the name is taken by {template}" in run.message
    finally:
        host.check_output("rm %s", template)


def test_drop_ins_of_the_template_are_warned_of(applied, site, host):  # noqa: ARG001
    folder = f"{UNIT_DIRECTORY}/names-drop@.service.d"
    host.check_output(f"mkdir {folder} && printf '[Service]\\nNice=3\\n' > {folder}/x.conf")
    try:
        run = site.apply([{"name": "names-drop@a", "schedule": "daily", "command": "/bin/true"}], "--check", **OWNER)
        assert f"{folder}/x.conf changes names-drop@a.service" in run.output
    finally:
        host.check_output(f"rm -r {folder}")


def test_what_cannot_be_spread_is_refused_on_every_host(applied, site, host):  # noqa: ARG001
    before = snapshot(host)
    job = {"name": "names-late", "schedule": "*-*-01 23:30", "command": "/bin/true", "spread": "hour"}
    message = site.refuse([job], **OWNER).message
    assert 'schedule "*-*-01 23:30": cannot be spread: it could leave its date; write a time up to 23:00' in message
    assert snapshot(host).units() == before.units()


def test_removed_instances_leave_nothing(applied, site, host):  # noqa: ARG001
    site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
    assert host.run(f"ls {UNIT_DIRECTORY}/names-* /etc/dotmobi.systemd_timers/names-*").stdout == ""
    listing = "systemctl list-units --all --plain --no-legend 'names-backup@*'"
    wait_until(lambda: host.run(listing).stdout == "", 20, "systemd has forgotten the instances")
