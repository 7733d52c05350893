package io.hostmesh.agent.inbound;

import io.hostmesh.model.ServiceName;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;

/** The instances of this host. Safe for any thread; each call may see newer ones. */
public interface LocalInstances {
  Optional<LocalInstance> byInstance(ServiceName service, String id);

  /** The instance that listens on an address of this host, loopback included. */
  Optional<LocalInstance> byDestination(InetSocketAddress destination);

  /** The metadata that all instances of a service of this host have; empty for others. */
  Map<String, String> meta(ServiceName service);
}
