#!/bin/sh
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Writes what the process got, byte for byte and as hex: arguments and environment, each ended by a NUL byte.

set -eu
out=/srv/dumps/$1
mkdir -p "$out"
od -An -v -tx1 /proc/$$/cmdline >"$out/arguments"
od -An -v -tx1 /proc/$$/environ >"$out/environment"
