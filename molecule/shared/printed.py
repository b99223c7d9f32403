# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the playbooks as they are printed for people: in pages, in messages, in the document of `runbook`.

Each has a normal form, by which it is known whether it has been run: `status -e job=JOB`, whatever the example has as
job, hosts and inventory.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PLAYBOOKS = {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")}
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")), CHECKOUT / "roles" / "timer" / "README.md"]
COLLECTION = "ansible-playbook dotmobi.systemd_timers."
# Messages call a playbook by its name alone.
IN_MESSAGES = re.compile(rf"`((?:{'|'.join(sorted(PLAYBOOKS))}) -e [^`]+)`")
# An expression in a text of Python.
PLACE = re.compile(r"\{[^{}]*\}")
# Ansible's own options with a value of the example: a command is the same without them.
PLACES = ("--limit", "-i")
# Sections of docs/operating.md that show options alone, and what these are added to.
SECTIONS = {
    "Status": "status",
    "Run": "run -e job=NAME",
    "Logs": "logs -e job=NAME",
    "Troubleshoot": "troubleshoot -e job=NAME",
    "Runbook": "runbook -e job=NAME",
}
# Options that stand in no command with others, and where they are used.
APART = {
    "user": "needs an account with a manager: the scenario `user`",
    "file": "shows a file in place of the journal: test_look.py",
    "template": "needs a template: test_runbook.py",
    "timer_hosts": "any pattern of hosts: test_look.py",
}


def normal(command: str) -> str:
    """Return the normal form of a command."""
    words = shlex.split(command)
    name = words[1].rpartition("/")[2].removesuffix(".yml").rpartition(".")[2]
    found = [name]
    for before, word in pairwise(words[1:]):
        if word not in PLACES and before not in PLACES:
            found.append("job=JOB" if re.fullmatch(r"job=\S+", word) else quoted(word))
    return " ".join(found)


def quoted(word: str) -> str:
    """Return a word as people quote it."""
    if re.fullmatch(r"[\w=./:-]+", word):
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def in_text(text: str) -> list[str]:
    """Return the commands that a page or a document shows: on a line of a console, or within other words."""
    code = re.findall(r"`([^`\n]*)`", text) + re.findall(r"^ *(?:\$ )?(ansible-playbook .*)$", text, re.MULTILINE)
    parts = [re.match(r"(?:\S*/)?(ansible-playbook \S.*)", one) for one in code]
    found = [part.group(1).partition("  # ")[0].strip() for part in parts if part]
    return [one for one in found if normal(one).split(" ", maxsplit=1)[0] in PLAYBOOKS] + in_message(text)


def in_message(text: str) -> list[str]:
    """Return the commands that a message proposes, with the name of the collection."""
    return [f"{COLLECTION}{PLACE.sub('NAME', one)}" for one in IN_MESSAGES.findall(text)]


def in_sections(text: str) -> list[str]:
    """Return for each section that shows options alone a command with all of them."""
    found = []
    for heading, call in SECTIONS.items():
        section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        options = re.findall(r"`((?:-e \"?\w+=[^`]+)+)`", section)
        given: dict[str, str] = {}
        for option in " ".join(options).split("-e ")[1:]:
            name = re.sub(r"=.*", "", option.lstrip('"'))
            if name not in APART and name != "job":
                # Of several values, the first.
                given.setdefault(name, option.strip())
        found.append(" -e ".join([f"{COLLECTION}{call}", *given.values()]))
    return found


def printed() -> dict[str, str]:
    """Return normal form to command, as it is printed first."""
    pages = [command for path in PAGES for command in in_text(path.read_text(encoding="utf-8"))]
    sources = sorted((CHECKOUT / "plugins").rglob("*.py"))
    messages = [command for path in sources for command in in_message(path.read_text(encoding="utf-8"))]
    options = in_sections((CHECKOUT / "docs" / "operating.md").read_text(encoding="utf-8"))
    return {normal(command): command for command in reversed([*pages, *messages, *options])}


def command(form: str, job: str = "") -> str:
    """Return the command that is printed and has this normal form; for another job than that of the example."""
    found = printed()[form]
    return for_job(found, job) if job else found


def for_job(text: str, job: str) -> str:
    """Return a command for another job."""
    return re.sub(r"\bjob=[^\s\"']+", f"job={job}", text)
