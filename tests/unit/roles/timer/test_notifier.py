# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that tells of runs: what it makes of systemd's words, and how it speaks to a real HTTP server."""

from __future__ import annotations

import contextlib
import email
import email.policy
import http.server
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ansible_collections.dotmobi.systemd_timers.tests.unit.support.programs import FOLDER, program

facts = program("notice_facts")
channels = program("notice_channels")
formats = program("notice_formats")
notifier = program("notifier")
INVOCATION = "0123456789abcdef0123456789abcdef"
FACTS = {
    "id": f"failure-{INVOCATION}",
    "event": "failure",
    "summary": "[web1] büro failed: exit status 3",
    "host": "web1",
    "job": "backup",
    "unit": "backup.service",
    "result": "exit-code",
    "exit_status": 3,
    "signal": None,
    "started": "2027-01-26T21:46:40.000+00:00",
    "ended": "2027-01-26T21:49:45.000+00:00",
    "duration": 185.0,
    "invocation_id": INVOCATION,
    "lines": ["grüße", "last words"],
}


# --- how a run ended


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (("exit-code", "exited", "3"), facts.Ended("exit-code", 3)),
        (("signal", "killed", "KILL"), facts.Ended("signal", None, "KILL")),
        (("core-dump", "dumped", "ABRT"), facts.Ended("core-dump", None, "ABRT")),
        (("resources", "", ""), facts.Ended("resources")),
        (("exec-condition", "", ""), facts.Ended("exec-condition")),
        (("success", "exited", "0"), facts.Ended("success", 0)),
    ],
)
def test_what_systemd_251_tells(environment: tuple[str, str, str], expected: Any) -> None:
    names = ("MONITOR_SERVICE_RESULT", "MONITOR_EXIT_CODE", "MONITOR_EXIT_STATUS")
    assert facts.ended_by_monitor(dict(zip(names, environment, strict=True))) == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (("exit-code", "1", "3"), facts.Ended("exit-code", 3)),
        (("signal", "2", "9"), facts.Ended("signal", None, "KILL")),
        (("signal", "2", "40"), facts.Ended("signal", None, "40")),
        (("resources", "0", "0"), facts.Ended("resources")),
    ],
)
def test_what_older_ones_tell(properties: tuple[str, str, str], expected: Any) -> None:
    names = ("Result", "ExecMainCode", "ExecMainStatus")
    assert facts.ended_by_properties(dict(zip(names, properties, strict=True))) == expected


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (facts.Ended("exit-code", 3), "exit status 3"),
        (facts.Ended("exit-code"), "a command before or after its program failed"),
        (facts.Ended("signal", None, "KILL"), "killed by SIGKILL"),
        (facts.Ended("core-dump", None, "SEGV"), "killed by SIGSEGV, core dumped"),
        (facts.Ended("timeout", None, "TERM"), "its time limit was over"),
        (facts.Ended("oom-kill", None, "KILL"), "out of memory"),
        (facts.Ended("resources"), "systemd could not start it (resources)"),
        (facts.Ended("start-limit-hit"), "start-limit-hit"),
    ],
)
def test_words(ended: Any, words: str) -> None:
    assert ended.words == words


@pytest.mark.parametrize(
    ("event", "ended", "silent"),
    [
        ("failure", facts.Ended("exit-code", 3), False),
        ("failure", facts.Ended("success", 0), True),
        ("success", facts.Ended("success", 0), False),
        ("success", facts.Ended("exec-condition"), True),
        ("success", facts.Ended("exit-code", 3), True),
        ("success", facts.Ended("success", None, "TERM"), True),
    ],
)
def test_when_nobody_is_told(event: str, ended: Any, silent: bool) -> None:
    assert bool(notifier.why_silent(event, facts.Run(INVOCATION, ended))) is silent
    assert notifier.why_silent(event, None)


PROGRAM_TIMES = [("ExecMainStartTimestampMonotonic", "2000000"), ("ExecMainExitTimestampMonotonic", "5000000")]
UNIT_TIMES = [("InactiveExitTimestampMonotonic", "1000000"), ("InactiveEnterTimestampMonotonic", "6000000")]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([*PROGRAM_TIMES, *UNIT_TIMES, ("ExecStart", "a")], (102.0, 105.0)),
        # Several commands: those of the program are of the last one only.
        ([*PROGRAM_TIMES, *UNIT_TIMES, ("ExecStart", "a"), ("ExecStart", "b")], (101.0, 106.0)),
        ([("ExecMainStartTimestampMonotonic", "0"), *UNIT_TIMES], (101.0, 106.0)),
        ([], (None, None)),
        # It runs again already.
        ([("InactiveExitTimestampMonotonic", "9000000"), UNIT_TIMES[1]], (109.0, None)),
    ],
)
def test_times(shown: list[tuple[str, str]], expected: tuple[float | None, float | None]) -> None:
    assert facts.times(shown, 100.0) == expected


# --- lines


def test_lines_are_plain_and_without_secrets() -> None:
    assert facts.plain("\x1b[31mred\x1b[0m\x07 \x1b]0;title\x07x\t ") == "red  x"
    assert facts.plain("a" * 3000) == "a" * 2000 + "..."
    assert facts.masked("token abcd, abcdef", ["abcd", "abcdef"]) == "token (secret), (secret)"
    assert facts.text_of([115, 255]) == "s\ufffd"
    assert facts.text_of(None) == ""


@pytest.mark.parametrize(
    ("ended", "expected"), [(110.0, ["100500000", "114000000"]), (None, ["100500000", "114000000", "116000000"])]
)
def test_lines_without_the_name_of_a_run_are_taken_by_their_time(ended: float | None, expected: list[str]) -> None:
    times = ("100400000", "100500000", "114000000", "116000000")
    entries = [{"__REALTIME_TIMESTAMP": when, "MESSAGE": "x"} for when in times]
    named = {"__REALTIME_TIMESTAMP": "101000000", "_SYSTEMD_INVOCATION_ID": INVOCATION}
    run = facts.Run(INVOCATION, facts.Ended("exit-code", 3), 100.5, ended)
    assert [one["__REALTIME_TIMESTAMP"] for one in facts.nameless_of([*entries, named], run)] == expected


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.3, "12 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert facts.duration_words(seconds) == words


# --- mail and commands


def test_the_mail_is_a_proper_one() -> None:
    given = {"to": ["root", "ops@example.com"], "from": None}
    message = email.message_from_bytes(channels.mail_of(given, FACTS), policy=email.policy.default)
    assert message["Subject"] == FACTS["summary"]
    assert (message["To"], message["From"]) == ("root, ops@example.com", "root@web1")
    text = message.get_body().get_content()  # type: ignore[union-attr]
    assert "Duration: 3 min 5 s" in text
    assert "  grüße\n  last words\n" in text
    assert b"\r" not in channels.mail_of(given, FACTS)


@pytest.mark.parametrize("host", ["web_1", "-", "a b", "büro"])
def test_any_name_of_a_host_gives_a_mail(host: str) -> None:
    given = {"to": ["root"], "from": None}
    message = email.message_from_bytes(channels.mail_of(given, {**FACTS, "host": host}), policy=email.policy.default)
    assert message["From"].addresses[0].username == "root"


def test_a_command_gets_all_and_says_how_it_ended(tmp_path: Path) -> None:
    out = tmp_path / "out"
    environment = {**os.environ, **channels.variables(FACTS)}
    argv = ["/bin/sh", "-c", f'cat > {out}; echo "$TIMER_JOB $TIMER_DURATION $TIMER_SIGNAL." >> {out}']
    channels.run(argv, b"input\n", time.monotonic() + 30, environment)
    assert out.read_text() == "input\nbackup 185.0 .\n"
    for script, reason in (("exit 7", "ended with exit status 7"), ("kill -9 $$", "ended with signal 9")):
        with pytest.raises(channels.Undelivered, match=reason):
            channels.run(["/bin/sh", "-c", script], b"", time.monotonic() + 30)
    with pytest.raises(channels.Undelivered, match="cannot be run: No such file"):
        channels.run(["/no/such"], b"", time.monotonic() + 30)
    with pytest.raises(channels.Undelivered, match="did not end in 1 s"):
        channels.run(["/bin/sleep", "600"], b"", time.monotonic() + 1)


# --- texts that stand elsewhere


def test_a_text_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("hunter2\n")
    assert channels.secret_text({"file": str(path), "prefix": "Bearer "}, "it") == "Bearer hunter2"
    assert channels.secret_text("plain", "it") == "plain"
    path.write_bytes(b"\xff")
    with pytest.raises(channels.Undelivered, match="it is not UTF-8"):
        channels.secret_text({"file": str(path)}, "the header A")
    with pytest.raises(channels.Undelivered, match=r"the header A cannot be read from .*: No such file"):
        channels.secret_text({"file": f"{path}-gone"}, "the header A")


# --- HTTP


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the path says, and writes down what came."""

    seen: ClassVar[list[tuple[str, str, bytes, dict[str, str]]]] = []

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, body, dict(self.headers)))
        status = int(self.path.split("/")[1])
        if status == 599:
            status = 200 if len(self.seen) > 1 else 503
        self.send_response(status)
        self.send_header("Location", "http://elsewhere.example:81/n33dle")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = handle_any  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def attempt(url: str, seconds: float = 1.0) -> str:
    """Make requests as long as that, and return why none succeeded."""
    with pytest.raises(channels.Undelivered) as caught:
        channels.ask_until(url, b"{}", {}, time.monotonic() + seconds)
    return str(caught.value)


def test_a_webhook_gets_the_facts(server: str) -> None:
    webhook = {"url": f"{server}/200/x", "headers": {"Authorization": "Bearer t"}}
    channels.send_webhook(webhook, FACTS, time.monotonic() + 30)
    ((method, path, body, headers),) = Handler.seen
    assert (method, path) == ("POST", "/200/x")
    found = json.loads(body)
    assert {name: found[name] for name in FACTS} == FACTS
    assert "Duration: 3 min 5 s" in found["text"]
    assert (headers["Authorization"], headers["Content-Type"]) == ("Bearer t", "application/json")
    assert headers["Idempotency-Key"] == found["id"]


def test_a_further_attempt_carries_the_same_id(server: str) -> None:
    channels.send_webhook({"url": f"{server}/599", "headers": {}}, FACTS, time.monotonic() + 30)
    assert [headers["Idempotency-Key"] for *_rest, headers in Handler.seen] == [FACTS["id"]] * 2
    run = facts.Run(INVOCATION, facts.Ended("exit-code", 1))
    assert facts.facts_of("failure", "j", run)["id"] == FACTS["id"]
    # Each test is to arrive.
    assert facts.facts_of("test", "j", run)["id"] != facts.facts_of("test", "j", run)["id"]


ENDLESS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nok\n",
    b"HTTP/1.1 204 No Content\r\nX-Slow: ",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
]


@contextlib.contextmanager
def unfinished(answer: bytes) -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that begins to answer and then says nothing more; yields its address, and who has asked."""
    asked: list[socket.socket] = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                client, _address = listening.accept()
            except OSError:
                return
            asked.append(client)
            client.recv(65536)
            client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", asked
        listening.shutdown(socket.SHUT_RDWR)
        for client in asked:
            client.close()


@pytest.mark.parametrize("answer", ENDLESS)
def test_an_answer_that_has_begun_counts(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "ATTEMPT_SECONDS", 0.5)
    with unfinished(answer) as (url, asked):
        channels.ask_until(url, b"{}", {}, time.monotonic() + 30)
        assert len(asked) == 1


def test_a_refusal_that_never_ends_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "ATTEMPT_SECONDS", 0.3)
    with unfinished(b"HTTP/1.1 500 No\r\nX: ") as (url, _asked):
        assert attempt(url, 0.6).startswith("no answer in time")


# --- what a webhook is sent


def sent(webhook: dict[str, Any], **fields: Any) -> Any:
    return formats.message_of(webhook, {**FACTS, "text": "the mail", **fields})


def test_a_body_of_ones_own() -> None:
    body = {
        "title": "{summary}",
        "of": ["{job}@{host}", 7, True, None],
        "code": "{exit_status}",
        "lines": "{lines}",
        "{job}": "{unknown} {} {signal}.",
    }
    message = sent({"body": body}, summary='a "quoted" one\\')
    assert json.loads(message.body) == {
        "title": 'a "quoted" one\\',
        "of": ["backup@web1", 7, True, None],
        "code": 3,
        "lines": ["grüße", "last words"],
        "{job}": "{unknown} {} .",
    }
    assert message.headers == {"Content-Type": "application/json"}
    text = sent({"body": "{job}: {lines}"})
    assert text.body.decode() == "backup: grüße\nlast words"
    assert text.headers == {"Content-Type": "text/plain; charset=utf-8"}


def test_slack_and_its_like() -> None:
    message = sent({"format": "slack"}, summary="a <b> & c", lines=["```", "x < y"])
    assert json.loads(message.body) == {"text": "a &lt;b&gt; &amp; c\n```\n'''\nx &lt; y\n```"}
    assert json.loads(sent({"format": "slack"}, lines=[]).body) == {"text": FACTS["summary"]}


def test_discord_takes_two_thousand_letters_and_mentions_nobody() -> None:
    message = sent({"format": "discord"}, summary="[h] my_job", lines=["@everyone", "x" * 5000])
    found = json.loads(message.body)
    assert found["content"].startswith("**\\[h\\] my\\_job**\n```\n...xxx")
    assert len(found["content"]) <= 2000
    assert found["content"].endswith("x\n```")
    assert found["allowed_mentions"] == {"parse": []}


def test_teams_takes_an_adaptive_card() -> None:
    def card(**fields: Any) -> dict[str, Any]:
        found = json.loads(sent({"format": "teams"}, **fields).body)
        (attachment,) = found["attachments"]
        assert found["type"] == "message"
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        content: dict[str, Any] = attachment["content"]
        return content

    body = card()["body"]
    assert (card()["type"], card()["version"]) == ("AdaptiveCard", "1.4")
    assert [block["type"] for block in body] == ["RichTextBlock", "FactSet", "RichTextBlock"]
    assert {"title": "exit_status", "value": "3"} in body[1]["facts"]
    assert all(isinstance(one["value"], str) for one in body[1]["facts"])
    assert [block["type"] for block in card(lines=[])["body"]] == ["RichTextBlock", "FactSet"]


def test_ntfy_takes_a_text_and_headers() -> None:
    message = sent({"format": "ntfy"})
    assert message.body.decode() == "grüße\nlast words"
    assert message.headers["Title"].isascii()
    assert "b=C3=BCro" in message.headers["Title"]
    assert (message.headers["Priority"], message.headers["Tags"]) == ("high", "warning")
    assert sent({"format": "ntfy"}, event="success").headers["Priority"] == "default"


def length_of(name: str, body: bytes) -> int:
    """How the service counts a message: letters of its text as JavaScript counts them, or bytes of the whole."""
    text = {"slack": "text", "discord": "content"}.get(name)
    return len(json.loads(body)[text].encode("utf-16-le")) // 2 if text else len(body)


@pytest.mark.parametrize("filling", ["x", '"', "&", "<", "ü", "\u4e2d", "\U0001f4a5", "```", "\n", "\x1b"])
@pytest.mark.parametrize(
    # What the services document, for Slack what it recommends.
    ("name", "most"),
    [("slack", 4000), ("discord", 2000), ("teams", 28 * 1024), ("ntfy", 4096), ("matrix", 65536)],
)
def test_the_last_lines_fit_a_message_of_the_service(name: str, most: int, filling: str) -> None:
    summary = f"[{'h' * 64}] {'j_' * 120} failed"
    body = sent({"format": name}, summary=summary, lines=["the first", filling * 100000, "the last"]).body
    assert most // 2 < length_of(name, body) <= most
    text = body.decode()
    assert "the first" not in text
    assert "the last" in text
    if name in ("slack", "discord"):
        # The block of code is closed, and nothing else closes it.
        (content,) = (value for value in json.loads(text).values() if isinstance(value, str))
        assert content.endswith("the last\n```")
        assert content.count("```") == 2


def test_matrix_takes_a_put_to_the_id(server: str) -> None:
    webhook = {"format": "matrix", "url": f"{server}/200/send/m.room.message?a=b", "headers": {"Authorization": "B t"}}
    channels.send_webhook(webhook, FACTS, time.monotonic() + 30)
    ((method, path, body, headers),) = Handler.seen
    assert (method, path) == ("PUT", f"/200/send/m.room.message/{FACTS['id']}?a=b")
    assert json.loads(body) == {
        "msgtype": "m.text",
        "body": f"{FACTS['summary']}\ngrüße\nlast words",
        "m.mentions": {},
    }
    assert headers["Authorization"] == "B t"


def test_headers_of_the_user_win(server: str) -> None:
    webhook = {"format": "ntfy", "url": f"{server}/200", "headers": {"priority": "max", "idempotency-key": "mine"}}
    channels.send_webhook(webhook, FACTS, time.monotonic() + 30)
    headers = {name.lower(): value for name, value in Handler.seen[0][3].items()}
    assert (headers["priority"], headers["idempotency-key"]) == ("max", "mine")


# --- runs of the timer alone


@pytest.mark.parametrize(
    ("only", "noted", "told"),
    [
        ("timer", f"{INVOCATION} timer", True),
        ("timer", f"{INVOCATION} hand", False),
        # Of another run: the gate could not note this one.
        ("timer", "0000 hand", True),
        ("timer", None, True),
        ("any", f"{INVOCATION} hand", True),
        (None, f"{INVOCATION} hand", True),
    ],
)
def test_who_is_told_of_runs_that_the_timer_started(
    only: str | None, noted: str | None, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "STARTS", str(tmp_path))
    monkeypatch.setattr(notifier, "read_settings", lambda: {"failure": {"only": only}})
    if noted:
        (tmp_path / "j").write_text(noted)
    run = facts.Run(INVOCATION, facts.Ended("exit-code", 1))
    assert (notifier.started_by_hand("j", "failure", run) == "") == told
    assert notifier.started_by_hand("j", "success", run) == ""


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_redirection_is_not_followed(server: str, status: int) -> None:
    reason = attempt(f"{server}/{status}", 30)
    assert reason.endswith("a redirection to elsewhere.example:81, which is not followed; write that address")
    assert len(Handler.seen) == 1
    assert "n33dle" not in reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_does_not_help_is_not_repeated(server: str, status: int) -> None:
    assert attempt(f"{server}/{status}", 30).startswith(f"it answered {status}")
    assert len(Handler.seen) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_help_is_repeated(server: str, status: int) -> None:
    assert "after 2 attempts" in attempt(f"{server}/{status}", 2.5)
    assert len(Handler.seen) == 2


def test_it_succeeds_in_the_end(server: str) -> None:
    channels.ask_until(f"{server}/599", None, {}, time.monotonic() + 30)
    assert len(Handler.seen) == 2


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/n33dle", "Connection refused"),
        ("file:///etc/passwd", "its address is not one of http or https"),
        ("n33dle", "its address or a header holds what HTTP does not take"),
        ("http://127.0.0.1:1/n33dle\x7f x", "its address"),
    ],
)
def test_reasons_repeat_no_address(url: str, reason: str) -> None:
    found = attempt(url)
    assert found.startswith(reason)
    assert "n33dle" not in found


def test_a_header_that_is_none_is_not_repeated(server: str) -> None:
    webhook = {"url": f"{server}/200", "headers": {"A": "n33dle\nB: c"}}
    with pytest.raises(channels.Undelivered) as caught:
        channels.send_webhook(webhook, FACTS, time.monotonic() + 5)
    assert "n33dle" not in str(caught.value)
    assert Handler.seen == []


def test_a_server_that_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            client, _address = listening.accept()
            client.recv(4096)
            client.sendall(b"nonsense\r\n\r\n")
            client.close()

        threading.Thread(target=answer, daemon=True).start()
        assert "did not answer in HTTP" in attempt(f"http://127.0.0.1:{listening.getsockname()[1]}/", 0.5)


def test_a_server_that_hangs_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        began = time.monotonic()
        webhook = {"url": f"http://127.0.0.1:{listening.getsockname()[1]}/", "headers": {}}
        found = channels.deliver(channels.channels_of({"failure": {"webhook": [webhook, webhook]}}, FACTS), 1.5)
        assert time.monotonic() - began < 20
    assert len(found) == 2
    assert {reason.split(",", maxsplit=1)[0] for _name, reason in found} == {"no answer in time"}


# --- the monitor


@pytest.mark.parametrize(
    ("url", "event", "status", "expected"),
    [
        ("https://hc.example/uuid", "success", False, "https://hc.example/uuid"),
        ("https://hc.example/uuid/", "success", False, "https://hc.example/uuid/"),
        ("https://hc.example/uuid", "start", True, "https://hc.example/uuid/start"),
        ("https://hc.example/uuid/", "failure", False, "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid", "failure", True, "https://hc.example/uuid/3"),
        ("https://hc.example/uuid", "success", True, "https://hc.example/uuid/0"),
        ("https://hc.example/uuid?a=b", "failure", False, "https://hc.example/uuid/fail?a=b"),
        ("https://hc.example/{host}-{job}", "failure", False, "https://hc.example/web1-backup/fail"),
    ],
)
def test_addresses_of_pings(url: str, event: str, status: bool, expected: str) -> None:
    assert channels.ping_url(url, event, FACTS, status) == expected


def test_a_failure_by_a_signal_has_no_exit_status() -> None:
    found = channels.ping_url("https://hc.example/x", "failure", {**FACTS, "exit_status": None}, True)
    assert found == "https://hc.example/x/fail"


def test_a_ping_is_a_get_request(server: str) -> None:
    heartbeat = {"url": f"{server}/200/x", "start": False, "exit_status": False}
    channels.send_ping(heartbeat, FACTS, time.monotonic() + 30)
    ((method, path, body, _headers),) = Handler.seen
    assert (method, path, body) == ("GET", "/200/x/fail", b"")


def test_a_test_goes_all_ways_but_the_heartbeat() -> None:
    webhook = {"url": "http://user@a.example:81/n33dle", "headers": {}}
    settings = {
        "failure": {"mail": {"to": ["root"], "from": None}, "webhook": [webhook]},
        "success": {"command": ["/bin/x", "n33dle"]},
        "heartbeat": {"url": {"file": "/etc/url"}, "start": True, "exit_status": False},
    }
    expected = {
        "test": ["mail to root", "webhook a.example:81", "command /bin/x"],
        "failure": ["mail to root", "webhook a.example:81", "heartbeat of /etc/url"],
        "success": ["command /bin/x", "heartbeat of /etc/url"],
    }
    for event, names in expected.items():
        assert [one.name for one in channels.channels_of(settings, {**FACTS, "event": event})] == names


def test_one_way_that_breaks_does_not_end_the_others() -> None:
    def broken(_deadline: float) -> None:
        raise RuntimeError("n33dle")

    ways = [channels.Channel("a", broken), channels.Channel("b", lambda _deadline: None)]
    assert channels.deliver(ways, 5) == [("a", "RuntimeError"), ("b", "")]


# --- the program


def test_what_is_noted_is_read_back(tmp_path: Path) -> None:
    run = facts.Run(INVOCATION, facts.Ended("signal", None, "KILL"), 1.5, None)
    path = tmp_path / "noted"
    path.write_text(json.dumps({"event": "failure", "run": run}))
    assert notifier.read_noted(str(path)) == ("failure", run)


def test_a_program_that_only_notes_loads_nothing_slow() -> None:
    text = (FOLDER / "notifier.py").read_text()
    head = text.partition("def tell(")[0]
    assert "notice_channels import" not in head
