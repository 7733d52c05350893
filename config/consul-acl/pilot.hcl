# What hostmesh-pilot needs.

# The catalog of the mesh, and who may call whom by Consul's own intentions.
service_prefix "" {
  policy     = "read"
  intentions = "read"
}

# Hosts without a heartbeat become critical and are removed: that is a write to their entries.
node_prefix "" { policy = "write" }

# One pilot of several removes them: a session, and a key that it locks.
session_prefix "" { policy = "write" }
key_prefix "hostmesh/leader/" { policy = "write" }

# Rules with their history, and the services' virtual addresses.
key_prefix "hostmesh/rules/" { policy = "write" }
key_prefix "hostmesh/history/" { policy = "write" }
key_prefix "hostmesh/vips/" { policy = "write" }

# Which services a host may have, signed by citadel.
key_prefix "hostmesh/entitlements/" { policy = "read" }
