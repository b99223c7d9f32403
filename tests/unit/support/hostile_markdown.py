# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that mean something to Markdown, HTML or Jinja."""

from __future__ import annotations

HOSTILE = [
    "*bold* _too_ **and** `code`",
    "<script>alert(1)</script> &amp; <b>",
    "a | b || c",
    "[link](http://example.com) ![x](y)",
    "# heading",
    "- list",
    "1. list",
    "+ list",
    "back\\slash \\* \\|",
    "~~gone~~ $math$",
    "```\nfence\n```",
    "line\nbreak\r\n\r\n# two",
    "`` ` ``",
    "{{ 1 + 1 }} {% endraw %} {# x #}",
    "\x1b[31mred",
    "<!-- comment -->",
    "| --- |",
]
