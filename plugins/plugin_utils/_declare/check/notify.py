# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the fields that say who is notified of a run: on_failure, on_success, heartbeat.

All that is wrong in a value is found at once. No reason repeats an address or a header: they may hold a secret.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import is_list, kind_of
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import (
    BadValue,
    each_part,
    raise_all,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import Field

MOST_LINES = 1000
# Services whose own form of a message is known (notice_formats.py), and what a body can name.
FORMATS = ("slack", "discord", "teams", "ntfy", "matrix")
FACTS = (
    "id", "event", "summary", "host", "job", "unit", "result", "exit_status", "signal", "started", "ended", "duration",
    "invocation_id", "lines", "text",
)  # fmt: skip
ONLY = ("timer", "any")
SECRET_PARTS = ("credential", "path", "prefix")
FIX_URL = "write an address such as https://example.com/hook"
FIX_SECRET = "write a text, or `{credential: NAME}`, or `{path: /FILE}`"  # noqa: S105
FIX_UNIT = "write the whole name of a unit, such as alert@%n.service"
FIX_MAIL = "write an address such as ops@example.com, or the name of a user of the host"
# An address, or a user of the host; nothing that sendmail could take for an option.
_MAIL = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@%-]+\.(?:service|target|path|socket|timer|mount|automount|swap|slice)")
_PLACE = re.compile(r"\{([a-z_]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Part = Callable[[Any], Any]


def _below(error: BadValue, name: str) -> list[BadValue]:
    """Return a fault and those with it, as faults of a part."""
    return [BadValue(f"{name} {one.reason}", one.fix, one.code) for one in (error, *error.more)]


def _dictionary(value: Any, parts: Mapping[str, Part], what: str) -> dict[str, Any]:
    """Check a dictionary part by part; null takes a part out again that a layer below has set."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", f"write {what}")

    def check(name: Any, item: Any) -> Any:
        if name not in parts:
            meant = nearest(str(name), parts)
            fix = f'write "{meant}"' if meant else f"known are {', '.join(parts)}"
            raise BadValue(f'holds "{name}", which is not known here', fix, "unknown-field")
        try:
            return None if item is None else parts[name](item)
        except BadValue as error:
            raise_all(_below(error, name))

    return each_part(value, check)


def _each(value: Any, check: Part) -> list[Any]:
    """Check one thing or a list of them."""
    items = list(value) if is_list(value) else [value]
    if not items:
        raise BadValue("is an empty list", "give at least one, or leave it out")
    found, faults = [], []
    for item in items:
        try:
            found.append(check(item))
        except BadValue as error:
            faults += [error, *error.more]
    raise_all(faults)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise BadValue(f"is {kind_of(value)}, not a text", "write a text, in quotes")
    text = str(value)
    if not text.strip():
        raise BadValue("is empty", "give it a value, or leave it out")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadValue("is not valid UTF-8", "remove the stray bytes", "not-utf8") from None
    if _CONTROL.search(text):
        raise BadValue("holds a line break or a control character", "remove it", "control-character")
    return text


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(value, (bool, str, int)) and str(value).lower() in words:
        return words[str(value).lower()]
    raise BadValue(f"is {kind_of(value)}, not a boolean", "write true or false")


def _lines(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)) or int(value) > MOST_LINES:
        raise BadValue(f"is not a whole number from 0 to {MOST_LINES}", "write such a number")
    return int(value)


# --- what may be secret


def _path(value: Any) -> str:
    text = _text(value)
    if not text.startswith("/"):
        raise BadValue("is not an absolute path", "write the whole path of a file on the host")
    return text


def _secret(value: Any, check: Part) -> str | dict[str, str]:
    """A text, or where it is: a credential of the job, or a file on the host; a prefix is put before it."""
    if not isinstance(value, Mapping):
        return str(check(value))
    found = _dictionary(value, {"credential": _text, "path": _path, "prefix": _prefix}, FIX_SECRET)
    found = {name: item for name, item in found.items() if item is not None}
    if len({"credential", "path"}.intersection(found)) != 1:
        raise BadValue("has to name one of credential and path", FIX_SECRET)
    return found


def _prefix(value: Any) -> str:
    # `Bearer ` ends in a space.
    return _text(value)


def _url(value: Any) -> str:
    text = _text(value)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise BadValue("is not a valid address", FIX_URL) from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadValue("is not an http or https address", FIX_URL)
    if not text.isascii() or " " in text:
        raise BadValue(
            "holds a space or a letter that an address cannot have", "write %20 and the like, xn-- for a host"
        )
    if parts.username is not None or parts.password is not None:
        raise BadValue("holds a user and a password", "write them as the header Authorization")
    return text


def _secret_url(value: Any) -> str | dict[str, str]:
    return _secret(value, _url)


def _header(value: Any) -> str:
    text = _text(value)
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise BadValue("holds a letter that a header cannot have", "write it in Latin-1") from None
    return text


def _headers(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", "write NAME: value")
    found: dict[str, Any] = {}
    faults = []
    for name, item in value.items():
        if not isinstance(name, str) or not _HEADER.fullmatch(name):
            faults.append(BadValue("holds what is no name of a header", "use letters, digits and -"))
            continue
        try:
            if item is not None:
                found[name] = _secret(item, _header)
        except BadValue as error:
            faults += _below(error, name)
    raise_all(faults)
    return found


# --- channels


def _address(value: Any) -> str:
    text = _text(value).strip()
    if not _MAIL.fullmatch(text):
        raise BadValue(f'holds "{text}", which is no address', FIX_MAIL)
    return text


def _addresses(value: Any) -> list[Any]:
    # cron's MAILTO= takes a comma between them.
    return _each(value.split(",") if isinstance(value, str) else value, _address)


def _mail(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"to": _addresses(value), "from": None}
    found = _dictionary(value, {"to": _addresses, "from": _address}, "an address")
    if not found.get("to"):
        raise BadValue("has no address in `to`", FIX_MAIL)
    return {"from": None, **found}


def _webhook(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"url": _url(value), "headers": {}}
    parts = {"url": _secret_url, "headers": _headers, "format": _format, "body": _whole_body}
    found = _dictionary(value, parts, "an address")
    if not found.get("url"):
        raise BadValue("has no url", FIX_URL)
    shape = {name: found[name] for name in ("format", "body") if found.get(name) is not None}
    if len(shape) > 1:
        raise BadValue("has a format and a body", "remove one of the two")
    return {"url": found["url"], "headers": found.get("headers") or {}, **shape}


def _word_of(value: Any, known: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in known:
        meant = nearest(str(value), known)
        fix = f'write "{meant}"' if meant else f"write one of {', '.join(known)}"
        raise BadValue(f'is "{value}", which is not known here', fix)
    return str(value)


def _format(value: Any) -> str:
    return _word_of(value, FORMATS)


def _only(value: Any) -> str:
    return _word_of(value, ONLY)


def _whole_body(value: Any) -> Any:
    found = _body(value)
    with contextlib.suppress(ValueError):
        if isinstance(found, str) and isinstance(json.loads(found), (dict, list)):
            reason = "is JSON in a text, where a fact could end a string"
            raise BadValue(reason, "write it as a dictionary or a list")
    return found


def _body(value: Any) -> Any:
    """A template: a text, or what becomes JSON; a place such as {job} stands for a fact."""
    if isinstance(value, Mapping):
        return each_part(value, lambda _name, item: _body(item))
    if is_list(value):
        return _each(value, _body) if value else []
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if not isinstance(value, str):
        raise BadValue(f"holds {kind_of(value)}", "write texts, numbers, lists and dictionaries")
    text = str(value)
    for name in _PLACE.findall(text):
        if name not in FACTS:
            meant = nearest(name, FACTS)
            fix = f'write "{{{meant}}}"' if meant else f"known are {', '.join(f'{{{one}}}' for one in FACTS)}"
            raise BadValue(f'holds "{{{name}}}", which is no fact of a run', fix)
    return text


def _webhooks(value: Any) -> list[Any]:
    return _each(value, _webhook)


def _command(value: Any) -> list[str]:
    if isinstance(value, str):
        try:
            words = shlex.split(value)
        except ValueError:
            raise BadValue("has quotes that are not closed", "write a list of arguments") from None
    else:
        words = [_argument(item) for item in value] if is_list(value) else []
    if not words:
        raise BadValue("is no command", "write a program and its arguments, a text or a list")
    if not words[0].startswith("/"):
        raise BadValue(
            "does not begin with an absolute path", f"write /usr/local/bin/{words[0].lstrip('./')} or the like"
        )
    return words


def _argument(item: Any) -> str:
    if isinstance(item, bool) or not isinstance(item, (str, int)) or "\x00" in str(item):
        raise BadValue(f"holds {kind_of(item)}", "write each argument in quotes, as a text")
    return str(item)


def _unit(value: Any) -> str:
    text = _text(value)
    if not _UNIT.fullmatch(text):
        raise BadValue(f'holds "{text}", which is no name of a unit', FIX_UNIT)
    return text


def _units(value: Any) -> list[Any]:
    return _each(value, _unit)


CHANNELS: dict[str, Part] = {"mail": _mail, "webhook": _webhooks, "command": _command, "unit": _units}
NOTICE: dict[str, Part] = {**CHANNELS, "lines": _lines, "only": _only}
HEARTBEAT: dict[str, Part] = {"url": _secret_url, "start": _flag, "exit_status": _flag}


def check_notice(value: Any, _field: Field) -> dict[str, Any]:
    """Who is notified of a failure or a success: mail, webhook, command, unit; lines of the journal."""
    return _dictionary(value, NOTICE, "`{mail: ops@example.com}`, or webhook, command, unit")


def check_heartbeat(value: Any, _field: Field) -> dict[str, Any]:
    """The address that a monitor gives, or a dictionary."""
    return _dictionary(value, HEARTBEAT, "an address") if isinstance(value, Mapping) else {"url": _url(value)}
