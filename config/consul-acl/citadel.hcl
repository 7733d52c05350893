# What hostmesh-citadel needs: its own records, which are signed; nothing of the catalog and no rules.
key_prefix "hostmesh/authority/" { policy = "write" }
key_prefix "hostmesh/citadels/" { policy = "write" }
key_prefix "hostmesh/entitlements/" { policy = "write" }
key_prefix "hostmesh/jwt-keys/" { policy = "write" }
key_prefix "hostmesh/ledgers/" { policy = "write" }
key_prefix "hostmesh/nodes/" { policy = "write" }
key_prefix "hostmesh/revocations/" { policy = "write" }
key_prefix "hostmesh/tokens/" { policy = "write" }
