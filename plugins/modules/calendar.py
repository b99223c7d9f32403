#!/usr/bin/python

# Copyright (c) 2026 dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: calendar
short_description: Validate systemd calendar expressions and time spans
version_added: 0.1.0
description:
  - Asks the host's systemd whether calendar expressions and time spans are valid, and when the expressions elapse next.
  - Any number of expressions takes one call of C(systemd-analyze), and so does any number of time spans. If a time span
    is bad, two more calls are needed.
  - Fails if any of them is bad, and lists all that are bad. An expression that is valid but never elapses is bad.
options:
  expressions:
    description:
      - Calendar expressions, as in C(OnCalendar=) of a timer, for example V(Mon *-*-* 08:00:00), as one string or a
        list.
      - Quote them in YAML. Without quotes, C(10:30) is a number and a leading C(*) is an error.
    type: raw
  timespans:
    description:
      - Time spans, as in C(OnUnitActiveSec=) of a timer, for example V(15min) or V(1h 30min), as one string or a list.
    type: raw
  count:
    description:
      - How many elapses to compute for each expression, from 1 to 1000.
    type: int
    default: 1
  base_time:
    description:
      - Time after which elapses are computed. Defaults to the current time of the host.
      - Either ISO 8601, for example V(2027-03-27T00:00:00+01:00), or C(@) followed by the seconds since 1970 in UTC,
        for example V(@1801000000). An ISO 8601 time without an offset is in the time zone of the host.
    type: str
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and does the same there, because it never changes anything.
  diff_mode:
    support: N/A
    description: Never changes anything.
requirements:
  - systemd 247 or newer on the host
notes:
  - Expressions are evaluated in the time zone of the host, as for timers, unless an expression names a time zone
    itself.
  - Around changes to and from daylight saving time, systemd skips local times that do not exist on that day, and one of
    two equal hours. The elapses reflect this.
  - Versions of systemd differ. For example, version 247 misses the first value of an open step that does not divide its
    field, so V(*:0/7) never elapses at minute 0 there.
seealso:
  - name: systemd.time(7)
    description: Calendar events and time spans.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html
  - name: systemd-analyze(1)
    description: The program that does the work.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Validate schedules before using them
  dotmobi.systemd_timers.calendar:
    expressions:
      - Mon *-*-* 08:00:00
      - "*:0/15"
      - Mon..Fri 09:00 Europe/Berlin
    timespans:
      - 15min

- name: Show what happens when the clocks go forward
  dotmobi.systemd_timers.calendar:
    expressions:
      - "02:30 Europe/Berlin"
    base_time: "2027-03-26T00:00:00+01:00"
    count: 4
  register: result

- name: Show the elapses
  ansible.builtin.debug:
    msg: "{{ result.calendars[0].next_elapses }}"
"""

RETURN = r"""
calendars:
  description: One entry for each of O(expressions), in the same order. Also returned if the module fails.
  returned: always, unless systemd could not be queried
  type: list
  elements: dict
  contains:
    expression:
      description: The expression as given.
      type: str
      sample: Mon 08:00
    valid:
      description: Whether systemd can read it.
      type: bool
      sample: true
    normalized:
      description: The expression in systemd's normalized form. Empty if it is not valid.
      type: str
      sample: Mon *-*-* 08:00:00
    next_elapses:
      description:
        - The next times at which it elapses, as ISO 8601 in the time zone of the host, truncated to full seconds.
        - Empty if it never elapses, and fewer than O(count) if it ends before that.
      type: list
      elements: str
      sample: ["2027-02-01T08:00:00+01:00"]
    reason:
      description: What is wrong with it. Empty if nothing is.
      type: str
      sample: ""
timespans:
  description: One entry for each of O(timespans), in the same order. Also returned if the module fails.
  returned: always, unless systemd could not be queried
  type: list
  elements: dict
  contains:
    timespan:
      description: The time span as given.
      type: str
      sample: 15min
    valid:
      description: Whether systemd can read it.
      type: bool
      sample: true
    seconds:
      description: Its length in seconds. V(null) for V(infinity) and for a time span that is not valid.
      type: float
      sample: 900.0
    reason:
      description: What is wrong with it. Empty if nothing is.
      type: str
      sample: ""
systemd_version:
  description: The version of systemd on the host.
  returned: always, unless systemd could not be queried
  type: int
  sample: 252
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._finding.finding import shown
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.timestamps import iso8601, parse_base_time
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_value import BadText, texts_of
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import (
    Calendar,
    CalendarError,
    Timespan,
    check_calendars,
    check_timespans,
    require_version,
    use_host_zone,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import ProgramMissing, make_runner


def calendar_entry(calendar: Calendar) -> dict[str, Any]:
    """Return one entry of the result."""
    return {
        "expression": calendar.expression,
        "valid": calendar.valid,
        "normalized": calendar.normalized,
        "next_elapses": [iso8601(epoch) for epoch in calendar.elapses],
        "reason": calendar.reason,
    }


def timespan_entry(timespan: Timespan) -> dict[str, Any]:
    """Return one entry of the result."""
    return {
        "timespan": timespan.span,
        "valid": timespan.valid,
        "seconds": None if timespan.microseconds is None else timespan.microseconds / 1e6,
        "reason": timespan.reason,
    }


def bad_lines(calendars: list[dict[str, Any]], timespans: list[dict[str, Any]]) -> list[str]:
    """Return one line for each bad entry, each only once."""
    lines = [
        f"calendar expression {shown(entry['expression'])} {entry['reason']}" for entry in calendars if entry["reason"]
    ]
    lines += [f"time span {shown(entry['timespan'])} {entry['reason']}" for entry in timespans if entry["reason"]]
    return list(dict.fromkeys(lines))


def given_texts(module: AnsibleModule, option: str) -> list[str]:
    """Return what an option gives; end when it is no text."""
    try:
        return texts_of(module.params[option])
    except BadText as error:
        module.fail_json(msg=f"{option} {shown(module.params[option])} {error.reason}; {error.fix}")
        raise


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "expressions": {"type": "raw"},
            "timespans": {"type": "raw"},
            "count": {"type": "int", "default": 1},
            "base_time": {"type": "str"},
        },
        required_one_of=[("expressions", "timespans")],
        supports_check_mode=True,
    )
    expressions, spans = (given_texts(module, option) for option in ("expressions", "timespans"))
    if not 1 <= module.params["count"] <= 1000:
        module.fail_json(msg=f"count {module.params['count']} does not lie between 1 and 1000")
    use_host_zone()
    base_time = None
    if module.params["base_time"] is not None:
        try:
            base_time = parse_base_time(module.params["base_time"])
        except ValueError as error:
            module.fail_json(msg=f"base_time {shown(module.params['base_time'])} {error}")
    runner = make_runner()
    try:
        version = require_version(runner)
        found = check_calendars(runner, expressions, module.params["count"], base_time)
        measured = check_timespans(runner, spans)
    except (ProgramMissing, CalendarError) as error:
        module.fail_json(msg=str(error))
    calendars = [calendar_entry(found[expression]) for expression in expressions]
    timespans = [timespan_entry(measured[span]) for span in spans]
    result = {"changed": False, "calendars": calendars, "timespans": timespans, "systemd_version": version}
    bad = bad_lines(calendars, timespans)
    if bad:
        module.fail_json(msg="\n".join(bad), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
