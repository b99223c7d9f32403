# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who but root can change a path; what the proof says of hosts where others can change the unit directory."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import line
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.checkers.host import check_others_write
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.host_facts import PathFacts
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.writable import (
    first_writable,
    lineage,
    who_can_write,
)
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.fake_facts import FOLDER, FakeFacts, request_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import UNIT_DIRECTORY, wanted

WANTS = f"{UNIT_DIRECTORY}/timers.target.wants"
MEMBERS = {50: ["app", "joe"], 51: ["joe"], 60: []}


def folder(mode: int, uid: int = 0, gid: int = 0) -> PathFacts:
    return PathFacts("directory", mode, uid, gid)


def test_lineage() -> None:
    assert lineage("/a/b") == ["/", "/a", "/a/b"]
    assert lineage("/") == ["/", "/"]


@pytest.mark.parametrize(
    ("found", "mild", "strict"),
    [
        (folder(0o755), "", ""),
        (folder(0o775), "", ""),
        (folder(0o777), "everybody", "everybody"),
        (folder(0o1777), "", "everybody"),
        (folder(0o775, gid=50), "the users app, joe", "the users app, joe"),
        (folder(0o775, gid=51), "the user joe", "the user joe"),
        (folder(0o775, gid=60), "", "the group 60"),
        (folder(0o1775, gid=51), "", "the user joe"),
        (folder(0o700, uid=1000), "the user app", "the user app"),
        (folder(0o1700, uid=4321), "the user 4321", "the user 4321"),
        (PathFacts("file", 0o1666), "everybody", "everybody"),
        (PathFacts("absent"), "", ""),
    ],
)
def test_who_can_write(found: PathFacts, mild: str, strict: str) -> None:
    facts = FakeFacts({"/x": found}, members=MEMBERS)
    assert who_can_write("/x", facts) == mild
    assert who_can_write("/x", facts, strict=True) == strict


def test_the_way_to_a_path_and_to_where_it_leads() -> None:
    facts = FakeFacts({"/a/b": FOLDER, "/c": folder(0o777), "/c/d": FOLDER}, links={"/a/link": "/c/d"})
    assert first_writable("/a/b", facts) is None
    assert first_writable("/a/link", facts) == ("/c", "everybody")


def told(paths: dict[str, PathFacts], links: dict[str, str] | None = None) -> list[str]:
    """Return what is said of a host with these directories, for two jobs."""
    facts = FakeFacts({UNIT_DIRECTORY: FOLDER, WANTS: FOLDER, **paths}, links=links or {}, members=MEMBERS)
    jobs = [wanted(), wanted(name="second")]
    return [line(one) for one in check_others_write(request_of(*jobs), facts)]


@pytest.mark.parametrize("paths", [{}, {WANTS: PathFacts("absent")}, {"/etc": folder(0o1777)}])
def test_a_host_as_it_should_be(paths: dict[str, PathFacts]) -> None:
    assert told(paths) == []


@pytest.mark.parametrize(
    ("paths", "place", "value", "who"),
    [
        ({UNIT_DIRECTORY: folder(0o777)}, UNIT_DIRECTORY, UNIT_DIRECTORY, "everybody can change it"),
        ({UNIT_DIRECTORY: folder(0o1777)}, UNIT_DIRECTORY, UNIT_DIRECTORY, "everybody can change it"),
        ({UNIT_DIRECTORY: folder(0o755, uid=1000)}, UNIT_DIRECTORY, UNIT_DIRECTORY, "the user app can change it"),
        ({UNIT_DIRECTORY: folder(0o775, gid=60)}, UNIT_DIRECTORY, UNIT_DIRECTORY, "the group 60 can change it"),
        ({"/etc": folder(0o777)}, "/etc", UNIT_DIRECTORY, "everybody can change /etc"),
        ({WANTS: folder(0o777)}, WANTS, WANTS, "everybody can change it"),
    ],
)
def test_places_that_others_can_change(paths: dict[str, PathFacts], place: str, value: str, who: str) -> None:
    assert told(paths) == [
        (
            f'timer_unit_directory "{value}": {who}, and so what root runs; chown root:root {place}; '
            f"chmod go-w {place} [unit-directory]"
        )
    ]


def test_a_link_leads_to_a_place_of_others() -> None:
    (one,) = told({"/srv": folder(0o755, uid=1000), "/srv/units": FOLDER}, {UNIT_DIRECTORY: "/srv/units"})
    assert "the user app can change /srv, and so what root runs; chown root:root /srv;" in one


def test_each_place_is_told_once_and_all_are() -> None:
    places = told({UNIT_DIRECTORY: folder(0o777), WANTS: folder(0o777)})
    assert [one.split(": ")[0] for one in places] == [
        f'timer_unit_directory "{UNIT_DIRECTORY}"', f'timer_unit_directory "{WANTS}"',
    ]  # fmt: skip
