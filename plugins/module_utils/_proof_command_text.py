from __future__ import annotations


def check_specifiers(view, version):
    return []


def check_variables(view, known):
    return []


def check_shell_syntax(view):
    return []


def check_argument_length(view):
    return []


def check_relative(view):
    return []
