# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter markdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text import markdown

DOCUMENTATION = r"""
name: markdown
short_description: Escape a string for Markdown, to show it as it is
version_added: 0.1.0
description:
  - Escapes a string for CommonMark and the tables of GitHub. No markup, HTML or bar in it has an effect.
positional: _input
options:
  _input:
    description: The string.
    type: str
    required: true
  kind:
    description:
      - V(text) for a line or a table cell. V(code) for code within a line, V(code_cell) for code within a table cell.
      - V(block) for a code block of several lines, on lines of its own.
    type: str
    choices: [text, code, code_cell, block]
    default: text
  language:
    description: With V(block), the language of the code.
    type: str
    default: ""
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Write a line of a table
  ansible.builtin.debug:
    # | \*every\* hour | `a \| b` |
    msg: "| {{ '*every* hour' | dotmobi.systemd_timers.markdown }} |
      {{ 'a | b' | dotmobi.systemd_timers.markdown('code_cell') }} |"
"""

RETURN = r"""
_value:
  description: The Markdown.
  type: str
"""


def markdown_filter(value: Any, kind: str = "text", language: str = "") -> str:
    """Return a text as Markdown that shows it."""
    kinds: dict[str, Callable[[str], str]] = {
        "text": markdown.plain,
        "code": markdown.code,
        "code_cell": markdown.code_cell,
        "block": lambda text: markdown.block(text, language),
    }
    if kind not in kinds:
        raise AnsibleFilterError(f"markdown: the kind is one of {', '.join(kinds)}, not {kind!r}")
    return kinds[kind](str(value))


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file."""
        return {"markdown": markdown_filter}
