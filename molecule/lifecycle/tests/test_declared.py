# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as declared: a lost list removes nothing, lists of groups are merged, two uses of the role are seen."""

from __future__ import annotations

import pytest
import yaml
from harness import Site, is_armed
from operating import all_of

OWNER = {"timer_owner": "decl"}
SCRIPT = "molecule/shared/files/snapshot.py"
NAMES = ["decl-a", "decl-b", "decl-c", "decl-d", "decl-e"]


def job(name, **fields):
    return {"name": name, "schedule": "*-*-* 00:00:07", "command": "/bin/true", **fields}


A, B, C, D, E = map(job, NAMES)
# One job in each round of a loop: for the second, what the first has installed is declared no more.
TWICE = [
    {
        "name": "Use the role twice",
        "hosts": "timer_hosts",
        "gather_facts": False,
        "become": True,
        "tasks": [
            {
                "name": "Use the role",
                "ansible.builtin.include_role": {"name": "dotmobi.systemd_timers.timer"},
                "loop": ["a", "b"],
                "vars": {"timer_jobs": [job("decl-twice-{{ item }}")], "timer_owner": "decl-twice"},
            },
        ],
    },
]


class Story:
    """What was printed, and which jobs were armed after it on each machine."""

    def __init__(self):
        self.plays = {}
        self.armed = {}


@pytest.fixture(scope="module")
def story(everywhere, tmp_path_factory):
    told = Story()
    folder = tmp_path_factory.mktemp("declared")
    site = Site("timer_hosts", folder)
    twice = folder / "twice.yaml"
    twice.write_text(yaml.safe_dump(TWICE))

    def look(_site, host):
        return [name for name in [*NAMES, "decl-twice-a", "decl-twice-b"] if is_armed(host, name)]

    def step(name, *options, **variables):
        told.plays[name] = site.play(*options, **{"timer_prune": True, **OWNER, **variables})
        told.armed[name] = all_of(everywhere(look))

    # By the name of the collection, which has no files of users: the script is found from the working directory.
    script = {"name": "decl-a", "schedule": "*-*-* 00:00:07", "script": {"src": SCRIPT}}
    step("apply", playbook="dotmobi.systemd_timers.site", timer_jobs=[script, B, C, D, E])
    step("null", timer_jobs=None)
    step("cut", "--check", timer_jobs=[A])
    step(
        "groups",
        "--diff",
        timer_jobs=[A],
        timer_jobs_of_web=[{"name": "decl-b", "description": "Web"}, C],
        timer_jobs_of_database=[{**B, "description": "Database"}],
        timer_jobs_info={"changed": False, "jobs": [D]},
        timer_jobs_of_more=[D],
    )
    # Extra variables would win over those of the tasks.
    told.plays["twice"] = site.play(playbook=str(twice), timer_prune=True)
    told.plays["twice, no prune"] = site.play(playbook=str(twice))
    told.armed["twice"] = all_of(everywhere(look))
    step("none", "--diff", timer_jobs=[], timer_prune_limit=4)
    return told


def test_a_script_is_found_when_a_playbook_is_called_by_its_name(story, machine):
    run = story.plays["apply"]
    assert run.status == 0, run.output
    assert story.armed["apply"][machine] == NAMES
    assert run.actions_of(machine)["decl-a"] == ["install", "arm", "enable"]


def said(run):
    return " ".join(run.output.split())


def test_a_list_without_a_value_removes_nothing(story, machine):
    run = story.plays["null"]
    assert run.status == 0, run.output
    assert story.armed["null"][machine] == NAMES
    assert not run.results[machine]["changed"]
    assert "so none is removed; `timer_jobs: []` says that there are none" in said(run)


def test_a_list_that_was_cut_is_refused(story, machine):
    run = story.plays["cut"]
    assert run.status != 0
    assert story.armed["cut"][machine] == NAMES
    expected = "timer_prune: removes 4 of the 5 jobs of timer_owner decl: decl-b, decl-c, decl-d, decl-e; that is more"
    assert expected in run.results[machine]["msg"]


def test_lists_of_groups_are_merged(story, machine):
    run = story.plays["groups"]
    assert run.status == 0, run.output
    assert story.armed["groups"][machine] == NAMES[:4]
    assert run.actions_of(machine)["decl-e"] == ["remove", "disarm", "disable"]
    assert run.results[machine]["pruned"] == ["decl-e"]
    assert run.output.count("+Description=Web") >= 1
    assert "timer_prune removes 1 of the 5 jobs of timer_owner decl: decl-e" in run.output


def test_a_second_use_of_the_role_with_one_owner_is_seen(story, machine):
    run = story.plays["twice"]
    assert run.status != 0
    assert 'timer_owner "decl-twice": stands for decl-twice-a too' in said(run)
    # The first has been applied, and is there still.
    warned = story.plays["twice, no prune"]
    assert warned.status == 0, warned.output
    assert 'timer_owner "decl-twice": stands for decl-twice-a too' in said(warned)
    assert {"decl-twice-a", "decl-twice-b"} <= set(story.armed["twice"][machine])


def test_an_empty_list_says_that_there_are_no_jobs(story, machine):
    run = story.plays["none"]
    assert run.status == 0, run.output
    assert story.armed["none"][machine] == ["decl-twice-a", "decl-twice-b"]
    assert "timer_prune removes 4 of the 4 jobs of timer_owner decl: decl-a, decl-b, decl-c, decl-d" in run.output
