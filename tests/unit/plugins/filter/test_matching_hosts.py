# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter matching_hosts: a pattern that matches no host is an error."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dotmobi.systemd_timers.plugins.filter.matching_hosts import FilterModule

matching_hosts = FilterModule().filters()["matching_hosts"]
GROUPS = {"all": ["web1", "web2", "db"], "ungrouped": [], "web": ["web1", "web2"], "old": []}


@pytest.mark.parametrize(
    "pattern",
    ["all", "web", "web1", "web*", "all:!web", ["web1", "db"], "~w.b2", "localhost", "old", ["old"], "old:!web"],
)
def test_a_pattern_with_hosts_or_a_group_stays_as_it_is(pattern: str | list[str]) -> None:
    assert matching_hosts(pattern, GROUPS) == pattern


@pytest.mark.parametrize(
    ("pattern", "fix"),
    [
        ("wbe", "did you mean web?"),
        ("web-1", "did you mean web1?"),
        ("web:!web*", "`ansible-inventory --graph` shows its hosts"),
        (["x", "y"], "`ansible-inventory --graph` shows its hosts"),
    ],
)
def test_a_pattern_without_hosts_is_refused(pattern: str | list[str], fix: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        matching_hosts(pattern, GROUPS)
    assert str(raised.value) == f"{pattern!r} matches no host of the inventory; {fix}"


@pytest.mark.parametrize("pattern", [None, {"web": 1}, 1, ["web", None]])
def test_what_is_no_pattern_is_refused(pattern: object) -> None:
    with pytest.raises(AnsibleFilterError, match="takes a pattern of hosts or a list of them"):
        matching_hosts(pattern, GROUPS)


@pytest.mark.parametrize("groups", [{}, {"all": [], "ungrouped": []}])
def test_without_an_inventory_nothing_is_refused(groups: dict[str, list[str]]) -> None:
    assert matching_hosts("web", groups) == "web"


def test_a_strict_setting_of_ansible_does_not_hide_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.constants.HOST_PATTERN_MISMATCH", "error")
    with pytest.raises(AnsibleFilterError, match="did you mean web"):
        matching_hosts("wbe", GROUPS)
    assert matching_hosts("web1", GROUPS) == "web1"
