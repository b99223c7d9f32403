# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the value of one field: small checkers by kind, each returns the value as used, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._codes import ACCEPTABLE, CODES
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._findings import nearest
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._bad_value import BadValue, each_part
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._check_notify import check_heartbeat, check_notice
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._check_runs import (
    check_concurrency,
    check_duration,
    check_retries,
    check_token,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._conditions import CONDITIONS, Condition
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._fields import FIELDS, Field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._limits import LIMITS, meant
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._spread import seconds_of

LONGEST_ARGUMENT = 128 * 1024 - 1
# systemd keeps the last trigger in a file `stamp-NAME.timer`, and a file name has at most 255 bytes.
LONGEST_NAME = 255 - len("stamp-") - len(".service")

# No colon in an instance, though systemd takes it: `systemd-analyze verify` reads FILE:ALIAS, and could not prove it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:@[A-Za-z0-9_.-]+)?")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]+")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIRECTIVE = re.compile(r"(X-)?[A-Za-z][A-Za-z0-9]*")
# systemd counts them as broken UTF-8, and leaves out the whole line.
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(f"{chr(end - 1)}{chr(end)}" for end in range(0xFFFF, 0x110000, 0x10000)) + "]"
)
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadValue("is not valid UTF-8", "remove the stray bytes", "not-utf8") from None
    found = _NONCHARACTER.search(text)
    if found:
        reason = f"contains U+{ord(found.group()):04X}, which Unicode keeps free and systemd refuses"
        raise BadValue(reason, "remove it", "not-utf8")
    if "\x00" in text:
        raise BadValue("contains a NUL character", "remove it", "control-character")
    return text


def _line(text: str) -> str:
    """Return a text that fits on one line of a unit file and cannot join the next."""
    _encodable(text)
    if "\n" in text or "\r" in text:
        mend = "write it on one line (in YAML, `>-` folds lines without a final newline)"
        raise BadValue("contains a line break", mend, "control-character")
    if re.search(r"[\x01-\x1f\x7f-\x9f]", text):
        raise BadValue("contains a control character", "remove it", "control-character")
    if text.endswith("\\"):
        raise BadValue("ends in a backslash, which systemd takes for a line that goes on", "remove the backslash")
    if text != text.strip():
        raise BadValue("starts or ends with white space, which systemd drops", "remove the white space")
    return text


def check_text(value: Any, _field: Field) -> str:
    """A text on one line; a number stands for its digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadValue(f"is {_kind(value)}, not a text", "write one text, in quotes")
    text = _line(str(value))
    if not text:
        raise BadValue("is empty", "give a value, or leave the field out")
    return text


def check_texts(value: Any, field: Field) -> list[str]:
    """A text, or a list of them."""
    items = list(value) if _is_list(value) else [value]
    if not items:
        raise BadValue("is an empty list", "give at least one value, or leave the field out")
    return [check_text(item, field) for item in items]


def check_path(value: Any, field: Field) -> str:
    """An absolute path; `-` before it means that it may be missing, `~` the home directory (systemd.exec(5))."""
    path = check_text(value, field)
    if not path.lstrip("-").startswith(("/", "~")):
        raise BadValue("is not an absolute path", f"write /{path.lstrip('./')} or the whole path")
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
        mend = "write hour, day, or a time span up to a day such as 30min"
        raise BadValue("is not a length of time that runs can be spread over", mend)
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
    raise BadValue(f"is {_kind(value)}, not a boolean", "write true or false")


def check_choice(value: Any, field: Field) -> str:
    """One of the field's words."""
    if value in field.choices:
        return str(value)
    meant = nearest(str(value), field.choices)
    raise BadValue("is not a known value", f'write "{meant}"' if meant else f"write one of {', '.join(field.choices)}")


def check_codes(value: Any, _field: Field) -> list[str]:
    """Codes of findings that a job accepts, a text or a list."""
    codes = list(value) if _is_list(value) else [value]
    for code in codes:
        if not isinstance(code, str) or code not in CODES:
            meant = nearest(str(code), ACCEPTABLE)
            mend = f'write "{meant}"' if meant else "the codes stand in brackets at the end of each message"
            raise BadValue(f'holds "{code}", which is no code of a finding', mend, "invalid-code")
        if not CODES[code].acceptable:
            raise BadValue(f'holds "{code}", which no job can accept', "mend what it stands for", "invalid-code")
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
        mend = "use letters, digits, '-', '_' and '.', beginning with a letter or digit"
        if "@" in name:
            mend += ", and for an instance one '@' and a text after it"
        raise BadValue("is no unit name", f'write "{better}": {mend}' if better else mend, "invalid-name")
    if len(name) > LONGEST_NAME:
        raise BadValue(f"is longer than {LONGEST_NAME} characters", "shorten it", "invalid-name")
    return name


def check_command(value: Any, field: Field) -> str | list[str]:
    """A text in systemd's own command syntax, or a list of exact arguments."""
    if not _is_list(value):
        if not isinstance(value, str):
            raise BadValue(f"is {_kind(value)}, not a text or a list", "write the command line, or a list of arguments")
        return check_text(value, field)
    if not value:
        raise BadValue("is an empty list", "give the program and its arguments")
    words = [_argument(item) for item in value]
    first = words[0]
    if not first or first[0] in "-@:+!|":
        raise BadValue("does not begin with a program", "in a list the first item is the program's path, no prefix")
    if "$" in first:
        raise BadValue("the program's path contains a dollar sign, which systemd expands", "give it another path")
    if first != first.strip() or re.search(r"[\x00-\x1f\x7f]", first):
        raise BadValue("the program has white space around it or a control character", "write its path")
    return words


def _argument(item: Any) -> str:
    if isinstance(item, bool) or not isinstance(item, (str, int)):
        raise BadValue(f"holds {_kind(item)}", "write each argument in quotes, as a text")
    text = _encodable(str(item))
    if len(text.encode("utf-8")) > LONGEST_ARGUMENT:
        reason = f"holds an argument of more than {LONGEST_ARGUMENT} bytes"
        raise BadValue(reason, "put it in a file", "argument-too-long")
    return text


LARGEST_FILE = 1024 * 1024
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_SOURCES = ("content", "src")


def check_file_text(text: str) -> str:
    """The text of a file that is deployed with a job."""
    _encodable(text)
    if len(text.encode("utf-8")) > LARGEST_FILE:
        raise BadValue(f"has more than {LARGEST_FILE // 1024} KiB", "deploy it by other means, and name its path")
    if not text:
        raise BadValue("is empty", "give it a text, or leave the field out")
    return text


def _parts(value: Any, known: Sequence[str], what: str) -> dict[str, Any]:
    """Return a dictionary without what is null, its names checked."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {_kind(value)}, not a dictionary", f"write {what}")
    for name in value:
        if name not in known:
            meant = nearest(str(name), known)
            mend = f'write "{meant}"' if meant else f"known are {', '.join(known)}"
            raise BadValue(f'holds "{name}", which is not known here', mend, "unknown-field")
    return {name: item for name, item in value.items() if item is not None}


def _one_source(parts: Mapping[str, Any], sources: Sequence[str]) -> dict[str, str]:
    """Return the one source of a text, checked."""
    given = [name for name in sources if name in parts]
    if len(given) != 1:
        reason = f"has {' and '.join(given)}" if given else f"has none of {', '.join(sources)}"
        raise BadValue(reason, f"give one of {', '.join(sources)}")
    (name,) = given
    item = parts[name]
    if not isinstance(item, str):
        raise BadValue(f"{name} is {_kind(item)}, not a text", "write a text, for example after `|`")
    try:
        if name in ("content", "encrypted"):
            return {name: check_file_text(item)}
        text = _line(item)
        if name == "path" and not text.startswith("/"):
            raise BadValue("is not an absolute path", f"write /{text.lstrip('./')} or the whole path")
    except BadValue as error:
        raise BadValue(f"{name} {error.reason}", error.mend, error.code) from error
    if not text:
        raise BadValue(f"{name} is empty", "write the path of a file")
    return {name: text}


def check_script(value: Any, _field: Field) -> dict[str, Any]:
    """A script that is deployed with the job: content or src, interpreter, args."""
    parts = _parts(value, (*_SOURCES, "interpreter", "args"), "`content: |` and the script, or `src: FILE`")
    script: dict[str, Any] = {"interpreter": None, "args": [], **_one_source(parts, _SOURCES)}
    interpreter = parts.get("interpreter")
    if interpreter is not None:
        words = list(interpreter) if _is_list(interpreter) else str(interpreter).split()
        try:
            script["interpreter"] = check_command(words, _field)
        except BadValue as error:
            raise BadValue(f"interpreter {error.reason}", error.mend, error.code) from error
        if not words[0].startswith("/"):
            raise BadValue("interpreter is not an absolute path", f"write the whole path, such as /usr/bin/{words[0]}")
    if "args" in parts:
        if not _is_list(parts["args"]):
            raise BadValue(f"args is {_kind(parts['args'])}, not a list", "write a list of arguments")
        script["args"] = [_argument(item) for item in parts["args"]]
    if str(script.get("content", "")).split("\n", 1)[0].endswith("\r"):
        raise BadValue("content has the line ends of DOS", "save it with the line ends of Unix")
    return script


def check_environment_file(value: Any, field: Field) -> str | dict[str, str]:
    """A path on the host; or content or src, deployed with the job."""
    if isinstance(value, Mapping):
        return _one_source(_parts(value, _SOURCES, "a path"), _SOURCES)
    return check_path(value, field)


def check_credentials(value: Any, _field: Field) -> dict[str, dict[str, str] | None]:
    """Credential names to content, src, encrypted (all deployed with the job), or path (on the host already)."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {_kind(value)}, not a dictionary", "write NAME: {content: ...}")
    sources = (*_SOURCES, "encrypted", "path")

    def check_one(name: Any, item: Any) -> dict[str, str] | None:
        if not isinstance(name, str) or not _CREDENTIAL.fullmatch(name):
            raise BadValue("holds what is no name of a credential", "use letters, digits, '_', '.' and '-'")
        if item is None:
            return None
        try:
            return _one_source(_parts(item, sources, f"{name}: {{content: ...}}"), sources)
        except BadValue as error:
            raise BadValue(f"{name} {error.reason}", error.mend, error.code) from error

    return each_part(value, check_one)


def check_environment(value: Any, _field: Field) -> dict[str, str | None]:
    """Variable names to values; a value reaches the process byte for byte, null takes a variable out again."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {_kind(value)}, not a dictionary", "write NAME: value")
    result: dict[str, str | None] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            mend = "use letters, digits and '_', not beginning with a digit"
            raise BadValue(f'holds "{name}", which is no variable name', mend)
        if item is None:
            result[name] = None
            continue
        if isinstance(item, bool) or not isinstance(item, (str, int)):
            mend = f'write {name}: "..." in quotes, so that YAML keeps it as it is'
            raise BadValue(f"{name} is {_kind(item)}, not a text", mend)
        text = _encodable(str(item))
        if len(text.encode("utf-8")) > LONGEST_ARGUMENT:
            raise BadValue(f"{name} has more than {LONGEST_ARGUMENT} bytes", "put it in a file", "argument-too-long")
        result[name] = text
    return result


def check_variables(value: Any, _field: Field) -> list[str]:
    """Names of variables, a text or a list."""
    names = list(value) if _is_list(value) else [value]
    for name in names:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            mend = "write the names of variables of environment, never their values"
            raise BadValue("holds what is no variable name", mend)
    return names


def check_directives(value: Any, _field: Field) -> dict[str, list[str] | None]:
    """Directives by their own names; a list repeats one, null removes the line that a field would write."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {_kind(value)}, not a dictionary", "write Directive: value")
    result: dict[str, list[str] | None] = {}
    for key, item in value.items():
        if not isinstance(key, str) or not _DIRECTIVE.fullmatch(key):
            raise BadValue(f'holds "{key}", which is no name of a directive', "write it as in systemd.directives(7)")
        try:
            result[key] = None if item is None else [_directive(one) for one in (item if _is_list(item) else [item])]
        except BadValue as error:
            raise BadValue(f"{key} {error.reason}", error.mend, error.code) from error
    return result


def _directive(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if not isinstance(item, (str, int, float)):
        raise BadValue(f"is {_kind(item)}", "write a text, a number, a boolean or a list of them")
    return _line(str(item))


def check_limits(value: Any, field: Field) -> dict[str, str | None]:
    """Limits by name; null takes one out again."""
    return _by_name(value, list(LIMITS), "`{memory: 512M}`", lambda name, item: _limit(name, item, field))


def _limit(name: str, value: Any, field: Field) -> str:
    try:
        text = check_text(value, field)
    except BadValue as error:
        raise BadValue(f"{name} {error.reason}", error.mend, error.code) from error
    if not LIMITS[name].form.fullmatch(text):
        better = meant(name, text)
        mend = f'write "{better}"' if better else f"write {LIMITS[name].said}"
        raise BadValue(f'{name} cannot be "{text}"', mend)
    return text


def check_conditions(value: Any, field: Field) -> dict[str, Any]:
    """Conditions by name; null takes one out again."""
    what = "`{path_exists: /srv/data}`"
    return _by_name(value, list(CONDITIONS), what, lambda name, item: _condition(name, item, field))


def _condition(name: str, value: Any, field: Field) -> Any:
    known = CONDITIONS[name]
    try:
        if known.kind == "command":
            return check_command(value, field)
        if known.kind == "bool" or (known.kind == "word" and isinstance(value, bool)):
            return check_bool(value, field)
        return [_negatable(text, known) for text in check_texts(value, field)]
    except BadValue as error:
        raise BadValue(f"{name} {error.reason}", error.mend, error.code) from error


def _negatable(text: str, known: Condition) -> str:
    if known.kind == "path" and not text.removeprefix("!").startswith("/"):
        raise BadValue("is not an absolute path", "write the whole path, and `!` before it where it must not hold")
    if not text.removeprefix("!") or text.startswith(("|", "!!", "!|")):
        raise BadValue(f'cannot be "{text}"', "write one value, and `!` before it where it must not hold")
    return text


def check_directories(value: Any, field: Field) -> list[str]:
    """Relative paths of directories that systemd makes for the job."""
    return [_own_directory(text) for text in check_texts(value, field)]


def _own_directory(text: str) -> str:
    if text.startswith("/"):
        better = re.sub(r"^/(?:var/(?:lib|cache|log)|run)/", "", text).strip("/")
        raise BadValue("is an absolute path, and systemd makes it below a fixed directory", f'write "{better}"')
    if any(part in ("", ".", "..") for part in text.split("/")) or ":" in text:
        raise BadValue("is no plain relative path", "write a name, or names with a / between them")
    return text


def check_paths(value: Any, field: Field) -> list[str]:
    """Absolute paths, a text or a list; `-` before one lets it be missing."""
    paths = check_texts(value, field)
    for path in paths:
        if not path.removeprefix("-").startswith("/"):
            mend = f"write /{path.lstrip('-./~')} or the whole path"
            raise BadValue(f'holds "{path}", which is not an absolute path', mend)
    return paths


def _by_name(value: Any, known: Sequence[str], what: str, check: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Return a dictionary, null as it is, its names and values checked."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {_kind(value)}, not a dictionary", f"write {what}")

    def check_one(name: Any, item: Any) -> Any:
        _parts({name: item}, known, what)
        return None if item is None else check(name, item)

    return each_part(value, check_one)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a dictionary"
    if _is_list(value):
        return "a list"
    for kind, words in ((bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "a text")):
        if isinstance(value, kind):
            return words
    return "empty" if value is None else f"a {type(value).__name__}"


CHECKERS: dict[str, Callable[[Any, Field], Any]] = {
    "text": check_text,
    "texts": check_texts,
    "path": check_path,
    "span": check_text,
    "zone": check_zone,
    "user": check_user,
    "bool": check_bool,
    "choice": check_choice,
    "name": check_name,
    "codes": check_codes,
    "command": check_command,
    "environment": check_environment,
    "environment_file": check_environment_file,
    "credentials": check_credentials,
    "script": check_script,
    "variables": check_variables,
    "spread": check_spread,
    "limits": check_limits,
    "conditions": check_conditions,
    "directories": check_directories,
    "paths": check_paths,
    "notice": check_notice,
    "heartbeat": check_heartbeat,
    "directives": check_directives,
    "retries": check_retries,
    "concurrency": check_concurrency,
    "duration": check_duration,
    "token": check_token,
}


def check_field(name: str, value: Any) -> Any:
    """Return the value of a field as it is used. Raises BadValue."""
    field = FIELDS[name]
    return CHECKERS[field.kind](value, field)
