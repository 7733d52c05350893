#!/bin/sh
# Runs once the files of @package@ are gone. dpkg says "remove" and, where the configuration goes too,
# "purge"; rpm that none of this package is left.
set -e
case ${1:-} in
  remove)
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
    exit 0
    ;;
  purge | 0) ;;
  *) exit 0 ;;
esac

for user in @users@; do
  state=/var/lib/$user
  if [ "$user" = hostmesh-citadel ] && [ "$1" = 0 ] && [ -d "$state" ]; then
    # rpm knows no purge, and without these keys every certificate of the mesh is lost.
    chown -R root:root "$state"
    echo "The certificate authority's keys are left in $state; remove the folder when they are not needed."
  else
    rm -rf "$state"
  fi
  rm -rf "/run/$user" "/var/log/$user"
  # The agent's guard of the host's name resolution outlives it by some seconds.
  tries=0
  while getent passwd "$user" > /dev/null && ! userdel "$user" 2> /dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -ge 20 ]; then
      userdel "$user"
    fi
    sleep 1
  done
  if getent group "$user" > /dev/null; then groupdel "$user"; fi
done
@forget@
rmdir /etc/hostmesh 2> /dev/null || true
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  for user in @users@; do
    systemctl reset-failed "$user*" 2> /dev/null || true
  done
fi
