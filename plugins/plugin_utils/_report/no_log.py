# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the word of `no_log`: Ansible hides the result of such a task, and yet prints errors and warnings in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._report.proof import plural

HIDDEN = "`no_log` hides what and why"
NO_RESULT = "it has failed before it came to the host; `no_log` hides why"

Run = Callable[..., dict[str, Any]]


def without_texts(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result whose error and warnings say how many there are, and no more."""
    counts = result.get("finding_counts", {})
    found = " and ".join(plural(counts[f"{kind}s"], kind) for kind in ("error", "warning") if counts.get(f"{kind}s"))
    shown = f"{found}: {HIDDEN}" if found else HIDDEN
    if result.get("failed"):
        result["msg"] = shown
        # ansible-core prints it in place of the message.
        result.pop("exception", None)
    if result.get("warnings"):
        result["warnings"] = [shown]
    return result


def keeps_no_log(run: Run) -> Run:
    """Decorate `run` of an action plugin so that a task with `no_log` tells nothing of its jobs."""

    @wraps(run)
    def hidden(self: Any, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if not self._task.no_log:
            return run(self, tmp, task_vars)
        try:
            return without_texts(run(self, tmp, task_vars))
        except Exception:  # noqa: BLE001, S110  whatever it says can hold a value
            pass
        # Not within `except`: errors are printed with what they were caused by.
        raise AnsibleActionFail(NO_RESULT)

    return hidden
