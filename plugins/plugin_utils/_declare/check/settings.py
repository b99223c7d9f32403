# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks settings of the unit: variables, directives, limits, conditions, directories, paths; pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.text import (
    LONGEST_ARGUMENT,
    check_bool,
    check_command,
    check_text,
    check_texts,
    whole_path,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import (
    by_name,
    encodable,
    in_quotes,
    is_list,
    kind_of,
    one_line,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.conditions import CONDITIONS, Condition
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import Field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.limits import LIMITS, meant

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIRECTIVE = re.compile(r"(X-)?[A-Za-z][A-Za-z0-9]*")


def check_environment(value: Any, _field: Field) -> dict[str, str | None]:
    """Variable names to values; a value reaches the process byte for byte, null takes a variable out again."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", "write NAME: value")
    result: dict[str, str | None] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            fix = "use letters, digits and '_', not beginning with a digit"
            raise BadValue(f'holds "{name}", which is no variable name', fix)
        if item is None:
            result[name] = None
            continue
        if not isinstance(item, str):
            raise BadValue(f"{name} is {kind_of(item)}, not a text", in_quotes(item, name))
        text = encodable(item)
        if len(text.encode("utf-8")) > LONGEST_ARGUMENT:
            raise BadValue(f"{name} has more than {LONGEST_ARGUMENT} bytes", "put it in a file", "argument-too-long")
        result[name] = text
    return result


def check_variables(value: Any, _field: Field) -> list[str]:
    """Names of variables, a text or a list."""
    names = list(value) if is_list(value) else [value]
    for name in names:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            fix = "write the names of variables of environment, never their values"
            raise BadValue("holds what is no variable name", fix)
    return names


def check_directives(value: Any, _field: Field) -> dict[str, list[str] | None]:
    """Directives by their own names; a list repeats one, null removes the line that a field would write."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", "write Directive: value")
    result: dict[str, list[str] | None] = {}
    for key, item in value.items():
        if not isinstance(key, str) or not _DIRECTIVE.fullmatch(key):
            raise BadValue(f'holds "{key}", which is no name of a directive', "write it as in systemd.directives(7)")
        try:
            items = item if is_list(item) else [item]
            result[key] = None if item is None else [_directive(key, one) for one in items]
        except BadValue as error:
            raise BadValue(f"{key} {error.reason}", error.fix, error.code) from error
    return result


def _directive(key: str, item: Any) -> str:
    if takes_mode(key) and not isinstance(item, str):
        raise BadValue(f"is {kind_of(item)}, not a text", in_quotes(item, key))
    if isinstance(item, bool):
        return "true" if item else "false"
    if not isinstance(item, (str, int)):
        fix = "write a text, a whole number, a boolean or a list of them"
        raise BadValue(f"is {kind_of(item)}", in_quotes(item, key) if isinstance(item, (float, datetime.date)) else fix)
    return one_line(str(item))


def takes_mode(directive: str) -> bool:
    """Tell whether a directive takes an octal number (systemd.exec(5)), of which YAML makes another one."""
    return directive == "UMask" or directive.endswith("Mode")


def check_limits(value: Any, field: Field) -> dict[str, str | None]:
    """Limits by name; null takes one out again."""
    return by_name(value, list(LIMITS), "`{memory: 512M}`", lambda name, item: _limit(name, item, field))


def _limit(name: str, value: Any, field: Field) -> str:
    try:
        text = check_text(value, field)
    except BadValue as error:
        raise BadValue(f"{name} {error.reason}", error.fix, error.code) from error
    if not LIMITS[name].form.fullmatch(text):
        better = meant(name, text)
        fix = f'write "{better}"' if better else f"write {LIMITS[name].said}"
        raise BadValue(f'{name} cannot be "{text}"', fix)
    return text


def check_conditions(value: Any, field: Field) -> dict[str, Any]:
    """Conditions by name; null takes one out again."""
    what = "`{path_exists: /srv/data}`"
    return by_name(value, list(CONDITIONS), what, lambda name, item: _condition(name, item, field))


def _condition(name: str, value: Any, field: Field) -> Any:
    known = CONDITIONS[name]
    try:
        if known.kind == "command":
            return check_command(value, field)
        if known.kind == "bool" or (known.kind == "word" and isinstance(value, bool)):
            return check_bool(value, field)
        return [_negatable(text, known) for text in check_texts(value, field)]
    except BadValue as error:
        raise BadValue(f"{name} {error.reason}", error.fix, error.code) from error


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
            raise BadValue(f'holds "{path}", which is not an absolute path', whole_path(path.lstrip("-")))
    return paths
