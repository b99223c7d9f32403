#!/bin/sh
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Brings a test host back to its state after boot, without a reboot. The first run remembers what is there.
# Prints what it removes.

set -eu
pristine=/var/lib/pristine-files
now=$(mktemp)
trap 'rm -f "$now"' EXIT

find /etc/systemd /opt /srv /usr/local /var/log -path /var/log/journal -prune -o -print | LC_ALL=C sort >"$now"
[ -e "$pristine" ] || cp "$now" "$pristine"

left=$(LC_ALL=C comm -13 "$pristine" "$now")
# Units of ours that were put where other tools have theirs.
elsewhere=$(grep -rlF '[X-Ansible]' /run/systemd/system /lib/systemd/system 2>/dev/null || true)
all=$(printf '%s\n%s\n' "$left" "$elsewhere" | sed '/^$/d')
# Timers first, so that none starts a service again.
for suffix in timer service; do
    names=$(printf '%s\n' "$all" | sed -n "s,.*/\([^/]*\.$suffix\)\$,\1,p" | sort -u)
    [ -z "$names" ] || printf '%s\n' "$names" | xargs -d '\n' systemctl stop -- 2>/dev/null || true
done
if [ -n "$all" ]; then
    printf '%s\n' "$all"
    # Deepest first, so that directories are empty when their turn comes.
    printf '%s\n' "$all" | LC_ALL=C sort -r | while read -r path; do
        if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir "$path"; else rm -f "$path"; fi
    done
fi
# Accounts that linger, with managers that a test may have stopped.
for linger in /var/lib/systemd/linger/*; do
    [ -e "$linger" ] || continue
    user=${linger##*/}
    echo "linger of $user"
    systemctl kill --signal=SIGCONT "user@$(id -u "$user").service" 2>/dev/null || true
    loginctl disable-linger "$user" || true
done
# Stamps of persistent timers; the collection's mark of a run under way, and the files of jobs.
rm -rf /var/lib/systemd/timers /run/dotmobi.systemd_timers /etc/dotmobi.systemd_timers /var/lib/dotmobi.systemd_timers
install -d -m 0755 /var/lib/systemd/timers
# Pins of runs that were under way, and what waits for their end.
systemctl stop 'dotmobi-run-end-*.service' 2>/dev/null || true
rm -f /run/systemd/system/dotmobi-run-end-*.service
for pin in /run/systemd/system.control/*.service; do
    [ ! -e "$pin" ] || { systemctl stop "${pin##*/}" 2>/dev/null || true; rm -f "$pin"; }
done
systemctl daemon-reload
systemctl reset-failed
