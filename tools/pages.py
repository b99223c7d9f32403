# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the pages of docs/ that are made from the code: .venv/bin/python tools/pages.py

docs/findings.md lists the codes of plugins/module_utils/_finding/codes.py. The tables of docs/fields.md and
docs/hardening.md are made from tables of the same names in plugins/plugin_utils/_declare/. A test fails when a page is
not up to date.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / ".cache" / "collections"))

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.codes import GROUPS, Code  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.conditions import (  # noqa: E402
    CONDITIONS,
    Condition,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import (  # noqa: E402
    FIELDS,
    KIND_WORDS,
    Field,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.hardening import (  # noqa: E402
    HARDENING,
    Hardened,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.limits import LIMITS, Limit  # noqa: E402

FINDINGS_HEAD = """\
<!--
SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->
<!-- Made by tools/pages.py: do not edit. -->

# Findings of the proof

Before anything on a host changes, all jobs are proved there. What is wrong with them is shown as one line for each
finding, and the line ends in a code:

```text
report: user "reprots": does not exist on this host; write "reports", or create it before the job [missing-user]
```

| kind | what it does |
|---|---|
| error | Stops the apply for that host. Nothing on it is changed. |
| environment | What the host lacks. An error; with `timer_proof: warn`, and in check mode, a warning. |
| warning | Is shown once for each host, and stops nothing. |

In check mode a task before the role has not made yet what the job needs, and the warning says that it is one for that
reason. The playbook `validate` proves what holds now: there it is an error.

`validate -e offline=true` asks no host. It proves the fields, the templates, and what the text of the jobs tells;
schedules are judged by the systemd of the machine that Ansible runs on, without one by the grammar of this collection.
At the end stands what could not be proved: whatever only the host knows.

A job takes a finding out with its code, where the table says that it can be accepted:

```yaml
- name: report
  schedule: daily
  command: /usr/local/bin/report
  user: reports
  accept: [missing-user]
```

Accepted findings are counted in the result (`finding_counts`) and listed there (`findings`). To accept a finding for
all jobs, set `accept` in `timer_defaults`. A job that has an `accept` of its own takes that one instead.
"""


def row(code: str, found: Code) -> str:
    """Return the line of a code."""
    return f"| `{code}` | {found.kind} | {'yes' if found.acceptable else 'no'} | {found.cause} | {found.fix} |"


def findings_page() -> str:
    """Return docs/findings.md."""
    parts = [FINDINGS_HEAD]
    for title, codes in GROUPS.items():
        head = ["| code | kind | can be accepted | cause | fix |", "|---|---|---|---|---|"]
        parts.append("\n".join([f"## {title}", "", *head, *(row(code, found) for code, found in codes.items())]) + "\n")
    return "\n".join(parts)


NO_DEFAULT = ("", None)


def default_of(field: Field) -> str:
    """Return what holds when a field is left out; nothing where it then does nothing."""
    if field.default in NO_DEFAULT:
        return field.left_out
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def field_row(name: str, field: Field) -> str:
    """Return the line of a field."""
    kind = ", ".join(f"`{choice}`" for choice in field.choices) or KIND_WORDS[field.kind]
    becomes = f"{field.becomes} ({field.since})" if field.since else field.becomes
    return f"| `{name}` | {kind} | {default_of(field)} | {becomes} | `{field.example}` |"


def limit_row(name: str, limit: Limit) -> str:
    """Return the line of a limit."""
    return f"| `{name}` | `{limit.directive}=` | {limit.said} | {limit.does} | `{name}: {limit.example}` |"


def condition_row(name: str, condition: Condition) -> str:
    """Return the line of a condition."""
    return f"| `{name}` | `{condition.directive}=` | {condition.holds} | `{name}: {condition.example}` |"


def hardening_row(directive: str, hardened: Hardened) -> str:
    """Return the line of a directive of the presets."""
    standard, strict = (
        "<br>".join(f"`{value}`" if value else "(empty)" for value in values)
        for values in (hardened.standard, hardened.strict)
    )
    return f"| `{directive}=` | {standard} | {strict} | {hardened.does} |"


# The head of each table, and its lines.
TABLES: dict[str, tuple[str, list[str]]] = {
    "fields": (
        "field | type | default | becomes | example",
        [field_row(name, field) for name, field in FIELDS.items()],
    ),
    "limits": (
        "name | becomes | value | does | example",
        [limit_row(name, limit) for name, limit in LIMITS.items()],
    ),
    "conditions": (
        "name | becomes | holds when | example",
        [condition_row(name, condition) for name, condition in CONDITIONS.items()],
    ),
    "hardening": (
        "directive | standard | strict | does",
        [hardening_row(name, hardened) for name, hardened in HARDENING.items()],
    ),
}
TABLE_END = "<!-- end of table -->\n"


def begin_of(name: str) -> str:
    """Return the line before a table."""
    return f"<!-- table: made by tools/pages.py from plugins/plugin_utils/_declare/{name}.py, do not edit -->\n"


def with_tables(path: str) -> str:
    """Return a page with its tables made anew; what stands around them is written manually."""
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    for name, (head, rows) in TABLES.items():
        before, begin, rest = text.partition(begin_of(name))
        if begin:
            lines = [f"| {head} |", "|---" * len(head.split(" | ")) + "|", *rows]
            text = f"{before}{begin}\n" + "\n".join(lines) + f"\n\n{TABLE_END}{rest.partition(TABLE_END)[2]}"
    return text


PAGES = {
    "docs/findings.md": findings_page,
    **{path: partial(with_tables, path) for path in ("docs/fields.md", "docs/hardening.md")},
}


def main() -> None:
    """Write every page."""
    for path, text in PAGES.items():
        (CHECKOUT / path).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
