#!/bin/sh
# Runs once the files of @package@ are in place. dpkg says "configure" and the old version, rpm how many
# of this package there are now.
set -e
case ${1:-} in
  configure) if [ -n "${2:-}" ]; then event=upgrade; else event=install; fi ;;
  1) event=install ;;
  [2-9]) event=upgrade ;;
  *) exit 0 ;;
esac

# Each daemon has a user of its own, whose name is the daemon's.
for user in @users@; do
  if ! getent passwd "$user" > /dev/null; then
    useradd --system --user-group --no-create-home --home-dir "/var/lib/$user" \
      --shell /usr/sbin/nologin --comment "Hostmesh" "$user"
  fi
done

# A new daemon waits for its configuration and for systemctl enable --now; one that runs takes up the new version.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ "$event" = upgrade ]; then
    for user in @users@; do
      systemctl try-restart "$user.service"
    done
  fi
fi
