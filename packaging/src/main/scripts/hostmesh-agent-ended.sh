#!/bin/sh
# Runs as root each time the agent has ended (ExecStopPost). Where it comes back at once, its sockets and rules stay
# as they are, and callers wait. Where it is meant to stay away, the rules obey capture.on-stop; but the
# host's other names must be answered, and no call may wake the agent.
job=$(systemctl list-jobs --no-legend hostmesh-agent.service 2> /dev/null | awk '{ print $3 }')
if [ "$job" = stop ] || [ "${EXIT_STATUS:-}" = 2 ]; then
  systemctl stop --no-block $(systemctl list-units --plain --no-legend --full --type=socket 'hostmesh-agent-*' | awk '{ print $1 }')
  /usr/lib/hostmesh-agent/bin/hostmesh-agent capture dns-open
fi
exit 0
