# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` on an export of the working tree, in virtual environments that are kept.

Its pip gets no settings from the environment, and it would download a script to bootstrap pip with. Both is fixed by
a home directory of its own, shared by all checkouts of this user.
"""

from __future__ import annotations

import ast
import configparser
import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages
from export import CHECKOUT, export

HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "systemd-timers" / "ansible-test"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# pslint needs PowerShell, which has no package here; the collection has no PowerShell code.
SKIPPED = ("pslint",)
BOOTSTRAP = '''\
"""Stands in for the script that ansible-test would download: the interpreter's own pip does the same work."""
import os
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip"])
os.environ.pop("GET_PIP", None)
wanted = [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "pip", "install", *wanted])
'''


def write_pip_settings() -> None:
    """Give pip in the new home the settings that it has in this one."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=True).stdout
    settings = configparser.RawConfigParser()
    settings["global"] = {}
    # Lines such as global.timeout='60' and :env:.timeout='180'; the environment wins.
    for origin in ("global", "install", ":env:"):
        for key, value in re.findall(rf"^{origin}\.([\w-]+)=(.*)$", listed, flags=re.MULTILINE):
            settings["global"][key] = ast.literal_eval(value)
    cache = subprocess.run([*pip, "cache", "dir"], capture_output=True, text=True, check=False)
    if cache.returncode == 0:
        settings["global"]["cache-dir"] = cache.stdout.strip()
    path = HOME / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    # An index address may hold a password.
    path.touch(mode=0o600)
    with path.open("w") as handle:
        settings.write(handle)


def write_bootstrap() -> None:
    version = get_venv_packages(SimpleNamespace(version=PYTHON))["pip"]
    path = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(BOOTSTRAP)


def main() -> int:
    target = export(CHECKOUT / ".cache" / "sanity")
    # Without a repository of its own the export counts as ignored files of this checkout.
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", str(target)], check=True)
    HOME.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HOME": str(HOME), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    argv = ["ansible-test", "sanity", "--local", "--python", PYTHON, "--color", "no"]
    argv += [word for name in SKIPPED for word in ("--skip-test", name)]

    def ansible_test(*more: str, quiet: bool) -> subprocess.CompletedProcess[bytes]:
        output = subprocess.PIPE if quiet else None
        full = [*argv, *more]
        nothing = subprocess.DEVNULL
        return subprocess.run(
            full, cwd=target, env=environment, stdin=nothing, stdout=output, stderr=output, check=False
        )

    # Two checkouts must not make the same virtual environment at the same time.
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_pip_settings()
        write_bootstrap()
        primed = ansible_test("--prime-venvs", quiet=True)
    if primed.returncode:
        sys.stdout.buffer.write(primed.stdout + primed.stderr)
        return primed.returncode
    return ansible_test(*sys.argv[1:], quiet=False).returncode


if __name__ == "__main__":
    sys.exit(main())
