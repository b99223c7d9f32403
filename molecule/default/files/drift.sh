#!/bin/sh
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
cd /etc/systemd/system

# A directive more, and systemd knows of it.
sed -i 's/^User=.*/&\nNice=5/' it-glue-backup.service
systemctl daemon-reload

systemctl enable --quiet jamf-pro-notifications.service
systemctl stop jamf-pro-notifications.timer

rm timers.target.wants/zendesk-statusio.timer
chmod 0666 zendesk-statusio.service

# Edited and put back: the text is right again, but systemd has read the wrong one.
cp -p zendesk-it-glue.timer /tmp/zendesk-it-glue.timer
sed -i 's/:15:00/:45:00/' zendesk-it-glue.timer
systemctl daemon-reload
mv /tmp/zendesk-it-glue.timer zendesk-it-glue.timer
