# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpack one collection out of a wheel of the `ansible` package: WHEEL_DIRECTORY NAMESPACE/NAME DESTINATION."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def main() -> None:
    wheel_directory, path, destination = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    (wheel,) = wheel_directory.glob("*.whl")
    prefix = "ansible_collections/"
    with zipfile.ZipFile(wheel) as archive:
        members = [m for m in archive.namelist() if m.startswith(f"{prefix}{path}/")]
        if not members:
            sys.exit(f"{wheel.name} holds no collection {path}")
        archive.extractall(destination.parent, members)


if __name__ == "__main__":
    main()
