# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that linger, have no job that is declared, and do what they can: nobody else is stopped by that."""

from __future__ import annotations

import json
import time

from harness import is_armed, pace, wait_until

OWNER = {"timer_owner": "ha"}
MARKED = "[X-Ansible]\\nOwner=ha\\nJob=ha-{0}\\n"
OF_ROOT = {"name": "ha-root", "schedule": "daily", "command": "/bin/true"}
OF_HEIDI = {"name": "ha-heidi", "schedule": "daily", "command": "/bin/true", "scope": "user", "user": "heidi"}
# Who, and what that account does to its own home: as that user, with its unit directory there.
ACCOUNTS = {
    "loop": "rmdir ~/.config/systemd/user ~/.config/systemd && ln -s systemd ~/.config/systemd",
    "elsewhere": "rmdir ~/.config/systemd/user && ln -s /etc/systemd/system ~/.config/systemd/user",
    "sparse": "cd ~/.config/systemd/user && for n in $(seq 250); do truncate -s 4M $n.service; done",
    "frozen": f"printf '{MARKED.format('frozen')}' > ~/.config/systemd/user/ha-frozen.timer",
    "stopper": f"printf '{MARKED.format('stopper')}' > ~/.config/systemd/user/ha-stopper.timer",
}
SILENT = {"loop", "sparse", "frozen", "stopper"}
# Stops each process of the account that works for root, as soon as it sees it; ends when its file is gone.
STOPPER = """
import os, signal, time
while os.path.exists("/tmp/ha-stopper"):
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/comm") as stream:
                is_python = stream.read().startswith("python3")
            if is_python and os.stat(f"/proc/{name}").st_uid in (0, os.getuid()) and int(name) != os.getpid():
                os.kill(int(name), signal.SIGSTOP)
        except OSError:
            pass
    time.sleep(0.01)
"""


class Story:
    """What was seen."""


def manager_of(host, user):
    """The process that is the manager of an account."""
    return host.check_output("systemctl show --property=MainPID --value user@$(id -u %s)", user)


def as_user(host, user, script):
    return host.check_output("runuser -u %s -- sh -c %s", user, script)


def prepare(host):
    for user, script in ACCOUNTS.items():
        host.check_output("id %s 2>/dev/null || useradd --create-home %s", user, user)
        as_user(host, user, f"rm -rf ~/.config; mkdir -p ~/.config/systemd/user; {script}")
        host.check_output("loginctl enable-linger %s", user)
    host.check_output("id heidi 2>/dev/null || useradd --create-home heidi")
    wait_until(
        lambda: host.run("test -S /run/user/$(id -u frozen)/systemd/private").rc == 0, 60, "frozen has a manager"
    )
    host.check_output("kill -STOP %s", manager_of(host, "frozen"))
    host.check_output("touch /tmp/ha-stopper")
    host.check_output("setsid runuser -u stopper -- python3 -c %s >/dev/null 2>&1 </dev/null &", STOPPER)


def clean(host):
    host.run("rm -f /tmp/ha-stopper; kill -CONT %s", manager_of(host, "frozen"))


def tell(site, host):
    seen = Story()
    site.apply([OF_ROOT], **OWNER)
    prepare(host)
    try:
        began = time.monotonic()
        seen.applied = site.apply([OF_ROOT, OF_HEIDI], timer_prune=True, timer_prune_limit=10000, **OWNER)
        seen.took = (time.monotonic() - began) / pace()
        seen.armed = is_armed(host, "ha-root")
        seen.status = site.play(playbook="status", output="json", owner="ha")
        seen.left = host.check_output("ls /home/frozen/.config/systemd/user /home/stopper/.config/systemd/user")
    finally:
        clean(host)
    # They answer again, and what belongs to nobody any more goes.
    seen.pruned = site.apply([OF_ROOT], timer_prune=True, timer_prune_limit=10000, **OWNER)
    site.apply([], timer_prune=True, timer_prune_limit=10000, **OWNER)
    for user in (*ACCOUNTS, "heidi"):
        host.run("loginctl disable-linger %s; rm -rf /home/%s/.config", user, user)
    return seen


def test_the_others_are_applied_and_who_is_left_out_is_named(story):
    assert story.applied.result["changed"]
    assert [row["name"] for row in story.applied.result["jobs"]] == ["ha-root", "ha-heidi"]
    warned = {
        one["value"]: one["reason"] for one in story.applied.result["findings"] if one["code"] == "silent-account"
    }
    assert {name.strip('"') for name in warned} == SILENT, warned
    assert "levels of symbolic links" in warned['"loop"']
    assert "more than 64 MiB" in warned['"sparse"']
    assert "its user manager does not answer" in warned['"frozen"']
    assert "is stopped (SIGSTOP)" in warned['"stopper"']
    assert story.armed


def test_what_is_left_out_is_left_as_it_is(story):
    assert "ha-frozen.timer" in story.left
    assert "ha-stopper.timer" in story.left
    assert story.pruned.result["orphans"] == []


def test_it_takes_bounded_time(story):
    assert story.took < 60


def test_status_shows_the_jobs_of_all_others(story, machine):
    (line,) = [line for line in story.status.output.splitlines() if line.startswith("{")]
    found = json.loads(line)[machine]
    assert [job["name"] for job in found["jobs"]] == ["ha-heidi", "ha-root"]
    assert {one["user"] for one in found["unseen"]} == SILENT
