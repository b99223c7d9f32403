# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, install it where nothing else is, and see that users' Ansible finds everything in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from export import CHECKOUT, export

COLLECTION = "dotmobi.systemd_timers"
WORK = CHECKOUT / ".cache" / "package"
BIN = Path(sys.executable).parent
DEVELOPMENT = (
    "tools",
    "tests",
    "molecule",
    "benchmarks",
    "inventory",
    "Makefile",
    "ansible.cfg",
    "requirements-dev.txt",
)


def call(*argv: str) -> str:
    """Run a program of ansible-core in an empty surrounding: no configuration, no other collections."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    environment = {
        **ours,
        "ANSIBLE_CONFIG": str(WORK / "ansible.cfg"),
        "ANSIBLE_HOME": str(WORK / "home"),
        "ANSIBLE_COLLECTIONS_PATH": str(WORK / "installed"),
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
    }
    print("$", *argv, flush=True)
    full = [str(BIN / argv[0]), *argv[1:]]
    nothing = subprocess.DEVNULL
    done = subprocess.run(full, cwd=WORK, env=environment, stdin=nothing, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    source = export(WORK / "source")
    (WORK / "ansible.cfg").write_text("[defaults]\n")
    call("ansible-galaxy", "collection", "build", "--output-path", str(WORK), str(source))
    (archive,) = WORK.glob("*.tar.gz")
    call(
        "ansible-galaxy",
        "collection",
        "install",
        "--offline",
        "--collections-path",
        str(WORK / "installed"),
        str(archive),
    )
    installed = WORK / "installed" / "ansible_collections" / "dotmobi" / "systemd_timers"

    errors = [
        f"{name} is for development, yet it is in the archive" for name in DEVELOPMENT if (installed / name).exists()
    ]
    for kind, directory in (("module", "modules"), ("filter", "filter")):
        wanted = {f"{COLLECTION}.{path.stem}" for path in (source / "plugins" / directory).glob("[!_]*.py")}
        listed = set(json.loads(call("ansible-doc", "--type", kind, "--list", "--json", COLLECTION)))
        if kind == "module":
            errors += [f"{name}: ansible-doc does not list it" for name in sorted(wanted - listed)]
        for name in sorted(listed):
            call("ansible-doc", "--type", kind, "--json", name)
    for role in sorted(path.name for path in (source / "roles").glob("*")):
        call("ansible-doc", "--type", "role", "--json", f"{COLLECTION}.{role}")
    for playbook in sorted(path.stem for path in (source / "playbooks").glob("*.yml")):
        call("ansible-playbook", "--inventory", "localhost,", "--syntax-check", f"{COLLECTION}.{playbook}")
    if errors:
        sys.exit("\n".join(errors))


if __name__ == "__main__":
    main()
