# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command that pages, messages and the document of `runbook` print is run as printed, through a shell.

The stories before this one have typed many of them. Here the rest is run, on jobs that the examples name.
"""

from __future__ import annotations

import json
import shlex
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml
from harness import CHECKOUT, Site, is_armed
from operating import only_readable
from printed import for_job, in_text, normal, printed

JOBS = yaml.safe_load((CHECKOUT / "inventory" / "group_vars" / "all.yml").read_text())
JOB = "it-glue-backup"
# `--limit` of the examples, and jobs for the whole inventory: those of test_runbook.py.
OWNER = "book"
INVENTORY = {
    "timer_hosts": {"vars": {**JOBS, "timer_owner": OWNER}},
    "web1": {"hosts": {"debian12": None}},
}
# In this order; whatever else there is only looks, and comes after the apply.
FIRST = ["site --check --diff", "site"]
LAST = ["run", "suspend", "resume", "reschedule", "skip_next", "remove", "site"]
# Words of examples that stand for something else, and what.
WORDS = {"MARK": OWNER, "web1.example.com": "web1"}
# With these exit statuses a command has done what it is to do: jobs of the host that are not ours may be unwell.
OTHER = {"status": (0, 2)}
# What is not run as printed, and why.
UNINSTALL = 'site -e \'{"timer_jobs": [], "timer_prune": true, "timer_prune_limit": 1000}\''
LEFT_OUT = {
    f"{UNINSTALL} --check --diff": "the same without --check is run, and so is `site --check --diff`",
    "logs -e job=JOB -e file=NAME": "NAME stands for a file of `timer_log_directory`: test_look.py names one",
}


def place_of(form):
    """Where a command stands among those that change something."""
    return next((number for number, name in enumerate(LAST) if form.split(" ")[0] == name), None)


def is_within(form, others):
    """Tell whether all options of a command stand in another of that playbook, too; not of those that have none."""
    name, *words = shlex.split(form)
    return len(words) > 2 and any(
        name == other[0] and set(words) < set(other[1:]) for other in map(shlex.split, others)
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("typed")
    further = folder / "further.yml"
    further.write_text(yaml.dump(INVENTORY), encoding="utf-8")
    done = {}

    def run(site, form, command):
        for word, meant in WORDS.items():
            command = command.replace(word, meant)
        done[form] = site.type(command, JOB, inventory=further)
        Site.typed.add(form)

    site = Site("timer_hosts", folder)
    left = {form: command for form, command in printed().items() if form not in Site.typed and form not in LEFT_OUT}
    for form in FIRST:
        run(site, form, left.pop(form, "ansible-playbook site.yml"))
    # The document prints further ones.
    run(site, "runbook", left.pop("runbook", "ansible-playbook playbooks/runbook.yml"))
    document = (folder / "clone" / "runbook.md").read_text(encoding="utf-8")
    left.update({normal(one): one for one in in_text(document) if normal(one) not in {*Site.typed, *LEFT_OUT, *left}})
    looking = [form for form in left if place_of(form) is None and not is_within(form, {*Site.typed, *left} - {form})]
    with ThreadPoolExecutor(3) as pool:
        sites = [Site("timer_hosts", tmp_path_factory.mktemp("looking")) for _form in looking]
        list(pool.map(lambda one: run(one[0], one[1], left[one[1]]), zip(sites, looking, strict=True)))
    for form in sorted((form for form in left if place_of(form) is not None), key=place_of):
        run(site, form, left[form])
    return done


def test_commands_are_found():
    found = printed()
    assert len(found) > 20
    assert found["suspend -e job=JOB"].startswith("ansible-playbook ")
    assert for_job("x.yml -e job=NAME", JOB) == f"x.yml -e job={JOB}"


def test_each_does_what_it_is_printed_for(ran):
    wrong = {form: run.output for form, run in ran.items() if run.status not in OTHER.get(form.split(" ")[0], (0,))}
    assert wrong == {}
    for run in ran.values():
        only_readable(run)


def test_a_pipe_gets_nothing_but_json(ran):
    (run,) = [run for form, run in ran.items() if "json.tool" in form]
    text = run.output
    assert {"debian12", "debian13"} <= set(json.loads(text[text.index("{\n") : text.rindex("\n}") + 2]))


def test_none_is_left(ran):
    assert ran
    left = set(printed()) - Site.typed - set(LEFT_OUT)
    assert {form for form in left if not is_within(form, Site.typed)} == set()


def test_in_the_end_nothing_of_it_is_left(ran, host):
    """The last command is the one that uninstalls everything."""
    assert list(ran)[-1] == UNINSTALL
    assert not is_armed(host, JOB)
    assert "zendesk" not in host.check_output("ls /etc/systemd/system")
