# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of step is made to fail for real: afterwards the host is as it was, and the next run does it all."""

from __future__ import annotations

import shlex
from typing import NamedTuple

import pytest
from harness import UNIT_DIRECTORY, Run, broken_start, recorder, runs, show, snapshot

OWNER = {"timer_owner": "faults"}
FAR, OTHER = "*-*-* 00:00:07", "*-*-* 00:00:08"
LINKS = f"{UNIT_DIRECTORY}/timers.target.wants"
KEPT = "/srv/units"
SYSTEMCTL = "/usr/local/bin/systemctl"
BIG = "/run/fault-big"
FILL = f"fallocate -l $(($(stat -f -c '%a * %S' /run) - 8388608)) {BIG}"


def job(name, **fields):
    return {"name": f"fault-{name}", "schedule": FAR, "command": recorder(f"fault-{name}"), **fields}


BEFORE = [
    job("kept"),
    job("persistent"),
    job("transient", persistent=False),
    job("edited"),
    job("open"),
    job("suspended", state="suspended"),
    job("paused"),
    job("removed"),
    job("every", schedule=None, every="5h"),
    job("boot", schedule=None, on_boot="300h"),
    {"name": "fault-new", "state": "absent"},
]
AFTER = [
    job("kept"),
    job("persistent", schedule=OTHER),
    job("transient", schedule=OTHER, persistent=False),
    job("edited", description="Edited", service={"Nice": 5}),
    job("open"),
    job("suspended"),
    job("paused", state="suspended"),
    {"name": "fault-removed", "state": "absent"},
    job("every", schedule=None, every="6h"),
    job("boot", schedule=None, on_boot="301h"),
    job("new"),
]
NAMES = sorted(one["name"] for one in BEFORE)


class Fault(NamedTuple):
    """A fault: how it is made and taken away (scripts of the shell), and what the message says."""

    make: str
    fix: str
    says: str


def wrapper(script):
    """Put a systemctl before the real one: `$1` is the verb, `real` the program."""
    text = f'#!/bin/sh\nreal=/usr/bin/systemctl\n{script}\nexec $real "$@"\n'
    return f"printf %s {shlex.quote(text)} > {SYSTEMCTL} && chmod 0755 {SYSTEMCTL}"


UNWRAP = f"rm -f {SYSTEMCTL} {BIG} /srv/fault-*"
FAULTS = {
    # A file system as large as the units, and no larger: the new files do not fit beside them.
    "write, disk full": Fault(
        f"cp -a {UNIT_DIRECTORY} {KEPT} && mount -t tmpfs -o size=2m,mode=0755 tmpfs {UNIT_DIRECTORY}"
        f" && cp -a {KEPT}/. {UNIT_DIRECTORY}/ && ! cat /dev/zero > {UNIT_DIRECTORY}/filler 2>/dev/null",
        f"umount {UNIT_DIRECTORY}; rm -r {KEPT}",
        "No space left on device",
    ),
    "write, read-only": Fault(
        f"mount --bind {UNIT_DIRECTORY} {UNIT_DIRECTORY} && mount -o remount,bind,ro {UNIT_DIRECTORY}",
        f"umount {UNIT_DIRECTORY}",
        "cannot be written",
    ),
    "links read-only": Fault(
        f"mount --bind {LINKS} {LINKS} && mount -o remount,bind,ro {LINKS}",
        f"umount {LINKS}",
        f"{LINKS} cannot be written",
    ),
    "links read-only after the stop": Fault(
        wrapper(
            f'if [ "$1" = stop ] && [ ! -e /srv/fault-once ]; then touch /srv/fault-once; $real "$@"; '
            f"mount --bind {LINKS} {LINKS} && mount -o remount,bind,ro {LINKS}; exit 0; fi\n"
            f'if [ "$1" = daemon-reload ] && grep -q "{LINKS} " /proc/mounts; then umount {LINKS}; fi'
        ),
        f"{UNWRAP}; umount {LINKS} 2>/dev/null; true",
        "Read-only file system",
    ),
    "link, a directory in its place": Fault(
        f"mkdir {LINKS}/fault-new.timer", f"rmdir {LINKS}/fault-new.timer", "fault-new.timer is not a link"
    ),
    "stop": Fault(
        wrapper(
            'if [ "$1" = stop ] && [ ! -e /srv/fault-once ]; then touch /srv/fault-once; '
            'shift; $real stop "$1"; echo broken >&2; exit 1; fi'
        ),
        UNWRAP,
        "systemctl stop: broken",
    ),
    # PID 1 itself refuses: it wants 16 MiB below /run. On the way back there is space again.
    "reload": Fault(
        wrapper(
            f'if [ "$1" = stop ] && [ ! -e /srv/fault-once ]; then touch /srv/fault-once; {FILL}; fi\n'
            f'if [ "$1" = daemon-reload ] && [ -e {BIG} ]; then $real "$@"; status=$?; rm {BIG}; exit $status; fi'
        ),
        UNWRAP,
        "Refusing to reload, not enough space available on /run/systemd",
    ),
    "start": Fault(*broken_start("fault-new"), "fault-new.timer is loaded, inactive (dead)"),
    "evidence": Fault(
        wrapper(
            'if [ "$1" = start ] && [ ! -e /srv/fault-once ]; then touch /srv/fault-once; $real "$@"; '
            "exec $real stop fault-new.timer; fi"
        ),
        UNWRAP,
        "after the apply fault-new.timer is loaded, inactive (dead)",
    ),
}
PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "NextElapseUSecRealtime", "NeedDaemonReload")


def picture(host):
    """What is to be as before: files byte for byte with their times, links, stamps, what systemd says of each unit."""
    found = snapshot(host)
    return {
        "files": {path: one for path, one in found.files.items() if not one[0].startswith(("d", "l"))},
        # Folders and links are made anew, so without their times.
        "others": {path: [*one[:3], one[4]] for path, one in found.files.items() if one[0].startswith(("d", "l"))},
        "stamps": found.stamps,
        "timers": {name: show(host, f"{name}.timer", *PROPERTIES) for name in NAMES},
        "services": {name: show(host, f"{name}.service", "LoadState", "ActiveState", "Result") for name in NAMES},
        "left": set(found.ours) - {"lock"},
    }


class Seen(NamedTuple):
    """What came of a fault."""

    before: dict
    run: Run
    after: dict
    again: Run


def tell(site, host):
    seen = {}
    for name, fault in FAULTS.items():
        site.apply(BEFORE, **OWNER)
        # What somebody has opened stays open when the apply fails.
        host.check_output("chmod 0666 %s/fault-open.service", UNIT_DIRECTORY)
        host.check_output(fault.make)
        before = picture(host)
        run = site.refuse(AFTER, **OWNER)
        after = picture(host)
        host.run(fault.fix)
        seen[name] = Seen(before, run, after, site.apply(AFTER, **OWNER))
    return seen


@pytest.fixture
def seen(stories, machine, fault):
    return stories[machine].result()[fault]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_message_says_what_failed(seen, fault):
    assert FAULTS[fault].says in seen.run.message
    assert seen.run.message.endswith(("the host stands as before", "nothing was changed on this host")) or (
        "nothing was changed on this host:" in seen.run.message
    )


@pytest.mark.parametrize("part", ["files", "others", "stamps", "timers", "services", "left"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_host_is_as_before(seen, part):
    assert seen.after[part] == seen.before[part]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_run_does_it_all(seen):
    changed = {"persistent", "transient", "edited", "open", "suspended", "paused", "removed", "every", "boot", "new"}
    assert set(seen.again.actions()) == {f"fault-{name}" for name in changed}
    assert all(row["armed"] == "now" for row in seen.again.result["jobs"] if row["state"] == "present")


def test_no_job_has_run(stories, machine, host):
    stories[machine].result()
    assert {name: runs(host, name) for name in NAMES if runs(host, name)} == {}
