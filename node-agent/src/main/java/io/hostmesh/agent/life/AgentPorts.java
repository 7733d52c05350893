package io.hostmesh.agent.life;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.agent.listen.ListeningSockets;
import io.hostmesh.agent.redirect.CapturePorts;
import io.hostmesh.runtime.HostPort;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
      case ListeningSockets.OUTBOUND -> loopback(CapturePorts.SPREAD, listen.outbound());
      case ListeningSockets.DNS_UDP, ListeningSockets.DNS_TCP ->
          loopback(CapturePorts.SPREAD.subList(0, 1), listen.dns());
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

  /** Where the kernel turns what leaves this host to, see {@link CapturePorts}. */
  private static List<InetSocketAddress> loopback(List<InetAddress> ipv4, int port) {
    List<InetSocketAddress> all = new ArrayList<>();
    ipv4.forEach(address -> all.add(new InetSocketAddress(address, port)));
    if (speaksIpv6()) {
      all.add(new InetSocketAddress(InetAddress.ofLiteral("::1"), port));
    }
    return all;
  }

  /**
   * The ports that the kernel's rules lead to. A socket unit that knows of one address only gets
   * all calls at this one.
   */
  static CapturePorts captured(AgentConfig.Listen listen, ListeningSockets sockets) {
    boolean spread =
        !sockets.isPassed(ListeningSockets.OUTBOUND)
            || sockets.passed(ListeningSockets.OUTBOUND) == CapturePorts.SPREAD.size();
    return new CapturePorts(listen.outbound(), listen.inbound(), listen.dns(), spread);
  }

  private static List<InetSocketAddress> anywhere(int port) {
    return List.of(
        new InetSocketAddress(InetAddress.ofLiteral(speaksIpv6() ? "::" : "0.0.0.0"), port));
  }

  private static List<InetSocketAddress> one(HostPort address) {
    return List.of(new InetSocketAddress(address.host(), address.port()));
  }
}
