# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of the last runs of jobs, as they are on a host."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job import model
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Scope
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.run_record import lines_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.run_records import read_records


def test_a_record_is_read_and_a_link_is_not(tmp_path: Path) -> None:
    for job in ("one", "two"):
        (tmp_path / job).mkdir()
    (tmp_path / "one" / "ran").write_text("web 17 abc,def\n")
    (tmp_path / "two" / "ran").symlink_to(tmp_path / "one" / "ran")
    assert read_records(str(tmp_path)) == {"one": model.RunRecord("web", 17, frozenset(("abc", "def")))}


def run(line: str, **variables: str) -> None:
    """Run a line of a service as PID 1 does: without prefixes, with `$$` and `%%` and variables replaced."""
    words = shlex.split(line.split("=", 1)[1].lstrip("-+"))
    command = [re.sub(r"\$\{(\w+)\}", lambda one: variables[one.group(1)], one) for one in words[: words.index("-c")]]
    command += [one.replace("$$", "$").replace("%%", "%") for one in words[words.index("-c") :]]
    subprocess.run(command, check=False)


@pytest.mark.parametrize("renamed", [False, True])
def test_a_run_writes_how_it_ended(renamed: bool, tmp_path: Path) -> None:
    scope = Scope("alice", 1000, 1000, str(tmp_path / "a l%$x"))
    state = Path(scope.state_directory)
    begin, end = lines_of("backup", "web", scope, ["abc", "def"])
    run(begin, INVOCATION_ID="1" * 32)
    written = (state / "backup" / "ran").read_text().split()
    assert (written[0], written[2:]) == ("web", ["abc,def", "1" * 32])
    assert read_records(str(state))["backup"].result == ""
    # An earlier run, or one that was skipped, did not write it.
    run(end, INVOCATION_ID="2" * 32, SERVICE_RESULT="exec-condition")
    assert read_records(str(state))["backup"].result == ""
    if renamed:
        (state / "backup").rename(state / "new")
    run(end, INVOCATION_ID="1" * 32, SERVICE_RESULT="exit-code")
    found = read_records(str(state))
    assert {name: one.result for name, one in found.items()} == {"new" if renamed else "backup": "exit-code"}
    run(end, INVOCATION_ID="1" * 32, SERVICE_RESULT="success")
    assert read_records(str(state)) == found
    run(begin, INVOCATION_ID="3" * 32)
    run(end, INVOCATION_ID="3" * 32, SERVICE_RESULT="success")
    assert read_records(str(state))["backup"].ended_well
