# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways that a notice goes: mail, webhook, command, heartbeat. Each returns, or says why it could not be delivered.

No reason repeats an address, a header or what a file holds: the journal is read by more people than may know them.
"""

from __future__ import annotations

import email.message
import email.policy
import email.utils
import functools
import http.client
import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Mapping, NamedTuple, NoReturn

from notice_facts import as_text, notify_unit, show
from notice_formats import message_of, with_ending

SENDMAIL = "/usr/sbin/sendmail"
ATTEMPT_SECONDS = 10.0
# What the ping of a start may take; the next ping waits for it.
LONGEST_START = 20.0
FIRST_DELAY = 1.0
# Answers after which a further attempt may succeed: too slow, too many, and all errors of the server.
WORTH_ANOTHER = (408, 425, 429)
AGENT = "dotmobi.systemd_timers"


class Undelivered(Exception):
    """Why a notice did not arrive; `again`: another attempt may help."""

    def __init__(self, reason: str, again: bool = False) -> None:
        """Note both."""
        super().__init__(reason)
        self.again = again


class Channel(NamedTuple):
    """A way with its name for the journal, and what delivers; that gets the time by which it has to end (monotonic)."""

    name: str
    deliver: Callable[[float], None]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: a POST would lose its text, and another host would get the headers."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        """Take the redirection for an error."""


# --- texts that may be secret


def secret_text(given: str | Mapping[str, str], what: str) -> str:
    """Return a text that stands here, or in a file, or in an encrypted credential. Raises Undelivered."""
    if isinstance(given, str):
        return given
    path = given.get("encrypted") or given.get("file", "")
    try:
        if "encrypted" in given:
            argv = ["systemd-creds", "decrypt", f"--name={given['name']}", path, "-"]
            text = subprocess.run(
                argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=ATTEMPT_SECONDS, check=True
            ).stdout.decode("utf-8")
        else:
            with open(path, encoding="utf-8") as stream:
                text = stream.read(65536)
    except OSError as error:
        raise Undelivered(f"{what} cannot be read from {path}: {error.strerror}") from None
    except UnicodeError:
        raise Undelivered(f"{what} cannot be read from {path}: it is not UTF-8") from None
    except subprocess.SubprocessError:
        raise Undelivered(f"{what} cannot be decrypted from {path}") from None
    return given.get("prefix", "") + text.strip()


def host_of(url: str | Mapping[str, str]) -> str:
    """Return the host of an address for the journal; the rest of an address is often a secret."""
    if not isinstance(url, str):
        return f"of {url.get('encrypted') or url.get('file')}"
    try:
        # Without a user, which the controller refuses too.
        return urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


# --- HTTP


def raise_for_status(error: urllib.error.HTTPError) -> NoReturn:
    """Raise Undelivered for an answer that is no success."""
    again = error.code >= 500 or error.code in WORTH_ANOTHER
    reason = f"it answered {error.code} {http.client.responses.get(error.code, '')}".rstrip()
    if 300 <= error.code < 400:
        place = host_of(urllib.parse.urljoin(error.url or "", error.headers.get("Location") or ""))
        reason += f", a redirection to {place}, which is not followed; write that address"
    raise Undelivered(reason, again) from None


class Answer(http.client.HTTPResponse):
    """An answer whose status counts as soon as it is there: what follows may be slow, or never come."""

    def begin(self) -> None:
        """Read status and headers; without the headers go on with the status."""
        try:
            super().begin()
        except (OSError, http.client.HTTPException):
            if not isinstance(self.status, int) or not 200 <= self.status < 300:
                raise
            self.code = self.status
            self.headers = self.msg = http.client.HTTPMessage()
            self.length, self.chunked, self.will_close = 0, False, True


class PlainConnection(http.client.HTTPConnection):
    """A connection with such answers."""

    response_class = Answer


class SafeConnection(http.client.HTTPSConnection):
    """The same with TLS."""

    response_class = Answer


class PlainHandler(urllib.request.HTTPHandler):
    """Makes such connections."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Make a request."""
        return self.do_open(PlainConnection, req)


class SafeHandler(urllib.request.HTTPSHandler):
    """The same with TLS; certificates are checked as everywhere in Python."""

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Make a request."""
        return self.do_open(SafeConnection, req)


def ask(url: str, data: bytes | None, headers: Mapping[str, str], seconds: float, method: str | None = None) -> None:
    """Make one request. Raises Undelivered for everything but an answer of success; the answer's text is not read."""
    opener = urllib.request.build_opener(NoRedirect, PlainHandler, SafeHandler)
    try:
        request = urllib.request.Request(url, data, {"User-Agent": AGENT, **headers}, method=method)  # noqa: S310
        if request.type not in ("http", "https"):
            raise Undelivered("its address is not one of http or https")
        opener.open(request, timeout=seconds).close()
    except urllib.error.HTTPError as error:
        with error:
            raise_for_status(error)
    except urllib.error.URLError as error:
        found = error.reason
        if isinstance(found, ssl.SSLCertVerificationError):
            raise Undelivered(f"its certificate is not trusted: {found.verify_message}") from None
        raise Undelivered(words_of(found), again=True) from None
    except OSError as error:
        raise Undelivered(words_of(error), again=True) from None
    except http.client.InvalidURL:
        raise Undelivered("its address is not valid") from None
    except http.client.HTTPException as error:
        raise Undelivered(f"it did not answer in HTTP ({type(error).__name__})", again=True) from None
    except ValueError:
        raise Undelivered("its address or a header holds what HTTP does not take") from None


def words_of(error: object) -> str:
    """Return an error of the network in words."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    strerror = error.strerror if isinstance(error, OSError) else None
    return str(strerror or type(error).__name__)


def ask_until(
    url: str, data: bytes | None, headers: Mapping[str, str], deadline: float, method: str | None = None
) -> None:
    """Make requests with growing delays between them until one succeeds, or another does not help, or time is over."""
    began = time.monotonic()
    delay = FIRST_DELAY
    attempts = 0
    while True:
        attempts += 1
        try:
            ask(url, data, headers, max(min(ATTEMPT_SECONDS, deadline - time.monotonic()), 0.5), method)
            return
        except Undelivered as error:
            if not error.again:
                raise
            if time.monotonic() + delay >= deadline:
                took = time.monotonic() - began
                raise Undelivered(f"{error}, after {attempts} attempts in {took:.0f} s") from None
        time.sleep(delay)
        delay *= 2


# --- channels


def send_webhook(webhook: Mapping[str, Any], facts: Mapping[str, Any], deadline: float) -> None:
    """Send a notice. A further attempt carries the same id, so that who has got it already can see that."""
    message = message_of(webhook, {**facts, "text": as_text(facts)})
    given = {name: secret_text(value, f"the header {name}") for name, value in webhook["headers"].items()}
    # Names of headers are alike in any case of letters, and the user's win.
    own = {name.lower() for name in given}
    ours = {**message.headers, "Idempotency-Key": facts["id"]}
    headers = {**{name: value for name, value in ours.items() if name.lower() not in own}, **given}
    url = secret_text(webhook["url"], "its address")
    try:
        url = with_ending(url, message.ending)
    except ValueError:
        raise Undelivered("its address is not valid") from None
    ask_until(url, message.body, headers, deadline, message.method)


def ping_url(url: str, event: str, facts: Mapping[str, Any], with_status: bool) -> str:
    """Return the address of a ping: URL/start, URL, URL/fail; or with the exit status URL/0 to URL/255."""
    parts = urllib.parse.urlsplit(url)
    ending = {"start": "/start", "failure": "/fail"}.get(event, "")
    if with_status and event == "success":
        ending = "/0"
    elif with_status and event == "failure" and facts.get("exit_status"):
        ending = f"/{facts['exit_status']}"
    path = parts.path.rstrip("/") + ending if ending else parts.path
    for name in ("job", "host"):
        path = path.replace("{%s}" % name, urllib.parse.quote(str(facts[name]), safe=""))  # noqa: UP031
    return urllib.parse.urlunsplit(parts._replace(path=path))


def wait_for_start(job: str, until: float) -> None:
    """Wait until the ping of the start is through: a monitor would take a late one for a new run.

    systemd has ordered it before the job's program began, so it is under way or done.
    """
    while time.monotonic() < until:
        found = dict(show(notify_unit(job, "start")))
        if found.get("ActiveState") != "activating" and found.get("Job", "0") in ("", "0"):
            return
        time.sleep(0.1)


def send_ping(heartbeat: Mapping[str, Any], facts: Mapping[str, Any], deadline: float) -> None:
    """Ping a monitor."""
    if heartbeat["start"] and facts["event"] != "start":
        wait_for_start(facts["job"], min(deadline, time.monotonic() + LONGEST_START))
    url = secret_text(heartbeat["url"], "its address")
    try:
        url = ping_url(url, facts["event"], facts, heartbeat["exit_status"])
    except ValueError:
        raise Undelivered("its address is not valid") from None
    ask_until(url, None, {}, deadline)


def mail_of(mail: Mapping[str, Any], facts: Mapping[str, Any]) -> bytes:
    """Return the mail as RFC 5322 has it."""
    message = email.message.EmailMessage(policy=email.policy.default)
    domain = re.sub(r"[^A-Za-z0-9.-]", "-", facts["host"]).strip(".-") or "localhost"
    message["From"] = mail["from"] or f"root@{domain}"
    message["To"] = ", ".join(mail["to"])
    message["Subject"] = facts["summary"]
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain=domain)
    # So that no answering machine answers (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_text(facts))
    return message.as_bytes()


def run(argv: list[str], given: bytes, deadline: float, environment: Mapping[str, str] | None = None) -> None:
    """Run a program with this input. Raises Undelivered unless it succeeds."""
    seconds = max(deadline - time.monotonic(), 1.0)
    try:
        done = subprocess.run(argv, input=given, stdout=2, timeout=seconds, env=environment, check=False)
    except subprocess.TimeoutExpired:
        raise Undelivered(f"{argv[0]} did not end in {seconds:.0f} s") from None
    except OSError as error:
        raise Undelivered(f"{argv[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        how = f"exit status {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise Undelivered(f"{argv[0]} ended with {how}")


def variables(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts as a command gets them: TIMER_JOB, TIMER_RESULT and so on; an empty text for what is unknown."""
    given = {name: value for name, value in facts.items() if name != "lines"}
    return {f"TIMER_{name.upper()}": "" if value is None else str(value) for name, value in given.items()}


def channels_of(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Channel]:
    """Return the ways that a notice goes."""
    event = facts["event"]
    found = []
    for kind in ("failure", "success") if event == "test" else (event,):
        given = settings.get(kind, {})
        if given.get("mail"):
            to = given["mail"]["to"]
            send = functools.partial(run, [SENDMAIL, "-i", *to], mail_of(given["mail"], facts))
            found.append(Channel(f"mail to {', '.join(to)}", send))
        for webhook in given.get("webhook") or []:
            send = functools.partial(send_webhook, webhook, facts)
            found.append(Channel(f"webhook {host_of(webhook['url'])}", send))
        if given.get("command"):
            argv, text = given["command"], json.dumps(facts).encode("utf-8")
            send = functools.partial(run, argv, text, environment={**os.environ, **variables(facts)})
            found.append(Channel(f"command {argv[0]}", send))
    if settings.get("heartbeat") and event != "test":
        send = functools.partial(send_ping, settings["heartbeat"], facts)
        found.append(Channel(f"heartbeat {host_of(settings['heartbeat']['url'])}", send))
    return found


def deliver(channels: list[Channel], seconds: float) -> list[tuple[str, str]]:
    """Go all ways side by side; return each with why it failed, or an empty text. Ends in time, whatever hangs."""
    deadline = time.monotonic() + seconds
    reasons = [f"no answer in {seconds:.0f} s"] * len(channels)

    def attempt(number: int) -> None:
        try:
            channels[number].deliver(deadline)
            reasons[number] = ""
        except Undelivered as error:
            reasons[number] = str(error)
        except Exception as error:  # noqa: BLE001  one way must not end the others
            reasons[number] = type(error).__name__

    threads = [threading.Thread(target=attempt, args=(number,), daemon=True) for number in range(len(channels))]
    for thread in threads:
        thread.start()
    for thread in threads:
        # A little more, so that a way that keeps to its time can say what it met.
        thread.join(max(deadline + 1 - time.monotonic(), 0))
    return list(zip((one.name for one in channels), reasons))
