# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what brings files with it: a script, files of variables, credentials; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.text import (
    check_command,
    check_path,
    one_argument,
    refuse_quotes,
    whole_path,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.value import (
    encodable,
    is_list,
    kind_of,
    one_line,
    parts_of,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue, each_part
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import Field

LARGEST_FILE = 1024 * 1024
CREDENTIAL_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_SOURCES = ("content", "src")


def check_file_text(text: str) -> str:
    """The text of a file that is deployed with a job."""
    encodable(text)
    if len(text.encode("utf-8")) > LARGEST_FILE:
        raise BadValue(f"has more than {LARGEST_FILE // 1024} KiB", "deploy it by other means, and name its path")
    if not text:
        raise BadValue("is empty", "give it a text, or leave the field out")
    return text


def _one_source(parts: Mapping[str, Any], sources: Sequence[str]) -> dict[str, str]:
    """Return the one source of a text, checked."""
    given = [name for name in sources if name in parts]
    if len(given) != 1:
        reason = f"has {' and '.join(given)}" if given else f"has none of {', '.join(sources)}"
        raise BadValue(reason, f"give one of {', '.join(sources)}")
    (name,) = given
    item = parts[name]
    if not isinstance(item, str):
        raise BadValue(f"{name} is {kind_of(item)}, not a text", "write a text, for example after `|`")
    try:
        if name in ("content", "encrypted"):
            return {name: check_file_text(item)}
        text = one_line(item)
        if name == "path":
            refuse_quotes(text)
        if name == "path" and not text.startswith("/"):
            raise BadValue("is not an absolute path", whole_path(text))
    except BadValue as error:
        raise BadValue(f"{name} {error.reason}", error.fix, error.code) from error
    if not text:
        raise BadValue(f"{name} is empty", "write the path of a file")
    return {name: text}


def check_script(value: Any, _field: Field) -> dict[str, Any]:
    """A script that is deployed with the job: content or src, interpreter, args."""
    parts = parts_of(value, (*_SOURCES, "interpreter", "args"), "`content: |` and the script, or `src: FILE`")
    script: dict[str, Any] = {"interpreter": None, "args": [], **_one_source(parts, _SOURCES)}
    interpreter = parts.get("interpreter")
    if interpreter is not None:
        words = list(interpreter) if is_list(interpreter) else str(interpreter).split()
        try:
            script["interpreter"] = check_command(words, _field)
        except BadValue as error:
            raise BadValue(f"interpreter {error.reason}", error.fix, error.code) from error
        if not words[0].startswith("/"):
            raise BadValue("interpreter is not an absolute path", f"write the whole path, such as /usr/bin/{words[0]}")
    if "args" in parts:
        if not is_list(parts["args"]):
            raise BadValue(f"args is {kind_of(parts['args'])}, not a list", "write a list of arguments")
        script["args"] = [one_argument(item) for item in parts["args"]]
    if str(script.get("content", "")).split("\n", 1)[0].endswith("\r"):
        raise BadValue("content has the line ends of DOS", "save it with the line ends of Unix")
    return script


def check_environment_file(value: Any, field: Field) -> str | dict[str, str]:
    """A path on the host; or content or src, deployed with the job."""
    if isinstance(value, Mapping):
        return _one_source(parts_of(value, _SOURCES, "a path"), _SOURCES)
    return check_path(value, field)


def check_credentials(value: Any, _field: Field) -> dict[str, dict[str, str] | None]:
    """Credential names to content, src, encrypted (all deployed with the job), or path (on the host already)."""
    if not isinstance(value, Mapping):
        raise BadValue(f"is {kind_of(value)}, not a dictionary", "write NAME: {content: ...}")
    sources = (*_SOURCES, "encrypted", "path")

    def check_one(name: Any, item: Any) -> dict[str, str] | None:
        if not isinstance(name, str) or not CREDENTIAL_KEY.fullmatch(name):
            raise BadValue("holds what is no name of a credential", "use letters, digits, '_', '.' and '-'")
        if item is None:
            return None
        try:
            return _one_source(parts_of(item, sources, f"{name}: {{content: ...}}"), sources)
        except BadValue as error:
            raise BadValue(f"{name} {error.reason}", error.fix, error.code) from error

    return each_part(value, check_one)
