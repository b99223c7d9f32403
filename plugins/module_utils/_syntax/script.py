# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which script a command line runs, and what a script's first line says; pure."""

from __future__ import annotations

import os
import re
from typing import NamedTuple, Sequence


class Interpreter(NamedTuple):
    """How an interpreter reads its options: those that take the next word, and those after which no script comes."""

    takes_word: str = ""
    no_script: str = ""


INTERPRETERS = {
    "python": Interpreter("WX", "cm"),
    "pypy": Interpreter("WX", "cm"),
    "sh": Interpreter("o", "cs"),
    "bash": Interpreter("oO", "cs"),
    "dash": Interpreter("o", "cs"),
    "ksh": Interpreter("o", "cs"),
    "zsh": Interpreter("o", "cs"),
    "perl": Interpreter("I", "eE"),
    "ruby": Interpreter("rI", "e"),
    "php": Interpreter("cdz", "rfBRF"),
    "node": Interpreter("r", "ep"),
    "nodejs": Interpreter("r", "ep"),
    "lua": Interpreter("l", "e"),
    "Rscript": Interpreter("", "e"),
}
_VERSION = re.compile(r"[-0-9.]+$")
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
# Commands and key words of a shell that are no programs.
BUILTINS = frozenset(
    (
        *(".", "source", "cd", "export", "set", "unset", "alias", "eval", "exec", "ulimit", "umask", "trap", "wait"),
        *("read", "local", "declare", "typeset", "shopt", "pushd", "popd"),
        *("if", "for", "while", "until", "case", "select", "function", "[[", "(("),
    )
)


def script_of(argv: Sequence[str]) -> str:
    """Return the script that an interpreter on this command line is given, or an empty text when nobody can tell."""
    name = os.path.basename(argv[0]) if argv else ""
    words = list(argv[1:])
    if name == "env":
        while words and ASSIGNMENT.match(words[0]):
            words.pop(0)
        return script_of(words) if words and not words[0].startswith("-") else ""
    interpreter = INTERPRETERS.get(name) or INTERPRETERS.get(_VERSION.sub("", name))
    if interpreter is None:
        return ""
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if word in ("-", "+") or not word.startswith(("-", "+")):
            return "" if word in ("-", "+") else word
        if word.startswith("--"):
            # A long option may take the next word or not.
            if "=" not in word:
                return ""
            continue
        letters = word[1:]
        if any(letter in letters for letter in interpreter.no_script):
            return ""
        if letters[-1:] and letters[-1] in interpreter.takes_word and words:
            words.pop(0)
    return words[0] if words else ""


def is_shell_word(program: str) -> bool:
    """Tell whether only a shell takes the word for a command: a builtin, an assignment, or a `;` at its end."""
    return program.lstrip("(") in BUILTINS or bool(ASSIGNMENT.match(program)) or program.endswith(";")


def interpreter_of(head: bytes) -> list[str] | None:
    """Return the words of a script's `#!` line, with an empty one when it names nothing; None when there is none.

    The kernel takes all after the interpreter as one argument; `env -S` splits it (execve(2)).
    """
    if not head.startswith(b"#!"):
        return None
    first = head.split(b"\n", 1)[0][2:].decode("utf-8", "replace").strip(" \t")
    return re.split(r"[ \t]+", first)
