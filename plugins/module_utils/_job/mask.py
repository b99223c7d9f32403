# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows unit files and values without the secrets in them; pure.

Hidden are credentials, variables and options that look like a secret, and variables that are marked. Where a secret
stands is decided by place, never by searching for its value: a short one would be found, and so shown, in any text. No
hash is shown either: a short secret can be guessed from it."""

from __future__ import annotations

import functools
import re
from typing import Callable, Iterable, NamedTuple

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.secrets import looks_secret, may_hold_secret
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import Word, words_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import (
    OWNER_SECTION,
    UnitText,
    goes_on,
    is_comment,
    marked_secrets,
)

SECRET = "(secret)"  # noqa: S105
CHANGED = "(secret, changed)"
# SetCredential=, also misspelt: no other directive that begins so holds text of the user's own.
CREDENTIAL_KEY = re.compile(r"set(?!loginenvironment$)|(?!load|import|pass|condition|assert).*cred", re.IGNORECASE)
# Environment=, also misspelt.
_ENVIRONMENT = re.compile(r"env(?!ironment_?file$)", re.IGNORECASE)
# No secret: the name of a variable that lacks a value, a path.
_PLAIN_NAME = re.compile(r"[A-Z_][A-Z0-9_]*|-?/[\w./-]*")
# They name files, `ID:PATH`.
_NAMES_A_FILE = re.compile(r"(?:load|import)cred", re.IGNORECASE)
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# A name is looked for where one can begin only: to try each letter of a long text takes hours.
_BEGIN_OF_NAME = r"(?<![\w.-])(?:(?![A-Za-z_])[\w.-])*"
# In a word: its begin, a private key, what follows `NAME=`, `--name=` or `"name": `.
_IN_A_WORD = re.compile(rf"""^|(?=-----BEGIN)|{_BEGIN_OF_NAME}(?P<name>[A-Za-z_][\w.-]*)["']?(?:=|:\s*)["']?""")


class Place(NamedTuple):
    """Where a secret stands: its directive, and its variable, option or credential."""

    key: str
    name: str


# What to show for a secret at a place.
StandIn = Callable[[Place, str], str]


def marks_of(*texts: str) -> frozenset[str]:
    """Return the variables that unit files mark as secret."""
    found = [marked_secrets(UnitText(text)) for text in texts if f"[{OWNER_SECTION}]" in text]
    return frozenset().union(*found)


def masked_pair(before: str, after: str) -> tuple[str, str]:
    """Return two versions of a unit file without their secrets; the second says which of them are other ones."""
    marks = marks_of(before, after)
    seen: dict[Place, list[str]] = {}

    def first(place: Place, secret: str) -> str:
        seen.setdefault(place, []).append(secret)
        return SECRET

    def second(place: Place, secret: str) -> str:
        return SECRET if secret in seen.get(place, [secret]) else CHANGED

    return _masked_text(before, marks, first), _masked_text(after, marks, second)


def masked_units(*texts: str) -> list[str]:
    """Return the unit files of one job without their secrets; what one of them marks is hidden in all."""
    marks = marks_of(*texts)
    return [_hidden_text(text, marks) for text in texts]


def _hidden_text(text: str, marks: frozenset[str]) -> str:
    lines = text.split("\n")
    if any(goes_on(line) for line in lines):
        return _masked_text(text, marks, _hide)
    return "\n".join(_hidden_line(line, marks) for line in lines)


# Most lines of a job are those of its neighbours.
@functools.lru_cache(maxsize=8192)
def _hidden_line(line: str, marks: frozenset[str]) -> str:
    return "\n".join(_masked_lines([line], marks, _hide))


def _hide(_place: Place, _secret: str) -> str:
    return SECRET


def _masked_text(text: str, marks: frozenset[str], stand_in: StandIn) -> str:
    """Return a unit file without its secrets; a line that goes on and holds one is shown as one line."""
    shown: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        lines.append(line)
        if is_comment(line) and len(lines) == 1:
            shown.append(_masked_words("", line, marks, stand_in))
            lines = []
        elif not is_comment(line) and not goes_on(line):
            shown += _masked_lines(lines, marks, stand_in)
            lines = []
    return "\n".join(shown + (_masked_lines(lines, marks, stand_in) if lines else []))


def _masked_lines(lines: list[str], marks: frozenset[str], stand_in: StandIn) -> list[str]:
    """Return the lines of one assignment, comments between them included."""
    parts = [line[:-1] if goes_on(line) else line for line in lines if not is_comment(line)]
    whole = " ".join(parts)
    key, equals, value = whole.partition("=") if "=" in whole else ("", "", whole)
    masked = _masked(key.strip(), value, marks, stand_in)
    comments = {line: _masked_words("", line, marks, stand_in) for line in lines if is_comment(line)}
    if masked == value:
        return [comments.get(line, line) for line in lines]
    return [*comments.values(), f"{key}{equals}{masked}"]


def masked_value(key: str, value: str, marks: Iterable[str] = ()) -> str:
    """Return the value of a directive or a field without the secrets in it."""
    return _masked(key, value, frozenset(marks), _hide)


def _masked(key: str, value: str, marks: frozenset[str], stand_in: StandIn) -> str:
    if not value.strip() or _NAMES_A_FILE.match(key):
        return value
    if CREDENTIAL_KEY.match(key):
        name, _colon, secret = value.strip().partition(":")
        if secret and _CREDENTIAL_NAME.fullmatch(name):
            return f"{name}:{stand_in(Place(key, name), secret)}"
        return stand_in(Place(key, ""), value)
    return _masked_words(key, value, marks, stand_in)


def _masked_words(key: str, value: str, marks: frozenset[str], stand_in: StandIn) -> str:
    environment = bool(_ENVIRONMENT.match(key))
    if not (environment or may_need_mask(value, marks)):
        return value
    shown, hidden, option = "", False, ""
    for word in words_of(value):
        masked = _masked_word(key, word, marks, stand_in)
        if environment and "=" not in word.text and (hidden or not _PLAIN_NAME.fullmatch(word.text)):
            # A secret without a name, or what is left of one with blanks that should have been in quotes.
            masked = stand_in(Place(key, ""), word.text)
        elif option and not word.text.startswith("-") and looks_secret(option, word.text):
            masked = stand_in(Place(key, option), word.text)
        option = word.text.lstrip("-") if word.text.startswith("--") else ""
        hidden = hidden or masked != word.raw
        shown += f"{word.before}{masked}{word.after}"
        if hidden and "\n" in value:
            # No unit file holds it: the secret itself may have several lines.
            return shown.rstrip()
    return shown


def _masked_word(key: str, word: Word, marks: frozenset[str], stand_in: StandIn) -> str:
    for found in _IN_A_WORD.finditer(word.text):
        name, secret = found.group("name") or "", word.text[found.end() :]
        if secret and (name in marks or looks_secret(name, secret)):
            quote = word.raw[0] if word.raw[0] in "\"'" else ""
            plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in word.text[: found.end()])
            return f"{quote}{plain}{stand_in(Place(key, name), secret)}{quote}"
    return word.raw


def may_need_mask(text: str, marks: frozenset[str]) -> bool:
    # A backslash may hide a letter of a name.
    return "\\" in text or "cred" in text.lower() or may_hold_secret(text) or any(mark in text for mark in marks)
