# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook: facts of many hosts put together, and a document that no text of a job can break."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.plugins.filter.core import FilterModule as CoreFilters
from ansible.plugins.test.core import TestModule as CoreTests
from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt

from ansible_collections.dotmobi.systemd_timers.plugins.filter.markdown import FilterModule as MarkdownFilters
from ansible_collections.dotmobi.systemd_timers.plugins.filter.runbook import FilterModule as RunbookFilters
from ansible_collections.dotmobi.systemd_timers.plugins.filter.schedule_text import FilterModule as WordsFilters
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.installed import InstalledJob, declared
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.run_rules import timeout_words
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.runbook.runbook import book
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile_markdown import HOSTILE
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import ROOT, file_of, wanted

TEMPLATE = ROOT / "playbooks" / "templates" / "runbook.md.j2"
RENDERER = MarkdownIt("commonmark").enable("table")
runbook_filter = RunbookFilters().filters()["runbook"]


# --- what hosts say


def row(job: WantedJob, account: str = "", **changes: Any) -> dict[str, Any]:
    """A job as the module returns it, as far as the runbook needs it."""
    paths = (f"/etc/systemd/system/{job.name}.service", f"/etc/systemd/system/{job.name}.timer")
    pair = InstalledJob(job.name, f"{job.name}.service", file_of(job.timer), file_of(job.service), paths, "default")
    # Of what a job has beside its pair, the units; its files have paths.
    beside = {file.name: file.text for file in job.files if "/" not in file.name}
    found = {
        **declared(pair),
        "scope": "user" if account else "system",
        "enabled": True,
        "activity": "armed",
        "timer_state": "active (waiting)",
        "drift": [],
        "notified": [],
        "unit_texts": {"service": job.service, "timer": job.timer, "companions": beside},
        **changes,
    }
    return {**found, "user": account} if account else found


def host(*rows: dict[str, Any], unknown: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {"jobs": list(rows), "unknown": unknown or []}


def said(path: str, text: str | None, *hosts: str) -> dict[str, Any]:
    """A unit file of some hosts."""
    return {"value": {"path": path, "text": text}, "hosts": list(hosts)}


BACKUP = wanted(name="backup", description="Nightly", schedule="02:00", command="/usr/bin/backup")


def test_how_a_job_runs_is_said_in_words() -> None:
    job = wanted(
        name="backup", schedule="02:00", command="/usr/bin/backup", timeout="1h",
        retries={"attempts": 3, "delay": 30, "backoff": 2}, limits={"memory": "512M", "cpu": "50%", "nice": 5},
        concurrency={"policy": "forbid", "group": "nightly", "group_limit": 2, "group_wait": "90min"},
        starting_deadline="10min",
    )  # fmt: skip
    told = row(job, notified=["failure: mail to ops@example.com"])
    (found,) = book({"a": host(told), "b": host(row(wanted(name="backup", schedule="02:00", command="/bin/true")))})[
        "jobs"
    ]
    assert {name: found[name][0]["value"] for name in ("timeout", "retries", "overlap", "group", "deadline")} == {
        "timeout": "1h for each attempt, 3h 7min 30s for all of them together",
        "retries": "3 attempts, with a pause of 30s between them, each further one 2 times as long, at most 1h",
        "overlap": "an elapse while it runs is skipped",
        "group": "nightly, of which 2 may run at a time; a run that has waited for 1h 30min has failed",
        "deadline": "a run that would begin more than 10min late is skipped",
    }
    assert found["limits"][0]["value"] == "killed above 512M of memory; 50% of a processor; niceness 5"
    assert found["notices"][0]["value"] == "failure: mail to ops@example.com"
    # What the other host has.
    assert [found[name][1]["value"] for name in ("timeout", "retries", "group", "limits")] == ["", "", "", ""]
    assert found["overlap"][1]["value"] == "while it runs, further elapses start it once more, after that run"


@pytest.mark.parametrize(
    ("fields", "policy", "timeout"),
    [
        ({}, "queue", ""),
        ({"timeout": "90s"}, "queue", "1min 30s"),
        ({"timeout": "90s", "commands": ["/bin/true", "/bin/false"], "command": None}, "queue", "1min 30s"),
        ({"timeout": "90s", "concurrency": {"group": "g"}}, "queue", "1min 30s"),
        ({"concurrency": "replace"}, "replace", ""),
    ],
)
def test_rules_of_jobs_that_are_tried_once(fields: dict[str, Any], policy: str, timeout: str) -> None:
    found = row(wanted(**{"name": "a", "schedule": "02:00", "command": "/bin/true", **fields}))
    assert found["concurrency"]["policy"] == policy
    assert found["retries"] is None
    assert timeout_words(found) == timeout


def test_a_fact_that_hosts_agree_on_is_said_once() -> None:
    found = book({"a": host(row(BACKUP)), "b": host(row(BACKUP))})
    (job,) = found["jobs"]
    assert found["error"] == ""
    assert found["hosts"] == job["hosts"] == ["a", "b"]
    assert job["everywhere"]
    assert job["schedule"] == [{"value": "every day at 02:00", "hosts": ["a", "b"]}]
    assert job["purpose"] == [{"value": "Nightly", "hosts": ["a", "b"]}]
    path = "/etc/systemd/system/backup"
    assert job["units"] == [
        {"name": "backup.service", "files": [said(f"{path}.service", BACKUP.service, "a", "b")]},
        {"name": "backup.timer", "files": [said(f"{path}.timer", BACKUP.timer, "a", "b")]},
    ]


def test_each_variant_is_said_once_with_its_hosts() -> None:
    other = wanted(name="backup", description="Nightly", schedule="03:00", command="/usr/bin/backup")
    found = book({"a": host(row(BACKUP)), "b": host(row(other)), "c": host(row(BACKUP)), "d": host()})
    (job,) = found["jobs"]
    assert not job["everywhere"]
    assert job["hosts"] == ["a", "b", "c"]
    assert job["schedule"] == [
        {"value": "every day at 02:00", "hosts": ["a", "c"]},
        {"value": "every day at 03:00", "hosts": ["b"]},
    ]
    path = "/etc/systemd/system/backup"
    assert [unit["files"] for unit in job["units"]] == [
        [said(f"{path}.service", BACKUP.service, "a", "b", "c")],
        [said(f"{path}.timer", BACKUP.timer, "a", "c"), said(f"{path}.timer", other.timer, "b")],
    ]


def test_units_that_a_job_has_beside_its_pair_are_told_too() -> None:
    plain, replaced = wanted(concurrency="queue"), wanted(concurrency="replace")
    found = book({"a": host(row(plain)), "b": host(row(replaced))})
    (job,) = found["jobs"]
    assert [unit["name"] for unit in job["units"]] == ["backup.service", "backup.timer", "backup-replace.service"]
    (file,) = job["units"][2]["files"]
    assert file["hosts"] == ["b"]
    assert file["value"]["path"] == "/etc/systemd/system/backup-replace.service"
    assert "Description=Starts backup anew" in file["value"]["text"]
    values = {one["directive"]: one["values"] for one in found["directives"]["service"]}
    assert "Starts backup anew" in values["Description"]


def test_jobs_are_sorted_and_those_of_accounts_are_apart() -> None:
    found = book({"a": host(row(wanted(name="sync")), row(BACKUP, "bob"), row(BACKUP, "alice"), row(BACKUP))})
    assert [job["shown_name"] for job in found["jobs"]] == ["backup", "alice: backup", "bob: backup", "sync"]
    assert [job["account"] for job in found["jobs"]] == ["", "alice", "bob", ""]


def test_where_a_job_is_suspended_or_changed() -> None:
    suspended = row(BACKUP, enabled=False, timer_state="inactive (dead)")
    # The timer was stopped manually: nobody has suspended the job.
    stopped = row(BACKUP, timer_state="inactive (dead)", drift=["backup.service has the mode 0666"])
    (job,) = book({"a": host(suspended), "b": host(stopped), "c": host(row(BACKUP))})["jobs"]
    assert job["suspended"] == ["a"]
    assert job["changed"] == [{"value": "backup.service has the mode 0666", "hosts": ["b"]}]


def test_where_a_job_is_done() -> None:
    (job,) = book({"a": host(row(BACKUP, activity="done", enabled=False, timer_state="inactive (dead)"))})["jobs"]
    assert (job["done"], job["suspended"]) == (["a"], [])


def test_purposes_may_differ_from_host_to_host() -> None:
    purposes = {"a": {"backup": "Saves the mails."}, "b": {"backup": "Saves the mails."}, "c": {"other": "Else."}}
    results = {name: host(row(BACKUP)) for name in ("a", "b", "c")}
    assert book(results, purposes)["jobs"][0]["purpose"] == [
        {"value": "Saves the mails.", "hosts": ["a", "b"]},
        {"value": "Nightly", "hosts": ["c"]},
    ]


def test_log_directories() -> None:
    results = {name: host(row(BACKUP)) for name in ("a", "b", "c")}
    found = book(results, log_directories={"a": "/var/log/jobs", "b": "", "c": "/var/log/jobs", "gone": "/x"})
    assert found["log_directories"] == [{"value": "/var/log/jobs", "hosts": ["a", "c"]}]


def test_a_file_that_is_missing_is_no_empty_one() -> None:
    found = row(BACKUP, unit_texts={"service": None, "timer": BACKUP.timer, "companions": {}})
    (job,) = book({"a": host(found)})["jobs"]
    assert [unit["files"][0]["value"]["text"] for unit in job["units"]] == [None, BACKUP.timer]


@pytest.mark.parametrize(
    ("results", "owner", "expected"),
    [
        (
            {"a": host(), "b": host()},
            "",
            "no job of this collection is installed on a, b; apply first: ansible-playbook site.yml",
        ),
        (
            {"a": host()},
            "web",
            "no job with the owner mark web is installed on a; apply first: ansible-playbook site.yml",
        ),
        (
            {"a": host(unknown=[{"name": "backpu", "nearest": "backup"}])},
            "",
            "backpu is not a job on this host; did you mean backup?",
        ),
        ({"a": host(row(BACKUP)), "b": host(unknown=[{"name": "backup", "nearest": ""}])}, "", ""),
    ],
)
def test_why_there_is_nothing_to_write(results: dict[str, Any], owner: str, expected: str) -> None:
    assert book(results, owner=owner)["error"] == expected


@pytest.mark.parametrize(
    ("fields", "words", "files"),
    [
        ({}, "the journal", []),
        ({"output": "journal+console"}, "the journal, and the console of the host", []),
        ({"output": "append:/var/log/x.log"}, "the file /var/log/x.log", ["/var/log/x.log"]),
        ({"output": "null"}, "nowhere", []),
        ({"service": {"StandardOutput": "null"}}, "nowhere", []),
        (
            {"service": {"StandardOutput": "file:/a", "StandardError": "journal"}},
            "the file /a; error messages: the journal",
            ["/a"],
        ),
        ({"output": "socket"}, "socket", []),
    ],
)
def test_where_the_output_goes(fields: dict[str, Any], words: str, files: list[str]) -> None:
    (job,) = book({"a": host(row(wanted(**fields)))})["jobs"]
    assert job["output"][0]["value"] == words
    assert job["output_files"][0]["value"] == files


@pytest.mark.parametrize("value", [None, [], {"a": None}, {"a": {"jobs": [{"name": "without units"}]}}, {"a": {}}])
def test_the_filter_refuses_what_are_no_results(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="units: true"):
        runbook_filter(value)


def test_the_filter_refuses_purposes_that_are_none() -> None:
    with pytest.raises(AnsibleFilterError, match="purposes of a are names of jobs to texts"):
        runbook_filter({"a": host(row(BACKUP))}, purposes={"a": ["backup"]})


# --- the document


def rendered(results: dict[str, Any], **variables: Any) -> str:
    """Return the document as Ansible would write it."""
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(CoreFilters().filters())
    environment.tests.update(CoreTests().tests())
    for filters in (MarkdownFilters, WordsFilters):
        found = filters().filters()
        environment.filters.update({f"dotmobi.systemd_timers.{name}": function for name, function in found.items()})
    given_options = {name: variables.pop(name) for name in ("purposes", "log_directories") if name in variables}
    context = {"heading": "Jobs", "silent": [], "by_name": False, "folder": "playbooks", **variables}
    return environment.from_string(TEMPLATE.read_text()).render(book=book(results, **given_options), **context)


def headings(text: str) -> list[str]:
    tokens = RENDERER.parse(text)
    return [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]


def section(text: str, heading: str) -> str:
    """What stands between a heading of the second rank and the next."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


def commands(text: str) -> list[str]:
    """All lines of the blocks of commands."""
    blocks = [token.content for token in RENDERER.parse(text) if token.type == "fence" and token.info == "bash"]
    return [line for block in blocks for line in block.splitlines()]


def test_links_lead_to_headings() -> None:
    text = rendered({"a": host(row(BACKUP), row(wanted(name="mail"), "alice"))})
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings(text)}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(links) > 8
    assert set(links) <= slugs


def test_nothing_of_a_job_breaks_the_document() -> None:
    plain = rendered({"a": host(row(wanted(name="x", description="plain", command="/bin/true")))})
    for hostile in HOSTILE:
        given_job = row(
            BACKUP, name="x", description=hostile, command=[hostile], working_directory=hostile, user=hostile
        )
        given_job["unit_texts"] = {
            "service": f"[Unit]\nDescription={hostile}\n",
            "timer": f"{hostile}\n```\n# x\n",
            "companions": {},
        }
        text = rendered({"a": host(given_job)})
        expected = [one for one in headings(plain) if not one.startswith("1. ")]
        assert [one for one in headings(text) if not one.startswith("1. ")] == expected, hostile
        # No HTML comes through but the comment at the top.
        raw = [token.content for token in RENDERER.parse(text) if token.type == "html_block"]
        assert len(raw) == 1
        inline = [child for token in RENDERER.parse(text) for child in token.children or []]
        assert [child.content for child in inline if child.type == "html_inline"] == []
        fences = [token.content for token in RENDERER.parse(text) if token.info == "ini"]
        # A renderer takes all ends of lines for the same.
        assert fences == [
            one.replace("\r\n", "\n") for one in (given_job["unit_texts"][kind] for kind in ("service", "timer"))
        ]


def test_commands_take_any_name_and_expression() -> None:
    odd = row(BACKUP, name="a'b $(id)", schedule=["Mon $(touch /x) '\""])
    found = commands(rendered({"a": host(odd)}))
    assert "sudo systemctl start 'a'\"'\"'b $(id).service'" in found
    # Each line is words to a shell, and what is odd stands within quotes.
    for line in found:
        lexer = shlex.shlex(line, posix=False, punctuation_chars=True)
        lexer.whitespace_split = True
        assert not [word for word in lexer if word.startswith("$(")], line
    (line,) = [line for line in found if "/schedule.yml" in line]
    option = shlex.split(line)[-1]
    assert yaml.safe_load(option) == {"expression": "Mon $(touch /x) '\""}


def test_an_expression_is_given_so_that_it_can_be_read() -> None:
    found = commands(rendered({"a": host(row(wanted(schedule="Mon *-*-* 08:00:00")))}))
    assert "ansible-playbook playbooks/schedule.yml -e \"expression='Mon *-*-* 08:00:00'\"" in found
    assert "systemd-analyze calendar --iterations=3 'Mon *-*-* 08:00:00'" in found


def test_playbooks_are_called_as_this_one_was() -> None:
    found = commands(rendered({"a": host(row(BACKUP))}, by_name=True, job="backup", owner="web", title="A b"))
    assert found[0] == "ansible-playbook dotmobi.systemd_timers.runbook -e job=backup -e owner=web -e \"title='A b'\""
    assert [line for line in found if "ansible-playbook" in line and "dotmobi.systemd_timers." not in line] == []


def test_hosts_that_differ_are_shown_with_their_variants() -> None:
    other = wanted(name="backup", description="Nightly", schedule="03:00", command="/usr/bin/backup")
    text = rendered({"web1": host(row(BACKUP)), "web2": host(row(other)), "db": host(row(wanted(name="dump")))})
    assert "| **backup** | Nightly | differs from host to host, see below | web1, web2 |" in text
    assert "- **Schedule**: every day at 02:00 (on web1); every day at 03:00 (on web2)" in text
    units = section(text, "Units as deployed")
    assert "`/etc/systemd/system/backup.service`:\n" in units
    assert f"`/etc/systemd/system/backup.timer` (on web1):\n\n```ini\n{BACKUP.timer}```" in units
    assert f"`/etc/systemd/system/backup.timer` (on web2):\n\n```ini\n{other.timer}```" in units


def test_hosts_that_gave_no_answer_are_named() -> None:
    assert "**Not in this page**: web2, web3." in rendered({"web1": host(row(BACKUP))}, silent=["web2", "web3"])


def test_what_is_not_as_it_should_be_is_said() -> None:
    missing = row(BACKUP, drift=["backup.service is odd"], enabled=False, timer_state="inactive (dead)")
    missing["unit_texts"] = {"service": None, "timer": BACKUP.timer, "companions": {}}
    text = rendered({"a": host(missing), "b": host(row(BACKUP))})
    assert "every day at 02:00 (suspended on a)" in text
    assert "- **Not as an apply leaves it**: backup.service is odd (on a)" in text
    assert "`/etc/systemd/system/backup.service` (on a): the file is missing, masked or not readable." in text


def test_jobs_of_user_managers_have_their_own_commands() -> None:
    found = commands(rendered({"a": host(row(BACKUP), row(wanted(name="mail"), "alice"))}))
    manager = "sudo -u alice env XDG_RUNTIME_DIR=/run/user/$(id -u alice) systemctl --user"
    assert f"{manager} status mail.timer" in found
    fields = ("_SYSTEMD_USER_UNIT=mail.service", "_TRANSPORT=stdout SYSLOG_IDENTIFIER=mail", "USER_UNIT=mail.service")
    matches = " + ".join(f"_UID=$(id -u alice) {field}" for field in fields)
    assert f"sudo journalctl --since='1 hour ago' {matches}" in found
    assert "sudo systemctl status backup.timer" in found

    alone = commands(rendered({"a": host(row(wanted(name="mail"), "alice"))}))
    assert "ansible-playbook playbooks/run.yml -e job=mail -e user=alice" in alone
    assert f"{manager} start mail.service" in alone
    assert "sudo -u alice touch ~alice/.local/share/systemd/timers/stamp-mail.timer" in alone


def test_log_files() -> None:
    jobs = [row(wanted(name="one", output="append:/srv/logs/one.log")), row(wanted(name="two"))]
    text = section(rendered({"a": host(*jobs)}, log_directories={"a": "/srv/logs"}), "Maintenance")
    assert "Log files are in `/srv/logs`." in text
    assert "- one: `/srv/logs/one.log`" in text
    assert "sudo tail -n 20 /srv/logs/one.log" in commands(text)
    assert "sudo ls -lat /srv/logs | head -n 11" in commands(text)
    assert "All other jobs log to the journal" in text
    text = section(rendered({"a": host(jobs[1])}), "Maintenance")
    assert "`timer_log_directory` is not set" in text
    assert "The jobs log to the journal" in text


def test_two_hundred_jobs_stay_a_document() -> None:
    jobs = [row(wanted(name=f"job{number:03}", schedule=f"*:{number % 60}")) for number in range(200)]
    text = rendered({"a": host(*jobs)})
    assert len(headings(text)) > 400
    assert "These are the first 30 of each kind." in text
    assert "Steps 3 and 5 show the first 30 jobs." in text
    assert "\n\n\n\n" not in text


def test_a_run_that_is_missed_is_one_of_a_schedule() -> None:
    text = rendered({"a": host(row(wanted(schedule=None, every="1h", on_boot="5min")))})
    assert "- **Other triggers**: `OnBootSec=5min`" in text
    assert "A missed run" not in text
    assert "- **A missed run**: is caught up\n" in rendered({"a": host(row(BACKUP))})
    assert "- **A missed run**: is lost\n" in rendered({"a": host(row(wanted(persistent=False)))})
