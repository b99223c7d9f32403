# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that was not booted with systemd: the same image, with `sleep` as PID 1."""

from __future__ import annotations

import json
import subprocess

import pytest
import testinfra
import yaml
from harness import INVENTORY, Site

GOOD = {"name": "good", "schedule": "daily", "command": "/bin/true"}


def podman(*argv):
    return subprocess.run(
        ["podman", *argv], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    ).stdout


@pytest.fixture(scope="module")
def bare(host, tmp_path_factory):
    """Site and host of a container without systemd; its name carries this checkout's mark."""
    like = host.backend.hostname
    name = f"{like}-bare"
    (found,) = json.loads(podman("container", "inspect", like))
    options = ["--runtime", found["OCIRuntime"], "run", "--detach", "--name", name, "--network", "none"]
    for limit in found["HostConfig"]["Ulimits"]:
        kind = limit["Name"].removeprefix("RLIMIT_").lower()
        options += ["--ulimit", f"{kind}={limit['Soft']}:{limit['Hard']}"]
    subprocess.run(["podman", "rm", "--force", "--time", "0", name], capture_output=True, check=False)
    podman(*options, found["ImageName"], "sleep", "infinity")
    try:
        folder = tmp_path_factory.mktemp("bare")
        inventory = folder / "hosts.yml"
        known = yaml.safe_load((INVENTORY.parent / "group_vars" / "timer_hosts.yml").read_text())
        host_vars = {key: known[key] for key in ("ansible_connection", "ansible_python_interpreter", "ansible_become")}
        inventory.write_text(yaml.dump({"all": {"hosts": {"bare": {**host_vars, "ansible_host": name}}}}))
        yield Site("bare", folder, inventory), testinfra.get_host(f"podman://{name}")
    finally:
        subprocess.run(["podman", "rm", "--force", "--time", "0", name], capture_output=True, check=False)


@pytest.mark.parametrize("option", ["--diff", "--check"])
def test_says_so_and_changes_nothing(bare, option):
    site, container = bare
    listing = "find /etc/systemd /run /var/lib/systemd -newer /proc/1/cmdline -type f; find /etc/systemd | sort"
    before = container.check_output(listing)
    run = site.refuse([GOOD], option)
    head, error = run.message.splitlines()
    assert head == "bare: 1 error, nothing was changed on this host:"
    assert error.startswith("  systemd: is not running as PID 1 on this host (/run/systemd/system does not exist); ")
    assert error.endswith("; timers need a host that was booted with systemd [no-systemd]")
    assert container.check_output(listing) == before
