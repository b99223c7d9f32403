# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a webhook is sent: the facts, a body of the user's own with facts in it, or what a chat service expects."""

from __future__ import annotations

import email.header
import json
import re
import urllib.parse
from typing import Any, Callable, Mapping, NamedTuple

JSON, TEXT = "application/json", "text/plain; charset=utf-8"
# What the services take of one message, each in its own measure, less room for what they add. Slack takes more, and
# breaks a block of code in two; longer messages of ntfy become files.
MOST_SLACK, MOST_DISCORD, MOST_TEAMS, MOST_NTFY, MOST_MATRIX = 4000, 2000, 24 * 1024, 4000, 60000
FENCE = "\n```\n{}\n```"
_PLACE = re.compile(r"\{([a-z_]+)\}")
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()])")


class Message(NamedTuple):
    """A request: its body, further headers, the method, and what is put behind the path of the address."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    ending: str = ""


def words(value: object) -> str:
    """Return a fact as people read it."""
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    return "" if value is None else str(value)


def filled(template: Any, facts: Mapping[str, Any]) -> Any:
    """Return a template with the facts in the places that name them.

    A text that is nothing but a place gets the fact itself, so a number stays one; JSON quotes all of it afterwards.
    """
    if isinstance(template, dict):
        return {name: filled(value, facts) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, facts) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole and whole[1] in facts:
        return facts[whole[1]]
    return _PLACE.sub(lambda found: words(facts[found[1]]) if found[1] in facts else found[0], template)


def last_lines(facts: Mapping[str, Any], most: int, measure: Callable[[str], int]) -> str:
    """Return the lines of the run; where they measure more than that, the last of them."""
    text = "\n".join(facts["lines"])
    if measure(text) <= most:
        return text
    first, last = 0, len(text)
    while first < last:
        middle = (first + last) // 2
        first, last = (first, middle) if measure(f"...{text[middle:]}") <= most else (middle + 1, last)
    return f"...{text[first:]}"


def in_bytes(text: str) -> int:
    """Return how long a text is in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def in_units(text: str) -> int:
    """Return how long a text is for services that count as JavaScript does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def in_json(text: str) -> int:
    """Return how long a text is within JSON of ours."""
    return len(json.dumps(text))


def as_json(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode("utf-8")


def own_body(template: Any, facts: Mapping[str, Any]) -> Message:
    """Return a body of the user's own: a text as it is, anything else as JSON."""
    found = filled(template, facts)
    if isinstance(template, str):
        return Message(words(found).encode("utf-8"), {"Content-Type": TEXT})
    return Message(as_json(found), {"Content-Type": JSON})


def slack(facts: Mapping[str, Any]) -> Message:
    """A message of an incoming webhook of Slack, and of services that take the same, such as Mattermost."""

    def quoted(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")

    text = quoted(facts["summary"])
    room = MOST_SLACK - in_units(text) - len(FENCE)
    lines = quoted(last_lines(facts, room, lambda found: in_units(quoted(found))))
    return Message(as_json({"text": text + (FENCE.format(lines) if lines else "")}), {"Content-Type": JSON})


def discord(facts: Mapping[str, Any]) -> Message:
    """A message of a webhook of Discord, which mentions nobody."""
    text = f"**{_MARKDOWN.sub(_escaped, facts['summary'])}**"
    lines = last_lines(facts, MOST_DISCORD - in_units(text) - len(FENCE), in_units).replace("```", "'''")
    content = text + (FENCE.format(lines) if lines else "")
    return Message(as_json({"content": content, "allowed_mentions": {"parse": []}}), {"Content-Type": JSON})


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}"


def teams(facts: Mapping[str, Any]) -> Message:
    """An adaptive card, as a workflow of Microsoft Teams posts it to a channel or chat."""
    shown = ("job", "host", "result", "exit_status", "signal", "started", "ended", "duration")
    rows = [{"title": name, "value": words(facts[name])} for name in shown if facts[name] is not None]
    heading = {"type": "TextRun", "text": facts["summary"], "weight": "Bolder", "size": "Medium"}
    body: list[dict[str, Any]] = [{"type": "RichTextBlock", "inlines": [heading]}, {"type": "FactSet", "facts": rows}]
    lines = last_lines(facts, MOST_TEAMS, in_json)
    if lines:
        body.append({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": lines, "fontType": "Monospace"}]})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return Message(as_json({"type": "message", "attachments": [attachment]}), {"Content-Type": JSON})


def ntfy(facts: Mapping[str, Any]) -> Message:
    """A message to a topic of ntfy: the text is the body, the rest stands in headers."""
    failed = facts["event"] == "failure"
    title = facts["summary"]
    headers = {
        "Content-Type": TEXT,
        "Title": title if title.isascii() else email.header.Header(title, "utf-8", maxlinelen=10000).encode(),
        "Priority": "high" if failed else "default",
        "Tags": "warning" if failed else "white_check_mark",
    }
    lines = last_lines(facts, MOST_NTFY, in_bytes)
    return Message((lines or title).encode("utf-8"), headers)


def matrix(facts: Mapping[str, Any]) -> Message:
    """A message to a room of Matrix: a PUT request whose address ends in the id of the message."""
    lines = last_lines(facts, MOST_MATRIX, in_json)
    text = facts["summary"] + (f"\n{lines}" if lines else "")
    ending = f"/{urllib.parse.quote(facts['id'], safe='')}"
    # `m.mentions`: whatever the text holds, it calls nobody, and not the whole room.
    content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
    return Message(as_json(content), {"Content-Type": JSON}, "PUT", ending)


FORMATS: dict[str, Callable[[Mapping[str, Any]], Message]] = {
    "slack": slack,
    "discord": discord,
    "teams": teams,
    "ntfy": ntfy,
    "matrix": matrix,
}


def message_of(webhook: Mapping[str, Any], facts: Mapping[str, Any]) -> Message:
    """Return what a webhook is sent; `facts` with the text of the mail."""
    if webhook.get("format"):
        return FORMATS[webhook["format"]](facts)
    if webhook.get("body") is not None:
        return own_body(webhook["body"], facts)
    return Message(as_json(facts), {"Content-Type": JSON})


def with_ending(url: str, ending: str) -> str:
    """Return an address with something behind its path."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending)) if ending else url
