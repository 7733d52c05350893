package io.hostmesh.pilot.catalog;

import io.hostmesh.model.Instance;
import io.hostmesh.registry.RegistrationMeta;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Where the agent of an instance's host listens for other agents.
 *
 * @param address an IP address, textual
 * @param port 1 to 65535
 */
public record MeshAddress(String address, int port) {
  /**
   * The instance's own address, or its node's where other hosts cannot reach that, with the port
   * that its metadata announces; empty where it announces none that can be used.
   */
  public static Optional<MeshAddress> of(Instance instance) {
    String port = instance.meta().get(Instance.META_MESH_PORT);
    if (port == null) {
      return Optional.empty();
    }
    try {
      int number = Integer.parseInt(port);
      InetAddress own = InetAddress.ofLiteral(instance.address());
      boolean reachable = !own.isLoopbackAddress() && !own.isAnyLocalAddress();
      String node = instance.meta().getOrDefault(RegistrationMeta.NODE_ADDRESS, "");
      String address =
          (reachable || node.isEmpty() ? own : InetAddress.ofLiteral(node)).getHostAddress();
      return number < 1 || number > 65535
          ? Optional.empty()
          : Optional.of(new MeshAddress(address, number));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
