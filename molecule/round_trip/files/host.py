# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host, gets a request as JSON and prints an answer as JSON.

prepare: makes programs, directories and files. run: starts services, and tells what their processes got, what units
there are, and what systemd holds of them.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path("/srv/trip")
UNITS = Path("/etc/systemd/system")


def prepare(request):
    for name in ("dumps", "programs", "directories", "files", "outputs"):
        (FOLDER / name).mkdir(parents=True)
    for path in request["programs"]:
        Path(path).write_text(request["program"])
        Path(path).chmod(0o755)
    for path in request["directories"]:
        Path(path).mkdir()
    for path, text in request["files"].items():
        Path(path).write_text(text)
    return {}


def call(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout.decode()


def properties(unit):
    """All properties of a unit on the bus; `systemctl show` writes some so that they cannot be told apart again."""
    name = "".join(char if char.isalnum() else f"_{ord(char):02x}" for char in unit)
    if unit[0].isdigit():
        name = f"_{ord(unit[0]):02x}{name[1:]}"
    path = f"/org/freedesktop/systemd1/unit/{name}"
    interface = "org.freedesktop.DBus.Properties"
    answer = call("busctl", "--json=short", "call", "org.freedesktop.systemd1", path, interface, "GetAll", "s", "")
    return {key: value["data"] for key, value in json.loads(answer)["data"][0].items()}


def unlike(unit, plain):
    """Those properties of a unit that a plain one does not have in the same way."""
    return {key: value for key, value in properties(unit).items() if value != plain.get(key)}


def dumps():
    found = {}
    for path in (FOLDER / "dumps").iterdir():
        found.setdefault(path.stem, {})[path.suffix[1:]] = path.read_bytes().hex()
    shutil.rmtree(FOLDER / "dumps")
    (FOLDER / "dumps").mkdir()
    return found


def run(request):
    started = subprocess.run(
        ["systemctl", "start", "--", *request["services"]], stderr=subprocess.PIPE, check=False, text=True
    )
    plain = properties("plain.service")
    return {
        "started": [started.returncode, started.stderr],
        "dumps": dumps(),
        "outputs": {path.name: path.read_text() for path in (FOLDER / "outputs").iterdir()},
        "units": {path.name: path.read_text() for path in UNITS.iterdir() if path.suffix in (".service", ".timer")},
        "links": sorted(str(path.relative_to(UNITS)) for path in UNITS.glob("*.*/*")),
        "services": {unit: unlike(unit, plain) for unit in request["services"]},
        "loaded": json.loads(call("systemctl", "list-units", "--all", "--type=timer,service", "--output=json")),
        "timers": json.loads(call("systemctl", "list-timers", "--all", "--output=json")),
    }


def main():
    request = json.load(sys.stdin)
    print(json.dumps({"prepare": prepare, "run": run}[request["do"]](request)))


main()
