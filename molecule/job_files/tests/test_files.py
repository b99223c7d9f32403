# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files come, change and go with their job, in its transaction, and the job finds in them what was declared."""

from __future__ import annotations

import json

from harness import FILES_DIRECTORY, RUNS, UNIT_DIRECTORY, active_since, broken_start, reloads, snapshot

OWNER = {"timer_owner": "files"}
FOLDER = FILES_DIRECTORY
# What each variable holds reaches the job byte for byte.
HOSTILE = {
    "PLAIN": "plain",
    "EMPTY": "",
    "QUOTES": "\"double\" 'single' `back`",
    "DOLLAR": "$HOME ${HOME} $$ $(id)",
    "BACKSLASH": "a\\b\\\\c\\",
    "BREAKS": "one\ntwo\n\nfour\n",
    "BLANKS": "  in front and behind \t ",
    "COMMENT": "# no; comment",
    "PERCENT": "100%% of %n",
    "LETTERS": "é日😀\u2028\u0085",
    "CONTROL": "\x01\x1b[2J\x7f\r",
    "EQUALS": "A=B\nC=D",
    "LONG": "x" * 20000,
}
DUMP = f"""\
import json, os, pathlib, sys
folder = os.environ.get("CREDENTIALS_DIRECTORY")
found = {{
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "credentials": {{path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}} if folder else {{}},
    "user": os.getuid(),
}}
pathlib.Path("{RUNS}", sys.argv[1]).write_text(json.dumps(found))
"""
SHELL = f"""\
#!/bin/bash
set -eu
echo "$0 ${{BASH_VERSION:+bash}} $*" >> {RUNS}/"$1"
"""


def job(name, **fields):
    return {"name": f"files-{name}", "schedule": "*-*-* 00:00:07", **fields}


def jobs(version=1, **fields):
    return [
        job("shell", script={"content": SHELL + f"# version {version}\n", "args": ["shell", "two words", 3]}),
        job(
            "dump",
            user="nobody",
            script={"content": DUMP, "interpreter": "/usr/bin/python3 -I", "args": ["dump"]},
            environment={**HOSTILE, "OPEN": "open", "THIRD": "from the variable"},
            secrets=[*HOSTILE, "THIRD"],
            # One holds `$HOME`, which is meant to arrive as it is.
            accept=["unexpanded-variable"],
            environment_file={"content": "SECOND='from the file'\nTHIRD=from the file\n"},
            credentials={
                "token": {"content": "to ken\n"},
                "there": {"path": "/srv/there"},
                "sealed": {"encrypted": fields.get("sealed", "")},
            },
        ),
    ]


class Story:
    """What was seen."""


def dumped(host, name):
    return json.loads(host.check_output(f"cat {RUNS}/{name}"))


def modes(host):
    found = host.check_output(f"find {FOLDER} -printf '%P %m %U:%G\\n'").splitlines()
    return dict(line.split(" ", 1) for line in found if not line.startswith(" "))


def tell(site, host):
    seen = Story()
    host.check_output(f"mkdir -p {RUNS} && chmod 1777 {RUNS} && umask 077 && printf there > /srv/there")
    # Only this host can open it.
    sealed = host.check_output("printf sealed | systemd-creds encrypt --name=sealed - -")
    one, two = jobs(1, sealed=sealed), jobs(2, sealed=sealed)
    before = snapshot(host)
    seen.check = site.apply(one, "--check", "--diff", **OWNER)
    seen.untouched = snapshot(host) == before
    seen.new = site.apply(one, "--diff", **OWNER)
    seen.modes = modes(host)
    host.check_output("systemctl start files-shell.service files-dump.service")
    seen.dump = dumped(host, "dump")
    seen.again = site.apply(one, "--diff", **OWNER)

    # A new version of the script alone.
    seen.since, seen.reloads = active_since(host, "files-shell.timer"), reloads(host)
    seen.changed = site.apply(two, "--diff", **OWNER)
    seen.since_then, seen.reloads_then = active_since(host, "files-shell.timer"), reloads(host)
    host.check_output("systemctl start files-shell.service")
    seen.shell = host.check_output(f"cat {RUNS}/shell").splitlines()

    # An apply that fails when the files are in place already.
    make, fix = broken_start("files-breaks")
    host.check_output(make)
    before = snapshot(host)
    breaks = job("breaks", script={"content": "true\n"}, credentials={"token": {"content": "x"}})
    seen.undone = site.refuse([*jobs(3, sealed=sealed), breaks], **OWNER)
    after = snapshot(host)
    seen.restored = (after.units() == before.units(), after.timers == before.timers)
    host.check_output(fix)

    # What others have there: content of the folder before the first apply, and what is put there later.
    host.check_output("mkdir -p /srv/jobs/files-taken && cd /srv/jobs/files-taken && touch run.sh && ln -s run.sh link")
    taken = job("taken", script={"content": "true\n"})
    seen.taken = site.refuse([*two, taken], timer_files_directory="/srv/jobs", **OWNER)
    seen.content = host.check_output("ls /srv/jobs/files-taken /srv/jobs")
    host.check_output(f"chmod -R a+rX {FOLDER} && touch {FOLDER}/files-dump/mine {FOLDER}/files-dump/credential-mine")
    host.check_output(f"cd {UNIT_DIRECTORY} && for n in service timer; do cp files-shell.$n files-copy.$n; done")

    # Half of it is declared no more, then the rest moves, then nothing is left of it.
    fewer = [job("shell", command="/bin/true"), {**two[1], "credentials": None, "secrets": None, "environment": None}]
    seen.fewer = site.apply(fewer, "--diff", **OWNER)
    seen.modes_then = modes(host)
    seen.moved = site.apply(fewer, "--diff", timer_files_directory="/srv/own", **OWNER)
    seen.modes_moved = modes(host)
    seen.moved_again = site.apply(fewer, timer_files_directory="/srv/own", **OWNER)
    seen.removed = site.apply([], "--diff", timer_prune=True, timer_prune_limit=10000, **OWNER)
    seen.left = host.run(
        f"find {FOLDER} {UNIT_DIRECTORY}/ /srv/own -name '*files-*' -o -type f -path '*files-*'"
    ).stdout
    seen.removed_again = site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
    return seen


def test_check_mode_writes_nothing_and_says_all(story):
    assert story.untouched
    assert story.check.actions() == story.new.actions()
    assert [one["after_header"] for one in story.check.result["diff"]] == [
        one["after_header"] for one in story.new.result["diff"]
    ]


def test_the_diff_shows_the_script_and_no_secret(story):
    shown = {one["after_header"]: one["after"] for one in story.new.result["diff"]}
    assert shown[f"{FOLDER}/files-shell/script"] == SHELL + "# version 1\n"
    for name in ("secrets", "environment", "credential-token", "credential-sealed"):
        assert shown[f"{FOLDER}/files-dump/{name}"] == "(secret)\n"


def test_files_are_roots_and_secrets_for_nobody_else(story):
    assert story.modes == {
        "files-shell": "755 0:0",
        "files-shell/script": "755 0:0",
        "files-dump": "755 0:0",
        "files-dump/script": "755 0:0",
        "files-dump/secrets": "600 0:0",
        "files-dump/environment": "600 0:0",
        "files-dump/credential-token": "600 0:0",
        "files-dump/credential-sealed": "600 0:0",
    }


def test_the_second_run_changes_nothing(story):
    assert not story.again.result["changed"]
    assert story.again.result["diff"] == []


def test_secret_variables_reach_the_job_to_the_letter(story):
    found = story.dump["environment"]
    assert {name: found.get(name) for name in HOSTILE} == HOSTILE
    assert (found["OPEN"], found["SECOND"]) == ("open", "from the file")
    # As with systemd's own directives, the file has the last word.
    assert found["THIRD"] == "from the file"
    assert story.dump["arguments"] == ["dump"]
    assert story.dump["user"] != 0


def test_the_job_reads_its_credentials(story):
    assert story.dump["credentials"] == {"token": "to ken\n", "there": "there", "sealed": "sealed"}


def test_a_changed_script_is_used_and_touches_no_timer(story):
    assert story.changed.actions() == {"files-shell": ["update script"]}
    assert [one["after_header"] for one in story.changed.result["diff"]] == [f"{FOLDER}/files-shell/script"]
    assert (story.since_then, story.reloads_then) == (story.since, story.reloads)
    assert story.shell == [f"{FOLDER}/files-shell/script bash shell two words 3"] * 2


def test_a_failed_apply_puts_the_files_back(story):
    assert story.undone.result["undone"] is True
    assert story.restored == (True, True)


def test_a_folder_with_other_content_is_refused_and_left(story):
    assert "holds what is not of this job: link, run.sh" in story.taken.message
    assert story.content.split() == ["/srv/jobs:", "files-taken", "/srv/jobs/files-taken:", "link", "run.sh"]


def test_what_is_declared_no_more_goes(story):
    assert story.fewer.actions()["files-shell"] == ["update", "remove script", "remove its directory"]
    kept = {"files-dump", "files-dump/mine", "files-dump/credential-mine"}
    assert set(story.modes_then) == kept | {"files-dump/script", "files-dump/environment"}
    assert any('mine": is not of this job, and is left' in text for text in story.fewer.result["warnings"])
    # A directory that is not used any more keeps what others have put there, and no secret.
    assert set(story.modes_moved) == kept
    assert not story.moved_again.result["changed"]


def test_the_diff_of_what_goes_shows_no_secret_though_anybody_could_read_it(story):
    diffs = [one for run in (story.fewer, story.moved, story.removed) for one in run.result["diff"] if "before" in one]
    shown = {
        (one["before_header"].rpartition("/")[2], one["before"])
        for one in diffs
        if "files-dump/" in one["before_header"]
    }
    secret = {"secrets", "environment", "credential-token", "credential-sealed"}
    assert {name for name, before in shown if before == "(secret)\n"} == secret
    printed = json.dumps([run.result for run in (story.fewer, story.moved, story.removed)])
    assert not [text for text in ("to ken", "from the file", HOSTILE["COMMENT"], "100%%") if text in printed]


def test_nothing_is_left_of_removed_jobs_and_all_of_others(story):
    copies = [f"{UNIT_DIRECTORY}/files-copy.{suffix}" for suffix in ("service", "timer")]
    theirs = [f"{FOLDER}/files-dump", *(f"{FOLDER}/files-dump/{name}" for name in ("credential-mine", "mine"))]
    assert sorted(story.left.split()) == sorted(copies + theirs)
    assert not story.removed_again.result["changed"]
    assert story.removed_again.result["orphans"] == []
