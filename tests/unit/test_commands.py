# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are printed for people mean what they say, once a shell and Ansible have taken them apart."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible.parsing.splitter import parse_kv

from ansible_collections.dotmobi.systemd_timers.plugins.filter.refusal import refusal_filter
from ansible_collections.dotmobi.systemd_timers.plugins.modules.timer_job_change import GIVE_SCHEDULE

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", *sorted((ROOT / "roles").rglob("*.md")), *PLAYBOOKS]
# Values of several words that people give.
TEXTS = {"reschedule": "schedule", "schedule": "expression", "logs": "since", "runbook": "title"}


def arguments(command: str) -> list[str]:
    """What a shell makes of a command."""
    script = f"set -- {command}; printf '%s\\0' \"$@\""
    printed = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout
    return printed.split("\0")[:-1]


def variables(command: str) -> dict[str, str]:
    """The variables that Ansible takes from a command."""
    words = arguments(command.partition(" | ")[0])
    # A file of variables is taken as it is.
    given = [words[number + 1] for number, word in enumerate(words[:-1]) if word in ("-e", "--extra-vars")]
    given = [one for one in given if not one.startswith("@")]
    found: dict[str, str] = {}
    for one in given:
        found.update(json.loads(one) if one.startswith("{") else parse_kv(one))
    return found


def printed_commands(text: str) -> list[str]:
    """What a page shows as a command, or as a part of one: from the first `-e` to the end of the code."""
    code = re.findall(r"`([^`\n]*)`", text) + re.findall(r"^\$ (.*)$", text, flags=re.MULTILINE)
    parts = [re.search(r"(?:ansible-playbook .*|^-e \"?\w+=[^ ].*)", one) for one in code]
    found = [part.group().strip() for part in parts if part and " -e " in f" {part.group()}"]
    return [one if one.startswith("ansible-playbook") else f"ansible-playbook x.yml {one}" for one in found]


COMMANDS = sorted({(path.name, command) for path in PAGES for command in printed_commands(path.read_text())})


def test_there_are_commands():
    assert len(COMMANDS) > 20
    assert any("since=" in command for _page, command in COMMANDS)


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_no_word_of_a_command_is_lost(page, command):
    found = variables(command)
    assert "_raw_params" not in found, page
    assert found, page


def test_no_text_asks_for_quotes_that_the_shell_takes_away():
    """`-e NAME='two words'` reaches Ansible as `NAME=two words`."""
    files = [*PAGES, *sorted((ROOT / "plugins").rglob("*.py")), *sorted((ROOT / "playbooks").rglob("*.j2"))]
    bad = [(path.name, found) for path in files for found in re.findall(r"-e \w+=\\?['\"].*", path.read_text())]
    # What the documentation of the filter explains.
    assert bad == [("refusal.py", "-e schedule='Tue 09:00'), the shell removes the quotes, and for")]


def test_what_the_module_asks_for():
    assert variables(f"ansible-playbook x.yml {GIVE_SCHEDULE}") == {"schedule": "Mon 08:00"}


@pytest.mark.parametrize("value", ["Tue 09:00", "Mon *-*-* 08:00:00", "1 hour ago", "Jobs of the web team"])
@pytest.mark.parametrize("name", sorted(TEXTS.values()))
def test_words_that_are_left_over_are_refused_with_what_to_write(name, value):
    cut = variables(f"ansible-playbook x.yml -e job=a -e {name}={shlex.quote(value)}")
    assert cut[name] == value.split()[0]
    said = re.search(r"write (-e .*)", refusal_filter(["job", name], [name], cut))
    assert said
    assert variables(f"ansible-playbook x.yml {said.group(1)}") == {name: value}


def test_words_of_an_unknown_variable_are_refused_as_well():
    said = refusal_filter(["schedule"], ["schedule"], {"_raw_params": "b", "schedule": ""})
    assert re.match(r"the words 'b' of -e .* write -e \"NAME='the whole value'\"", said)
    assert refusal_filter(["schedule"], ["schedule"], {"schedule": "Mon 08:00"}) == ""


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_says_what_it_takes(path):
    """Each variable that it reads and that is not its own, and no other."""
    (play,) = yaml.safe_load(path.read_text())
    given = (play.get("pre_tasks") or play["tasks"])[0]
    assert given["ansible.builtin.import_tasks"] == "tasks/asked.yml"
    text = path.read_text()
    if "tasks/change.yml" in text:
        text += (path.parent / "tasks" / "change.yml").read_text()
    found = set(re.findall(r"\b([a-z]\w*) (?:is defined|\| default\()", re.sub(r"\.\w+", "", text)))
    read = {name for name in found if not name.startswith(("timer_", "ansible_"))}
    extra = {"schedule", "on_reschedule"} if "change.yml" in text and path.stem != "reschedule" else set()
    # The role reads it.
    extra_given = {"offline"} if path.stem == "validate" else set()
    assert read - extra | extra_given == set(given["vars"]["__timer_takes"])
    name = TEXTS.get(path.stem)
    assert given["vars"].get("__timer_texts", []) == ([name] if name else [])
