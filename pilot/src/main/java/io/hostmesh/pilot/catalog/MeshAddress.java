package io.hostmesh.pilot.catalog;

import io.hostmesh.model.Instance;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Where the agent of an instance's host listens for other agents.
 *
 * @param address an IP address, textual
 * @param port 1 to 65535
 */
public record MeshAddress(String address, int port) {
  /** Node address in the registry, where it is not the application's own. */
  public static final String META_NODE_ADDRESS = Instance.META_PREFIX + "node-address";

  /** As the instance's metadata announces it; empty where it announces none that can be used. */
  public static Optional<MeshAddress> of(Instance instance) {
    String port = instance.meta().get(Instance.META_MESH_PORT);
    if (port == null) {
      return Optional.empty();
    }
    try {
      int number = Integer.parseInt(port);
      String host = instance.meta().getOrDefault(META_NODE_ADDRESS, instance.address());
      String address = InetAddress.ofLiteral(host).getHostAddress();
      return number < 1 || number > 65535
          ? Optional.empty()
          : Optional.of(new MeshAddress(address, number));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
