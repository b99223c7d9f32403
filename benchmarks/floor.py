# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that can bring a host to a set of timers, or see that it stands as wanted: what a script of one's own does.

    python3 floor.py first   write the unit files; one calendar call, verify, enable, daemon-reload, start
    python3 floor.py second  read and compare the unit files; one calendar call, one list-timers

Runs inside the host, as root. Standard input is JSON: unit file name to text. Prints JSON: seconds for each part, and
in all. Nothing is undone, proved or reported: this is a bound, not a way to work.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

UNIT_DIRECTORY = Path("/etc/systemd/system")


def call(*argv: str) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def expressions(units: dict[str, str]) -> list[str]:
    lines = [line for name, text in units.items() if name.endswith(".timer") for line in text.splitlines()]
    return [line.split("=", 1)[1] for line in lines if line.startswith("OnCalendar=")]


def main() -> None:
    mode = sys.argv[1]
    units = json.load(sys.stdin)
    timers = [name for name in units if name.endswith(".timer")]
    paths = [str(UNIT_DIRECTORY / name) for name in units]
    parts: dict[str, float] = {}

    def clocked(part: str, act: Callable[..., None], *arguments: str) -> None:
        start = time.perf_counter()
        act(*arguments)
        parts[part] = time.perf_counter() - start

    def write() -> None:
        for name, text in units.items():
            (UNIT_DIRECTORY / name).write_text(text, encoding="utf-8")

    def read() -> None:
        for name, text in units.items():
            if (UNIT_DIRECTORY / name).read_text(encoding="utf-8") != text:
                sys.exit(f"{name} is not as wanted")

    clocked("write" if mode == "first" else "read", write if mode == "first" else read)
    clocked("calendar", call, "systemd-analyze", "calendar", "--", *expressions(units))
    if mode == "first":
        # Manual pages are not looked up: slow. enable would reload on its own, and there is to be one reload.
        clocked("verify", call, "systemd-analyze", "verify", "--man=no", *paths)
        clocked("enable", call, "systemctl", "enable", "--quiet", "--no-reload", *timers)
        clocked("reload", call, "systemctl", "daemon-reload")
        clocked("start", call, "systemctl", "start", *timers)
    else:
        clocked("list-timers", call, "systemctl", "list-timers", "--all", "--output=json")
    print(json.dumps({"parts": parts, "seconds": sum(parts.values())}))


if __name__ == "__main__":
    main()
