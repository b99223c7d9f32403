#!/bin/sh
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Puts in place what is missing: `tools/setup.sh python` the virtual environment and the collections in .cache,
# `tools/setup.sh engine` the Debian packages that build and run sandbox hosts, `tools/setup.sh sanity` what
# ansible-test uses beyond Python. Done work is skipped in milliseconds.

set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)
collections=.cache/collections/ansible_collections

say() { printf '%s\n' "setup: $*" >&2; }
die() { say "$@"; exit 1; }

# --- Debian packages

apt_install() {
    for tool in apt-get dpkg-query; do
        command -v "$tool" >/dev/null || die "missing: $*. $tool is not here to install it: install by other means."
    done
    [ "$(id -u)" = 0 ] || die "missing: $*. Install as root: apt-get install $*"
    export DEBIAN_FRONTEND=noninteractive
    say "installing Debian packages: $*"
    log=.cache/apt.log
    # The package lists may be absent or too old to be of use: fetch them when the first try fails.
    apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null ||
        { apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null ||
        { tail -n 15 "$log" >&2; die "apt-get could not install: $*"; }
}

# Both OCI runtimes: which of them can boot systemd depends on the machine's cgroups (tools/hosts.py chooses).
engine() {
    missing=
    command -v podman >/dev/null || missing="$missing podman netavark"
    command -v runc >/dev/null || [ -x /usr/sbin/runc ] || missing="$missing runc"
    command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
}

# Wanted by one sanity test, which is skipped where it cannot be installed.
sanity_tools() {
    command -v shellcheck >/dev/null || ( apt_install shellcheck ) || true
}

# --- Python

# ansible-core 2.19 needs 3.11 at least, and ansible-test sanity must know the version.
find_python() {
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    die "missing: Python 3.11, 3.12 or 3.13 (set PYTHON=/path/to/it)"
}

virtual_environment() {
    key=$(printf '%s\n' "$root" | cat - requirements-dev.txt tools/setup.sh | sha256sum | cut -c1-64)
    stamp=.venv/.installed
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
        return
    fi
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
    say "installing requirements-dev.txt into .venv"
    # Scripts of a copied or moved .venv would still run the old place's interpreter.
    rm -rf .venv
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt >.cache/pip.log 2>&1 ||
        { tail -n 15 .cache/pip.log >&2; die "pip could not install requirements-dev.txt"; }
    find_each_other
    printf '%s\n' "$key" >"$stamp"
}

# Molecule calls Ansible by name: .venv/bin/molecule shall do so, too, where .venv was not activated.
find_each_other() {
    packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    cat >"$packages/own_programs.pth" <<'PTH'
import os, sys; os.environ["PATH"] = os.pathsep.join(dict.fromkeys([os.path.join(sys.prefix, "bin"), *os.environ.get("PATH", os.defpath).split(os.pathsep)]))
PTH
}

# Lines `#collection: NAMESPACE.NAME PACKAGE==VERSION` of requirements-dev.txt.
foreign_collections() {
    sed -n 's/^#collection: *//p' requirements-dev.txt | while read -r name wheel; do
        path=${name%%.*}/${name#*.}
        target=$collections/$path
        [ "$(cat "$target/.installed" 2>/dev/null)" != "$wheel" ] || continue
        say "taking collection $name out of $wheel"
        rm -rf .cache/wheel "$target"
        .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --dest .cache/wheel "$wheel" >.cache/pip.log 2>&1 ||
            { tail -n 15 .cache/pip.log >&2; die "pip could not download $wheel"; }
        .venv/bin/python tools/unpack_collection.py .cache/wheel "$path" "$collections"
        rm -rf .cache/wheel
        printf '%s\n' "$wheel" >"$target/.installed"
    done
}

# Ansible finds this checkout under its collection name with nothing installed.
own_collection() {
    mkdir -p "$collections/dotmobi"
    [ -L "$collections/dotmobi/systemd_timers" ] || ln -s ../../../.. "$collections/dotmobi/systemd_timers"
}

mkdir -p .cache
case "${1:-}" in
    engine) engine ;;
    sanity) sanity_tools ;;
    python)
        # Two makes in one checkout must not install over each other.
        exec 9>.cache/setup.lock
        flock 9
        virtual_environment
        own_collection
        foreign_collections
        ;;
    *) die "usage: tools/setup.sh python|engine|sanity" ;;
esac
