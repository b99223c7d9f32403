# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host: prints as JSON all that an apply could change, byte for byte."""

import hashlib
import json
import os
import stat
import subprocess
from pathlib import Path

TREES = (
    "/etc/systemd",
    "/etc/dotmobi.systemd_timers",
    "/usr/local/lib/systemd",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
)
STAMPS = "/var/lib/systemd/timers"
VENDORS = "/usr/lib/systemd/system"
OURS = "/run/dotmobi.systemd_timers"
SECOND = 1_000_000


def entry(path):
    found = path.lstat()
    content = ""
    if stat.S_ISLNK(found.st_mode):
        content = str(path.readlink())
    elif stat.S_ISREG(found.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return [stat.filemode(found.st_mode), found.st_uid, found.st_gid, found.st_mtime_ns, content]


def tree(root):
    paths = [Path(folder, name) for folder, folders, names in os.walk(root) for name in [*folders, *names, ""]]
    return {str(path): entry(path) for path in paths}


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], stdout=subprocess.PIPE, check=True).stdout.decode()


def is_vendors(timer):
    """Tell whether a timer is the distribution's own: it elapses when it likes, also in the middle of a test."""
    return Path(VENDORS, timer).exists()


def stamped_timer(path):
    return Path(path).name[len("stamp-") :]


def elapses(row):
    """The next elapse by the calendar, and the last; what counts from boot is shown a little different each time."""
    if is_vendors(row["unit"]):
        return [0, 0]
    following = row["next"] or 0
    return [following if following % SECOND == 0 else 0, row["last"] or 0]


def main():
    trees = {}
    for root in TREES:
        trees.update(tree(root))
    stamps = {path: found[3] for path, found in tree(STAMPS).items() if path != STAMPS}
    timers = json.loads(systemctl("list-timers", "--all", "--output=json"))
    manager = systemctl("show", "--property=UnitsLoadTimestampMonotonic").strip()
    print(
        json.dumps(
            {
                "files": trees,
                "stamps": {path: when for path, when in stamps.items() if not is_vendors(stamped_timer(path))},
                "timers": {row["unit"]: elapses(row) for row in timers},
                "loaded": manager,
                "ours": sorted(path.name for path in Path(OURS).glob("*")),
            }
        )
    )


main()
