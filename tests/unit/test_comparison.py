# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/comparison.md is about the corpus and the proof as they are now."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.benchmarks.comparison_page import (
    OURS,
    PAGE,
    PASSES,
    STOPS,
    WARNS,
    WAYS,
    merged,
    page,
    verdicts_of,
)
from ansible_collections.dotmobi.systemd_timers.tests.corpus.corpus import VERSIONS, Case, load

CASES = load()
TEXT = PAGE.read_text("utf-8")
ON_PAGE = verdicts_of(TEXT)


def how_to_fix(names: set[str]) -> str:
    """Return what to do about cases; one that is gone needs no run."""
    only = " ".join(["--only", *sorted(names.intersection(case.name for case in CASES))])
    return f"{', '.join(sorted(names))}: run `make comparison`, or for these alone: make comparison ARGS='{only}'"


def proved(case: Case, version: int) -> str:
    """Return how the proof deals with a case: its lines, which real hosts are asked for elsewhere."""
    lines = case.says_on(version)
    if not lines:
        return PASSES
    return WARNS if all(": warning: " in line for line in lines) else STOPS


def test_every_version_was_measured() -> None:
    assert set(ON_PAGE) == set(VERSIONS)


def test_every_case_is_on_the_page_and_no_other() -> None:
    for version, verdicts in ON_PAGE.items():
        odd = set(verdicts) ^ {case.name for case in CASES if version in case.versions}
        assert not odd, f"docs/comparison.md, systemd {version}: {how_to_fix(odd)}"


def test_the_page_says_of_our_proof_what_it_does() -> None:
    odd = {
        case.name
        for case in CASES
        for version, verdicts in ON_PAGE.items()
        if case.name in verdicts and verdicts[case.name][OURS] != proved(case, version)
    }
    assert not odd, f"docs/comparison.md: {how_to_fix(odd)}"


def test_the_page_is_what_its_verdicts_make() -> None:
    """What a case is about, the order and the sums."""
    assert page(ON_PAGE, CASES) == TEXT, "write it anew: make comparison ARGS=--only"


def test_a_case_that_is_measured_anew_replaces_its_line_and_one_that_is_gone_leaves_the_page() -> None:
    old, new = dict.fromkeys(WAYS, PASSES), dict.fromkeys(WAYS, STOPS)
    before = {252: {"a": old, "b": old, "gone": old}, 257: {"a": old}}
    found = merged(before, {252: {"b": new, "c": new}}, {252: {"a", "b", "c"}, 257: {"a"}})
    assert found == {252: {"a": old, "b": new, "c": new}, 257: {"a": old}}


def test_what_differs_between_versions_is_read_back() -> None:
    case, alone = (Case(name, "It | breaks (on Mondays).", [], []) for name in ("one", "other"))
    words = dict.fromkeys(WAYS, STOPS)
    found = {252: {"one": {**words, OURS: "too late"}, "other": words}, 257: {"one": words}}
    assert verdicts_of(page(found, [case, alone])) == found
