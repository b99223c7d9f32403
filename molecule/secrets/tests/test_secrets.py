# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of every kind go through every kind of run, as talkative as Ansible can be; then all is searched for them:
what was printed, the results, the journal, every file of the host, and what an ordinary user sees meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
from pathlib import Path

import pytest
from harness import UNIT_DIRECTORY

FILES = Path(__file__).parent.parent / "files"
WATCH = (FILES / "watch.py").read_text()
SEARCH = (FILES / "search.py").read_text()
OWNER = {"timer_owner": "secrets"}
TALKATIVE = ("--diff", "-vvvv")
ENVIRONMENT_FILE = "/srv/environment"
CREDENTIAL_FILE = "/srv/credential"
# In the place of the link that enables a timer: the apply fails when it has already put the unit files in place.
IN_THE_WAY = f"{UNIT_DIRECTORY}/timers.target.wants/secret-breaks.timer"
# The journal of a machine that has been used before has other ones.
ROUND = secrets.token_hex(4)
FOLDER = "/etc/dotmobi.systemd_timers/secret-own"
IN_THE_FOLDER = {"inner": f"{FOLDER}/secrets", "outer": f"{FOLDER}/environment", "own": f"{FOLDER}/credential-token"}
KINDS = ("named", "looking", "marked", "credential", "command")
# Each job in the unit file of which a secret stands.
IN_A_UNIT = {kind: f"{UNIT_DIRECTORY}/secret-{kind}.service" for kind in KINDS}


def secret(kind, version=1):
    return f"n33dle-{kind}-{version}-{ROUND}"


def job(name, **fields):
    return {"name": f"secret-{name}", "schedule": "*-*-* 00:00:07", "command": "/bin/true", **fields}


def jobs(version):
    return [
        job("named", environment={"API_TOKEN": secret("named", version), "LANG": "C.UTF-8"}),
        job("looking", environment={"LINK": f"https://app:{secret('looking', version)}@example.org/"}),
        job(
            "marked",
            secrets=["MAILGUN"],
            service={"Environment": f"MAILGUN={secret('marked', version)}"},
            accept=["marked-secret"],
        ),
        job("credential", service={"SetCredential": f"db:{secret('credential', version)}"}),
        job("command", command=["/bin/true", f"--password={secret('command', version)}"]),
        # The right way: nothing of it is in the unit file, and the files come with the job.
        job(
            "own",
            secrets=["INNER"],
            environment={"INNER": secret("inner", version)},
            environment_file={"content": f"OUTER={secret('outer', version)}\n"},
            credentials={"token": {"content": secret("own", version)}},
            command=["/bin/sh", "-c", 'test -n "$INNER" && test -n "$OUTER" && test -s "$CREDENTIALS_DIRECTORY/token"'],
        ),
        # Or they are there already.
        job(
            "file",
            secrets=["FROM_FILE"],
            environment_file=ENVIRONMENT_FILE,
            service={"LoadCredential": f"token:{CREDENTIAL_FILE}"},
            command=["/bin/sh", "-c", 'test -n "$FROM_FILE" && test -s "$CREDENTIALS_DIRECTORY/token"'],
        ),
    ]


REFUSED = [
    job("open-quotes", service={"Environment": f'"API_TOKEN={secret("refused", 1)} two'}),
    job("specifier", service={"Environment": f'"API_TOKEN=a {secret("refused", 2)} %Z"'}),
    job("no-colon", service={"SetCredential": secret("refused", 3)}),
    job("escape", service={"SetCredential": f"db:{secret('refused', 4)}\\q"}),
    job("directive", service={"Enviroment": f"API_TOKEN={secret('refused', 5)}"}),
    job("marked", secrets=["MAILGUN"], service={"Environment": f"MAILGUN={secret('refused', 6)}"}),
    job("command", command=f"/bin/true --password={secret('refused', 7)} %Z"),
]
REFUSED_EARLY = [
    job("field", enviroment={"API_TOKEN": secret("refused", 8)}, credentials={"db": secret("refused", 9)}),
    job("break", service={"Environment": f"API_TOKEN=a\n{secret('refused', 10)}"}),
]
ALL = [
    *(secret(kind, version) for kind in (*KINDS, *IN_THE_FOLDER) for version in range(1, 5)),
    *(secret("refused", number) for number in range(1, 11)),
    secret("environment"),
    secret("token"),
]
CONTROL = f"c0ntrol-{ROUND}"
HELD = [*ALL, CONTROL]


def on_host(host, user, script):
    argv = ["podman", "exec", "--interactive", "--user", user, host.backend.hostname, "python3", "-c", script]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def search(host, user):
    """Where a user finds the secrets afterwards: [place, secret] each."""
    process = on_host(host, user, SEARCH)
    answer = json.loads(process.communicate(json.dumps(ALL))[0])
    assert answer["files"] > 1000, "it has not looked through the host"
    assert answer["journal"] > 100_000 or user != "root", "it has not read the journal"
    return {tuple(found) for found in answer["found"]}


@contextlib.contextmanager
def watched(host):
    """Watch the host as root and as an ordinary user; the answers are there when it is over."""
    answers = {}
    watchers = {user: on_host(host, user, WATCH) for user in ("root", "nobody")}
    for watcher in watchers.values():
        watcher.stdin.write(json.dumps(HELD) + "\n")
        watcher.stdin.flush()
        assert watcher.stdout.readline() == "ready\n"
    try:
        yield answers
    finally:
        for user, watcher in watchers.items():
            answers[user] = json.loads(watcher.communicate()[0])


def told_by_systemd(host, unit):
    """What an ordinary user is told about a unit."""
    shown = host.check_output("runuser -u nobody -- systemctl show -- %s", unit)
    path = "/org/freedesktop/systemd1/unit/" + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):02x}", unit)
    of_unit = ("org.freedesktop.systemd1", path, "org.freedesktop.systemd1.Service", "SetCredential")
    # Name, length and bytes of each.
    credentials = host.check_output("runuser -u nobody -- busctl get-property %s %s %s %s", *of_unit).split()
    return shown + bytes(int(word) for word in credentials[4:] if word.isdigit()).decode()


class Story:
    """What was printed, what was seen, what was found."""


def put_files(host):
    for path, text in ((ENVIRONMENT_FILE, f"FROM_FILE={secret('environment')}\n"), (CREDENTIAL_FILE, secret("token"))):
        host.check_output("umask 077 && printf %%s %s > %s", text, path)


def tell(site, host):
    seen = Story()
    put_files(host)
    with watched(host) as seen.meanwhile:
        # To these hosts Ansible copies the module as a file, with all that is in it.
        seen.check = site.apply(jobs(1), "--check", *TALKATIVE, **OWNER)
        seen.new = site.apply(jobs(1), *TALKATIVE, **OWNER)
        seen.check_changed = site.apply(jobs(2), "--check", *TALKATIVE, **OWNER)
        seen.changed = site.apply(jobs(2), *TALKATIVE, **OWNER)
        seen.refused = site.refuse(REFUSED, *TALKATIVE, **OWNER)
        seen.refused_early = site.refuse(REFUSED_EARLY, *TALKATIVE, **OWNER)
        host.check_output("mkdir %s", IN_THE_WAY)
        breaks = job("breaks", environment={"API_TOKEN": secret("named", 3)})
        seen.undone = site.refuse([*jobs(3), breaks], *TALKATIVE, **OWNER)
        host.check_output("rmdir %s", IN_THE_WAY)
        seen.again = site.apply(jobs(4), *TALKATIVE, **OWNER)
        # What is there is seen: else nothing is proved.
        wait = "import time; time.sleep(3)"
        host.check_output("echo %s > /tmp/control; CONTROL=%s python3 -c %s %s", CONTROL, CONTROL, wait, CONTROL)
        host.check_output("rm /tmp/control")
    host.check_output("systemctl start secret-file.service secret-own.service")
    seen.told = {kind: told_by_systemd(host, f"secret-{kind}.service") for kind in (*KINDS, "file", "own")}
    seen.found = {user: search(host, user) for user in ("root", "nobody")}
    with watched(host) as seen.at_the_end:
        seen.removed = site.apply([], *TALKATIVE, timer_prune=True, timer_prune_limit=10000, **OWNER)
    seen.left = {user: search(host, user) for user in ("root", "nobody")}
    seen.records = "".join(path.read_text() for path in site.folder.glob("*.jsonl"))
    return seen


RUNS = (
    "check",
    "new",
    "check_changed",
    "changed",
    "refused",
    "refused_early",
    "undone",
    "again",
    "removed",
)


def needles(text):
    return set(re.findall(r"n33dle[\w-]*", text))


def in_units(version):
    """Where the secrets of the jobs stand."""
    return {(path, secret(kind, version)) for kind, path in IN_A_UNIT.items()}


def in_folder(version):
    """Where those stand that only root can read."""
    return {(path, secret(kind, version)) for kind, path in IN_THE_FOLDER.items()}


IN_FILES = {(ENVIRONMENT_FILE, secret("environment")), (CREDENTIAL_FILE, secret("token"))}


# --- the controller


@pytest.mark.parametrize("name", RUNS)
def test_a_run_prints_no_secret(story, name):
    run = getattr(story, name)
    assert "timer_jobs" in run.output
    assert needles(run.output) == set()


def test_the_results_of_all_tasks_hold_no_secret(story):
    assert story.records.count(".timer_jobs") >= len(RUNS)
    assert needles(story.records) == set()


def test_ansible_leaves_no_secret_on_the_controller(story):  # noqa: ARG001
    home = Path(os.environ.get("ANSIBLE_HOME", "~/.ansible")).expanduser()
    files = [path for path in (home / "tmp").rglob("*") if path.is_file()]
    assert [path for path in files if ROUND.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("name", ["check", "new"])
def test_the_diff_of_new_files_shows_the_rest(story, name):
    shown = "".join(diff.get("after", "") for diff in getattr(story, name).result["diff"])
    assert 'Environment="API_TOKEN=(secret)"\n' in shown
    assert 'Environment="LANG=C.UTF-8"\n' in shown
    assert 'Environment="LINK=(secret)"\n' in shown
    assert "Environment=MAILGUN=(secret)\n" in shown
    assert "SetCredential=db:(secret)\n" in shown
    assert "--password=(secret)" in shown
    assert f"LoadCredential=token:{CREDENTIAL_FILE}\n" in shown


@pytest.mark.parametrize("name", ["check_changed", "changed", "again"])
def test_the_diff_tells_that_a_secret_has_changed(story, name):
    diffs = {Path(diff["after_header"]).name: diff for diff in getattr(story, name).result["diff"] if "after" in diff}
    assert set(diffs) == {*(f"secret-{kind}.service" for kind in KINDS), "secrets", "environment", "credential-token"}
    for diff in diffs.values():
        assert diff["before"].count("(secret)") == 1
        assert diff["after"].count("(secret, changed)") == 1


def test_the_diff_of_removed_files(story):
    assert sum(diff.get("before", "").count("(secret)") for diff in story.removed.result["diff"]) == len(KINDS) + 3


def test_all_that_is_refused_is_named(story):
    for entry in REFUSED:
        assert f"{entry['name']}: " in story.refused.message, story.refused.message
    assert "secret-marked: service.Environment: MAILGUN is marked as secret" in story.refused.message
    assert "secret-no-colon: service.SetCredential" in story.refused.message
    for entry in REFUSED_EARLY:
        assert f"{entry['name']}: " in story.refused_early.message, story.refused_early.message


def test_the_failed_apply_was_undone(story):
    assert story.undone.result["undone"] is True
    assert "nothing was changed" not in story.undone.message


def test_what_every_user_of_the_host_can_read_is_warned_of(story):
    codes = {(one["job"], one["code"], one["severity"]) for one in story.new.result["findings"]}
    assert codes == {
        ("secret-named", "secret-in-environment", "warning"),
        ("secret-looking", "secret-in-environment", "warning"),
        ("secret-credential", "readable-credential", "warning"),
        ("secret-marked", "marked-secret", "accepted"),
    }


# --- the host, meanwhile


def of_kind(answer, kind):
    return {(place, text) for found, place, text in answer["seen"] if found == kind}


def test_the_watchers_see_what_is_there(story):
    assert ("", CONTROL) in of_kind(story.meanwhile["nobody"], "cmdline")
    assert ("", CONTROL) in of_kind(story.meanwhile["root"], "environ")
    assert ("/tmp/control", CONTROL) in of_kind(story.meanwhile["nobody"], "file")
    assert story.meanwhile["nobody"]["rounds"] > 50


@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("kind", ["cmdline", "environ"])
def test_no_process_has_a_secret_in_its_arguments_or_its_environment(story, user, kind):
    assert of_kind(story.meanwhile[user], kind) <= {("", CONTROL)}
    assert of_kind(story.at_the_end[user], kind) == set()


def test_an_ordinary_user_reads_no_secret_but_in_the_unit_files(story):
    """Not in what the proof stages, what the apply puts beside its place, what Ansible copies."""
    ours = set().union(*(in_units(version) for version in range(1, 5)))
    ours.add((f"{UNIT_DIRECTORY}/secret-breaks.service", secret("named", 3)))
    assert of_kind(story.meanwhile["nobody"], "file") <= {*ours, ("/tmp/control", CONTROL)}
    assert of_kind(story.at_the_end["nobody"], "file") <= in_units(4)


# --- the host, afterwards


def test_secrets_are_in_the_unit_files_and_nowhere_else(story):
    """Neither old ones nor refused ones, nor in the journal."""
    assert story.found["root"] == in_units(4) | in_folder(4) | IN_FILES


def test_an_ordinary_user_reads_the_unit_files_and_not_what_they_name(story):
    assert story.found["nobody"] == in_units(4)


@pytest.mark.parametrize("kind", KINDS)
def test_systemd_tells_what_is_in_a_unit_file_to_every_user(story, kind):
    """No mode of the unit file would help: that is why the proof warns."""
    assert needles(story.told[kind]) == {secret(kind, 4)}


@pytest.mark.parametrize("kind", ["file", "own"])
def test_systemd_does_not_tell_what_is_in_a_file_that_the_unit_names(story, kind):
    assert needles(story.told[kind]) == set()
    # And the job has found it.
    assert "\nResult=success\n" in story.told[kind]
    assert "\nExecMainStatus=0\n" in story.told[kind]
    assert "\nExecMainStartTimestampMonotonic=0\n" not in story.told[kind]


def test_removed_jobs_leave_no_secret(story):
    assert story.left == {"root": IN_FILES, "nobody": set()}
