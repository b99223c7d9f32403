# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture what a real systemd-analyze answers, as fixtures for the unit tests.

Usage, as root: .venv/bin/python tools/capture.py ROOT [ROOT ...]

ROOT is the directory of a root filesystem with systemd, python3 and tzdata, for example the unpacked result of
`mmdebstrap --variant=minbase --include=systemd,python3,tzdata bookworm rootfs.tar`. Nothing has to run in it. The
fixtures go to tests/unit/fixtures/systemd-VERSION/; ROOT's /etc/localtime and /run/stage are overwritten.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "unit" / "fixtures"
HEADER = """\
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Made by tools/capture.py: do not edit.
# yamllint disable
---
"""
STAGE = "/run/stage"
# What make_runner() of plugins/module_utils/_systemd/runner.py gives to a program.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_LOG_COLOR": "0",
    "SYSTEMD_PAGER": "",
}

# In a mount namespace of its own, as `verify` of systemd 247 looks for its cgroup.
MOUNTS = 'for name in proc sys dev; do mount --rbind "/$name" "$0/$name"; done; exec chroot "$0" "$@"'
ENTER = ["unshare", "--mount", "sh", "-c", MOUNTS]

WINTER = 1801000000  # 2027-01-26 21:46:40 UTC
SPRING = 1806191999  # 2027-03-27 23:59:59 UTC: two hours before the clocks of Europe go forward
AUTUMN = 1824933599  # 2027-10-30 21:59:59 UTC: three hours before they go back
EGYPT = 1808956800  # 2027-04-29 00:00:00 UTC: the day before the clocks of Egypt go forward

GOOD = [
    "minutely",
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "semiannually",
    "yearly",
    "annually",
    "Mon *-*-* 08:00:00",
    "Fri *-*-* 19:00:00",
    "*-*-* *:15:00",
    "*-*-* *:00:00",
    "Mon..Fri 09:00",
    "Mon-Fri 10:00",
    "mon,WED,Friday 08:30",
    "Sat,Sun",
    "08:00",
    "*:15",
    "*:0/15",
    "*:5/20",
    "0/6:30",
    "8..10:00",
    "9,12,17:00",
    "*:*:0/20",
    "*-*-* 01:02:03.5",
    "*-*-01",
    "*-*-1,15 06:00",
    "*-*~01",
    "Mon *-*~07/1 10:00",
    "Sat *-*-1..7 18:00",
    "*-02-29",
    "*-01,07-01",
    "2027-06-01 12:00",
    "2027..2028-*-24 18:00",
    "Mon 2027-*-1",
    "@1900000000",
    "daily UTC",
    "Mon *-*-* 08:00:00 UTC",
    "Mon 08:00 America/New_York",
    "06:00 Asia/Kathmandu",
    "Mon  10:00",
    "00:00:00",
]
NEVER = ["*-02-30", "2020-01-01", "1999-12-31 23:59", "Mon 2020-01-06"]
BAD = [
    "bad",
    "-x",
    "--help",
    "15min",
    "now",
    "infinity",
    "5",
    "daily 08:00",
    "höurly",
    "毎日",
    "it's",
    "a'b: Invalid argument",
    "x\u2028y",
    "*/5 * * * *",
    "@daily",
    " daily",
    "daily ",
    "Sat..Tue 10:00",
    "22..2:00",
    "24:00",
    "10:60",
    "2027-13-01",
    "2205-01-01",
    "*/2:00",
    "*:0/0",
    "*:0/61",
    "10:00 +02:00",
    "08:00 Mars/Base",
    "08:00 Europe/Berlin extra",
]
SPANS = [
    "15min",
    "1h",
    "1h 30min",
    "5",
    "0",
    ".5",
    "1.5s",
    "500ms",
    "2us",
    "1M",
    "1m",
    "2 weeks",
    "1y",
    "infinity",
    " 5",
]
GREEK = "5\u03bcs"  # a bad span for systemd 247 only
BAD_SPANS = [
    "bad",
    "-5",
    "daily",
    "1:00",
    "99999999999999y",
    GREEK,
    "tomorrow",
    "5 parsecs",
    "18446744073709551615us",
]

SERVICE = """\
[Unit]
Description=Backup of the wiki
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/true --all "one word"
WorkingDirectory=/usr/local
Environment="PYTHONUNBUFFERED=1"
StandardOutput=journal+console
"""
TIMER = """\
[Unit]
Description=Backup of the wiki, timer

[Timer]
OnCalendar=Mon *-*-* 08:00:00
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


class Case(NamedTuple):
    """One command to run; files are put into /run/stage before."""

    argv: list[str]
    zone: str
    files: dict[str, str]


def changed(unit: str, old: str, new: str) -> dict[str, str]:
    """Return a good pair with one change."""
    pair = {"job.service": SERVICE, "job.timer": TIMER}
    if old not in pair[unit]:
        raise ValueError(f"no {old!r} in {unit}")
    pair[unit] = pair[unit].replace(old, new)
    return pair


def random_expressions(number: int = 80, seed: int = 2) -> list[str]:
    """Return random expressions of the kinds that have words, always the same ones."""
    dice = random.Random(seed)  # noqa: S311
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    def field(last: int, first: int = 0) -> str:
        value = dice.randint(first, last - 2)
        several = sorted(dice.sample(range(first, last + 1), dice.randint(2, 4)))
        return dice.choice(
            [
                "*",
                str(value),
                f"{value:02d}",
                ",".join(map(str, several)),
                f"{value}..{dice.randint(value, last)}",
                f"{first}/{dice.choice([2, 3, 5, 6, 10])}",
            ]
        )

    def weekdays() -> str:
        first = dice.randint(0, 6)
        return dice.choice([names[first], f"{names[first]}..{names[dice.randint(first, 6)]}", "Mon,Wed", "Sat,Sun"])

    def one() -> str:
        parts = []
        if dice.random() < 0.4:
            parts.append(weekdays())
        if dice.random() < 0.4:
            parts.append(f"*-{dice.choice(['*', '*', field(12, 1)])}-{dice.choice(['*', '1', field(28, 1)])}")
        if dice.random() < 0.85 or not parts:
            parts.append(f"{field(23)}:{field(59)}" + dice.choice(["", "", ":00", ":30", f":{field(59)}"]))
        return " ".join(parts)

    return [one() for _number in range(number)]


def analyze(verb: str, arguments: list[str], zone: str = "UTC", count: int = 1, base: int | None = None) -> Case:
    """Return a call as check_calendars() and check_timespans() make it."""
    options = [f"--iterations={count}"] if count > 1 else []
    options += [f"--base-time=@{base}"] if base is not None else []
    return Case(["systemd-analyze", verb, *options, "--", *arguments], zone, {})


def calendar_cases() -> dict[str, Case]:
    """Return the calls of the calendar and timespan verbs."""
    berlin = "Europe/Berlin"
    half_hours = ["*:0/30", "hourly", "02:30", "Sun 02:30", "*-*-* 02:30 UTC"]
    cases = {
        "version": Case(["systemd-analyze", "--version"], "UTC", {}),
        "calendar-never": analyze("calendar", NEVER, base=WINTER),
        "calendar-bad": analyze("calendar", BAD, base=WINTER),
        "calendar-one-bad": analyze("calendar", ["bad"]),
        "calendar-mixed": analyze(
            "calendar", ["bad", "daily", "15min", "*-02-30", "hourly", "now"], berlin, base=WINTER
        ),
        "calendar-past-base": analyze("calendar", ["2020-01-01"], count=3, base=1500000000),
        "calendar-steps": analyze("calendar", ["*:0/7", "0/5:00", "*:5/20"], count=6, base=WINTER),
        "calendar-spring": analyze("calendar", half_hours, berlin, 8, SPRING),
        "calendar-autumn": analyze("calendar", half_hours, berlin, 8, AUTUMN),
        "calendar-egypt": analyze("calendar", ["daily", "Fri 00:00"], "Africa/Cairo", 3, EGYPT),
        "calendar-lost": analyze("calendar", ["daily", "0/2:30 Africa/Cairo", "25:00"], base=EGYPT + 21 * 3600),
        "calendar-greenwich": analyze("calendar", ["daily", "*:15"], "Africa/Abidjan", 2, WINTER),
        "calendar-london": analyze("calendar", ["daily", "*:15"], "Europe/London", 2, WINTER),
        "calendar-random": analyze("calendar", random_expressions(), "UTC", 12, WINTER),
        "timespan-good": analyze("timespan", SPANS),
        "timespan-bad": analyze("timespan", [*SPANS[:2], *BAD_SPANS, *SPANS[2:]]),
        "timespan-greek": analyze("timespan", [*SPANS[:2], GREEK, *SPANS[2:]]),
        "timespan-sorting": analyze("calendar", [*SPANS[:2], *BAD_SPANS, *SPANS[2:]]),
    }
    for name, zone in (("utc", "UTC"), ("berlin", berlin), ("kathmandu", "Asia/Kathmandu")):
        cases[f"calendar-{name}"] = analyze("calendar", GOOD, zone, 3, WINTER)
    return cases


def verify_cases() -> dict[str, Case]:
    """Return the calls of the verify verb, each for a staged pair."""
    start = 'ExecStart=/bin/true --all "one word"'
    pairs = {
        "good": {"job.service": SERVICE, "job.timer": TIMER},
        "unknown-key-service": changed("job.service", "Type=oneshot", "Type=oneshot\nTpye=oneshot"),
        "unknown-key-timer": changed("job.timer", "Persistent=true", "Persistant=true"),  # codespell:ignore
        "wrong-section": changed("job.service", "[Service]", "User=root\n[Service]\nOnCalendar=daily"),
        "wrong-section-timer": changed("job.timer", "AccuracySec=1s\n", "AccuracySec=1s\nExecStart=/bin/true\n"),
        "outside-section": changed("job.service", "[Unit]", "User=root\n[Unit]"),
        "bad-value": changed("job.service", "Type=oneshot", "Type=banana"),
        "bad-value-hardening": changed("job.service", "Type=oneshot", "Type=oneshot\nProtectSystem=maybe"),
        "bad-value-timer": changed("job.timer", "Persistent=true", "Persistent=perhaps"),
        "bad-span": changed("job.timer", "AccuracySec=1s", "AccuracySec=soon"),
        "bad-span-service": changed("job.service", "Type=oneshot", "Type=oneshot\nTimeoutStartSec=abc"),
        "bad-calendar": changed("job.timer", "Mon *-*-* 08:00:00", "Mon *-*-* 25:00:00"),
        "one-bad-calendar": changed("job.timer", "Mon *-*-* 08:00:00", "daily\nOnCalendar=dayly"),
        "never": changed("job.timer", "Mon *-*-* 08:00:00", "*-02-30"),
        "missing-command": changed("job.service", "/bin/true", "/usr/bin/no-such-command"),
        "relative-command": changed("job.service", "/bin/true", "bin/true"),
        "plain-name-missing": changed("job.service", "/bin/true", "no-such-command"),
        "unbalanced-quotes": changed("job.service", '"one word"', '"one word'),
        "no-exec-start": changed("job.service", start + "\n", ""),
        "unknown-section": changed("job.service", "[Service]", "[Sevrice]\nUser=root\n[Service]"),
        "unknown-section-x": changed("job.service", "[Service]", "[X-Ansible]\nOwner=default\n[Service]"),
        "bad-environment": changed("job.service", '"PYTHONUNBUFFERED=1"', '"A=1'),
        "bad-environment-name": changed("job.service", '"PYTHONUNBUFFERED=1"', '"1A=1"'),
        "bad-specifier-description": changed("job.service", "the wiki", "the wiki %F"),
        "bad-specifier-exec-start": changed("job.service", "--all", "+%F"),
        "bad-specifier-timer": changed("job.timer", "of the wiki", "of the wiki %F"),
        "missing-unit": changed("job.timer", "Persistent=true", "Persistent=true\nUnit=other.service"),
        "missing-user": changed("job.service", "Type=oneshot", "Type=oneshot\nUser=nosuchuser"),
        "user-nobody": changed("job.service", "Type=oneshot", "Type=oneshot\nUser=nobody"),
        "bad-user": changed("job.service", "Type=oneshot", "Type=oneshot\nUser=a b"),
        "relative-directory": changed("job.service", "=/usr/local", "=usr/local"),
        "two-exec-start-simple": changed("job.service", "Type=oneshot\n", "ExecStart=/bin/false\n"),
        "no-timer-trigger": changed("job.timer", "OnCalendar=Mon *-*-* 08:00:00\n", ""),
        "empty-service": {"job.service": "", "job.timer": TIMER},
        "many": {
            **{f"good.{end}": text for end, text in (("service", SERVICE), ("timer", TIMER))},
            **{
                name.replace("job", "bad"): text
                for name, text in changed("job.service", "Type=oneshot", "Tpye=oneshot").items()
            },
            **{
                name.replace("job", "gone"): text
                for name, text in changed("job.service", "/bin/true", "/usr/bin/no-such-command").items()
            },
        },
    }
    return {f"verify-{name}": Case(verify_command(files), "UTC", files) for name, files in pairs.items()}


def security_cases() -> dict[str, Case]:
    """Return the calls of the security verb that rate staged services."""
    sandbox = "Type=oneshot\nProtectSystem=strict\nProtectHome=yes\nNoNewPrivileges=yes\nCapabilityBoundingSet="
    files = {"job.service": SERVICE, "job@a-1.service": SERVICE.replace("Type=oneshot", sandbox)}
    argv = ["systemd-analyze", "security", "--offline=true", "--no-pager", *(f"{STAGE}/{name}" for name in files)]
    return {"security-two": Case(argv, "UTC", files)}


def verify_command(files: dict[str, str]) -> list[str]:
    """Return the call that verifies staged files."""
    return ["systemd-analyze", "verify", *(f"{STAGE}/{name}" for name in files)]


def run(root: Path, case: Case) -> dict[str, Any]:
    """Run one case in the root filesystem and return the fixture."""
    local = root / "etc" / "localtime"
    local.unlink(missing_ok=True)
    local.symlink_to(f"/usr/share/zoneinfo/{case.zone}")
    stage = root / STAGE.lstrip("/")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for name, text in case.files.items():
        (stage / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*ENTER, str(root), *case.argv], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    fixture: dict[str, Any] = {"command": case.argv, "zone": case.zone}
    if case.files:
        fixture["files"] = {f"{STAGE}/{name}": text for name, text in case.files.items()}
    fixture["rc"] = done.returncode
    fixture["stdout"] = done.stdout.decode("utf-8", "replace")
    fixture["stderr"] = done.stderr.decode("utf-8", "replace")
    return fixture


class Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Use a literal block for several lines."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def main(roots: list[str]) -> None:
    """Capture all cases in all root filesystems."""
    Dumper.add_representer(str, represent_text)
    for root in map(Path, roots):
        cases = {**calendar_cases(), **verify_cases(), **security_cases()}
        said = run(root, cases["version"])["stdout"]
        match = re.match(r"systemd (\d+)", said)
        if not match:
            raise SystemExit(f"{root}: no systemd version in {said!r}")
        target = FIXTURES / f"systemd-{match.group(1)}"
        # Other captures of the same version lie there, too.
        target.mkdir(parents=True, exist_ok=True)
        for name, case in cases.items():
            text = yaml.dump(run(root, case), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
            (target / f"{name}.yml").write_text(HEADER + text, encoding="utf-8")
        print(f"{target}: {len(cases)} fixtures")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
