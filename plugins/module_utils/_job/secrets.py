# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks like a secret: the one table that the proof, which warns of it, and the masks, which hide it, read."""

from __future__ import annotations

import re

# PGPASSWORD, API_KEY, MYSQL_PWD, GITHUB_TOKEN; not PASSWORD_FILE, TOKEN_URL, PWD.
_NAME = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|(?:^|_)(?:PASS|SECRET|TOKEN|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET|AUTH)_?KEY)|_PWD)"
    r"(?:S?$|_(?!FILE|PATH|DIR|NAME|URL|URI|ID|TTL|LENGTH|COMMAND|STORE|TYPE))",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|AKIA[0-9A-Z]{12,}"
    r"|xox[abprs]-|sk-[\w-]{20,}|eyJ[\w-]{10,}\.eyJ|[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@]+@"
)
# A path to where the secret is tells nothing. Only known directories: what is in base64 may begin with a slash, too.
_PATH = re.compile(r"/(?:run|etc|var|srv|opt|usr|home|root|mnt|dev|proc|tmp)/|%[A-Za-z]/")
# Any text in which the others find something has a part of these.
_HINT = re.compile(r"pass|secret|token|credential|key|_pwd|akia|xox|sk-|eyj|://|gh[pousr]_|glpat-", re.IGNORECASE)


def looks_secret(name: str, value: str) -> bool:
    """Tell whether a variable or an option looks like a secret, by its name or by how its value begins."""
    if not value.strip("\"' ") or _PATH.match(value):
        return False
    return bool(_NAME.search(name.replace("-", "_").replace(".", "_")) or _VALUE.match(value))


def may_hold_secret(text: str) -> bool:
    """Tell whether it is worth to look closer: quick, and true too often."""
    return bool(_HINT.search(text))
