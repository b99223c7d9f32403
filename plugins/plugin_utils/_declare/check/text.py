# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks values of simple kinds: texts, names, choices, a command; pure."""

from __future__ import annotations

import datetime
import re
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import ACCEPTABLE, CODES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.attempts_command import NEXT
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import (
    encodable,
    in_quotes,
    is_list,
    kind_of,
    one_line,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue, each_part
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import Field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.spread import seconds_of

LONGEST_ARGUMENT = 128 * 1024 - 1
# systemd keeps the last trigger in a file `stamp-NAME.timer`, and a file name has at most 255 bytes.
LONGEST_NAME = 255 - len("stamp-") - len(".service")

# No colon in an instance, though systemd takes it: `systemd-analyze verify` reads FILE:ALIAS, and could not prove it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:@[A-Za-z0-9_.-]+)?")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]+")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
# They take the mode of a file, and YAML reads 0644 as 420.
MODE_PROGRAMS = ("chmod", "install", "mkdir", "mkfifo", "mknod")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def check_text(value: Any, _field: Field) -> str:
    """A text on one line; a whole number stands for its digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        fix = in_quotes(value) if isinstance(value, (float, datetime.date)) else "write one text, in quotes"
        raise BadValue(f"is {kind_of(value)}, not a text", fix)
    text = one_line(str(value))
    if not text:
        raise BadValue("is empty", "give a value, or leave the field out")
    return text


def check_texts(value: Any, field: Field) -> list[str]:
    """A text, or a list of them."""
    items = list(value) if is_list(value) else [value]
    if not items:
        raise BadValue("is an empty list", "give at least one value, or leave the field out")
    return [check_text(item, field) for item in items]


def whole_path(text: str) -> str:
    """Return how to fix a path that is not absolute; what it is relative to, nobody knows."""
    return f"write /{text} or the whole path" if text[:1].isalnum() else "write the whole path, beginning with /"


def refuse_quotes(path: str) -> None:
    """Refuse a path in quotes: the field takes all of the text, and blanks need none."""
    bare = path.lstrip("-")
    inner = bare.strip("\"'")
    # A name may well end in one.
    if bare.startswith(('"', "'")) and inner.startswith(("/", "~")):
        plain = path[: len(path) - len(path.lstrip("-"))] + inner
        raise BadValue("has quotes within the text, which would be part of the path", f"write {plain}, without them")


def check_path(value: Any, field: Field) -> str:
    """An absolute path; `-` before it means that it may be missing, `~` the home directory (systemd.exec(5))."""
    path = check_text(value, field)
    refuse_quotes(path)
    if not path.lstrip("-").startswith(("/", "~")):
        raise BadValue("is not an absolute path", whole_path(path.lstrip("-")))
    return path


def check_user(value: Any, field: Field) -> str:
    """A user or group: a name or a number."""
    text = check_text(value, field)
    if not _USER.fullmatch(text):
        raise BadValue("is not the name of a user or group", "use letters, digits, '_', '.' and '-'")
    return text


def check_spread(value: Any, field: Field) -> str:
    """How far runs are spread over the hosts."""
    text = check_text(value, field)
    if seconds_of(text) is None:
        fix = "write hour, day, or a time span up to a day such as 30min"
        raise BadValue("is not a length of time that runs can be spread over", fix)
    return text


def check_zone(value: Any, field: Field) -> str:
    """A time zone; it stands at the end of an expression, and must not be another part of it."""
    text = check_text(value, field)
    if not _ZONE.fullmatch(text):
        raise BadValue("is not the name of a time zone", "write a name such as Europe/London, or UTC")
    return text


def check_bool(value: Any, _field: Field) -> bool:
    """True or false, also as Ansible's words for them."""
    text = str(value).lower()
    if isinstance(value, (bool, str, int)) and text in _TRUE + _FALSE:
        return text in _TRUE
    raise BadValue(f"is {kind_of(value)}, not a boolean", "write true or false")


def check_choice(value: Any, field: Field) -> str:
    """One of the field's words."""
    if value in field.choices:
        return str(value)
    meant = nearest(str(value), field.choices)
    raise BadValue("is not a known value", f'write "{meant}"' if meant else f"write one of {', '.join(field.choices)}")


def check_codes(value: Any, _field: Field) -> list[str]:
    """Codes of findings that a job accepts, a text or a list."""
    codes = list(value) if is_list(value) else [value]
    for code in codes:
        if not isinstance(code, str) or code not in CODES:
            meant = nearest(str(code), ACCEPTABLE)
            fix = f'write "{meant}"' if meant else "the codes stand in brackets at the end of each message"
            raise BadValue(f'holds "{code}", which is no code of a finding', fix, "invalid-code")
        if not CODES[code].acceptable:
            raise BadValue(f'holds "{code}", which no job can accept', "fix what it stands for", "invalid-code")
    return codes


def check_name(value: Any, field: Field) -> str:
    """A name that systemd takes for NAME.service and NAME.timer, and that stays in the unit directory."""
    name = check_text(value, field)
    if "/" in name:
        stem = name.rstrip("/").rsplit("/", maxsplit=1)[-1]
        raise BadValue("contains a path", f'write "{stem}"', "invalid-name")
    for suffix in (".timer", ".service"):
        if name.endswith(suffix):
            raise BadValue(f"already ends in {suffix}", f'write "{name[: -len(suffix)]}"', "invalid-name")
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-._")
        fix = "use letters, digits, '-', '_' and '.', beginning with a letter or digit"
        if "@" in name:
            fix += ", and for an instance one '@' and a text after it"
        raise BadValue("is no unit name", f'write "{better}": {fix}' if better else fix, "invalid-name")
    if len(name) > LONGEST_NAME:
        raise BadValue(f"is longer than {LONGEST_NAME} characters", "shorten it", "invalid-name")
    return name


def check_names(value: Any, field: Field) -> list[str]:
    """Names of other jobs, a text or a list, also an empty one."""
    names = [check_name(item, field) for item in (value if is_list(value) else [value])]
    return list(dict.fromkeys(names))


def check_command(value: Any, field: Field) -> str | list[str]:
    """A text in systemd's own command syntax, or a list of exact arguments."""
    if not is_list(value):
        if not isinstance(value, str):
            fix = "write the command line, or a list of arguments"
            raise BadValue(f"is {kind_of(value)}, not a text or a list", fix)
        return check_text(value, field)
    if not value:
        raise BadValue("is an empty list", "give the program and its arguments")
    words = [one_argument(item) for item in value]
    first = words[0]
    numbers = [item for item in value if isinstance(item, int)]
    if numbers and first.rsplit("/", maxsplit=1)[-1] in MODE_PROGRAMS:
        raise BadValue(
            f"holds the number {numbers[0]}, which may have been written as another one: 0644 is 420", in_quotes(0)
        )
    if not first or first[0] in "-@:+!|":
        raise BadValue("does not begin with a program", "in a list the first item is the program's path, no prefix")
    if "$" in first:
        raise BadValue("the program's path contains a dollar sign, which systemd expands", "give it another path")
    if first != first.strip() or re.search(r"[\x00-\x1f\x7f]", first):
        raise BadValue("the program has white space around it or a control character", "write its path")
    return words


def check_commands(value: Any, field: Field) -> list[str | list[str]]:
    """A list of commands, each as in `command`."""
    if not is_list(value):
        raise BadValue(
            f"is {kind_of(value)}, not a list", "write a list of commands, each a text or a list of arguments"
        )
    if not value:
        raise BadValue("is an empty list", "give at least one command, or leave the field out")
    found = each_part(dict(enumerate(value, 1)), lambda number, item: _one_of_several(number, item, field))
    return list(found.values())


def _one_of_several(number: int, item: Any, field: Field) -> str | list[str]:
    try:
        command = check_command(item, field)
    except BadValue as error:
        raise BadValue(f"entry {number} {error.reason}", error.fix, error.code) from error
    if any(NEXT in word for word in ([command] if isinstance(command, str) else command)):
        raise BadValue(f'entry {number} holds "{NEXT}", which stands between commands', "remove it")
    return command


def one_argument(item: Any) -> str:
    """One argument of a command; a whole number stands for its digits."""
    if isinstance(item, bool) or not isinstance(item, (str, int)):
        fix = in_quotes(item) if isinstance(item, datetime.date) else "write each argument in quotes, as a text"
        raise BadValue(f"holds {kind_of(item)}", fix)
    text = encodable(str(item))
    if len(text.encode("utf-8")) > LONGEST_ARGUMENT:
        reason = f"holds an argument of more than {LONGEST_ARGUMENT} bytes"
        raise BadValue(reason, "put it in a file", "argument-too-long")
    return text
