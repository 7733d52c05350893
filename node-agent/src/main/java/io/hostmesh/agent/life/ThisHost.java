package io.hostmesh.agent.life;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.model.Locality;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The host that the agent stands on.
 *
 * @param name its name in the mesh
 * @param address where other hosts reach it
 * @param locality where it stands
 * @param uid the user that the agent runs as
 */
record ThisHost(String name, InetAddress address, Locality locality, int uid) {
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  /** Documentation addresses (RFC 5737, RFC 3849): asked for the way there, nothing is sent. */
  private static final InetAddress SOMEWHERE = InetAddress.ofLiteral("192.0.2.1");

  private static final InetAddress SOMEWHERE_ELSE = InetAddress.ofLiteral("2001:db8::1");

  /**
   * @throws UserError where the configuration does not say what the machine does not tell either
   */
  static ThisHost of(AgentConfig.NodeSettings node) {
    try {
      return new ThisHost(
          node.name().orElseGet(ThisHost::hostName),
          node.address().orElseGet(ThisHost::ownAddress),
          node.locality(),
          (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException e) {
      throw new UserError("cannot ask the kernel who this process is: " + e, e);
    }
  }

  private static String hostName() {
    try {
      String full = Files.readString(HOST_NAME).strip().toLowerCase(Locale.ROOT);
      return ServiceName.of(full.split("\\.", 2)[0]).name();
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(
          "node.name: is not set, and the machine's host name cannot be used ("
              + e.getMessage()
              + "); set node.name",
          e);
    }
  }

  private static InetAddress ownAddress() {
    for (InetAddress there : new InetAddress[] {SOMEWHERE, SOMEWHERE_ELSE}) {
      try (DatagramSocket socket = new DatagramSocket()) {
        socket.connect(new InetSocketAddress(there, 9));
        InetAddress own = socket.getLocalAddress();
        if (!own.isAnyLocalAddress() && !own.isLoopbackAddress()) {
          return own;
        }
      } catch (SocketException | java.io.UncheckedIOException e) {
        System.getLogger(ThisHost.class.getName())
            .log(System.Logger.Level.DEBUG, "no way to " + there, e);
      }
    }
    throw new UserError(
        "node.address: is not set, and this host has no default route to tell by; set node.address"
            + " to where other hosts reach this one");
  }
}
