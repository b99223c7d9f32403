# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksum in a unit file: an edit is noticed, and no secret can be guessed from it."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.checksum import is_edited, sealed, unsealed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import masked_pair, masked_units


class TestSeal:
    TEXT = "[Service]\nExecStart=/bin/true\n\n[X-Ansible]\nOwner=default\nJob=backup\n"

    def test_a_sealed_text_is_as_it_was_written(self) -> None:
        text = sealed(self.TEXT)
        assert text.startswith(self.TEXT)
        assert unsealed(text) == self.TEXT
        assert sealed(text) == text
        assert not is_edited(text)

    @pytest.mark.parametrize("edit", [("true", "false"), ("Owner=default\n", ""), ("Hash=", "Hash=0")])
    def test_any_edit_is_noticed(self, edit: tuple[str, str]) -> None:
        assert is_edited(sealed(self.TEXT).replace(*edit))

    def test_what_was_never_sealed_is_not_edited(self) -> None:
        assert not is_edited(self.TEXT)
        assert not is_edited("")
        assert sealed("[Service]\nExecStart=/bin/true\n") == "[Service]\nExecStart=/bin/true\n"
        assert sealed("") == ""

    def test_bytes_that_are_no_text_do_not_hinder(self) -> None:
        text = self.TEXT.replace("true", "tr\udcffue")
        assert not is_edited(sealed(text))

    def test_a_secret_is_not_part_of_it(self) -> None:
        with_secret = self.TEXT.replace("ExecStart=", "Environment=API_TOKEN=one\nExecStart=")
        other = with_secret.replace("=one", "=two")
        assert sealed(with_secret).split("\n")[-2] == sealed(other).split("\n")[-2]


@pytest.mark.parametrize(
    "line",
    [
        "Environment=A=b API_TOKEN=x",
        "# API_TOKEN=x",
        "SetCredential=a:b",
        "ExecStart=/bin/x --token y",
        "ExecStart=/bin/x \\\n  --token y",
        "ExecStart=/bin/x \\\n# API_TOKEN=x\n  more",
        "",
    ],
)
def test_a_text_is_masked_as_in_a_diff(line: str) -> None:
    text = f"[Service]\n{line}\nNice=5\n\n[X-Ansible]\nOwner=default\nJob=backup\n"
    assert masked_units(text) == [masked_pair(text, text)[0]]
