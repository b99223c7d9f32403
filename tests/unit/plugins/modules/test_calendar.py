# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `calendar` as a whole, on captured answers of systemd."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed, ProgramMissing
from ansible_collections.dotmobi.systemd_timers.plugins.modules import calendar

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
VERSIONS = [247, 252, 257, 262]
BASE = "@1801000000"  # 2027-01-26 21:46:40 UTC


@pytest.fixture(autouse=True)
def _host_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the zone of the host be UTC, whatever the machine that runs the tests has."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(calendar, "use_host_zone", time.tzset)
    yield
    monkeypatch.undo()
    time.tzset()


def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    version: int,
    **options: Any,
) -> dict[str, Any]:
    """Run the module on everything that was captured of one version of systemd."""
    folder = FIXTURES / f"systemd-{version}"
    paths = sorted(
        path for pattern in ("calendar-*", "timespan-*", "version") for path in folder.glob(f"{pattern}.yml")
    )
    answers = [yaml.safe_load(path.read_text("utf-8")) for path in paths]

    def runner(argv: list[str]) -> Completed:
        for answer in answers:
            if answer["command"] == argv and answer["zone"] == "UTC":
                return Completed(answer["rc"], answer["stdout"], answer["stderr"])
        raise AssertionError(f"not captured: {argv}")

    return run_on(monkeypatch, capsys, runner, **options)


def run_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runner: Any, **options: Any
) -> dict[str, Any]:
    """Run the module with a runner and return its result."""
    monkeypatch.setattr(calendar, "make_runner", lambda: runner)
    with patch_module_args(options), pytest.raises(SystemExit):
        calendar.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def captured(version: int, name: str) -> list[str]:
    """Return the arguments of a captured call."""
    command: list[str] = yaml.safe_load((FIXTURES / f"systemd-{version}" / f"{name}.yml").read_text("utf-8"))["command"]
    return command[command.index("--") + 1 :]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_all_good(
    version: int, check_mode: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expressions = captured(version, "calendar-utc")
    spans = captured(version, "timespan-good")
    result = run(
        monkeypatch,
        capsys,
        version,
        expressions=expressions,
        timespans=spans,
        count=3,
        base_time=BASE,
        _ansible_check_mode=check_mode,
    )
    assert not result.get("failed")
    assert result["changed"] is False
    assert result["systemd_version"] == version
    assert [entry["expression"] for entry in result["calendars"]] == expressions
    assert [entry["timespan"] for entry in result["timespans"]] == spans
    assert next(entry for entry in result["calendars"] if entry["expression"] == "Mon *-*-* 08:00:00") == {
        "expression": "Mon *-*-* 08:00:00",
        "valid": True,
        "normalized": "Mon *-*-* 08:00:00",
        "next_elapses": ["2027-02-01T08:00:00+00:00", "2027-02-08T08:00:00+00:00", "2027-02-15T08:00:00+00:00"],
        "reason": "",
    }
    assert result["timespans"][0] == {"timespan": "15min", "valid": True, "seconds": 900.0, "reason": ""}
    assert next(entry["seconds"] for entry in result["timespans"] if entry["timespan"] == "infinity") is None


@pytest.mark.parametrize("version", VERSIONS)
def test_every_bad_one_is_named(
    version: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expressions = captured(version, "calendar-bad")
    result = run(monkeypatch, capsys, version, expressions=expressions, base_time=BASE)
    lines = result["msg"].splitlines()
    assert result["failed"]
    assert len(result["calendars"]) == len(expressions)
    assert lines[0] == 'calendar expression "bad" is not a valid calendar expression (systemd: Invalid argument)'
    assert sum(line.startswith("calendar expression ") for line in result["msg"].split("\n")) == len(expressions)


@pytest.mark.parametrize("version", VERSIONS)
def test_never_firing_is_bad(version: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    expressions = captured(version, "calendar-never")
    result = run(monkeypatch, capsys, version, expressions=expressions, base_time=BASE)
    assert result["failed"]
    assert result["msg"].count("never fires") == len(expressions)
    assert [entry["valid"] for entry in result["calendars"]] == [True] * len(expressions)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_repeated_expression_is_answered_twice_and_named_once(
    version: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(monkeypatch, capsys, version, expressions=["bad", "", "bad"])
    assert result["msg"].splitlines()[1:] == ['calendar expression "" is empty']
    assert [entry["expression"] for entry in result["calendars"]] == ["bad", "", "bad"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the following is required: expressions, timespans"),
        ({"expressions": ["daily"], "count": 0}, "count 0 does not lie between 1 and 1000"),
        ({"expressions": ["daily"], "count": 1001}, "count 1001 does not lie between 1 and 1000"),
        ({"expressions": ["daily"], "base_time": "soon"}, 'base_time "soon" is neither an ISO 8601 time'),
        ({"expressions": ["daily"], "base_time": "@-1"}, 'base_time "@-1" does not lie between 1970 and 2199'),
    ],
)
def test_bad_options(
    options: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(monkeypatch, capsys, 252, **options)
    assert result["failed"]
    assert words in result["msg"]


def test_systemd_absent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def runner(argv: list[str]) -> Completed:
        raise ProgramMissing(argv[0])

    result = run_on(monkeypatch, capsys, runner, expressions=["daily"])
    assert result["msg"] == "systemd-analyze is not installed on this host"


def test_systemd_too_old(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_on(
        monkeypatch, capsys, lambda _argv: Completed(0, "systemd 239 (239-82.el8)\n", ""), expressions=["daily"]
    )
    assert result["msg"] == "systemd 247 or newer is needed on this host; found 239"


def test_an_answer_that_is_not_understood(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_on(monkeypatch, capsys, lambda _argv: Completed(0, "systemd 300 (300)\n", ""), expressions=["daily"])
    assert "unexpected answer (exit status 0): systemd 300" in result["msg"]
