# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes down how it was called, a line of JSON: the host's sendmail, and the command of a notice."""

import json
import os
import sys
from pathlib import Path

found = {
    "program": sys.argv[0],
    "arguments": sys.argv[1:],
    "environment": {name: value for name, value in os.environ.items() if name.startswith("TIMER_")},
    "input": sys.stdin.buffer.read().decode("utf-8"),
    "user": os.getuid(),
}
with Path("/srv/notify/programs").open("a") as stream:
    print(json.dumps(found), file=stream)
