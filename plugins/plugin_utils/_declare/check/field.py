# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the value of one field: which kind has which check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.files import (
    check_credentials,
    check_environment_file,
    check_script,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.notify import (
    check_heartbeat,
    check_notice,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.runs import (
    check_concurrency,
    check_duration,
    check_retries,
    check_token,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.settings import (
    check_conditions,
    check_directives,
    check_directories,
    check_environment,
    check_limits,
    check_paths,
    check_variables,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.text import (
    check_bool,
    check_choice,
    check_codes,
    check_command,
    check_commands,
    check_name,
    check_names,
    check_path,
    check_spread,
    check_text,
    check_texts,
    check_user,
    check_zone,
)
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS, Field

CHECKERS: dict[str, Callable[[Any, Field], Any]] = {
    "text": check_text,
    "texts": check_texts,
    "path": check_path,
    "span": check_text,
    "zone": check_zone,
    "user": check_user,
    "bool": check_bool,
    "choice": check_choice,
    "name": check_name,
    "names": check_names,
    "codes": check_codes,
    "command": check_command,
    "commands": check_commands,
    "environment": check_environment,
    "environment_file": check_environment_file,
    "credentials": check_credentials,
    "script": check_script,
    "variables": check_variables,
    "spread": check_spread,
    "limits": check_limits,
    "conditions": check_conditions,
    "directories": check_directories,
    "paths": check_paths,
    "notice": check_notice,
    "heartbeat": check_heartbeat,
    "directives": check_directives,
    "retries": check_retries,
    "concurrency": check_concurrency,
    "duration": check_duration,
    "token": check_token,
}


def check_field(name: str, value: Any) -> Any:
    """Return the value of a field as it is used. Raises BadValue."""
    field = FIELDS[name]
    return CHECKERS[field.kind](value, field)
