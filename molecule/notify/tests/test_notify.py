# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs really succeed, fail, hang and are skipped; a real HTTP server, a mail program and a command write down what
they are told, and other servers hang or are down."""

from __future__ import annotations

import email
import email.policy
import json
import re
from pathlib import Path

import pytest
from harness import FILES_DIRECTORY, UNIT_DIRECTORY, show, wait_until
from operating import as_json

FILES = Path(__file__).parent.parent / "files"
OWNER = {"timer_owner": "notify"}
HOOK = "http://127.0.0.1:18080"
SILENT, CLOSED, FULL = "http://127.0.0.1:18081", "http://127.0.0.1:18082", "http://127.0.0.1:18083"
# None of the job's variables.
CLEAN = "/usr/bin/env -i PATH=/usr/bin:/bin"
SECRET = "n33dle-job-secret"
TOKEN = "n33dle-header-token"
ADDRESS = "n33dle-address"
RECORD = "/srv/notify/record"
# What notices may take at most, on a machine that is busy with other things.
PATIENCE = 150
FIELDS = {"schedule": "*-*-* 00:00:07"}
TELLTALE = r"""printf '\033[31mred\033[0m\nspoilt \377 byte\n'; echo "token $API_TOKEN"; echo last words >&2; exit 3"""


def job(name, *script, **fields):
    command = {"command": ["/bin/sh", "-c", "; ".join(script)]} if script else {}
    return {"name": f"notify-{name}", **FIELDS, **command, **fields}


DEFAULTS = {
    "on_failure": {"webhook": f"{HOOK}/ok/{ADDRESS}", "lines": 10},
    "heartbeat": {"url": f"{HOOK}/ok/ping/{{job}}", "start": True},
}
# Nobody of the defaults is told.
ALONE = {"on_failure": None, "heartbeat": None}
HOOK_ONLY = {"heartbeat": None}
STATUS = job(
    "status",
    TELLTALE,
    environment={"API_TOKEN": SECRET},
    secrets=["API_TOKEN"],
    credentials={"pager": {"content": f"{TOKEN}\n"}},
    on_failure={
        "mail": ["root", "ops@example.com"],
        "command": [RECORD, "--job", "two words", "%n $HOME"],
        "unit": "notify-alert@%n.service",
        "webhook": {
            "url": f"{HOOK}/ok/{ADDRESS}",
            "headers": {"Authorization": {"credential": "pager", "prefix": "Bearer "}, "X-Kind": "job"},
        },
    },
    # What stands there in systemd's own words is told as well.
    unit={"OnFailure": "notify-raw.service"},
    service={"ExecStartPre": ["/bin/true"]},
)
RETRIED = {"retries": {"attempts": 3, "delay": 0}, "runtime_directory": "notify-caught"}
JOBS = [
    job("ok", "echo first; echo of; echo all", on_success={"mail": "root", "command": [RECORD, "ok"], "lines": 2}),
    STATUS,
    job("signal", "kill -9 $$", heartbeat={"exit_status": True}),
    job("timeout", "sleep 600", service={"TimeoutStartSec": "1s"}, heartbeat={"start": False}),
    job("user", "true", user="notify-leaves"),
    job("resources", "true", environment_file="/srv/notify/leaves"),
    job("skipped", "true", unit={"ConditionPathExists": "/nowhere"}, on_success={"command": [RECORD]}),
    job("condition", "true", service={"ExecCondition": "/bin/false"}, on_success={"command": [RECORD]}),
    job("stopped", "sleep 600", service={"SuccessExitStatus": "SIGTERM"}, on_success={"command": [RECORD]}),
    job("suspended", "exit 4", state="suspended", heartbeat={"exit_status": True}),
    job("suspended-ok", "true", state="suspended", heartbeat={"exit_status": True, "start": False}),
    job("flaky", "true", **{**ALONE, "heartbeat": {"url": f"{HOOK}/flaky/ping", "start": None}}),
    job("moved", "false", heartbeat=None, on_failure={"webhook": [f"{HOOK}/moved/a", f"{HOOK}/denied/b"]}),
    job("again", "false", heartbeat=None, on_failure={"webhook": f"{HOOK}/slow/again"}),
    job(
        "hangs",
        "exit 5",
        heartbeat={"url": f"{FULL}/{ADDRESS}", "start": True},
        on_failure={"webhook": [f"{SILENT}/{ADDRESS}", f"{CLOSED}/{ADDRESS}"], "command": [RECORD, "hangs"]},
    ),
    job("nobody", "false", **ALONE),
    job("retried", "echo attempt; exit 6", retries={"attempts": 3, "delay": 0}),
    job("caught", "test -e $RUNTIME_DIRECTORY/mark || { touch $RUNTIME_DIRECTORY/mark; exit 6; }", **RETRIED),
    job("instance@db1", "exit 7"),
    job("strict", "exit 8", hardening="strict", user="nobody"),
    job(
        "shaped",
        "echo '<last> words'; exit 9",
        heartbeat=None,
        on_failure={
            "webhook": [
                {"url": f"{HOOK}/endless/shaped"},
                {"url": f"{HOOK}/ok/slack", "format": "slack"},
                {"url": f"{HOOK}/ok/matrix", "format": "matrix"},
                {"url": f"{HOOK}/flaky/own", "body": {"of": "{job}@{host}", "code": "{exit_status}"}},
            ]
        },
    ),
    job(
        "only",
        "false",
        schedule="*:*:0/3",
        state="suspended",
        heartbeat=None,
        on_failure={"only": "timer", "webhook": f"{HOOK}/ok/only"},
    ),
]
AGAIN = 3
RUN_ONCE = [one["name"] for one in JOBS if one["name"] not in ("notify-again", "notify-stopped")]
UNITS = {
    "notify-alert@.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo %i >> /srv/notify/alerts'\n",
    "notify-raw.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo raw >> /srv/notify/alerts'\n",
}
BAD = [
    {
        **job("bad"),
        "command": "/bin/true",
        "on_failure": {"emial": "root", "mail": "no address", "webhook": f"ftp://{ADDRESS}", "command": "page"},
        "on_success": {"unit": "alert", "lines": "many"},
        "heartbeat": {"url": f"https://user:{SECRET}@example.com/", "begin": True},
    },
    job("bad-restart", "true", service={"Restart": "on-failure"}),
    job("bad-start", "true", service={"ExecStartPre": None}),
    job("bad-nobody", "true", on_failure={"webhook": None}),
    job(
        "bad-credential",
        "true",
        heartbeat={"url": {"credential": "here"}},
        on_failure={"webhook": {"url": HOOK, "headers": {"Authorization": {"credential": "pagr"}}}},
        credentials={"pager": {"content": "x"}},
    ),
    job(
        "bad-host",
        "true",
        on_failure={
            "mail": "root",
            "command": "/usr/local/bin/page",
            "unit": "notify-alret@%n.service",
            "webhook": {"url": {"path": "/etc/no-such-token"}},
        },
    ),
]
BAD_LINES = (FILES / "refused.txt").read_text().splitlines()


class Story:
    """What was seen."""


def prepare(host):
    """Put servers, programs, units and a user on the host."""
    host.check_output("rm -rf /srv/notify; rm -f /usr/sbin/sendmail; mkdir -p /srv/notify; touch /srv/notify/leaves")
    host.run("useradd --system notify-leaves")
    for name, text in UNITS.items():
        host.check_output("printf %%s %s > %s", text, f"{UNIT_DIRECTORY}/{name}")
    host.check_output("printf %%s %s > /srv/notify/receiver.py", (FILES / "receiver.py").read_text())
    program = "#!/usr/bin/python3\n" + (FILES / "record.py").read_text()
    host.check_output("printf %%s %s > %s; chmod 0755 %s", program, RECORD, RECORD)
    host.check_output("systemctl daemon-reload")
    host.check_output("systemd-run --unit=notify-receiver python3 /srv/notify/receiver.py /srv/notify/requests")
    look = "import socket; socket.create_connection(('127.0.0.1', 18080), 1)"
    wait_until(lambda: host.run("python3 -c %s", look).rc == 0, 60, "the receiver listens")


def clear(host):
    host.run("systemctl stop notify-receiver.service; userdel notify-leaves; rm -rf /srv/notify /usr/sbin/sendmail")
    host.run("cd %s && rm -f notify-alert@.service notify-raw.service; systemctl daemon-reload", UNIT_DIRECTORY)


def busy(host):
    """Units of notices that are under way."""
    return host.check_output("systemctl list-units --all --plain --no-legend '*-notify@*' --state=activating")


def records(host, name):
    return [json.loads(line) for line in host.run("cat /srv/notify/%s", name).stdout.splitlines()]


def start(host, name):
    host.run("systemctl start notify-%s.service", name)


def tell(site, host):

    seen = Story()
    clear(host)
    prepare(host)
    try:
        seen.refused = site.refuse(BAD, timer_defaults=DEFAULTS, **OWNER)
        host.check_output("install -m 0755 %s /usr/sbin/sendmail", RECORD)
        seen.run = site.apply(JOBS, "--diff", timer_defaults=DEFAULTS, **OWNER)
        seen.modes = host.check_output("find %s -name 'not*.json' -printf '%%m %%u\\n'", FILES_DIRECTORY)
        seen.early = host.run("cat /srv/notify/requests /srv/notify/programs").stdout
        seen.open = host.check_output("grep -rl n33dle %s || true", UNIT_DIRECTORY)
        seen.shown = host.check_output("systemctl show 'notify-*' '*-notify@failure.service'")
        seen.units = host.check_output("cat %s/notify-status.service", UNIT_DIRECTORY)

        host.check_output("userdel notify-leaves; rm /srv/notify/leaves")
        for name in (one.removeprefix("notify-") for one in RUN_ONCE):
            start(host, name)
        # While the notices of the runs before are still on their way.
        for _number in range(AGAIN):
            start(host, "again")
            wait_until(lambda: "again-notify@failure.service" not in busy(host), 60, "the failure is noted")
        host.check_output("systemctl start --no-block notify-stopped.service")
        wait_until(lambda: show(host, "notify-stopped.service", "SubState")["SubState"] == "start", 60, "it runs")
        host.check_output("systemctl stop notify-stopped.service")
        names = ("InactiveExitTimestampMonotonic", "InactiveEnterTimestampMonotonic", "Result")
        seen.hangs = show(host, "notify-hangs.service", *names)
        seen.state = show(host, "notify-status.service", "Result", "ExecMainStatus", "InvocationID")
        # Notices that are under way are nothing to an apply.
        host.check_output("useradd --system notify-leaves; touch /srv/notify/leaves")
        seen.again = site.apply(JOBS, timer_defaults=DEFAULTS, **OWNER)
        wait_until(lambda: not busy(host), PATIENCE, "all notices are through")
        seen.by_hand = [one for one in records(host, "requests") if one["path"] == "/ok/only"]
        host.check_output("systemctl start notify-only.timer")
        told = "/ok/only"
        wait_until(lambda: any(one["path"] == told for one in records(host, "requests")), PATIENCE, "a run is told")
        host.check_output("systemctl stop notify-only.timer")
        wait_until(lambda: not busy(host), PATIENCE, "all notices are through once more")
        seen.tested = len(records(host, "requests"))
        host.check_output("systemctl start notify-status-notify@test.service")

        seen.requests = records(host, "requests")
        seen.programs = records(host, "programs")
        seen.alerts = host.check_output("cat /srv/notify/alerts").split()
        seen.journal = host.check_output("journalctl --no-pager --output=cat --unit='notify-*-notify@*'")
        seen.entries = host.check_output("journalctl --no-pager --output=cat --unit=notify-hangs-notify@start.service")
        seen.noted = host.run("find /run/dotmobi.systemd_timers/notices -type f").stdout

        hangs = {"job": "notify-hangs", "output": "json"}
        seen.status = as_json(site.play("--become", playbook="status", **hangs))[site.machine]
        seen.logs = as_json(site.play(playbook="logs", invocation="last", **hangs))[site.machine]

        host.check_output("systemctl stop notify-receiver.service")
        site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
        seen.left = host.run(
            "ls -d %s %s/*-notify@*; systemctl list-units --all --plain --no-legend '*-notify@*'; ls %s",
            *(FILES_DIRECTORY, UNIT_DIRECTORY, "/run/dotmobi.systemd_timers/notices"),
        ).stdout
    finally:
        clear(host)
    return seen


def pings(story, name):
    """Paths of the pings of a job, in the order in which they came."""
    prefix = f"/ok/ping/notify-{name}"
    found = [one["path"] for one in story.requests if one["path"] == prefix or one["path"].startswith(f"{prefix}/")]
    return [path.removeprefix(prefix) for path in found]


def notices(story, name):
    """What the webhook of the defaults was told of a job, tests aside."""
    told = [json.loads(one["body"]) for one in story.requests if one["method"] == "POST"]
    return [one for one in told if one.get("job") == f"notify-{name}" and one["event"] != "test"]


def asked(story, path):
    """The requests for a path of the receiver."""
    return [one for one in story.requests if one["path"] == path]


def called(story, argument):
    return [one for one in story.programs if one["arguments"][:1] == [argument]]


def mails(story, job):
    """The mails about a job, tests aside, with the addresses that the mail program got."""
    sent = [one for one in story.programs if one["program"] == "/usr/sbin/sendmail"]
    found = [(one["arguments"], email.message_from_string(one["input"], policy=email.policy.default)) for one in sent]
    return [one for one in found if job in one[1]["Subject"] and "test" not in one[1]["Subject"]]


def lines_of(message):
    return [line[2:].rstrip(" ") for line in message.splitlines() if line.startswith("  ")]


# --- before anything is told


def test_all_that_is_wrong_is_said_at_once_and_no_address(story):
    found = re.findall(r"^\s+(notify-bad\S*: .*)$", story.refused.message, re.MULTILINE)
    assert found == BAD_LINES
    assert "n33dle" not in story.refused.output


def test_an_apply_tells_nobody(story):
    assert story.early == ""
    assert not story.again.result["changed"]


def test_secrets_are_where_only_root_can_read_them(story):
    with_settings = [one for one in JOBS if one["name"] != "notify-nobody"]
    assert story.modes.splitlines() == ["600 root"] * len(with_settings)
    assert story.open == ""
    assert "n33dle" not in story.shown
    assert "n33dle" not in story.run.output
    assert "n33dle" not in story.journal


def test_lines_of_a_raw_dictionary_stay(story):
    lines = story.units.splitlines()
    assert [line for line in lines if line.startswith("OnFailure=")] == [
        "OnFailure=notify-raw.service",
        "OnFailure=notify-status-notify@failure.service",
        "OnFailure=notify-alert@%n.service",
    ]
    assert [line for line in lines if line.startswith("ExecStartPre=")] == [
        f"ExecStartPre=-+{CLEAN} /usr/bin/timeout 5 /bin/systemctl start --no-block notify-status-notify@start.service",
        "ExecStartPre=/bin/true",
    ]


# --- what is told


def test_a_failure_is_told_once_with_all_that_is_known(story):
    (found,) = notices(story, "status")
    host = found["host"]
    expected = {
        "event": "failure",
        "summary": f"[{host}] notify-status failed: exit status 3",
        "job": "notify-status",
        "unit": "notify-status.service",
        "result": "exit-code",
        "exit_status": 3,
        "signal": None,
        "invocation_id": story.state["InvocationID"],
    }
    assert {name: found[name] for name in expected} == expected
    assert story.state["Result"] == "exit-code"
    assert 0 <= found["duration"] < 60
    assert found["started"] <= found["ended"]
    assert found["summary"] in found["text"]


def test_it_holds_the_last_lines_of_that_run_and_no_secret(story):
    (found,) = notices(story, "status")
    # On a busy machine the journal can have systemd's words before the job's.
    own = [line for line in found["lines"] if not line.startswith("notify-status.service: ")]
    assert own[:4] == ["red", "spoilt \ufffd byte", "token (secret)", "last words"]
    assert any("status=3" in line for line in found["lines"])
    assert SECRET not in json.dumps(story.requests)
    assert SECRET not in json.dumps(story.programs)


def test_the_webhook_gets_its_headers_from_a_credential(story):
    headers = [
        one["headers"] for one in story.requests if one["path"] == f"/ok/{ADDRESS}" and "X-Kind" in one["headers"]
    ]
    assert len(headers) == 2
    assert {one["Authorization"] for one in headers} == {f"Bearer {TOKEN}"}
    assert {one["Content-Type"] for one in headers} == {"application/json"}


def test_the_command_gets_the_facts_and_exact_arguments(story):
    found, _test = called(story, "--job")
    assert found["arguments"] == ["--job", "two words", "%n $HOME"]
    assert found["user"] == 0
    facts = json.loads(found["input"])
    assert facts["exit_status"] == 3
    assert "last words" in facts["lines"]
    assert found["environment"]["TIMER_JOB"] == "notify-status"
    assert found["environment"]["TIMER_EVENT"] == "failure"
    assert found["environment"]["TIMER_RESULT"] == "exit-code"
    assert found["environment"]["TIMER_EXIT_STATUS"] == "3"
    assert found["environment"]["TIMER_SIGNAL"] == ""
    assert found["environment"]["TIMER_INVOCATION_ID"] == story.state["InvocationID"]
    assert float(found["environment"]["TIMER_DURATION"]) < 60


def test_mail_goes_through_the_hosts_mail_program(story):
    ((arguments, message),) = mails(story, "notify-status")
    host = notices(story, "status")[0]["host"]
    assert arguments == ["-i", "root", "ops@example.com"]
    assert message["Subject"] == f"[{host}] notify-status failed: exit status 3"
    assert message["To"] == "root, ops@example.com"
    assert message["From"] == f"root@{host}"
    assert message["Date"].datetime is not None
    assert message["Message-ID"]
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "Result:   exit-code, exit status 3" in text
    assert "spoilt \ufffd byte" in lines_of(text)
    assert f"_SYSTEMD_INVOCATION_ID={story.state['InvocationID']}" in text


def test_units_are_started_by_systemd(story):
    assert sorted(story.alerts) == ["notify-status.service", "raw"]


def test_a_success_is_told_and_is_no_failure(story):
    assert notices(story, "ok") == []
    (found,) = called(story, "ok")
    facts = json.loads(found["input"])
    assert (facts["event"], facts["result"], facts["exit_status"]) == ("success", "success", 0)
    # The last two of the job itself.
    assert facts["lines"] == ["of", "all"]
    ((_arguments, message),) = mails(story, "notify-ok")
    assert message["Subject"].endswith("notify-ok succeeded")


@pytest.mark.parametrize(
    ("name", "words", "result"),
    [
        ("signal", "killed by SIGKILL", "signal"),
        ("timeout", "its time limit was over", "timeout"),
        ("user", "exit status 217", "exit-code"),
        ("resources", "systemd could not start it (resources)", "resources"),
        ("suspended", "exit status 4", "exit-code"),
        ("retried", "exit status 6", "exit-code"),
        ("instance@db1", "exit status 7", "exit-code"),
        ("strict", "exit status 8", "exit-code"),
    ],
)
def test_every_kind_of_failure_is_told_once(story, name, words, result):
    (found,) = notices(story, name)
    assert found["result"] == result
    assert found["summary"].endswith(f"notify-{name} failed: {words}")
    assert found["duration"] is not None
    assert found["lines"]


def test_runs_that_were_started_by_hand_are_not_told_where_only_the_timers_are(story):
    assert story.by_hand == []
    assert "notify-only: the run was not started by its timer, so no notice is sent" in story.journal
    told = [json.loads(one["body"]) for one in asked(story, "/ok/only")]
    assert {one["event"] for one in told} == {"failure"}
    assert len({one["invocation_id"] for one in told}) == len(told) >= 1


def test_services_get_the_message_that_they_expect(story):
    ((slack,), (matrix,)) = (
        [one for one in story.requests if one["path"].startswith(path)] for path in ("/ok/slack", "/ok/matrix/failure-")
    )
    text = json.loads(slack["body"])["text"]
    assert text.splitlines()[0].endswith("notify-shaped failed: exit status 9")
    assert "&lt;last&gt; words" in text
    assert (matrix["method"], json.loads(matrix["body"])["msgtype"]) == ("PUT", "m.text")


def test_attempts_to_tell_of_one_run_carry_one_id(story):
    found = asked(story, "/flaky/own")
    assert [one["status"] for one in found] == [500, 500, 200]
    assert len({one["headers"]["Idempotency-Key"] for one in found}) == 1
    bodies = [json.loads(one["body"]) for one in found]
    assert bodies == [{"of": f"notify-shaped@{notices(story, 'status')[0]['host']}", "code": 9}] * 3


def test_an_answer_that_never_ends_is_an_answer(story):
    assert len(asked(story, "/endless/shaped")) == 1
    assert "notify-shaped: the failure could not be sent" not in story.journal


def test_retries_are_told_as_one_run(story):
    (found,) = notices(story, "retried")
    assert found["lines"].count("attempt") == 3
    assert notices(story, "caught") == []


def test_what_was_skipped_or_stopped_is_not_told(story):
    for name in ("skipped", "condition", "stopped"):
        assert notices(story, name) == []
    assert [one for one in story.programs if one["program"] == RECORD and not one["arguments"]] == []


def test_every_failed_run_is_told_though_the_notice_before_is_under_way(story):
    found = notices(story, "again")
    assert len({one["invocation_id"] for one in found}) == AGAIN
    assert len(found) == AGAIN


def test_who_is_not_to_be_told_is_not(story):
    assert notices(story, "nobody") == []
    assert pings(story, "nobody") == []


# --- the monitor


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ok", ["/start", ""]),
        ("status", ["/start", "/fail"]),
        ("signal", ["/start", "/fail"]),
        ("timeout", ["/fail"]),
        # Neither the job nor the command before it could be started.
        ("user", ["/fail"]),
        ("resources", ["/fail"]),
        ("skipped", []),
        ("condition", []),
        ("stopped", ["/start"]),
        ("suspended", ["/start", "/4"]),
        ("suspended-ok", ["/0"]),
        ("retried", ["/start", "/fail"]),
        ("caught", ["/start", ""]),
        ("strict", ["/start", "/fail"]),
    ],
)
def test_the_monitor_is_pinged_in_order(story, name, expected):
    assert pings(story, name) == expected


def test_an_instance_is_pinged_by_its_whole_name(story):
    assert pings(story, "instance%40db1") == ["/start", "/fail"]


def test_pings_are_repeated_while_the_server_is_broken(story):
    assert [one["status"] for one in story.requests if one["path"] == "/flaky/ping"] == [500, 500, 200]


# --- servers that are out of order


def test_a_redirection_is_not_followed_and_a_refusal_not_repeated(story):
    paths = [one["path"] for one in story.requests]
    assert (paths.count("/moved/a"), paths.count("/denied/b")) == (1, 1)
    assert not [path for path in paths if "moved-here" in path]
    assert (
        "notify-moved: the failure could not be sent by webhook 127.0.0.1:18080: it answered 301 Moved Permanently, a "
        "redirection to 127.0.0.1:18080, which is not followed; write that address\n"
    ) in story.journal
    assert "the failure could not be sent by webhook 127.0.0.1:18080: it answered 403 Forbidden\n" in story.journal


def test_a_server_that_hangs_neither_delays_the_job_nor_changes_its_result(story):
    lasted = int(story.hangs["InactiveEnterTimestampMonotonic"]) - int(story.hangs["InactiveExitTimestampMonotonic"])
    assert story.hangs["Result"] == "exit-code"
    # The ping of the start alone goes on for 15 s.
    assert lasted < 10_000_000
    assert "the start could not be sent by heartbeat 127.0.0.1:18083: no answer in time, after" in story.entries


def test_the_other_ways_are_gone_and_the_journal_names_what_failed(story):
    (found,) = called(story, "hangs")
    assert json.loads(found["input"])["exit_status"] == 5
    lines = [line for line in story.journal.splitlines() if line.startswith("notify-hangs: the failure")]
    told = [line for line in lines if "was sent by" in line]
    assert told == [f"notify-hangs: the failure was sent by command {RECORD}"]
    failed = sorted(line.partition("sent by ")[2] for line in lines if "could not be sent" in line)
    assert len(failed) == 3
    assert re.fullmatch(r"heartbeat 127\.0\.0\.1:18083: no answer in time, after \d+ attempts in \d+ s", failed[0])
    assert re.fullmatch(r"webhook 127\.0\.0\.1:18082: Connection refused, after \d+ attempts in \d+ s", failed[2])
    assert re.fullmatch(r"webhook 127\.0\.0\.1:18081: no answer in time, after \d+ attempts in \d+ s", failed[1])


def test_status_and_logs_tell_what_did_not_arrive(story):
    (found,) = story.status["jobs"]
    newest = found["failed_notices"][0]
    assert (newest["event"], newest["invocation_id"]) == ("failure", found["last_run"]["invocation_id"])
    assert f"failure: command {RECORD}" in found["notified"]
    assert "heartbeat 127.0.0.1" in found["notified"]
    lines = [line["text"] for line in story.logs["lines"] if "the failure could not be sent by" in line["text"]]
    assert len(lines) == 3
    # It stands behind what the job itself wrote.
    assert story.logs["lines"][-1]["text"] in lines


# --- manually, and in the end


def test_all_ways_can_be_tried(story):
    tried = story.requests[story.tested :]
    assert [json.loads(one["body"])["event"] for one in tried] == ["test"]
    assert len(called(story, "--job")) == 2


def test_nothing_is_left_behind(story):
    assert story.noted == ""
    assert story.left == ""
