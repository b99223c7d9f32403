#!/bin/sh
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What every job runs: writes what the process got, byte for byte. The first argument is the job's number.
# Programs by their whole paths: the environment is hostile.

set -eu
out=/srv/trip/dumps/$1
/bin/cat /proc/$$/cmdline >"$out.arguments"
/bin/cat /proc/$$/environ >"$out.environment"
pwd -P >"$out.directory"
echo "$1"
