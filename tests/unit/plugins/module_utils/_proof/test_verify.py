# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `systemd-analyze verify` of four versions says, as faults that name job, field, value, reason and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import CODES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding, line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof import verify as _verify
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.verify import (
    finding_of,
    parse_directives,
    parse_verify,
    read_directives,
    verify,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import Completed
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import FIXTURES, answer, capture, wanted

VERSIONS = [247, 252, 257, 262]
KNOWN = parse_directives(answer(252, "pid1-directives").stdout)

NEVER = "job: schedule: has no trigger left, so it would never run; add a schedule, `every` or `on_boot` [no-trigger]"
MISSING = "does not exist on this host; install it before the job, or correct the path [missing-command]"
SPAN = "write a time span such as 90s, 15min or 1h 30min: systemd.time(7) [invalid-timespan]"
PER_CENT = "write %% for a per cent sign [unknown-specifier]"
# Where a line begins and how it ends, by case; the same for all versions. An empty list: verify finds nothing.
EXPECTED = {
    "good": [],
    "bad-calendar": [
        (
            'job: schedule "Mon *-*-* 25:00:00": systemd V refuses it: Failed to parse calendar specification',
            "; see systemd.time(7), Calendar Events [invalid-schedule]",
        ),
        (NEVER, ""),
    ],
    "one-bad-calendar": [
        (
            'job: schedule "dayly": systemd V refuses it: Failed to parse calendar specification',
            "; see systemd.time(7), Calendar Events [invalid-schedule]",
        )
    ],
    "no-timer-trigger": [(NEVER, "")],
    "bad-environment": [
        (r'job: environment "\"A=1": systemd V refuses it: Invalid syntax', "; close the quotes [invalid-value]")
    ],
    "bad-environment-name": [
        (
            r'job: environment "\"1A=1\"": systemd V refuses it: Invalid environment assignment',
            "; write NAME=value; a name has letters, digits and _ [invalid-value]",
        )
    ],
    "bad-span": [('job: accuracy "soon": systemd V refuses it: Failed to parse ', SPAN)],
    "bad-span-service": [('job: timeout "abc": systemd V refuses it: Failed to parse TimeoutStartSec=', SPAN)],
    "bad-specifier-description": [
        ('job: description "Backup of the wiki %F": systemd V refuses it: Failed to resolve unit specifiers', PER_CENT)
    ],
    "bad-specifier-timer": [
        ('job: description "Backup of the wiki %F, timer": systemd V refuses it: Failed to resolve', PER_CENT)
    ],
    "bad-specifier-exec-start": [
        (r'job: command "/bin/true +%F \"one word\"": systemd V refuses it: Failed to resolve ', PER_CENT)
    ],
    "bad-value": [
        (
            'job: service.Type "banana": systemd V refuses it: Failed to parse ',
            "; write one of simple, exec, forking, oneshot, dbus, notify, idle [invalid-value]",
        )
    ],
    "bad-value-hardening": [
        (
            'job: service.ProtectSystem "maybe": systemd V refuses it: Failed to parse ',
            "; write one of yes, no, full, strict [invalid-value]",
        )
    ],
    "bad-value-timer": [
        (
            'job: timer.Persistent "perhaps": systemd V refuses it: Failed to parse ',
            "; write yes or no [invalid-value]",
        )
    ],
    "empty-service": [
        ("job: job.service: systemd V refuses it: is masked. It is empty; correct the template [refused]", "")
    ],
    "missing-command": [(f'job: command "/usr/bin/no-such-command": {MISSING}', "")],
    "plain-name-missing": [(f'job: command "no-such-command": {MISSING}', "")],
    "relative-command": [
        (
            r'job: command "bin/true --all \"one word\"": systemd V refuses it: Neither a valid exec',
            "; write the absolute path [relative-command]",
        )
    ],
    "relative-directory": [
        (
            'job: working_directory "usr/local": systemd V refuses it: WorkingDirectory= path is not absolute',
            "; write an absolute path [invalid-value]",
        )
    ],
    "no-exec-start": [
        ("job: command: systemd V refuses it: Service has no ExecStart=", "; add `command` [missing-field]")
    ],
    "two-exec-start-simple": [
        (
            "job: service.Type: systemd V refuses it: Service has more than one ExecStart=",
            "; write Type=oneshot, or put the commands into one script [invalid-value]",
        )
    ],
    "unbalanced-quotes": [
        (
            r'job: command "/bin/true --all \"one word": systemd V refuses it: Unbalanced quoting',
            "; close the quotes, or write the command as a list [invalid-command]",
        )
    ],
    "unknown-key-service": [
        (
            'job: service.Tpye "oneshot": systemd V does not know the directive Tpye= in [Service]; write Type=',
            "= [unknown-directive]",
        )
    ],
    "unknown-key-timer": [
        (
            (
                'job: timer.Persistant "true": systemd V does not know the directive Persistant= in [Timer]; write '
                "Persistent="
            ),
            "= [unknown-directive]",
        )
    ],
    "unknown-section": [
        (
            "job: job.service: systemd V refuses it: Unknown section 'Sevrice'. Ignoring.",
            "; remove the section [unknown-section]",
        )
    ],
    "wrong-section": [
        (
            'job: unit.User "root": systemd V does not know the directive User= in [Unit]; it belongs to [Service]',
            ": write it under `service` [wrong-section]",
        ),
        (
            (
                'job: service.OnCalendar "daily": systemd V does not know the directive OnCalendar= in [Service]; it '
                "belongs to [Timer]"
            ),
            ": write it under `timer` [wrong-section]",
        ),
    ],
    "wrong-section-timer": [
        (
            'job: timer.ExecStart "/bin/true": systemd V does not know',
            "it belongs to [Service]: write it under `service` [wrong-section]",
        )
    ],
    "outside-section": [
        (
            'job: job.service "root": systemd V refuses it: Assignment outside of section. Ignoring.',
            "; write it below a section such as [Service] [refused]",
        )
    ],
    "many": [
        (
            'bad: service.Tpye "oneshot": systemd V does not know the directive Tpye= in [Service]; write Type=',
            "= [unknown-directive]",
        ),
        (f'gone: command "/usr/bin/no-such-command": {MISSING}', ""),
    ],
    "user-nobody": [],
    "unknown-section-x": [],
    # Systemd says nothing of these, or nothing that names a unit: the rest of the proof sees to some of them.
    "bad-user": [],
    "missing-unit": [],
    "missing-user": [],
    "never": [],
}


def found(version: int, case: str) -> list[Finding]:
    """Return the findings of a captured answer."""
    answered = capture(version, f"verify-{case}")
    units = {Path(path).name: text for path, text in answered["files"].items()}
    diagnostics, _others = parse_verify(answered["stderr"], set(units))
    return [finding_of(one, units[one.unit], version, lambda: KNOWN) for one in diagnostics]


def said(text: str, unit: str, number: int = 0, version: int = 252) -> Finding:
    """Return the finding about a message of verify."""
    return finding_of(_verify.Diagnostic("a.service", number, text), unit, version, lambda: KNOWN)


def test_every_captured_case_is_expected() -> None:
    for version in VERSIONS:
        captured = {path.stem for path in (FIXTURES / f"systemd-{version}").glob("verify-*.yml")}
        assert captured == {f"verify-{case}" for case in EXPECTED}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", EXPECTED)
def test_findings(case: str, version: int) -> None:
    lines = [line(one) for one in found(version, case)]
    assert len(lines) == len(EXPECTED[case]), lines
    for one, (start, end) in zip(lines, EXPECTED[case], strict=True):
        assert one.startswith(start.replace("systemd V", f"systemd {version}"))
        assert one.endswith(end)
        assert ", ignoring" not in one


@pytest.mark.parametrize("version", VERSIONS)
def test_only_what_the_host_lacks_is_tolerable(version: int) -> None:
    assert {one.job: one.severity for one in found(version, "many")} == {"bad": "error", "gone": "environment"}


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
    one = said("Command /srv/my tool is not executable: Permission denied", "[Service]\nExecStart=/srv/my tool\n")
    assert line(one) == (
        'a: command "/srv/my tool": cannot be executed: Permission denied; chmod 0755 it [not-executable]'
    )
    assert one.severity == "environment"


def test_a_command_that_is_a_directory() -> None:
    one = said("Command /srv is not executable: Is a directory", "[Service]\nExecStart=/srv\n")
    assert line(one) == 'a: command "/srv": is a directory; correct the path [not-executable]'


def test_another_command_than_the_main_one_is_missing() -> None:
    text = "[Service]\nExecStart=/bin/true\nExecStartPre=-+/srv/x y\n"
    one = said("Command /srv/x is not executable: No such file or directory", text)
    assert (one.field, one.value, one.code) == ("service.ExecStartPre", "/srv/x", "missing-command")


REMOVED = "Support for option {} has been removed and it is ignored"
REPLACED = "Unit uses MemoryLimit=; please use MemoryMax= instead. Support for MemoryLimit= will be removed soon."
OBSOLETE = "Unit dependency type RequiresOverridable= is obsolete, replacing by Requires=, please update your unit file"
SYSLOG = "Standard output type syslog is obsolete, automatically updating to journal."


@pytest.mark.parametrize(
    ("field", "value", "text", "reason", "end"),
    [
        (
            *("service.Nice", "30", "Nice priority out of range, ignoring: 30", "Nice priority out of range"),
            "; write a number from -20 to 19 [invalid-value]",
        ),
        ("service.CPUQuota", "x", "Invalid CPU quota 'x', ignoring.", "Invalid CPU quota 'x'", " [invalid-value]"),
        ("service.StandardOutput", "syslog", SYSLOG, SYSLOG, '; write "journal" [invalid-value]'),
        (
            *("service.StandardOutput", "append:x", "StandardOutput= path is not absolute: x"),
            *("StandardOutput= path is not absolute: x", "; write an absolute path [invalid-value]"),
        ),
        (
            *("service.CPUShares", "5", REMOVED.format("CPUShares="), REMOVED.format("CPUShares=")),
            "; write CPUWeight= [unknown-directive]",
        ),
        (
            *("service.SysVStartPriority", "1", REMOVED.format("SysVStartPriority=")),
            *(REMOVED.format("SysVStartPriority="), "; remove it [unknown-directive]"),
        ),
        ("service.MemoryLimit", "5M", REPLACED, REPLACED, "; write MemoryMax= [unknown-directive]"),
        ("service.RequiresOverridable", "x", OBSOLETE, OBSOLETE, "; write Requires= [unknown-directive]"),
        ("service.ExecStartPre", "/bin/true ;", "Something new", "Something new", " [invalid-command]"),
        ("service.User", "-", "Invalid user/group name: -", "Invalid user/group name", " [invalid-value]"),
    ],
)
def test_a_message_about_a_line(field: str, value: str, text: str, reason: str, end: str) -> None:
    key = field.split(".")[1]
    shown_field = {"StandardOutput": "output", "User": "user"}.get(key, field)
    expected = f'a: {shown_field} "{value}": systemd 252 refuses it: {reason}{end}'
    assert line(said(text, f"[Service]\n{key}={value}\n", 2)) == expected


@pytest.mark.parametrize(
    ("assignment", "text", "field", "value", "code"),
    [
        (
            "Restart=always",
            "Service has Restart= set to either always or on-success, which isn't allowed for Type=oneshot services.",
            "service.Restart",
            "always",
            "invalid-value",
        ),
        (
            "ExitType=cgroup",
            "Service has ExitType=cgroup set, which isn't allowed for Type=oneshot services. Refusing.",
            "service.ExitType",
            "cgroup",
            "invalid-value",
        ),
        (
            "RuntimeMaxSec=5",
            "RuntimeMaxSec= has no effect in combination with Type=oneshot. Ignoring.",
            "service.RuntimeMaxSec",
            "5",
            "no-effect",
        ),
        ("Nice=1", "Failed to create a.service/start: Unit b.target not found.", "a.service", None, "refused"),
        ("Nice=1", "Something new. Refusing.", "a.service", None, "refused"),
    ],
)
def test_a_message_about_a_unit(assignment: str, text: str, field: str, value: str | None, code: str) -> None:
    one = said(text, f"[Service]\nType=oneshot\n{assignment}\n")
    assert (one.field, one.value, one.code) == (field, value, code)
    assert text in one.reason
    assert bool(one.fix) is ("new" not in text)


def test_every_code_exists() -> None:
    faults = _verify.AT_A_LINE + _verify.ABOUT_A_UNIT
    assert {fault.code for fault in faults} <= set(CODES)
    assert all(fault.fix for fault in faults)


def test_what_follows_from_another_fault_is_not_told() -> None:
    stderr = (
        "/tmp/s/a.service:3: Nice priority out of range, ignoring: 30\na.service: Failed to load configuration: x\n"
    )
    ours, _others = parse_verify(stderr, {"a.service"})
    assert [one.line for one in ours] == [3]


@pytest.mark.parametrize("version", VERSIONS)
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
    for directives in (lambda: KNOWN, dict):
        found_one = finding_of(one, text, 252, directives)
        assert found_one.fix == "remove it, or upgrade systemd on this host"
        assert found_one.code == "unknown-directive"


def test_a_directive_of_a_newer_systemd() -> None:
    text = "[Service]\nRestartSteps=3\n"
    assert line(said("Unknown key 'RestartSteps' in section [Service], ignoring.", text, 2)) == (
        'a: service.RestartSteps "3": systemd 252 does not know the directive RestartSteps= in [Service]; it needs '
        "systemd 254 or newer; remove it, or upgrade systemd on this host [unknown-directive]"
    )


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
    for stderr, why in (("Failed to initialize manager: No medium found\n", "No medium found"), ("", "exit status 1")):
        findings = verify(Staged(1, stderr), {"a.service": "[Service]\n"}, 252)
        assert [one.job for one in findings] == [""]
        assert why in findings[0].reason
        assert findings[0].code == "systemd-answer"
        assert findings[0].fix


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
    assert [(one.value, one.fix) for one in findings] == [("a", "write Type="), ("b", "write Type=")]
    assert calls == ["systemd-analyze", str(program)]
    monkeypatch.setattr(_verify, "MANAGER_PROGRAMS", ("/no/such/program",))
    assert read_directives(runner) == {}
