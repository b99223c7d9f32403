# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as the checkers of the proof see it, made of a few dictionaries."""

from __future__ import annotations

import posixpath
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request, WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.context import Context, ProofJob, view
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import (
    ABSENT,
    Account,
    Facts,
    PathFacts,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import Calendar, Timespan
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import UNIT_DIRECTORY, empty_host, wanted

PROGRAM = PathFacts("file", 0o755)
FILE = PathFacts("file", 0o644)
FOLDER = PathFacts("directory", 0o755)
ROOT = Account("root", 0, 0, "/root")
APP = Account("app", 1000, 1000, "/home/app")
NOW = 1801000000  # 2027-01-26 21:46:40 UTC
ELF = b"\x7fELF\x02\x01\x01\x00"


class FakeFacts(Facts):
    """Answers from what it is given; folders above a path are there, root's and 0755, unless said otherwise."""

    def __init__(self, paths: dict[str, PathFacts] | None = None, **given: Any) -> None:
        super().__init__()
        self.now = float(NOW)
        self.paths = {"/bin/true": PROGRAM, "/usr/bin/python3": PROGRAM, **(paths or {})}
        self.heads: dict[str, bytes] = given.get("heads", {})
        self.texts: dict[str, str] = given.get("texts", {})
        self.users: list[Account] = [ROOT, *given.get("users", [APP])]
        self.groups: dict[str, int] = {"root": 0, "app": 1000, "staff": 50, **given.get("groups", {})}
        self.group_members: dict[int, list[str]] = given.get("members", {})
        self.blocked: dict[str, str] = given.get("blocked", {})
        self.links: dict[str, str] = given.get("links", {})
        self.all_programs: bool = given.get("all_programs", False)
        self.known_zones: list[str] = ["Europe/Berlin", "Europe/London", "UTC"]

    def path(self, path: str) -> PathFacts:
        path = self.links.get(path, path)
        if path in self.expected:
            return PathFacts("file", self.expected[path].mode)
        if path in self.paths:
            return self.paths[path]
        if path.startswith(("/bin/", "/usr/bin/")) and self.all_programs:
            return PROGRAM
        folder = path.rstrip("/") + "/"
        return FOLDER if any(one.startswith(folder) for one in self.paths) else ABSENT

    def real(self, path: str) -> str:
        return self.links.get(path, path)

    def head(self, path: str) -> bytes:
        return self.heads.get(path, ELF)

    def text(self, path: str, limit: int) -> str:  # noqa: ARG002
        return self.expected[path].text if path in self.expected else self.texts.get(path, "")

    def can_read(self, path: str) -> bool:  # noqa: ARG002
        return True

    def listing(self, directory: str) -> list[str]:
        return sorted({posixpath.basename(one) for one in self.paths if posixpath.dirname(one) == directory})

    def matches(self, pattern: str) -> list[str]:
        return [one for one in self.paths if one.startswith(pattern.split("*", maxsplit=1)[0])]

    def user(self, name: str) -> Account | None:
        return next((one for one in self.users if name in (one.name, str(one.uid))), None)

    def group(self, name: str) -> int | None:
        return int(name) if name.isdigit() else self.groups.get(name)

    def local_names(self, database: str) -> list[str]:
        return [one.name for one in self.users] if database == "passwd" else list(self.groups)

    def members(self, gid: int) -> list[str]:
        return self.group_members.get(gid, [])

    def obstacles(self, account: Account, groups: tuple[int, ...], wanted: tuple[tuple[str, int], ...]) -> list[str]:  # noqa: ARG002
        return [self.blocked.get(path, "") for path, _mode in wanted]

    def clock_change(self, zone: str) -> None:  # noqa: ARG002
        return None

    def has_zone(self, zone: str) -> bool:
        return zone in self.known_zones

    def zones(self) -> list[str]:
        return self.known_zones


def request_of(*jobs: WantedJob, **options: Any) -> Request:
    """Return a request for these jobs."""
    defaults: dict[str, Any] = {"owner": "default", "prune": False, "proof": "strict", "log_directory": ""}
    return Request(list(jobs), unit_directory=UNIT_DIRECTORY, **{**defaults, **options})


def known(
    *jobs: WantedJob,
    facts: Facts | None = None,
    observed: Observed | None = None,
    normalized: dict[str, str] | None = None,
    spans: dict[str, float] | None = None,
    **options: Any,
) -> Context:
    """Return what the checkers get: expressions mean themselves, spans are in seconds."""
    expressions = [one for job in jobs for one in view(job).timer.values("Timer", "OnCalendar")]
    calendars = {one: Calendar(one, True, (normalized or {}).get(one, one), [NOW + 3600], "") for one in expressions}
    lengths = {"1s": 1.0, **(spans or {})}
    return Context(
        request=request_of(*jobs, **options),
        observed=observed or empty_host(),
        facts=facts or FakeFacts(),
        calendars=calendars,
        spans={text: Timespan(text, True, int(seconds * 1e6)) for text, seconds in lengths.items()},
        fixes={},
        span_fixes={},
        variables=frozenset({"LANG", "PATH"}),
    )


def job_view(**fields: Any) -> ProofJob:
    """Return a job with these fields, as the checkers see it."""
    return view(wanted(**fields))
