# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot and remove containers that behave like Debian hosts: systemd is PID 1, images are made of Debian's packages.

    python3 tools/hosts.py up   sandbox|test [RELEASE ...]   build images where needed, boot, wait for systemd
    python3 tools/hosts.py down sandbox|test                 remove this checkout's containers of that kind
    python3 tools/hosts.py name sandbox|test RELEASE         print a container's name

Sandbox hosts have fixed names, so that an inventory can list them; a label tells which checkout they belong to.
Test hosts carry a mark of the checkout in their name, so that clones on one machine do not meet. A checkout can have
more than one set of them: the environment variable TIMER_TEST_SET says which one `up`, `name` and the tests mean, set 1
when it is not there. `down` removes all sets.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
CHECKOUT_LABEL = "dotmobi.systemd_timers.checkout"
KIND_LABEL = "dotmobi.systemd_timers.kind"
IMAGE_LABEL = "dotmobi.systemd_timers.image"
ENTER = str(CHECKOUT / "tools" / "enter.sh")
# A mount namespace of its own for the container's monitor, in which there is nothing but cgroup v2.
IN_CGROUP_V2 = """\
mount --make-rprivate / && umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
exec podman run --cgroups=no-conmon "$@"
"""
# tools/enter.sh reads the numbers of the containers' processes here. Not in the checkout: podman's monitor takes no
# letters beyond ASCII.
PIDS = Path("/run/systemd-timers")
BOOT_TIMEOUT = 90
BOOTED = ("running", "degraded")
# For any other call, also on a busy machine.
CALL_TIMEOUT = 300
ANSWER_TIMEOUT = 30
SCRIPTS = "/usr/local/dotmobi-tools/scripts"
STAND_INS = CHECKOUT / "tools" / "stand_in"
# Written last when a host is set up: which stand-ins it has.
SET_UP = f"{SCRIPTS}/.set_up"


class Release(NamedTuple):
    suite: str
    # What a container cannot do, or what needs a network: else systemd reports "degraded".
    masked: tuple[str, ...] = ("apt-daily.timer", "apt-daily-upgrade.timer", "systemd-modules-load.service")
    options: tuple[str, ...] = ()
    # 258 and newer refuse to boot on cgroup v1 and on hybrid cgroups.
    needs_cgroup_v2: bool = False


RELEASES = {
    "debian11": Release("bullseye"),
    "debian12": Release("bookworm"),
    "debian13": Release("trixie"),
    # The testing suite: its release file may be older than it says it lives.
    "debian14": Release("forky", options=('--aptopt=Acquire::Check-Valid-Until "false"',), needs_cgroup_v2=True),
}
DEFAULT_RELEASES = ("debian12", "debian13")
PACKAGES = ("systemd", "systemd-sysv", "dbus", "libpam-systemd", "python3", "tzdata")


class HostError(Exception):
    """Something that the user can understand and fix."""


def say(message: str) -> None:
    print(f"hosts: {message}", file=sys.stderr, flush=True)


def run(*argv: str, check: bool = True, timeout: float | None = CALL_TIMEOUT) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(f"{' '.join(argv)} has not ended after {timeout:.0f} s") from error
    if check and done.returncode:
        raise HostError(
            f"{' '.join(argv)} exited with {done.returncode}:\n{done.stderr.strip() or done.stdout.strip()}"
        )
    return done


# --- images


def recipe(release: Release) -> list[str]:
    """The mmdebstrap call without target and mirror; its hash is the image's tag."""
    masks = " ".join(release.masked)
    return [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        f'--customize-hook=systemctl --root="$1" mask {masks}',
        # Empty, not absent: each container gets an id of its own, without the presets of a first boot.
        '--customize-hook=: > "$1/etc/machine-id"',
        '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*',
        *release.options,
        release.suite,
    ]


def image_name(release_name: str) -> str:
    text = json.dumps(recipe(RELEASES[release_name]))
    return f"localhost/systemd-timers-{release_name}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def machine_mirrors() -> list[str]:
    """The Debian mirror that this machine's apt uses, if it is a Debian machine whose package lists are fetched."""
    with contextlib.suppress(OSError):
        listed = run(
            "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian", check=False
        )
        return sorted({line.rstrip("/") for line in listed.stdout.split()})[:1]
    return []


@contextlib.contextmanager
def image_lock(release_name: str) -> Iterator[None]:
    """One builder per image and machine; podman's storage is shared by all checkouts."""
    directory = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "systemd-timers"
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / f"{release_name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build_image(release_name: str) -> str:
    image = image_name(release_name)
    if run("podman", "image", "exists", image, check=False).returncode == 0:
        return image
    with image_lock(release_name):
        if run("podman", "image", "exists", image, check=False).returncode == 0:
            return image
        say(f"building {image} from Debian packages")
        with tempfile.TemporaryDirectory(prefix="systemd-timers-") as directory:
            tarball = str(Path(directory, "rootfs.tar"))
            # A machine's mirror need not carry every suite: then mmdebstrap's own default gets a try.
            tries = [[*recipe(RELEASES[release_name]), tarball, *m] for m in (machine_mirrors(), [])]
            for number, argv in enumerate(tries, start=1):
                done = run(*argv, check=False, timeout=None)
                if done.returncode == 0:
                    break
                if number == len(tries):
                    raise HostError(
                        f"mmdebstrap could not build {image}:\n" + "\n".join(done.stderr.splitlines()[-15:])
                    )
            run("podman", "import", "--message", "built by tools/hosts.py", tarball, image)
    return image


# --- containers


def container_name(kind: str, release_name: str) -> str:
    if kind == "sandbox":
        return f"sandbox-{release_name}"
    # molecule/shared/inventory/group_vars computes the same name.
    mark = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:6]
    return f"systemd-timers-{mark}-{os.environ.get('TIMER_TEST_SET') or '1'}-{release_name}"


def inspect(name: str) -> dict | None:
    done = run("podman", "container", "inspect", name, check=False)
    return json.loads(done.stdout)[0] if done.returncode == 0 else None


def refuse_foreign(name: str, container: dict) -> None:
    owner = (container["Config"].get("Labels") or {}).get(CHECKOUT_LABEL)
    if owner == str(CHECKOUT):
        return
    if owner is None:
        fix = f"It was not made by this project. Remove it yourself: podman rm --force {name}"
    elif Path(owner).is_dir():
        fix = f"It belongs to the checkout {owner}. Run `make destroy` there first."
    else:
        fix = f"It belongs to the checkout {owner}, which is gone. Remove it yourself: podman rm --force {name}"
    raise HostError(f"a container named {name} is already on this machine. {fix}")


def pure_cgroup_v2() -> bool:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, kind = line.split(" - ")
        if place.split()[4] == "/sys/fs/cgroup":
            return kind.split()[0] == "cgroup2"
    return False


def runtime() -> list[str]:
    # crun refuses hybrid cgroups; on pure cgroup v2 the machine's own choice is right.
    if pure_cgroup_v2():
        return []
    runc = shutil.which("runc") or shutil.which("runc", path="/usr/sbin:/sbin")
    if not runc:
        raise HostError("this machine has cgroup v1 or hybrid cgroups, where only runc boots systemd: install runc")
    return ["--runtime", runc]


def limits() -> list[str]:
    """Limits below this process's own: podman may not raise any where CAP_SYS_RESOURCE is missing."""
    options = []
    for name, kind, wanted in (("nofile", resource.RLIMIT_NOFILE, 10000), ("nproc", resource.RLIMIT_NPROC, 30000)):
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        options += ["--ulimit", f"{name}={value}:{value}"]
    return options


def pidfile(name: str) -> list[str]:
    """Let podman write down what tools/enter.sh reads."""
    if os.geteuid() != 0:
        return []
    PIDS.mkdir(exist_ok=True)
    return ["--pidfile", str(PIDS / f"{name}.pid")]


def create(kind: str, release_name: str, image: str) -> None:
    name = container_name(kind, release_name)
    labels = {CHECKOUT_LABEL: str(CHECKOUT), KIND_LABEL: kind, IMAGE_LABEL: image}
    options = ["--detach", "--name", name, "--hostname", release_name, "--systemd=always", "--privileged"]
    # As many processes as a host may have, not podman's 2048.
    options += ["--network", "none", "--pids-limit", "-1", *limits(), *pidfile(name)]
    options += [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    options += [image, "/sbin/init"]
    if RELEASES[release_name].needs_cgroup_v2 and not pure_cgroup_v2():
        run("unshare", "--mount", "sh", "-c", IN_CGROUP_V2, "sh", *options)
    else:
        run("podman", *runtime(), "run", *options)


def remove(name: str) -> None:
    run("podman", "rm", "--force", "--time", "0", name)
    (PIDS / f"{name}.pid").unlink(missing_ok=True)


def ask(name: str, *argv: str) -> str:
    """What a program in a container says in bounded time; nothing when it cannot be asked."""
    try:
        done = run(ENTER, "exec", name, *argv, check=False, timeout=ANSWER_TIMEOUT)
    except HostError as error:
        return str(error)
    return done.stdout.strip() or done.stderr.strip()


def settled_state(name: str) -> str:
    """What systemd says of itself as soon as it has booted, or what it said last when it takes too long."""
    deadline = time.monotonic() + BOOT_TIMEOUT
    state = "nothing yet"
    while state not in BOOTED and time.monotonic() < deadline:
        state = ask(name, "systemctl", "is-system-running")
        time.sleep(0.1)
    return state


def wait_until_running(name: str) -> None:
    state = settled_state(name)
    if state == "running":
        return
    if state == "degraded":
        failed = ask(name, "systemctl", "--failed", "--no-legend", "--plain")
        raise HostError(f"systemd in {name} is degraded, failed units:\n{failed}")
    logs = run("podman", "logs", "--tail", "20", name, check=False)
    raise HostError(
        f"systemd in {name} is not running after {BOOT_TIMEOUT} s, it says: {state}\n{logs.stdout}{logs.stderr}"
    )


def copy_stand_ins(name: str) -> None:
    """The scripts of the jobs in inventory/ are the user's own; here, stand-ins let the jobs really run."""
    scripts = sorted(STAND_INS.glob("*.py"))
    mark = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in scripts)).hexdigest()
    if ask(name, "cat", SET_UP) == mark:
        return
    run(ENTER, "exec", name, "mkdir", "-p", SCRIPTS)
    run("podman", "cp", f"{STAND_INS}/.", f"{name}:{SCRIPTS}")
    finish = 'chown -R 0:0 "$1" && chmod 0755 "$1" "$1"/*.py && echo "$2" >"$3"'
    run(ENTER, "exec", name, "sh", "-c", finish, "sh", SCRIPTS, mark, SET_UP)


def share_mounts(name: str) -> None:
    """As on any booted host: without it, services do not see the credentials that systemd mounts for them."""
    run(ENTER, "exec", name, "mount", "--make-rshared", "/")


def starts(name: str) -> bool:
    """Tell whether a container that was stopped can be started again."""
    say(f"starting {name}")
    with contextlib.suppress(HostError):
        run("podman", "start", name)
        wait_until_running(name)
        return True
    return False


def usable(kind: str, release_name: str) -> bool:
    """Tell whether the host is there and runs; one that cannot be brought to that is removed."""
    name = container_name(kind, release_name)
    container = inspect(name)
    if not container:
        return False
    refuse_foreign(name, container)
    if container["Config"]["Labels"].get(IMAGE_LABEL) != image_name(release_name):
        reason = "was made from an older recipe"
    elif container["State"]["Status"] == "exited":
        if starts(name):
            return True
        reason = "does not start"
    else:
        # Podman still calls a container running whose processes are gone, as after a restore of the machine.
        alive = container["State"]["Running"] and Path(f"/proc/{container['State']['Pid']}").exists()
        # Jobs that failed leave a host degraded, and that does no harm.
        if alive and settled_state(name) in BOOTED:
            return True
        reason = "does not answer"
    say(f"{name} {reason}: replacing it")
    remove(name)
    return False


def up_one(kind: str, release_name: str) -> None:
    name = container_name(kind, release_name)
    if not usable(kind, release_name):
        image = build_image(release_name)
        say(f"booting {name}")
        create(kind, release_name, image)
        wait_until_running(name)
    # What an interrupted run has not come to is done now.
    copy_stand_ins(name)
    share_mounts(name)


def up(kind: str, releases: list[str]) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = [pool.submit(up_one, kind, name) for name in releases]
    errors = [str(e) for e in (r.exception() for r in results) if isinstance(e, (HostError, OSError))]
    for result in results:
        if result.exception() and not isinstance(result.exception(), (HostError, OSError)):
            result.result()
    if errors:
        raise HostError("\n".join(errors))


def down(kind: str) -> None:
    done = run(
        "podman",
        "ps",
        "--all",
        "--format",
        "{{.Names}}",
        "--filter",
        f"label={CHECKOUT_LABEL}={CHECKOUT}",
        "--filter",
        f"label={KIND_LABEL}={kind}",
    )
    for name in done.stdout.split():
        say(f"removing {name}")
        remove(name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("up", "down", "name"))
    parser.add_argument("kind", choices=("sandbox", "test"))
    parser.add_argument("release", nargs="*", choices=[[], *RELEASES], help=", ".join(RELEASES))
    options = parser.parse_args()
    releases = options.release or list(DEFAULT_RELEASES)
    if options.action == "name":
        print("\n".join(container_name(options.kind, name) for name in releases))
        return 0
    try:
        if not shutil.which("podman"):
            if options.action == "down":
                return 0
            raise HostError("podman is missing: run tools/setup.sh engine")
        if options.action == "up":
            up(options.kind, releases)
        else:
            down(options.kind)
    except (HostError, OSError) as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same call goes on from here")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
