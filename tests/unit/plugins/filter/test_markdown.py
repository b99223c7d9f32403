# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts in Markdown are shown as they are, to a real renderer."""

from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ansible_collections.dotmobi.systemd_timers.plugins.filter.markdown import FilterModule
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._text import markdown
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.hostile_markdown import HOSTILE

RENDERER = MarkdownIt("commonmark").enable("table")
markdown_filter = FilterModule().filters()["markdown"]


def shown(html: str) -> str:
    """What a reader sees of a bit of HTML that holds no tags but those of the renderer."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        html = html.replace(entity, character)
    return html


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_shown_as_it_is(text: str) -> None:
    expected = markdown.one_line(text)
    assert shown(RENDERER.render(markdown_filter(text)).strip()) == f"<p>{expected}</p>"
    table = RENDERER.render(
        f"| a | b |\n|---|---|\n| {markdown_filter(text)} | {markdown_filter(text, 'code_cell')} |\n"
    )
    assert [shown(cell) for cell in re.findall("<td>(.*)</td>", table)] == [expected, f"<code>{expected}</code>"]
    assert (
        shown(RENDERER.render(f"x {markdown_filter(text, 'code')} x").strip()) == f"<p>x <code>{expected}</code> x</p>"
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_every_text_is_shown_as_it_is(text: str) -> None:
    expected = markdown.one_line(text)
    if expected:
        assert shown(RENDERER.render(f"- x {markdown.plain(text)}")) == f"<ul>\n<li>x {expected}</li>\n</ul>\n"


@given(st.text("`a\n# ", max_size=40))
def test_no_text_ends_its_block(text: str) -> None:
    tokens = RENDERER.parse(markdown.block(text, "ini"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == (text if text.endswith("\n") or not text else f"{text}\n")


def test_the_filter_refuses_another_kind() -> None:
    with pytest.raises(AnsibleFilterError, match="the kind is one of text, code"):
        markdown_filter("x", "html")
