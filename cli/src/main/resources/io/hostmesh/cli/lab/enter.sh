#!/bin/sh
# Starts a command as if on a host of its own: in the host's network namespace, with its name and its
# parts of /etc, in a control group. It becomes the command: the process id and the open files stay.
#
#   enter HOST NAMESPACE FSTAB CGROUP FOLDER MOUNTS COMMAND...
#
# MOUNTS is a script for what else is mounted, or empty.
#
# The network namespace is entered by nsenter and not by 'ip netns exec', which would mount another /sys
# and so hide the control groups.
set -eu
if [ "$1" != inside ]; then
  echo $$ > "$4/cgroup.procs"
  if [ -n "${LISTEN_FDS:-}" ]; then
    LISTEN_PID=$$
    export LISTEN_PID
  fi
  exec nsenter --net="/run/netns/$2" unshare --mount --uts --propagation slave /bin/sh "$0" inside "$@"
fi
host=$2 fstab=$4 folder=$6 mounts=$7
shift 7
mount --all --fstab "$fstab"
eval "$mounts"
echo "$host" > /proc/sys/kernel/hostname
cd "$folder"
exec "$@"
