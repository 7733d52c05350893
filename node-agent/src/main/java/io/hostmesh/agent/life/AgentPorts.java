package io.hostmesh.agent.life;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.agent.listen.ListeningSockets;
import io.hostmesh.runtime.HostPort;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the agent listens where no socket was passed to it: what the kernel redirects from this
 * host's own programs arrives at the loopback address, the rest from anywhere.
 */
record AgentPorts(AgentConfig.Listen listen) {

  /** The ports by the keys that set them; no service can have one of them. */
  static Map<Integer, String> reserved(AgentConfig.Listen listen) {
    Map<Integer, String> ports = new TreeMap<>();
    ports.put(listen.outbound(), "listen.outbound");
    ports.put(listen.inbound(), "listen.inbound");
    ports.put(listen.mesh(), "listen.mesh");
    ports.put(listen.dns(), "listen.dns");
    ports.put(listen.metrics().port(), "metrics.listen");
    ports.put(listen.readiness().port(), "readiness.listen");
    return ports;
  }

  /**
   * @param name one of {@link ListeningSockets}' names
   */
  List<InetSocketAddress> addresses(String name) {
    return switch (name) {
      case ListeningSockets.OUTBOUND -> loopback(listen.outbound());
      case ListeningSockets.DNS_UDP, ListeningSockets.DNS_TCP -> loopback(listen.dns());
      case ListeningSockets.INBOUND -> anywhere(listen.inbound());
      case ListeningSockets.MESH -> anywhere(listen.mesh());
      case ListeningSockets.METRICS -> one(listen.metrics());
      case ListeningSockets.READY -> one(listen.readiness());
      default -> throw new IllegalArgumentException("no address for " + name);
    };
  }

  private static boolean speaksIpv6() {
    return Files.exists(Path.of("/proc/net/if_inet6"));
  }

  /** Where the kernel turns what leaves this host to: one socket a family, see CapturePorts. */
  private static List<InetSocketAddress> loopback(int port) {
    InetSocketAddress ipv4 = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    return speaksIpv6()
        ? List.of(ipv4, new InetSocketAddress(InetAddress.ofLiteral("::1"), port))
        : List.of(ipv4);
  }

  private static List<InetSocketAddress> anywhere(int port) {
    return List.of(
        new InetSocketAddress(InetAddress.ofLiteral(speaksIpv6() ? "::" : "0.0.0.0"), port));
  }

  private static List<InetSocketAddress> one(HostPort address) {
    return List.of(new InetSocketAddress(address.host(), address.port()));
  }
}
