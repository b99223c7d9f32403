# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof makes a fixed number of program calls, and does not verify what is on the host already."""

from __future__ import annotations

import pytest

OWNER = {"timer_owner": "cost", "timer_prune": True, "timer_prune_limit": 10000}
WRAPPER = "/usr/local/bin/systemd-analyze"
LOG = "/srv/systemd-analyze.calls"
SCRIPT = f"""\
#!/bin/sh
printf '%s ' "$@" | head -c 300 >> {LOG}
echo >> {LOG}
exec /usr/bin/systemd-analyze "$@"
"""


def jobs(number):
    return [
        {"name": f"cost-{one}", "schedule": f"*-*-* 04:{one:02}", "command": "/bin/true", "jitter": "5min"}
        for one in range(number)
    ]


@pytest.fixture(scope="module")
def calls(site, host):
    """The calls of systemd-analyze that an apply makes, in order."""

    def of_apply(number, *options):
        host.check_output(f"rm -f {LOG}; touch {LOG}")
        run = site.apply(jobs(number), *options, **OWNER)
        return run, host.check_output(f"cat {LOG}").splitlines()

    host.check_output("printf %%s %s > %s && chmod 0755 %s", SCRIPT, WRAPPER, WRAPPER)
    yield of_apply
    host.check_output(f"rm {WRAPPER} {LOG}")


@pytest.fixture(scope="module")
def told(calls):
    return {
        "first of 3": calls(3),
        "again": calls(3),
        "again, check mode": calls(3, "--check"),
        "first of 60": calls(60),
        "again 60": calls(60),
        "one less": calls(59),
    }


def kinds(lines):
    return sorted(line.split()[0] for line in lines)


def test_new_jobs_are_verified_in_one_call(told):
    for story in ("first of 3", "first of 60"):
        run, lines = told[story]
        assert run.result["changed"]
        assert kinds(lines).count("verify") == 1, lines


@pytest.mark.parametrize("story", ["again", "again, check mode", "again 60", "one less"])
def test_unchanged_jobs_are_not_verified(told, story):
    run, lines = told[story]
    assert run.result["changed"] == (story == "one less")
    assert lines
    assert "verify" not in kinds(lines)


def test_the_number_of_calls_does_not_grow_with_the_jobs(told):
    assert kinds(told["first of 60"][1]) == kinds(told["first of 3"][1])
    assert kinds(told["again 60"][1]) == kinds(told["again"][1])
