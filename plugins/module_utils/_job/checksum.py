# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A checksum in the last line of each unit file: so a manual edit is noticed on the host itself; pure.

It is made of the text as it is shown to people, without secrets: a short one could be guessed from it. So it does not
tell that a secret was edited.
"""

from __future__ import annotations

import hashlib
import os

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import masked_units
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.model import WantedJob
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import owner_of

# A key of the owner section, which is the last one.
SEAL = "Hash="


def unsealed(text: str) -> str:
    """Return the text of a unit file without its seal."""
    lines = text.rstrip("\n").split("\n")
    return "\n".join(lines[:-1]) + "\n" if lines[-1].startswith(SEAL) else text


def seal_of(text: str) -> str:
    """Return the line that goes with a text."""
    (shown,) = masked_units(text)
    return f"{SEAL}{hashlib.sha256(shown.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}\n"


def sealed(text: str) -> str:
    """Return the text of a unit file of ours with its seal."""
    bare = unsealed(text)
    return bare + seal_of(bare) if owner_of(bare) else text


def with_seals(job: WantedJob) -> WantedJob:
    """Return a job with all its unit files sealed."""
    files = tuple(one if os.path.isabs(one.name) else one._replace(text=sealed(one.text)) for one in job.files)
    return job._replace(service=sealed(job.service), timer=sealed(job.timer), files=files)


def is_sealed(text: str) -> bool:
    """Tell whether a unit file of ours is as it was written: what it records is what an apply has recorded."""
    bare = unsealed(text)
    return bare != text and text == bare + seal_of(bare)


def is_edited(text: str) -> bool:
    """Tell whether somebody has changed the text of a unit file of ours since it was written."""
    bare = unsealed(text)
    return bare != text and text != bare + seal_of(bare)
