# What Consul's own agent on the host NODE needs, as acl.tokens.agent of its configuration.
node "NODE" { policy = "write" }
node_prefix "" { policy = "read" }
service_prefix "" { policy = "read" }
