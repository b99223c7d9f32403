# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the pages of docs/ that are made from the code: .venv/bin/python tools/pages.py

docs/findings.md lists the codes of plugins/module_utils/_codes.py, and the table of docs/fields.md the fields of
plugins/plugin_utils/_fields.py. A test fails when a page is not up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / ".cache" / "collections"))

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._calendar import OLDEST_VERSION  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._codes import GROUPS, Code  # noqa: E402
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._fields import (  # noqa: E402
    FIELDS,
    KIND_WORDS,
    Field,
)

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
| lacking | What the host does not have yet. An error, and with `timer_proof: warn` a warning. |
| warning | Is shown once for each host, and stops nothing. |

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
KINDS = {"error": "error", "environment": "lacking", "warning": "warning"}


def row(code: str, found: Code) -> str:
    """Return the line of a code."""
    return f"| `{code}` | {KINDS[found.kind]} | {'yes' if found.acceptable else 'no'} | {found.cause} | {found.mend} |"


def findings_page() -> str:
    """Return docs/findings.md."""
    parts = [FINDINGS_HEAD]
    for title, codes in GROUPS.items():
        head = ["| code | kind | can be accepted | cause | mend |", "|---|---|---|---|---|"]
        parts.append("\n".join([f"## {title}", "", *head, *(row(code, found) for code, found in codes.items())]) + "\n")
    return "\n".join(parts)


FIELDS_PAGE = "docs/fields.md"
TABLE_BEGIN = "<!-- table: made by tools/pages.py from plugins/plugin_utils/_fields.py, do not edit -->\n"
TABLE_END = "<!-- end of table -->\n"
NO_DEFAULT = ("", None)


def default_of(field: Field) -> str:
    """Return what holds when a field is left out; nothing where it then does nothing."""
    if field.default in NO_DEFAULT:
        return field.left_out
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def field_row(name: str, field: Field) -> str:
    """Return the line of a field."""
    kind = ", ".join(f"`{choice}`" for choice in field.choices) or KIND_WORDS[field.kind]
    since = field.since or OLDEST_VERSION
    return f"| `{name}` | {kind} | {default_of(field)} | {field.becomes} | {since} | `{field.example}` |"


def fields_page() -> str:
    """Return docs/fields.md with its table made anew; what stands around it is written by hand."""
    before, _old, rest = (CHECKOUT / FIELDS_PAGE).read_text(encoding="utf-8").partition(TABLE_BEGIN)
    after = rest.partition(TABLE_END)[2]
    head = ["| field | type | default | becomes | systemd | example |", "|---|---|---|---|---|---|"]
    table = "\n".join([*head, *(field_row(name, field) for name, field in FIELDS.items())])
    return f"{before}{TABLE_BEGIN}\n{table}\n\n{TABLE_END}{after}"


PAGES = {"docs/findings.md": findings_page, FIELDS_PAGE: fields_page}


def main() -> None:
    """Write every page."""
    for path, text in PAGES.items():
        (CHECKOUT / path).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
