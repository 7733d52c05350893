package io.hostmesh.agent.dns;

import io.hostmesh.model.MeshHost;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** What the mesh's names mean. Asked on event loops: answers from memory. */
@FunctionalInterface
public interface MeshNames {
  /**
   * The virtual addresses, of both families, of the service that a name means.
   *
   * @return empty where there is no such service; an empty list where it has no address
   */
  Optional<List<InetAddress>> addresses(MeshHost host);
}
