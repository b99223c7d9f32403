# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows findings and messages without the secrets in them; pure."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import Finding
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import (
    CREDENTIAL_KEY,
    SECRET,
    masked_value,
    may_need_mask,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.secrets import looks_secret

# In a sentence: what follows `NAME=`, the begin of each word, a private key.
_IN_A_SENTENCE = re.compile(r"""(?<![\w.-])(?P<name>[\w.-]+)=(?=\S)|(?:^|(?<=[\s"'(]))(?=\S)|(?=-----BEGIN)""")
# Where a message of systemd begins to repeat what stands in the file.
_REPEATS = re.compile(r""":\s|\sin\s|\s["']""")


def masked_finding(finding: Finding, marks: Iterable[str] = ()) -> Finding:
    """Return a finding without secrets."""
    names = frozenset(marks)
    return finding._replace(
        value=_masked_data(finding.field.rsplit(".", 1)[-1], finding.value, names),
        reason=_masked_sentence(finding.reason, names),
        fix=_masked_sentence(finding.fix, names),
    )


def masked_findings(findings: Iterable[Finding], marks: Mapping[str, Iterable[str]]) -> list[Finding]:
    """Return findings without secrets; `marks`: job to the variables that it marks as secret."""
    everywhere = frozenset(name for names in marks.values() for name in names)
    return [masked_finding(finding, marks.get(finding.job, everywhere)) for finding in findings]


def _masked_data(key: str, value: Any, marks: frozenset[str]) -> Any:
    """Return a declared value of any form without the secrets in it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        hidden = bool(CREDENTIAL_KEY.match(key))
        return {name: SECRET if hidden else _masked_data(str(name), item, marks) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked_data(key, item, marks) for item in value]
    text = str(value)
    if key in marks or looks_secret(key, text):
        return SECRET
    masked = masked_value(key, text, marks)
    return value if masked == text else masked


def _masked_sentence(text: str, marks: frozenset[str]) -> str:
    """Return a message up to the first secret in it: where a secret ends in the midst of words nobody can tell."""
    if not may_need_mask(text, marks):
        return text
    for found in _IN_A_SENTENCE.finditer(text):
        name = found.group("name") or ""
        if name in marks or looks_secret(name, text[found.end() :]):
            return f"{text[: found.end()]}{SECRET}"
    return text


def without_quotation(message: str) -> str:
    """Return what systemd says of a line, up to where it repeats the line."""
    return _REPEATS.split(message, maxsplit=1)[0]
