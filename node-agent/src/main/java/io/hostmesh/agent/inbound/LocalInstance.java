package io.hostmesh.agent.inbound;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import java.net.InetSocketAddress;

/**
 * An instance on this host.
 *
 * @param id its short id, unique on this host
 * @param application where it is called from this host, for instance 127.0.0.1:8080
 */
public record LocalInstance(
    ServiceName service, String id, Protocol protocol, InetSocketAddress application) {
  /** The service's port, which rules speak of. */
  public int port() {
    return application.getPort();
  }

  @Override
  public String toString() {
    return service + " instance " + id;
  }
}
