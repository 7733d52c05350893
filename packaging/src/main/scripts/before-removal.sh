#!/bin/sh
# Runs before the files of @package@ go. dpkg says "remove", rpm that none of this package will be left.
set -e
case ${1:-} in
  remove | 0) ;;
  *) exit 0 ;;
esac

if [ -d /run/systemd/system ]; then
  for user in @users@; do
    systemctl disable --now --quiet "$user.service" || true
    for socket in /usr/lib/systemd/system/"$user"-*.socket; do
      [ ! -e "$socket" ] || systemctl stop "${socket##*/}" || true
    done
  done
fi
@undo@
