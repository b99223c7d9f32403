# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/comparison.md: verdicts to text, and the text back to verdicts, so that a test sees when it is out of date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

PAGE = Path(__file__).resolve().parent.parent / "docs" / "comparison.md"
STOPS, WARNS, LATE, PASSES = "stops", "warns", "too late", "passes"
OURS = "ours"
OTHERS = ("looping role", "`validate:`", "`verify`")
WAYS = (OURS, *OTHERS)
_ROW = re.compile(
    r"\| (?P<name>[^ |]+) \| .*?(?: \(on systemd (?P<on>[\d, ]+)\))? \| (?P<cells>[^|]+(?: \| [^|]+){3}) \|"
)
_COUNT = re.compile(r"\| ours \| (\d+) \|")

# How each way dealt with a case.
Words = dict[str, str]
# By version of systemd and by case.
Verdicts = dict[int, dict[str, Words]]

HEAD = """\
<!--
SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->
<!-- Made by benchmarks/comparison.py: do not edit. -->

# What is stopped before it touches a host

Each file of [tests/corpus](../tests/corpus) holds jobs with one fault, or good jobs that look as if they had one. Each
was given to four ways of bringing jobs to a host, on real systemd, with the files, users and units that the case needs.

| way | what it is |
|---|---|
| ours | `ansible-playbook playbooks/site.yml` |
| looping role | `systemd-analyze calendar` on each schedule, `template` for both units, `systemd_service` |
| `validate:` | each `template` with `validate:`, which runs `systemd-analyze verify` on a copy under the real name |
| `verify` | the exit status of `systemd-analyze verify` on both units, staged side by side under their real names |

The last three get their units from plain templates (`benchmarks/template_role`), which write what the job says, and
leave out what is more than a line of a unit file, such as `script`.

| word | what happened |
|---|---|
| stops | an error, and no unit and no link of the case on the host has changed |
| too late | an error after the host was changed |
| warns | a warning that names the job; the job is installed |
| passes | nothing is said |
"""


class Case(Protocol):
    """What the page tells of a case of the corpus."""

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> str: ...


def is_good(name: str) -> bool:
    """Tell whether the jobs of a case are good, by its name."""
    return name.startswith("good-")


def summary(found: Verdicts, *, good: bool) -> list[str]:
    """Return a table that counts the verdicts, either on good jobs or on broken ones."""
    lines = ["| | systemd | stops | too late | warns | passes |", "|---|---|---|---|---|---|"]
    for way in WAYS:
        for version, verdicts in found.items():
            count = Counter(words[way] for name, words in verdicts.items() if is_good(name) is good)
            numbers = " | ".join(str(count[word]) for word in (STOPS, LATE, WARNS, PASSES))
            lines.append(f"| {way} | {version} | {numbers} |")
    return lines


def cell(words: dict[int, str]) -> str:
    """Return what happened on the versions, said once when it is the same on all."""
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{version}: {word}" for version, word in words.items())


def rows(found: Verdicts, cases: Iterable[Case]) -> list[str]:
    """Return a table with a line for each case."""
    lines = [f"| case | what is wrong | {' | '.join(WAYS)} |", "|---|---|---|---|---|---|"]
    for case in sorted(cases, key=lambda case: (is_good(case.name), case.name)):
        on = {version: verdicts[case.name] for version, verdicts in found.items() if case.name in verdicts}
        if not on:
            continue
        about = case.about.rstrip(".").replace("|", "\\|")
        if len(on) < len(found):
            about += f" (on systemd {', '.join(map(str, on))})"
        cells = [cell({version: words[way] for version, words in on.items()}) for way in WAYS]
        lines.append(f"| {' | '.join([case.name, about, *cells])} |")
    return lines


def page(found: Verdicts, cases: Iterable[Case]) -> str:
    """Return docs/comparison.md."""
    parts = [
        HEAD.rstrip(),
        "## Jobs with a fault",
        "\n".join(summary(found, good=False)),
        "## Good jobs, which have to pass",
        "\n".join(summary(found, good=True)),
        "## Case by case",
        "Where one word stands, it holds for every version of systemd that was measured.",
        "\n".join(rows(found, cases)),
    ]
    return "\n\n".join(parts) + "\n"


def said_of(cells: str, way: str, version: int) -> str:
    """Return the word of a way and a version, from the cells of a line."""
    text = cells.split(" | ")[WAYS.index(way)]
    by_version: dict[str, str] = dict(re.findall(r"(\d+): ([a-z ]+)", text))
    return by_version.get(str(version), text)


def verdicts_of(text: str) -> Verdicts:
    """Return what stands on the page."""
    found: Verdicts = {int(version): {} for version in _COUNT.findall(text)}
    for row in filter(None, map(_ROW.fullmatch, text.partition("## Case by case")[2].splitlines())):
        if row["name"] == "case":
            continue
        on = list(map(int, row["on"].split(", "))) if row["on"] else list(found)
        for version in on:
            found[version][row["name"]] = {way: said_of(row["cells"], way, version) for way in WAYS}
    return found


def merged(before: Verdicts, now: Verdicts, wanted: dict[int, set[str]]) -> Verdicts:
    """Return the verdicts of a page with what was measured now in their place, without cases that are gone."""
    return {
        version: {
            name: words
            for name, words in sorted({**before.get(version, {}), **now.get(version, {})}.items())
            if name in wanted[version]
        }
        for version in sorted({*before, *now})
    }
