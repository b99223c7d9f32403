# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a plan as Ansible shows differences (--diff); pure."""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import masked_pair
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import Request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._observe.model import Observed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._plan.plan import Plan


def diff_of(plan: Plan, observed: Observed, request: Request, surprises: dict[str, str]) -> list[dict[str, str]]:
    """Return the plan as Ansible shows it: a diff per file, and one line for each job that only changes state.

    `surprises`: what becomes of an elapse that has passed, for jobs that have one.
    """
    shown = []
    for diff in (diff for change in plan.changes for diff in change.diffs):
        before, after = masked_pair(diff.before, diff.after)
        shown.append({"before_header": diff.path, "after_header": diff.path, "before": before, "after": after})
    lines = [
        f"{change.name}: {', '.join(change.actions)}" for change in plan.changes if change.actions and not change.diffs
    ]
    lines += [f"{name}: this apply {text}" for name, text in surprises.items() if text]
    if not observed.log_directory_exists:
        lines.append(f"{request.log_directory}: make the directory")
    interrupted = [change.name for change in plan.changes if change.name in observed.dirty]
    if interrupted or observed.leftover:
        lines.append(f"complete an apply that was cut off: {', '.join(interrupted) or 'clean up after it'}")
    if lines:
        shown.append({"prepared": "\n".join(lines) + "\n"})
    return shown
