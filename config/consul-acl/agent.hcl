# What hostmesh-agent on the host NODE needs. Write the host's name for NODE, and rather than the prefix
# one stanza for each service that the host may run: service "web" { policy = "write" }.

# Its services, and their checks.
service_prefix "" { policy = "write" }

# Its own entry in the catalog with its heartbeat, where the host has no Consul agent.
node "NODE" { policy = "write" }
session "NODE" { policy = "write" }

# Whether the address is this host's own Consul agent (registry.local-agent = auto), and what is registered there.
agent "NODE" { policy = "read" }
node_prefix "" { policy = "read" }
