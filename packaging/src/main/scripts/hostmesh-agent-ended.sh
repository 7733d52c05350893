#!/bin/sh
# Runs as root each time the agent has ended (ExecStopPost). Where it comes back at once (restart, crash), its sockets and
# rules stay as they are, and callers wait. Where it is meant to stay away, no call may wake it and the host's other names
# must be answered; after an orderly stop the rules obey capture.on-stop.
stay_away() {
  # shellcheck disable=SC2046 # A list.
  systemctl stop --no-block $(systemctl list-units --plain --no-legend --full --type=socket 'hostmesh-agent-*' | awk '{ print $1 }')
}

# systemd's job for the unit is what was asked for: stop, or restart. There is none when the agent ends by itself.
job=$(systemctl list-jobs --no-legend hostmesh-agent.service 2> /dev/null | awk '{ print $3 }')
if [ "$job" = stop ]; then
  stay_away
  /usr/lib/hostmesh-agent/bin/hostmesh-agent capture stopped
elif [ "${EXIT_STATUS:-}" = 2 ]; then
  stay_away
  /usr/lib/hostmesh-agent/bin/hostmesh-agent capture dns-open
fi
exit 0
