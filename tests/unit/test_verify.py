# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `systemd-analyze verify` of four versions says, as faults that name job, field, value, reason and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _verify
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._runner import Completed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._unit_file import Assignment
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._verify import (
    field_of,
    finding_of,
    parse_directives,
    parse_verify,
    read_directives,
    verify,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.samples import (
    FIXTURES,
    RUNNING_VERSIONS,
    answer,
    capture,
    wanted,
)

VERSIONS = [247, 252, 257, 262]
KNOWN = parse_directives(answer(252, "pid1-directives").stdout)

NEVER = "job: schedule: has no trigger left, so it would never run; add a schedule, `every` or `on_boot`"
MISSING = "does not exist on this host; install it before the job, or correct the path"
# A part of each line, by case; the same for all versions. An empty list: verify finds nothing.
EXPECTED = {
    "good": [],
    "bad-calendar": ['job: schedule "Mon *-*-* 25:00:00": systemd V refuses it: Failed to parse calendar spec', NEVER],
    "one-bad-calendar": ['job: schedule "dayly": systemd V refuses it: Failed to parse calendar specification'],
    "no-timer-trigger": [NEVER],
    "bad-environment": [r'job: environment "\"A=1": systemd V refuses it: Invalid syntax'],
    "bad-environment-name": [r'job: environment "\"1A=1\"": systemd V refuses it: Invalid environment assignment'],
    "bad-span": ['job: accuracy "soon": systemd V refuses it: Failed to parse '],
    "bad-span-service": ['job: service.TimeoutStartSec "abc": systemd V refuses it: Failed to parse TimeoutStartSec='],
    "bad-specifier-description": [
        'job: description "Backup of the wiki %F": systemd V refuses it: Failed to resolve unit specifiers'
    ],
    "bad-specifier-timer": ['job: description "Backup of the wiki %F, timer": systemd V refuses it: Failed to resolve'],
    "bad-specifier-exec-start": [
        r'job: command "/bin/true +%F \"one word\"": systemd V refuses it: Failed to resolve '
    ],
    "bad-value": ['job: service.Type "banana": systemd V refuses it: Failed to parse '],
    "bad-value-hardening": ['job: service.ProtectSystem "maybe": systemd V refuses it: Failed to parse '],
    "bad-value-timer": ['job: timer.Persistent "perhaps": systemd V refuses it: Failed to parse '],
    "empty-service": ["job: job.service: systemd V refuses it: is masked."],
    "missing-command": [f'job: command "/usr/bin/no-such-command": {MISSING}'],
    "plain-name-missing": [f'job: command "no-such-command": {MISSING}'],
    "relative-command": [r'job: command "bin/true --all \"one word\"": systemd V refuses it: Neither a valid exec'],
    "relative-directory": [
        'job: working_directory "usr/local": systemd V refuses it: WorkingDirectory= path is not abs'
    ],
    "no-exec-start": ["job: job.service: systemd V refuses it: Service has no ExecStart="],
    "two-exec-start-simple": ["job: job.service: systemd V refuses it: Service has more than one ExecStart="],
    "unbalanced-quotes": [r'job: command "/bin/true --all \"one word": systemd V refuses it: Unbalanced quoting'],
    "unknown-key-service": [
        'job: service.Tpye "oneshot": systemd V does not know the directive Tpye= in [Service]; write Type='
    ],
    "unknown-key-timer": [
        'job: timer.Persistant "true": systemd V does not know the directive Persistant= in [Timer]; write Persistent='
    ],
    "unknown-section": [
        "job: job.service: systemd V refuses it: Unknown section 'Sevrice'. Ignoring.; remove the section"
    ],
    "wrong-section": [
        (
            'job: unit.User "root": systemd V does not know the directive User= in [Unit]; it belongs to '
            "[Service]: write it under `service`"
        ),
        (
            'job: service.OnCalendar "daily": systemd V does not know the directive OnCalendar= in [Service]; it '
            "belongs to [Timer]: write it under `timer`"
        ),
    ],
    "wrong-section-timer": ["it belongs to [Service]: write it under `service`"],
    "outside-section": ["Assignment outside of section"],
    "many": [
        'bad: service.Tpye "oneshot": systemd V does not know the directive Tpye= in [Service]; write Type=',
        f'gone: command "/usr/bin/no-such-command": {MISSING}',
    ],
    "user-nobody": [],
    "unknown-section-x": [],
    # Systemd says nothing of these, or nothing that names a unit: the rest of the proof sees to some of them.
    "bad-user": [],
    "missing-unit": [],
    "missing-user": [],
    "never": [],
}


def found(version: int, case: str) -> list[str]:
    """Return the findings of a captured answer as lines."""
    answered = capture(version, f"verify-{case}")
    units = {Path(path).name: text for path, text in answered["files"].items()}
    diagnostics, _others = parse_verify(answered["stderr"], set(units))
    return [line(finding_of(one, units[one.unit], version, lambda: KNOWN)) for one in diagnostics]


def test_every_captured_case_is_expected() -> None:
    for version in VERSIONS:
        captured = {path.stem for path in (FIXTURES / f"systemd-{version}").glob("verify-*.yml")}
        assert captured == {f"verify-{case}" for case in EXPECTED}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", EXPECTED)
def test_findings(case: str, version: int) -> None:
    lines = found(version, case)
    expected = [text.replace("systemd V", f"systemd {version}") for text in EXPECTED[case]]
    assert len(lines) == len(expected), lines
    for one, part in zip(lines, expected, strict=True):
        assert part in one
        assert ", ignoring" not in one


@pytest.mark.parametrize("version", VERSIONS)
def test_only_what_the_host_lacks_is_tolerable(version: int) -> None:
    answered = capture(version, "verify-many")
    units = {Path(path).name: text for path, text in answered["files"].items()}
    diagnostics, _others = parse_verify(answered["stderr"], set(units))
    flags = {one.unit: finding_of(one, units[one.unit], version, lambda: KNOWN).environment for one in diagnostics}
    assert flags == {"bad.service": False, "gone.service": True}


def test_lines_about_other_units_are_not_ours() -> None:
    stderr = (
        "/usr/lib/systemd/system/x.service:9: Special user nobody configured, this is not safe!\n"
        "\n"
        "Unit other.timer has a bad unit file setting.\n"
        "/tmp/stage/a.timer:3: Failed to parse x, ignoring: y\n"
        "a.timer: Unit configuration has fatal error, unit will not be started.\n"
        "Failed to load something\n"
    )
    ours, others = parse_verify(stderr, {"a.timer"})
    assert ours == [("a.timer", 3, "Failed to parse x, ignoring: y")]
    assert [text.split(" ")[0] for text in others] == ["/usr/lib/systemd/system/x.service:9:", "Unit", "Failed"]


def test_a_consequence_counts_where_no_reason_is_given() -> None:
    ours, _others = parse_verify("Unit a.timer has a bad unit file setting.\n", {"a.timer"})
    assert ours == [("a.timer", 0, "has a bad unit file setting.")]


def test_a_command_that_may_not_be_executed() -> None:
    one = _verify.Diagnostic("a.service", 0, "Command /srv/my tool is not executable: Permission denied")
    found_one = finding_of(one, "", 252, dict)
    assert line(found_one).startswith('a: command "/srv/my tool": cannot be executed: Permission denied; ')
    assert found_one.environment


@pytest.mark.parametrize("version", RUNNING_VERSIONS)
def test_directives_that_a_systemd_knows(version: int) -> None:
    known = parse_directives(answer(version, "pid1-directives").stdout)
    assert list(known) == ["Unit", "Service", "Timer", "Install"]
    assert {"Description", "After"} <= set(known["Unit"])
    assert {"ExecStart", "User", "ProtectSystem"} <= set(known["Service"])
    assert {"OnCalendar", "Persistent", "FixedRandomDelay"} <= set(known["Timer"])
    assert "WantedBy" in known["Install"]
    assert not any(" " in name or "=" in name for names in known.values() for name in names)


def test_an_unknown_directive_without_a_likely_meaning() -> None:
    one = _verify.Diagnostic("a.service", 2, "Unknown key 'Xyzzy' in section [Service], ignoring.")
    text = "[Service]\nXyzzy=1\n"
    for known in (KNOWN, {}):
        mend = finding_of(one, text, 252, lambda known=known: known).mend
        assert mend == "remove it, or upgrade systemd on this host"


@pytest.mark.parametrize(
    ("section", "key", "field"),
    [
        ("Timer", "OnCalendar", "schedule"),
        ("Timer", "OnUnitActiveSec", "every"),
        ("Service", "ExecStart", "command"),
        ("Service", "Nice", "service.Nice"),
        ("Unit", "After", "unit.After"),
    ],
)
def test_field_of(section: str, key: str, field: str) -> None:
    assert field_of(Assignment(section, key, "x", 1)) == field


class Staged:
    """A runner that looks at what is staged, and answers for a unit."""

    def __init__(self, rc: int, stderr: str) -> None:
        self.answer = Completed(rc, "", stderr)
        self.calls: list[list[str]] = []
        self.texts: dict[str, str] = {}

    def __call__(self, argv: list[str]) -> Completed:
        self.calls.append(argv)
        self.texts = {Path(path).name: Path(path).read_text("utf-8") for path in argv if path.startswith("/tmp")}
        self.mode = Path(argv[-1]).parent.stat().st_mode & 0o777
        return self.answer


def test_the_units_are_staged_in_private_and_gone_afterwards() -> None:
    runner = Staged(0, "")
    jobs = [wanted(name="b"), wanted(name="a")]
    units = {f"{job.name}{suffix}": getattr(job, suffix[1:]) for job in jobs for suffix in (".timer", ".service")}
    assert verify(runner, units, 252) == []
    assert len(runner.calls) == 1
    program, verb, man, *paths = runner.calls[0]
    assert (program, verb, man) == ("systemd-analyze", "verify", "--man=no")
    assert [Path(path).name for path in paths] == ["a.service", "b.service", "a.timer", "b.timer"]
    assert runner.texts == units
    assert runner.mode == 0o700
    assert not Path(paths[0]).parent.exists()


def test_nothing_to_verify_costs_nothing() -> None:
    runner = Staged(0, "")
    assert verify(runner, {}, 252) == []
    assert runner.calls == []


def test_a_failure_that_names_no_unit_is_no_success() -> None:
    for stderr, said in (("Failed to initialize manager: No medium found\n", "No medium found"), ("", "exit status 1")):
        findings = verify(Staged(1, stderr), {"a.service": "[Service]\n"}, 252)
        assert [one.job for one in findings] == [""]
        assert said in findings[0].reason


def test_directives_are_asked_for_once_and_only_when_one_is_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "systemd"
    program.write_text("")
    monkeypatch.setattr(_verify, "MANAGER_PROGRAMS", ("/no/such/program", str(program)))
    calls = []
    stderr = "".join(
        f"/x/a.service:{number}: Unknown key 'Tpye' in section [Service], ignoring.\n" for number in (2, 3)
    )

    def runner(argv: list[str]) -> Completed:
        calls.append(argv[0])
        return answer(252, "pid1-directives") if argv[0] == str(program) else Completed(0, "", stderr)

    findings = verify(runner, {"a.service": "[Service]\nTpye=a\nTpye=b\n"}, 252)
    assert [(one.value, one.mend) for one in findings] == [("a", "write Type="), ("b", "write Type=")]
    assert calls == ["systemd-analyze", str(program)]
    monkeypatch.setattr(_verify, "MANAGER_PROGRAMS", ("/no/such/program",))
    assert read_directives(runner) == {}
