# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files as systemd itself reads them, written from its manual and source and from nothing of this collection."""

from __future__ import annotations

import re

WHITESPACE = " \t\n\r"
PREFIXES = "-@:+!|"
ESCAPES = dict(zip("abfnrtv\\\"'s", "\a\b\f\n\r\t\v\\\"' ", strict=True))
CODES = {"x": 2, "u": 4, "U": 8}


class NotExactError(Exception):
    """systemd would refuse this, or make something else of it than the text that stands there."""


def read_unit(text: str) -> list[tuple[str, str, str]]:
    """Return (section, directive, value) of a unit file in order (systemd.syntax(7); config_parse() of systemd)."""
    found = []
    section = continued = ""
    for line in re.split("\r\n|\n\r|[\n\r\0]", text):
        start = line.lstrip(WHITESPACE)
        if start.startswith(("#", ";")):
            continue
        whole = continued + (line if continued else start)
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            continued = whole[:-1] + " "
            continue
        continued = ""
        whole = whole.strip(WHITESPACE)
        if whole.startswith("["):
            if not whole.endswith("]"):
                raise NotExactError(f"bad section header: {whole}")
            section = whole[1:-1]
        elif whole:
            key, equals, value = whole.partition("=")
            if not equals or not section:
                raise NotExactError(f"neither section nor assignment: {whole!r}")
            found.append((section, key.rstrip(WHITESPACE), value.lstrip(WHITESPACE)))
    if continued:
        raise NotExactError(f"goes on after the end: {continued!r}")
    return found


def specifiers(text: str) -> str:
    """Resolve specifiers (systemd.unit(5)); any but %% would put something else there."""
    if re.search("%(?!%)", text.replace("%%", "")):
        raise NotExactError(f"a specifier in {text!r}")
    return text.replace("%%", "%")


def words(text: str) -> list[str]:
    """Split and unquote a value (systemd.syntax(7), Quoting; extract_first_word() of extract-word.c)."""
    found = []
    position = 0
    while True:
        while position < len(text) and text[position] in WHITESPACE:
            position += 1
        if position == len(text):
            return found
        word, position = _word(text, position)
        found.append(word)


def _word(text: str, position: int) -> tuple[str, int]:
    word = quote = ""
    while position < len(text):
        char = text[position]
        position += 1
        if char == "\\":
            char, position = _escape(text, position)
            word += char
        elif quote:
            quote, word = ("", word) if char == quote else (quote, word + char)
        elif char in "\"'":
            quote = char
        elif char in WHITESPACE:
            return word, position
        else:
            word += char
    if quote:
        raise NotExactError(f"unbalanced quotes: {text!r}")
    return word, position


def _escape(text: str, position: int) -> tuple[str, int]:
    kind = text[position : position + 1]
    if kind and kind in ESCAPES:
        return ESCAPES[kind], position + 1
    digits = text[position + 1 : position + 1 + CODES.get(kind, 0)]
    if kind in CODES and re.fullmatch("[0-9A-Fa-f]+", digits) and len(digits) == CODES[kind] and int(digits, 16):
        return chr(int(digits, 16)), position + 1 + len(digits)
    raise NotExactError(f"unknown escape: {text!r}")


def variables(word: str) -> str:
    """Substitute variables in an argument (systemd.service(5), Command lines); any but $$ would change it."""
    if re.match(r"\$(?![\${])", word) or re.search(r"\$\{", word.replace("$$", "")):
        raise NotExactError(f"a variable in {word!r}")
    return word.replace("$$", "$")


def command_line(value: str) -> list[str]:
    """Return the arguments that a process gets from an ExecStart= of one command without prefixes."""
    if re.search(r"(^|[ \t]);([ \t]|$)", re.sub(r'"(\\.|[^"\\])*"', "", value)):
        raise NotExactError(f"more than one command: {value!r}")
    program, *arguments = [specifiers(word) for word in words(value)]
    if not program or program[0] in PREFIXES:
        raise NotExactError(f"a prefix: {program!r}")
    return [program, *(variables(argument) for argument in arguments)]


def environment(value: str) -> list[tuple[str, str]]:
    """Return the variables of one Environment= (systemd.exec(5)); nothing is expanded but specifiers."""
    found = []
    for word in words(value):
        name, equals, content = specifiers(word).partition("=")
        if not equals or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            raise NotExactError(f"no assignment: {word!r}")
        found.append((name, content))
    return found
