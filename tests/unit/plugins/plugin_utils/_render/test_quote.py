# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No value leaves its line, and exact values come back exactly, as systemd reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax import unit_file
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.field import check_field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.errors import BadValue
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render import quote
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._render.render import render
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile import BREAKS, hostile
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import TEMPLATES, complete
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.systemd_syntax import (
    NotExactError,
    command_line,
    environment,
    read_unit,
    specifiers,
    variables,
    words,
)

thorough = settings(max_examples=200, deadline=None)


# The reader of the tests itself: it has to tell what is exact from what is not.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[A]\nx=1\n y = 2 \n", [("A", "x", "1"), ("A", "y", "2")]),
        ("[A]\n#c\\\nx=1", [("A", "x", "1")]),
        ("[A]\nx=1\\\n ;c\ny=2\n", [("A", "x", "1 y=2")]),
        ("[A]\nx=1\\\\\ny=2", [("A", "x", "1\\\\"), ("A", "y", "2")]),
        ("[A]\nx=1\ry=2", [("A", "x", "1"), ("A", "y", "2")]),
    ],
)
def test_reader_of_units(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert read_unit(text) == expected


@pytest.mark.parametrize("text", ["[A]\nx", "x=1", "[A\nx=1", "[A]\nx=1\\"])
def test_reader_refuses_what_is_no_unit(text: str) -> None:
    with pytest.raises(NotExactError):
        read_unit(text)


def test_reader_of_words() -> None:
    assert words("a  'b c'\"d\" \\x41\\s\\n") == ["a", "b cd", "A \n"]
    assert variables("a$$b$c") == "a$b$c"
    assert specifiers("50%% %%n") == "50% %n"
    for broken in ('"a', "\\q", "\\x0"):
        with pytest.raises(NotExactError):
            words(broken)
    for expanded in ("$A", "a${B}"):
        with pytest.raises(NotExactError):
            variables(expanded)
    for line in ("-/bin/a", "/bin/a ; /bin/b", "/bin/a %n"):
        with pytest.raises(NotExactError):
            command_line(line)


# One value.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("--key=a,b:c/d+e@f.g", "--key=a,b:c/d+e@f.g"),
        ("", '""'),
        (7, "7"),
        ("two words", '"two words"'),
        (";", '";"'),
        ("+%Y%m%d", '"+%%Y%%m%%d"'),
        ("$HOME", '"$$HOME"'),
        ('say "hi"', r'"say \"hi\""'),
        ("C:\\new", r'"C:\\new"'),
        ("a\nb\tc\x7f", r'"a\nb\x09c\x7f"'),
        ("it's", '"it\'s"'),
    ],
)
def test_word(value: Any, expected: str) -> None:
    assert quote.word(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/bin/sh", "/bin/sh"),
        ("/opt/my tool", '"/opt/my tool"'),
        ("/opt/$x%", '"/opt/$x%%"'),
    ],
)
def test_program_is_not_expanded(value: str, expected: str) -> None:
    assert quote.program(value) == expected


def test_command() -> None:
    assert quote.command(["/bin/sh", "-c", "echo $HOME; date +%F"]) == '/bin/sh -c "echo $$HOME; date +%%F"'
    text = "-/bin/sh -c 'echo ${HOME}' %n ; /bin/true"
    assert quote.command(text) == text


def test_plain_and_assignment() -> None:
    assert quote.plain("50 % of $HOME") == "50 %% of $HOME"
    assert quote.assignment("A", 'say "$HOME" 50%\n') == r'"A=say \"$HOME\" 50%%\n"'


@thorough
@given(st.lists(hostile, max_size=4))
def test_arguments_reach_the_process(arguments: list[str]) -> None:
    assert command_line(quote.command(["/bin/x", *arguments])) == ["/bin/x", *arguments]


@thorough
@given(hostile)
def test_variables_reach_the_process(value: str) -> None:
    assert environment(quote.assignment("NAME", value)) == [("NAME", value)]


@thorough
@given(hostile)
def test_a_plain_value_has_no_specifier(value: str) -> None:
    assert specifiers(quote.plain(value)) == value


# Whole units.

TEXT_FIELDS = ("description", "working_directory", "environment_file", "output", "user", "group")
SERVICE_LINES = [
    ("Unit", "Description"),
    ("Unit", "Documentation"),
    ("Service", "Type"),
    ("Service", "ExecStart"),
    ("Service", "WorkingDirectory"),
    ("Service", "User"),
    ("Service", "Group"),
    ("Service", "StandardOutput"),
    ("Service", "StandardError"),
    ("Service", "Environment"),
    ("Service", "Environment"),
    ("Service", "EnvironmentFile"),
    ("Service", "Nice"),
    ("Install", "WantedBy"),
    ("X-Ansible", "Owner"),
    ("X-Ansible", "Job"),
]
TIMER_LINES = [
    ("Unit", "Description"),
    ("Timer", "Unit"),
    ("Timer", "OnCalendar"),
    ("Timer", "OnCalendar"),
    ("Timer", "OnBootSec"),
    ("Timer", "OnActiveSec"),
    ("Timer", "OnUnitActiveSec"),
    ("Timer", "AccuracySec"),
    ("Timer", "RandomizedDelaySec"),
    ("Timer", "FixedRandomDelay"),
    ("Timer", "Persistent"),
    ("Timer", "RemainAfterElapse"),
    ("Install", "WantedBy"),
    ("X-Ansible", "Owner"),
    ("X-Ansible", "Job"),
]
HARMLESS: dict[str, Any] = {
    "name": "job",
    "description": "a job",
    "command": "/bin/true",
    "working_directory": "/srv",
    "user": "nobody",
    "group": "nogroup",
    "output": "journal",
    "environment": {"A": "1", "B": "2"},
    "environment_file": "/etc/default/job",
    "schedule": ["daily", "hourly"],
    "timezone": "UTC",
    "on_boot": "1h",
    "every": "2h",
    "accuracy": "1s",
    "jitter": "5min",
    "unit": {"Documentation": "man:true(1)"},
    "service": {"Nice": "5"},
    "timer": {"RemainAfterElapse": "true"},
    "install": {"WantedBy": "default.target"},
}


def lines_of(job: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """Return section and directive of every line of the two units, as systemd reads them."""
    return [[line[:2] for line in read_unit(text)] for text in render(TEMPLATES, job, "default")[:2]]


def with_hostile(field: str, text: str) -> Any:
    """Put the text where the field takes one."""
    value = HARMLESS[field]
    if isinstance(value, dict):
        return {**value, next(iter(value)): text}
    if isinstance(value, list):
        return [value[0], text]
    return f"/{text}" if str(value).startswith("/") else text


def test_the_harmless_job_has_these_lines() -> None:
    assert lines_of(complete(**HARMLESS)) == [SERVICE_LINES, TIMER_LINES]


@pytest.mark.parametrize("field", [name for name in HARMLESS if name != "name"])
@given(text=hostile)
@settings(max_examples=80, deadline=None)
def test_no_value_adds_a_line(field: str, text: str) -> None:
    value = with_hostile(field, text)
    try:
        check_field(field, value)
    except BadValue:
        return
    assert lines_of(complete(**{**HARMLESS, field: value})) == [SERVICE_LINES, TIMER_LINES]


@pytest.mark.parametrize("separator", BREAKS)
@pytest.mark.parametrize("field", [name for name in HARMLESS if name != "name"])
def test_no_line_break_of_any_kind_adds_a_line(field: str, separator: str) -> None:
    value = with_hostile(field, f"a{separator}ExecStartPre=/bin/evil")
    try:
        check_field(field, value)
    except BadValue:
        assert field not in ("environment", "command") or isinstance(value, str)
        return
    assert lines_of(complete(**{**HARMLESS, field: value})) == [SERVICE_LINES, TIMER_LINES]


@thorough
@given(hostile)
def test_any_name_stays_a_name(text: str) -> None:
    try:
        name = check_field("name", text)
    except BadValue:
        return
    assert name == text
    assert lines_of(complete(**{**HARMLESS, "name": name})) == [SERVICE_LINES, TIMER_LINES]
    assert "/" not in name
    assert len(f"stamp-{name}.timer".encode()) <= 255


@thorough
@given(st.lists(hostile, max_size=3), hostile)
def test_exact_values_stand_in_the_unit(arguments: list[str], value: str) -> None:
    job = complete(**{**HARMLESS, "command": ["/bin/x", *arguments], "environment": {"A": value, "B": "2"}})
    service, _timer = render(TEMPLATES, job, "default")[:2]
    found = read_unit(service)
    assert [command_line(text) for _section, key, text in found if key == "ExecStart"] == [["/bin/x", *arguments]]
    assert [environment(text) for _section, key, text in found if key == "Environment"] == [
        [("A", value)],
        [("B", "2")],
    ]


@pytest.mark.parametrize("field", TEXT_FIELDS)
@given(text=hostile)
@settings(max_examples=80, deadline=None)
def test_texts_come_back(field: str, text: str) -> None:
    value = with_hostile(field, text)
    try:
        checked = check_field(field, value)
    except BadValue:
        return
    directive = {
        "description": "Description",
        "working_directory": "WorkingDirectory",
        "user": "User",
        "group": "Group",
    }
    directive |= {"environment_file": "EnvironmentFile", "output": "StandardOutput"}
    service, _timer = render(TEMPLATES, complete(**{**HARMLESS, field: value}), "default")[:2]
    assert [specifiers(text) for _section, key, text in read_unit(service) if key == directive[field]] == [checked]


@pytest.mark.parametrize("kind", ["unit", "service", "timer", "install"])
@given(text=hostile)
@settings(max_examples=60, deadline=None)
def test_a_directive_has_its_value_to_the_letter(kind: str, text: str) -> None:
    directive = next(iter(HARMLESS[kind]))
    try:
        check_field(kind, {directive: text})
    except BadValue:
        return
    rendered = render(TEMPLATES, complete(**{**HARMLESS, kind: {directive: text}}), "default")[:2]
    found = read_unit(rendered[1] if kind == "timer" else rendered[0])
    assert (kind.capitalize(), directive, text) in found


@thorough
@given(hostile)
def test_our_own_reader_of_units_agrees(text: str) -> None:
    """The one that the plan compares with: what systemd takes for one assignment is one."""
    job = complete(**{**HARMLESS, "environment": {"A": text}, "command": ["/bin/x", text]})
    for unit in render(TEMPLATES, job, "default")[:2]:
        assert [found[:3] for found in unit_file.parse(unit)] == read_unit(unit)
