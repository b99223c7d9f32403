# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `runbook`: for the four jobs of inventory/ the document has all that the team's own document has, its
units are those on the hosts, and its commands run there."""

from __future__ import annotations

import json
import os
import re
import shlex
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml
from harness import CHECKOUT, UNIT_DIRECTORY, Site, is_armed, snapshot
from operating import all_of, only_readable

FOUR = ["it-glue-backup", "jamf-pro-notifications", "zendesk-it-glue", "zendesk-statusio"]
INVENTORY = yaml.safe_load((CHECKOUT / "inventory" / "group_vars" / "all.yml").read_text())
SCRIPTS = "/usr/local/dotmobi-tools/scripts"
ACCOUNT = "booker"
# A number of its own: its manager has ended before another account gets it.
ADD_ACCOUNT = f"id {ACCOUNT} || useradd --create-home --uid 4711 {ACCOUNT}"
REMOVE_ACCOUNT = f"loginctl disable-linger {ACCOUNT}; systemctl stop user@4711.service; userdel --remove {ACCOUNT}"
LOGS = "/srv/book-logs"
ODD = "<b>odd</b> | *text* `with` marks"
MORE = [
    {"name": "book-replaced", "schedule": "*-*-31", "concurrency": "replace", "command": "/bin/true", "timeout": "1h",
     "retries": {"attempts": 3, "delay": 30}, "limits": {"nice": 5}, "on_failure": {"unit": "book-off.service"}},
    {"name": "book-odd", "description": ODD, "schedule": "*-*-31", "command": ["/bin/echo", "a | b", "`c`"]},
    {
        "name": "book-differs",
        "schedule": "*-*-* {{ '02:00' if inventory_hostname == 'debian12' else '03:00' }}:00",
        "command": "/bin/true",
    },
    {"name": "book-log", "schedule": "daily", "output": "log", "command": "/bin/echo to a file"},
    {"name": "book-off", "schedule": "daily", "state": "suspended", "command": "/bin/true"},
    {"name": "book-often", "every": "1h", "on_boot": "2h", "command": "/bin/echo %n"},
    {"name": "book-one", "schedule": "daily", "command": "/bin/true",
     "state": "{{ 'absent' if inventory_hostname == 'debian12' else 'present' }}"},
    {"name": "book-secret", "schedule": "daily", "environment": {"API_TOKEN": "hunter2", "MAILGUN": "hunter3"},
     "secrets": ["MAILGUN"], "command": "/bin/true", "user": "daemon", "hardening": "strict"},
    # It lives on: of a process that is gone already, the journal does not know the unit.
    {"name": "book-user", "scope": "user", "user": ACCOUNT, "schedule": "daily",
     "command": ["/bin/sh", "-c", "echo of an account; exec sleep 2"]},
]  # fmt: skip

# The sections of the team's document, with what each must hold here: for the four jobs, what the team does manually.
TOPICS = {
    "Why systemd timers and not cron": [
        r"journal",
        r"network",
        r"sleep.*accurate",
        r"systemctl status",
        r"Persistent=true",
        r"every other service",
        r"error messages",
    ],
    "Overview": [
        r"^\| \*\*it-glue-backup\*\* \| Exports all data of IT Glue .* \| every Monday at 08:00 \| all \|$",
        r"^\| \*\*jamf-pro-notifications\*\* \| .* \| every hour at :30 \| all \|$",
        r"^\| \*\*zendesk-it-glue\*\* \| .* \| every hour at :15 \| all \|$",
        r"^\| \*\*zendesk-statusio\*\* \| .* \| every hour on the hour \| all \|$",
        r"\*\*service\*\*.*what to run",
        r"\*\*timer\*\*.*when",
    ],
    "The jobs in detail": [
        *(rf"^### \d\. {name}: [A-Z]" for name in FOUR),
        *(rf"^- \*\*Service\*\*: `{name}\.service`$" for name in FOUR),
        *(rf"^- \*\*Timer\*\*: `{name}\.timer`$" for name in FOUR),
        r"^- \*\*Schedule\*\*: every Monday at 08:00$",
        r"^- \*\*Calendar expression\*\*: `Mon \*-\*-\* 08:00:00`$",
        r"^- \*\*Overlap\*\*: while it runs, further elapses start it once more, after that run$",
        r"^- \*\*Purpose\*\*: Exports all data of IT Glue once a week, to recover from a disaster\.$",
    ],
    "Units as deployed": [rf"^`{UNIT_DIRECTORY}/{name}\.{kind}`:$" for name in FOUR for kind in ("service", "timer")],
    "Directives explained": [
        r"^### In the service files$",
        r"^\| `\[Unit\]` \| `After=` \| `network-online\.target` \| .+ \|$",
        r"^\| `\[Unit\]` \| `Wants=` \| `network-online\.target` \| .+ \|$",
        r"^\| `\[Service\]` \| `Type=` \| `oneshot` \| .+ \|$",
        r"^\| `\[Service\]` \| `User=` \| `root` \| .+ \|$",
        r"^\| `\[Service\]` \| `StandardError=` \| `journal\+console` \| .+ \|$",
        r"^\| `\[Service\]` \| `Environment=` \| `\"PYTHONUNBUFFERED=1\"` \| .+ \|$",
        r"^### In the timer files$",
        r"^\| `\[Timer\]` \| `OnCalendar=` \| .*`Mon \*-\*-\* 08:00:00`.* \| .+ \|$",
        r"^\| `\[Timer\]` \| `AccuracySec=` \| `1s` \| .+ \|$",
        r"^\| `\[Install\]` \| `WantedBy=` \| `timers\.target` \| .+ \|$",
        r"^\| `\[X-Ansible\]` \| `Owner=` \| `book` \| The owner mark.+ \|$",
    ],
    "Testing manually": [
        r"^### All timers$",
        r"^systemctl list-timers --all",
        r"^### The status of one job$",
        r"^sudo systemctl status it-glue-backup\.timer$",
        r"^sudo systemctl status it-glue-backup\.service$",
        r"^### Run a job and watch it$",
        r"^sudo systemctl start it-glue-backup\.service$",
        r"^sudo journalctl --follow --unit=it-glue-backup\.service$",
        r"^### Test when a timer elapses$",
        *(
            rf"^systemd-analyze calendar --iterations=3 '{re.escape(expression)}'$"
            for expression in ("Mon *-*-* 08:00:00", "*-*-* *:15:00", "*-*-* *:30:00", "*-*-* *:00:00")
        ),
        r"^### Recent logs, and errors only$",
        r"^sudo journalctl --since='1 hour ago' --unit=it-glue-backup\.service$",
        r"^sudo journalctl --priority=err --unit=it-glue-backup\.service$",
    ],
    "Troubleshooting": [
        r"^1\. \*\*Look at its status",
        r"^2\. \*\*Read its errors",
        r"^3\. \*\*Check that its program is there",
        rf"^   sudo ls -l /usr/bin/python3 {SCRIPTS}/it_glue_export_backup\.py$",
        r"^4\. \*\*Clear the failed state",
        r"^   sudo systemctl reset-failed it-glue-backup\.service$",
        r"^5\. \*\*Run it manually",
        rf"^   sudo env --chdir={SCRIPTS} PYTHONUNBUFFERED=1 /usr/bin/python3 {SCRIPTS}/it_glue_export_backup\.py$",
    ],
    "Maintenance": [
        r"^### Change a schedule$",
        r"^sudo nano /etc/systemd/system/it-glue-backup\.timer ",
        r"^sudo systemctl daemon-reload$",
        r"^### Common calendar formats$",
        *(rf"^\| `{word}` \| [^|]+ \| the same as `" for word in ("hourly", "daily", "weekly", "monthly")),
        r"^\| `Fri \*-\*-\* 19:00:00` \| every Friday at 19:00 \|",
        r"^\| `\*-01-01 00:00:00` \| every year on 1 January at 00:00 \|",
        r"^\| `\*-\*-\* 04:00:00` \| every day at 04:00 \|",
        r"^### Read log files$",
        r"^sudo journalctl --since=today --unit=it-glue-backup\.service$",
    ],
}
# The recommended way of each thing that the team does manually.
PLAYBOOKS = {
    "Testing manually": ["status", "run", "validate", "schedule", "logs"],
    "Troubleshooting": ["troubleshoot", "status", "logs", "validate", "run"],
    "Maintenance": ["site", "reschedule", "suspend", "resume", "skip_next", "logs"],
}


# Runs commands one after the other, and prints exit status and output of each.
RUN_ALL = """
import json, subprocess, sys
done = {}
for name, command in json.loads(sys.argv[1]).items():
    run = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    done[name] = [run.returncode, run.stdout]
print(json.dumps(done))
"""


class Story:
    """What was printed and written."""

    def __init__(self, folder):
        self.folder = folder
        self.plays = {}

    def text(self, name):
        return (self.folder / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def story(everywhere, tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    told = Story(folder)
    four = {**INVENTORY, "timer_owner": "book"}
    # Only the document needs them.
    purposes = {"timer_purposes": four.pop("timer_purposes")}

    def play(name, *options, document="", playbook="runbook", **variables):
        site = Site("timer_hosts", tmp_path_factory.mktemp("play"))
        dest = {"dest": str(folder / f"{document or name}.md")} if playbook != "site" else {}
        told.plays[name] = site.play(*options, playbook=playbook, **{**dest, **variables})

    def each(look):
        return all_of(everywhere(lambda _site, host: look(host)))

    each(lambda host: host.check_output(ADD_ACCOUNT))
    play("apply", playbook="site", **four)
    play("apply more", playbook="site", timer_jobs=MORE, timer_owner="book-more", timer_log_directory=LOGS)
    for run in told.plays.values():
        assert run.status == 0, run.output
    before = each(snapshot)
    play("four", "--diff", owner="book", **purposes)
    own = folder / "own.j2"
    own.write_text("{{ heading }}, {{ by_name }}: {{ book.jobs | map(attribute='name') | join(' ') }}\n")
    (folder / "below").mkdir()
    rest = [
        ("check", ["--check", "--diff"], {"owner": "book"}),
        ("again", [], {"document": "four", "owner": "book", **purposes}),
        # By the name that an installed collection gives it; paths count from where it is called.
        ("own", [], {"playbook": "dotmobi.systemd_timers.runbook", "owner": "book", "title": "Of my own",
                     "template": os.path.relpath(own, CHECKOUT), "dest": os.path.relpath(folder / "below", CHECKOUT)}),
        ("more", [], {"owner": "book-more", "timer_log_directory": LOGS}),
        ("misspelt", [], {"job": "it-glue-backpu"}),
    ]  # fmt: skip
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(play, name, *options, **variables) for name, options, variables in rest]:
            done.result()
    told.untouched = each(snapshot) == before
    yield told
    each(lambda host: host.run(REMOVE_ACCOUNT))


@pytest.fixture(scope="module")
def ran(story, everywhere):
    """What each command of both documents did on each machine: exit status and output."""

    asked = [command for name in ("four", "more") for command in host_commands(story.text(name))]

    def tell(_site, host):
        # So that its file is there.
        host.check_output("systemctl start book-log.service")
        return json.loads(
            host.check_output("python3 -c %s %s", RUN_ALL, json.dumps({one: as_root(one) for one in asked}))
        )

    return all_of(everywhere(tell))


# --- reading a document


def section(text, heading):
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


def commands(text):
    """The lines of all blocks of commands, those that go on put together, comments left out."""
    blocks = re.findall(r"^ *```bash\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.partition("  # ")[0] for line in lines if not line.startswith("#")]


def host_commands(text):
    """The commands for a shell on the host; an editor needs a person."""
    found = [line for line in commands(text) if not line.startswith("ansible-playbook ")]
    return [line for line in found if " nano " not in line]


def as_root(command):
    """The command as it runs where there is no sudo; following the journal never ends."""
    command = re.sub(r"sudo -u (\S+) ", r"runuser -u \1 -- ", command).replace("sudo ", "")
    return command.replace("journalctl --follow", "timeout 1 journalctl --follow")


def deployed(text):
    """Path to text of each unit that the document shows; those that differ are left out."""
    return dict(
        re.findall(r"^`(/\S+)`:\n\n```ini\n(.*?)^```$", section(text, "Units as deployed"), re.MULTILINE | re.DOTALL)
    )


# --- the four jobs


@pytest.mark.parametrize("heading", TOPICS)
def test_every_section_of_the_teams_document_is_there(story, heading):
    text = section(story.text("four"), heading)
    assert [topic for topic in TOPICS[heading] if not re.search(topic, text, re.MULTILINE | re.DOTALL)] == []


@pytest.mark.parametrize("heading", PLAYBOOKS)
def test_the_recommended_way_is_there_too(story, heading):
    found = [line.split()[1] for line in commands(section(story.text("four"), heading)) if "ansible-playbook" in line]
    assert list(dict.fromkeys(found)) == [f"playbooks/{name}.yml" for name in PLAYBOOKS[heading]]


def test_every_directive_of_the_units_is_explained(story):
    text = story.text("four")
    rows = set(re.findall(r"^\| `(\[[\w-]+\])` \| `(\w+)=` \| [^|]+ \| [A-Z`][^|]+\. \|$", text, re.MULTILINE))
    used = set()
    for unit in deployed(text).values():
        for line in unit.splitlines():
            if line.startswith("["):
                current = line
            elif "=" in line and not line.startswith("#"):
                used.add((current, line.split("=")[0]))
    assert len(used) > 15
    assert rows == used


def test_the_units_are_those_on_the_host(story, host):
    found = deployed(story.text("four"))
    assert list(found) == [f"{UNIT_DIRECTORY}/{name}.{kind}" for name in FOUR for kind in ("service", "timer")]
    assert {path: host.file(path).content_string for path in found} == found


def test_so_are_units_beside_the_pair(story, host):
    path = f"{UNIT_DIRECTORY}/book-replaced-replace.service"
    assert deployed(story.text("more"))[path] == host.file(path).content_string


def test_playbooks_and_their_variables_exist(story):
    checked = 0
    for document in ("four", "more"):
        for line in commands(story.text(document)):
            words = shlex.split(line)
            if words[0] != "ansible-playbook":
                continue
            text = (CHECKOUT / words[1]).read_text()
            if words[1] == "playbooks/site.yml":
                assert set(words[2:]) <= {"--check", "--diff"}
                continue
            for option in words[2:]:
                name = option.partition("=")[0]
                assert option == "-e" or re.search(rf"\b{name}\b", text), line
            checked += 1
    assert checked > 30


# --- commands


def test_every_command_runs_on_the_host(ran, machine):
    assert len(ran[machine]) > 50
    # By 3 systemctl status says that a unit is not active now. By 124 timeout says that it has ended the command.
    others = {" status ": 3, " --follow ": 124}
    wrong = {
        command: told
        for command, told in ran[machine].items()
        if told[0] and not any(word in command and told[0] == status for word, status in others.items())
    }
    assert wrong == {}


def test_what_is_run_by_hand_does_what_the_service_does(ran, machine):
    for script in ("it_glue_export_backup", "jamf_pro_notifications", "zendesk_it_glue", "zendesk_statusio"):
        end = f"/usr/bin/python3 {SCRIPTS}/{script}.py"
        (output,) = [
            told[1]
            for command, told in ran[machine].items()
            if command.startswith("sudo env ") and command.endswith(end)
        ]
        assert output.strip() == f"stand-in for {script}.py in {SCRIPTS}, PYTHONUNBUFFERED is set"


def test_the_journal_is_found(ran, machine):
    told = ran[machine]
    assert "stand-in for it_glue" in told["sudo journalctl --since='1 hour ago' --unit=it-glue-backup.service"][1]
    (own,) = [command for command in told if "--since='1 hour ago'" in command and "book-user" in command]
    assert "of an account" in told[own][1]
    assert "Starting book-user" in told[own][1]


def test_formats_and_expressions_are_right(story, host):
    text = section(story.text("four"), "Maintenance")
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \|(?: the same as `([^`]+)`)? *\|$", text, re.MULTILINE)
    assert len(rows) > 12
    words = " ".join(shlex.quote(one) for row in rows for one in row if one)
    # One that is not right fails the call.
    told = host.check_output(f"systemd-analyze calendar {words}")
    forms = iter(re.findall(r"Normalized form: (.*)", told))
    for expression, same in rows:
        form = next(forms)
        assert not same or form == next(forms), expression


def test_jobs_are_armed_after_all_that(ran, host, machine):
    assert ran[machine]
    for name in FOUR:
        assert is_armed(host, name)


# --- hosts and texts that are not plain


def test_hosts_that_differ(story):
    text = story.text("more")
    assert "- **Schedule**: every day at 02:00 (on debian12); every day at 03:00 (on debian13)" in text
    assert "| **book-differs** | book-differs | differs from host to host, see below | all |" in text
    assert re.search(r"^\| \*\*book-one\*\* \| book-one \| every day at 00:00 \| debian13 \|$", text, re.MULTILINE)
    assert "every day at 00:00 (suspended) |" in text


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_each_variant_of_a_unit_is_the_one_of_its_host(story, host, machine, kind):
    path = f"{UNIT_DIRECTORY}/book-differs.{kind}"
    variants = re.findall(
        rf"^`{path}`(?: \(on (\S+)\))?:\n\n```ini\n(.*?)^```$", story.text("more"), re.MULTILINE | re.DOTALL
    )
    assert [hosts for hosts, _text in variants] == (["debian12", "debian13"] if kind == "timer" else [""])
    (shown,) = [text for hosts, text in variants if hosts in ("", machine)]
    assert host.file(path).content_string == shown


def test_how_a_job_runs_is_said_in_words(story):
    (found,) = [
        one
        for one in story.text("more").split("\n### ")
        if "`book-replaced.service`" in one and "- **Schedule**" in one
    ]
    for line in (
        "Time limit**: 1h for each attempt, 3h 7min for all of them together",
        "Attempts**: 3 attempts, with a pause of 30s between them",
        "Overlap**: an elapse while it runs stops that run and starts it anew",
        "Limits**: niceness 5",
        "Notices**: failure: unit book-off.service",
    ):
        assert f"- **{line}\n" in found


def test_texts_do_not_break_the_document(story):
    text = story.text("more")
    assert "| **book-odd** | &lt;b&gt;odd&lt;/b&gt; \\| \\*text\\* \\`with\\` marks | \\*-\\*-31 | all |" in text
    assert "<b>" not in re.sub(r"^```ini\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).replace("`<3>`", "")
    assert f"Description={ODD}\n" in text


def test_secrets_stay_hidden(story):
    for path in story.folder.glob("*.md"):
        assert "hunter" not in path.read_text()
    text = story.text("more")
    assert 'Environment="API_TOKEN=(secret)"' in text
    assert "Secrets=MAILGUN" in text
    assert not [run for run in story.plays.values() if "hunter" in run.output]


def test_log_files(story):
    text = section(story.text("more"), "Maintenance")
    assert f"Log files are in `{LOGS}`." in text
    assert f"- book-log: `{LOGS}/book-log.log`" in text
    assert "`timer_log_directory` is not set" in story.text("four")


# --- runs


def test_check_mode_writes_nothing(story):
    assert story.plays["check"].status == 0, story.plays["check"].output
    assert not (story.folder / "check.md").exists()
    assert "+# Scheduled jobs" in story.plays["check"].output


def test_a_second_run_changes_nothing(story):
    assert story.plays["four"].status == story.plays["again"].status == 0
    assert re.search(r"^changed: \[debian\d+ -> localhost\]", story.plays["four"].output, re.MULTILINE)
    assert "changed:" not in story.plays["again"].output
    assert "changed=0" in story.plays["again"].output


def test_it_says_where_the_document_is(story):
    assert f"{story.folder}/four.md: 4 jobs on debian12, debian13" in story.plays["four"].output
    only_readable(story.plays["four"])


def test_it_changes_nothing_on_the_hosts(story):
    assert story.untouched


def test_a_template_of_ones_own_and_the_playbook_by_its_name(story):
    assert (story.folder / "below" / "runbook.md").read_text() == f"Of my own, True: {' '.join(FOUR)}\n"


def test_a_wrong_name_gets_the_nearest_and_nothing_is_written(story):
    run = story.plays["misspelt"]
    assert run.status != 0
    expected = "it-glue-backpu is not a job on any of 2 hosts; did you mean it-glue-backup?"
    assert expected in " ".join(run.output.split())
    assert not (story.folder / "misspelt.md").exists()
    only_readable(run)
