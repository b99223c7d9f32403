# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of directives agree with what four versions of systemd say of themselves; the fixes that follow."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import CODES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.directives import (
    BOOLEANS,
    FIRST_SEEN,
    MEANT,
    RANGES,
    REMOVED,
    SECTIONS,
    SINCE,
    UPGRADE,
    VALUES,
    fix_unknown,
    fix_value,
    is_timespan,
    parse_directive_types,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import answer

VERSIONS = [247, 252, 257, 262]
DUMPS = {version: parse_directive_types(answer(version, "pid1-directives").stdout) for version in VERSIONS}
EVERYWHERE = {key for dump in DUMPS.values() for section in SECTIONS for key in dump[section]}


def known(version: int) -> dict[str, list[str]]:
    """Return what a version knows, as `verify` hands it over."""
    return {section: list(types) for section, types in DUMPS[version].items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_since_agrees_with_what_each_version_knows(version: int) -> None:
    for section in SECTIONS:
        for key, since in SINCE[section].items():
            assert (key in DUMPS[version][section]) == (version >= since), (section, key, since)


@pytest.mark.parametrize("version", VERSIONS)
def test_first_seen_agrees_with_what_each_version_knows(version: int) -> None:
    for section in SECTIONS:
        for key, seen in FIRST_SEEN[section].items():
            assert seen in VERSIONS
            assert (key in DUMPS[version][section]) == (version >= seen), (section, key, seen)


def test_every_newer_directive_is_in_a_table() -> None:
    for section in SECTIONS:
        newer = {key for dump in DUMPS.values() for key in dump[section]} - set(DUMPS[247][section])
        tables = {**SINCE[section], **FIRST_SEEN[section]}
        assert newer - set(tables) <= set(REMOVED)
        assert set(tables) <= newer


def test_what_is_removed_was_there_once_and_is_not_now() -> None:
    for key, removed in REMOVED.items():
        assert any(key in DUMPS[version]["Service"] for version in VERSIONS)
        assert key not in DUMPS[262]["Service"]
        assert not removed.instead or removed.instead in DUMPS[262]["Service"]
        if removed.version:
            assert all((key in DUMPS[version]["Service"]) == (version < removed.version) for version in VERSIONS)
    gone = set(DUMPS[247]["Service"]) | set(DUMPS[252]["Service"]) | set(DUMPS[257]["Service"])
    assert gone - set(DUMPS[262]["Service"]) == set(REMOVED)
    for section in ("Unit", "Timer", "Install"):
        assert set(DUMPS[247][section]) <= set(DUMPS[262][section])


def test_the_tables_name_directives_that_exist() -> None:
    assert set(VALUES) <= EVERYWHERE
    assert set(RANGES) <= EVERYWHERE
    assert BOOLEANS <= EVERYWHERE
    for section in SECTIONS:
        assert set(MEANT[section].values()) <= set(DUMPS[247][section])
        assert all(word == word.lower() for word in MEANT[section])


def test_what_systemd_calls_a_boolean_is_one() -> None:
    for dump in DUMPS.values():
        for section in SECTIONS:
            assert {key for key, kind in dump[section].items() if kind == "BOOLEAN"} <= BOOLEANS


def test_what_systemd_calls_seconds_is_a_timespan() -> None:
    for dump in DUMPS.values():
        for section in SECTIONS:
            for key, kind in dump[section].items():
                if kind == "SECONDS":
                    assert is_timespan(section, key), key
                if kind == "BOOLEAN":
                    assert not is_timespan(section, key), key


@pytest.mark.parametrize(
    ("section", "key", "expected"),
    [
        ("Service", "TimeoutStopSec", True),
        ("Unit", "JobTimeoutSec", True),
        ("Unit", "StartLimitInterval", True),
        ("Timer", "OnUnitActiveSec", True),
        ("Timer", "OnCalendar", False),
        ("Service", "TimerSlackNSec", False),
        ("Service", "IODeviceLatencyTargetSec", False),
        ("X-Ansible", "SomeSec", False),
    ],
)
def test_is_timespan(section: str, key: str, expected: bool) -> None:
    assert is_timespan(section, key) is expected


def test_the_types_of_a_dump() -> None:
    types = parse_directive_types("before=x\n[Unit]\nDescription=STRING\nAfter=UNIT [...]\n\n[Timer]\nUnit=UNIT\n")
    assert types["Unit"] == {"Description": "STRING", "After": "UNIT [...]"}
    assert types["Timer"] == {"Unit": "UNIT"}


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("ProtectSystem", "ful", 'write "full"'),
        ("ProtectSystem", "Strict", 'write "strict"'),
        ("ProtectSystem", "maybe", "write one of yes, no, full, strict"),
        ("Type", "one-shot", 'write "oneshot"'),
        ("Type", "banana", "write one of simple, exec, forking, oneshot, dbus, notify, idle"),
        ("Restart", "onfailure", 'write "on-failure"'),
        ("KillMode", "none", "write one of control-group, mixed, process"),
        ("StandardOutput", "Journal", 'write "journal"'),
        ("StandardOutput", "append:log/x", 'write "append:/log/x", an absolute path'),
        ("StandardError", "truncate:", "write an absolute path after truncate:"),
        ("Nice", "20", "write a number from -20 to 19"),
        ("CPUSchedulingPriority", "0", "write a number from 1 to 99"),
        ("IOSchedulingPriority", "8", "write a number from 0 to 7"),
        ("OOMScoreAdjust", "x", "write a number from -1000 to 1000"),
        ("IOWeight", "0", "write a number from 1 to 10000"),
        ("UMask", "9", "write an octal number such as 0022"),
        ("StateDirectoryMode", "rwx", "write an octal number such as 0755"),
        ("StartLimitBurst", "many", "write a whole number"),
        ("KillSignal", "SIGNOPE", "write a signal such as SIGTERM: signal(7)"),
        ("MemoryMax", "much", "write a size such as 512M or 2G, or infinity"),
        ("NoNewPrivileges", "perhaps", "write yes or no"),
        ("TimeoutStartSec", "soon", "write a time span such as 90s, 15min or 1h 30min: systemd.time(7)"),
        ("User", "a b", ""),
    ],
)
def test_fix_value(key: str, value: str, fix: str) -> None:
    assert fix_value("Service", key, value) == fix


@pytest.mark.parametrize(
    ("key", "section", "expected"),
    [
        ("Tpye", "Service", "write Type="),
        ("type", "Service", "write Type="),
        ("Exec", "Service", "write ExecStart="),
        ("ExecStrat", "Service", "write ExecStart="),
        ("TimeoutStart", "Service", "write TimeoutStartSec="),
        ("Timeout", "Service", "write TimeoutSec="),
        ("Env", "Service", "write Environment="),
        ("EnvironmentFiles", "Service", "write EnvironmentFile="),
        ("Memory", "Service", "write MemoryMax="),
        ("WorkDir", "Service", "write WorkingDirectory="),
        ("Users", "Service", "write User="),
        ("Persistant", "Timer", "write Persistent="),
        ("OnCalender", "Timer", "write OnCalendar="),
        ("RandomDelaySec", "Timer", "write RandomizedDelaySec="),
        ("OnBoot", "Timer", "write OnBootSec="),
        ("Dependson", "Unit", "write Requires="),
        ("Wanted", "Install", "write WantedBy="),
        # Not in this section, but like one in another.
        ("OnCalender", "Service", "write OnCalendar= under `timer`"),
        ("user", "Unit", "write User= under `service`"),
        ("Jitter", "Service", "write RandomizedDelaySec= under `timer`"),
        ("Xyzzy", "Service", UPGRADE),
        ("Retries", "Service", UPGRADE),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_meant(key: str, section: str, expected: str, version: int) -> None:
    assert fix_unknown(key, section, version, known(version)) == ("unknown-directive", "", expected)


@pytest.mark.parametrize(
    ("key", "section", "home"),
    [("User", "Unit", "Service"), ("OnCalendar", "Service", "Timer"), ("After", "Timer", "Unit")],
)
def test_a_directive_of_another_section(key: str, section: str, home: str) -> None:
    expected = f"it belongs to [{home}]: write it under `{home.lower()}`"
    assert fix_unknown(key, section, 252, known(252)) == ("wrong-section", "", expected)


@pytest.mark.parametrize(
    ("key", "section", "version", "tail", "fix"),
    [
        ("RestartSteps", "Service", 252, "; it needs systemd 254 or newer", UPGRADE),
        ("ExitType", "Service", 247, "; it needs systemd 250 or newer", UPGRADE),
        ("DeferReactivation", "Timer", 252, "; it needs systemd 257 or newer", UPGRADE),
        ("DeferReactivation", "Service", 252, "; it belongs to [Timer] and needs systemd 257 or newer", UPGRADE),
        ("OnSuccessJobMode", "Unit", 247, "; it needs a newer systemd, 252 has it", UPGRADE),
        ("CPUShares", "Service", 262, "; systemd 258 removed it", "write CPUWeight="),
        ("CPUAccounting", "Service", 262, "; newer versions have no such directive", "remove it"),
    ],
)
def test_directives_of_other_versions(key: str, section: str, version: int, tail: str, fix: str) -> None:
    assert fix_unknown(key, section, version, known(version)) == ("unknown-directive", tail, fix)


def test_a_systemd_that_says_nothing_of_itself() -> None:
    assert fix_unknown("RestartSteps", "Service", 252, {})[1] == "; it needs systemd 254 or newer"
    assert fix_unknown("Exec", "Service", 252, {})[2] == "write ExecStart="
    assert fix_unknown("Tpye", "Service", 252, {})[2] == UPGRADE


def test_the_codes_exist() -> None:
    assert {"wrong-section", "unknown-directive"} <= set(CODES)
