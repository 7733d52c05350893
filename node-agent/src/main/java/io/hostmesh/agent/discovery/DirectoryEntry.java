package io.hostmesh.agent.discovery;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What every agent knows of a service: enough to name it and to recognise calls to it.
 *
 * @param virtualAddresses any port of them means this service
 * @param addresses where its instances listen, captured as well
 */
public record DirectoryEntry(
    ServiceName service,
    String datacenter,
    Protocol protocol,
    List<InetAddress> virtualAddresses,
    List<InetSocketAddress> addresses) {
  public DirectoryEntry {
    virtualAddresses = List.copyOf(virtualAddresses);
    addresses = List.copyOf(addresses);
  }
}
