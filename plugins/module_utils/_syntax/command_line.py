# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the value of ExecStart= and its relatives as systemd does (systemd.service(5), Command lines); pure."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

PREFIXES = "@-:+!|"
_BLANKS = b" \t\n\r"
_QUOTES = b"'\""
_ESCAPES = dict(zip(b"abfnrtv\\\"'s", b"\a\b\f\n\r\t\v\\\"' "))
_BYTE = re.compile(rb"x([0-9A-Fa-f]{2})|([0-7]{3})")
_CHARACTER = re.compile(rb"u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})")
_SPECIFIER = re.compile(r"%(%|[A-Za-z0-9])")


class Command(NamedTuple):
    """One command of a directive (systemd.service(5), Command lines).

    prefix: the characters before the program that change how it runs. path: the program, without them and without
    quotes, `%%` read as `%`. argv: the words that the process gets, unquoted, but no specifier and no variable is
    replaced in them; argv[0] is the program, or the word after it with the prefix `@`. quoted: for each of them
    whether quotes or a backslash stood anywhere in it.
    """

    prefix: str
    path: str
    argv: list[str]
    quoted: list[bool]


class Word(NamedTuple):
    """One word of a value: as it stands there, blanks around it included, and what it means, unquoted."""

    before: str
    raw: str
    after: str
    text: str


class _Broken(Exception):
    """The line ends within quotes."""


# Several checkers look at the same commands; nobody changes what they get.
@functools.lru_cache(maxsize=8192)
def commands_of(value: str) -> list[Command]:
    """Return the commands of a value (systemd.service(5), Command lines); none when a quote is not closed.

    A lone `;` without quotes stands between two commands. What cannot be taken apart systemd refuses itself.
    """
    # Bytes, because `\xHH` stands for a byte of UTF-8 and not for a character.
    line = value.encode("utf-8", "surrogateescape")
    commands: list[Command] = []
    position = _skip_blanks(line, 0)
    try:
        while position < len(line):
            words, position = _words(line, position)
            command = _command(words)
            if command:
                commands.append(command)
    except _Broken:
        return []
    return commands


def words_of(value: str) -> list[Word]:
    """Return the words of any quoted value; joined, their parts are the value. A quote that is not closed ends with it.

    Directives such as Environment= take their values apart in this way, too (systemd.syntax(7), Quoting).
    """
    line = value.encode("utf-8", "surrogateescape")
    words: list[Word] = []
    position = 0
    while position < len(line):
        start = _skip_blanks(line, position)
        try:
            text, end, _quoted = _word(line, start)
        except _Broken:
            text, end = line[start:].lstrip(_QUOTES), len(line)
        raw = line[start:end].rstrip(_BLANKS)
        parts = (line[position:start], raw, line[start + len(raw) : end], text)
        words.append(Word(*(part.decode("utf-8", "surrogateescape") for part in parts)))
        position = end
    return words


def _command(words: list[tuple[str, bool]]) -> Command | None:
    """Make a command of its words; None for no words, or a prefix without a program."""
    if not words:
        return None
    first, quoted = words[0]
    program = first.lstrip(PREFIXES)
    prefix = first[: len(first) - len(program)]
    # With `@` the second word is argv[0]; systemd refuses a line that has none.
    given = words[1:] if "@" in prefix else [(program, quoted), *words[1:]]
    if not program or not given:
        return None
    return Command(prefix, program.replace("%%", "%"), [word for word, _quoted in given], [one for _word, one in given])


def _skip_blanks(line: bytes, position: int) -> int:
    while position < len(line) and line[position] in _BLANKS:
        position += 1
    return position


def _words(line: bytes, position: int) -> tuple[list[tuple[str, bool]], int]:
    """Return the words of one command, and where the next begins."""
    words: list[tuple[str, bool]] = []
    while position < len(line):
        end = position + 1
        if line[position:end] == b";" and (end == len(line) or line[end] in _BLANKS):
            return words, _skip_blanks(line, end)
        word, position, quoted = _word(line, position)
        words.append((word.decode("utf-8", "surrogateescape"), quoted))
        position = _skip_blanks(line, position)
    return words, position


def _word(line: bytes, position: int) -> tuple[bytes, int, bool]:
    """Return one word, where it ends, and whether quotes or a backslash stood in it (systemd.syntax(7), Quoting)."""
    word = bytearray()
    quote = 0
    quoted = False
    while position < len(line):
        char = line[position]
        position += 1
        if char == ord("\\"):
            quoted = True
            meant, position = _escape(line, position)
            word += meant
        elif quote:
            if char == quote:
                quote = 0
            else:
                word.append(char)
        elif char in _QUOTES:
            quote, quoted = char, True
        elif char in _BLANKS:
            break
        else:
            word.append(char)
    if quote:
        raise _Broken
    return bytes(word), position, quoted


def _escape(line: bytes, position: int) -> tuple[bytes, int]:
    """Return what the escape after a backslash stands for, and where it ends (systemd.syntax(7), Quoting).

    An unknown one, a NUL byte, and what is no character stay as they are, with the backslash.
    """
    if line[position : position + 1] == b";" and line[position + 1 : position + 2].strip(_BLANKS) == b"":
        return b";", position + 1
    if position < len(line) and line[position] in _ESCAPES:
        return bytes([_ESCAPES[line[position]]]), position + 1
    byte = _BYTE.match(line, position)
    if byte:
        number = int(byte.group(1), 16) if byte.group(1) else int(byte.group(2), 8)
        if 0 < number < 256:
            return bytes([number]), byte.end()
    character = _CHARACTER.match(line, position)
    if character:
        number = int(character.group(1) or character.group(2), 16)
        if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000:
            return chr(number).encode(), character.end()
    return b"\\" + line[position : position + 1], position + 1


def specifiers(word: str) -> list[str]:
    """Return the specifiers of a word, such as `%h`, known ones or not (systemd.unit(5), Specifiers).

    `%%` is none, and neither is a `%` before what is no letter and no digit: that stays as it is.
    """
    return [found.group() for found in _SPECIFIER.finditer(word) if found.group() != "%%"]


def has_specifier(path: str) -> bool:
    """Tell whether systemd replaces a part of the text (systemd.unit(5), Specifiers)."""
    return bool(specifiers(path))
