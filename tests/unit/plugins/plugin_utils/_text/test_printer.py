# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed for people: harmless for their terminal, and by a process that survives a closed pipe."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.failure import (
    failure_lines,
    is_own,
    without_host,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text import printer
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.amounts import BAD, Shown
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.output import Output
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text.printable import (
    STEERING,
    printable,
    printable_diff,
    printable_lines,
)

ROOT = Path(__file__).resolve().parents[5]
ROWS = "{% for i in range(400) %}{{ found.append(row | combine({'name': 'j' ~ i})) }}{% endfor %}{{ found }}"
PLAYBOOK = f"""
- hosts: localhost
  gather_facts: false
  vars:
    found: []
    row: {{state: present, active: active (waiting), armed: now, next_elapse: "2027-01-01", schedule_text: every day}}
  tasks:
    - dotmobi.systemd_timers.timer_table:
        jobs: {{localhost: "{{% set found = [] %}}{ROWS}"}}
        limit: 1000
      loop: [1, 2, 3, 4]
    - ansible.builtin.debug: {{msg: the end}}
"""


@given(st.text(st.characters(codec=None)))
def test_nothing_steers_the_terminal(text: str) -> None:
    shown = printable(text)
    assert all(one == "\t" or unicodedata.category(one) not in STEERING for one in shown)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Übung, 日本語\tand\u00a0more", "Übung, 日本語\tand\u00a0more"),
        ("\x1b]0;title\a", "\\x1b]0;title\\x07"),
        ("one\ntwo\r", "one\\ntwo\\r"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("\x9b31m", "\\x9b31m"),
        ("Z\udce9", "Z\\udce9"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_what_steers_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_only_a_line_feed_ends_a_line_of_a_message() -> None:
    assert printable_lines("one\ntwo\x85three") == ["one", "two\\x85three"]


def test_a_diff_is_harmless() -> None:
    given = {"before": "a\nb\x1b[1A\n", "after": {"x": "\x1b"}, "before_header": "c\u202e"}
    assert printable_diff(given) == {"before": "a\nb\\x1b[1A\n", "after": {"x": "\x1b"}, "before_header": "c\\u202e"}
    assert printable_diff(None) is None


class Recorder:
    """Notes what is printed. No `Display`: of that there is one in a process, whatever it is made with."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.printed: list[tuple[str, Any]] = []

    def display(self, msg: str, color: str | None = None, **_more: Any) -> None:
        if self.error:
            raise self.error
        self.printed.append((msg, color))


class Streams:
    """Notes what is printed, and whether as an error."""

    b_cowsay = None
    columns = 40

    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []

    def display(self, msg: str, color: str | None = None, stderr: bool = False, **_more: Any) -> None:  # noqa: ARG002
        self.lines.append((msg, stderr))


def test_lines_are_printed_with_their_moods() -> None:
    display = Recorder()
    result: dict[str, Any] = {printer.KEY: [["fine\x1b[1A", ""], ["bad", BAD]]}
    printer.print_result(display, result)
    assert display.printed == [("fine\\x1b[1A", None), ("bad", printer.COLOURS[BAD])]
    assert result == {}


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_a_closed_pipe_is_no_error(error: Exception) -> None:
    printer.write(Recorder(error), [["a line", ""]])


def test_one_callback_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    display = Recorder()
    monkeypatch.setattr(printer, "Display", lambda: display)
    alone: dict[str, Any] = {}
    printer.put(alone, [Shown("a\x1bb")])
    # As `debug` does it.
    assert alone == {"msg": ["a\\x1bb"], "_ansible_verbose_always": True}
    assert printer.install(display)
    assert not printer.install(display)
    found: dict[str, Any] = {}
    printer.put(found, [Shown("a\x1bb", BAD)])
    assert found == {printer.KEY: [["a\x1bb", BAD]]}


@pytest.mark.parametrize("aside", [False, True])
def test_a_callback_prints_aside_when_standard_output_is_for_a_program(aside: bool) -> None:
    display = Streams()
    output = Output(display)
    output.aside = aside
    output.display("a line")
    output.banner("A HEAD")
    assert [to_error for _text, to_error in display.lines] == [aside, aside]
    assert display.lines[1][0].startswith("\nA HEAD ***")
    # What is the same as before.
    assert output.columns == display.columns


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_a_callback_survives_a_closed_pipe(error: Exception) -> None:
    output = Output(Recorder(error))
    output.display("a line")


@pytest.mark.parametrize(
    ("callback", "unbuffered"),
    [("default", "1"), ("dotmobi.systemd_timers.plain", ""), ("dotmobi.systemd_timers.plain", "1")],
)
def test_a_pipe_that_closes_ends_the_playbook(tmp_path: Path, callback: str, unbuffered: str) -> None:
    book = tmp_path / "book.yml"
    book.write_text(PLAYBOOK, encoding="utf-8")
    process = subprocess.Popen(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", "-c", "local", book],
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_HOME": str(tmp_path),
            "ANSIBLE_STDOUT_CALLBACK": callback,
            "PYTHONUNBUFFERED": unbuffered,
        },
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "errors").open("w"),
        text=True,
    )
    assert isinstance(process.stdout, io.TextIOBase)
    head = [process.stdout.readline() for _line in range(6)]
    process.stdout.close()
    try:
        # The rest has nobody who reads it; the tasks go on to their end.
        assert process.wait(timeout=120) == 0, head
    finally:
        process.kill()
    if callback != "default":
        assert "callback" not in (tmp_path / "errors").read_text(encoding="utf-8")


def test_what_a_module_has_printed_that_did_not_start() -> None:
    result = {"msg": "MODULE FAILURE: no start of json", "module_stderr": "no\nspace", "module_stdout": "", "rc": 1}
    assert failure_lines(result) == ["MODULE FAILURE: no start of json", "module_stderr:", "  no", "  space"]


def test_what_ssh_says_has_no_empty_line() -> None:
    assert failure_lines({"msg": "cannot be reached:\r\n refused\r\n"}) == ["cannot be reached:", " refused"]


def test_an_error_without_a_message_says_where_there_is_more() -> None:
    assert failure_lines({"msg": ""}) == ["it says nothing; -v shows all of the result"]


def test_of_the_check_of_a_role_only_the_errors_are_shown() -> None:
    for message in ("Validation of arguments failed:", "Validation of arguments failed:\nno"):
        result = {"msg": message, "argument_errors": ["no"], "argument_spec_data": {"jobs": {}}}
        assert is_own("ansible.builtin.validate_argument_spec", result)
        assert failure_lines(result) == ["Validation of arguments failed:", "no"]


def test_of_a_traceback_the_last_line_is_shown() -> None:
    trace = 'Traceback (most recent call last):\n  File "x", line 1\n    x()\nOSError: [Errno 28] No space left\n'
    for before in ("", "sudo: unable to resolve\n"):
        shown = [f"  {line}" for line in [*before.splitlines(), "OSError: [Errno 28] No space left"]]
        assert failure_lines({"msg": "MODULE FAILURE", "module_stderr": before + trace})[2:] == shown


def test_hosts_with_the_same_error_share_it() -> None:
    assert without_host("web1: 1 error in 1 job:", "web1") == without_host("web2: 1 error in 1 job:", "web2")
    assert without_host("web10: no", "web1") == "web10: no"
