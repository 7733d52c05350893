package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.NetworkNamespace;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The listening sockets of a host's agent, opened by the supervisor so that they outlive each
 * generation of the agent. What the kernel redirects from this host's own programs arrives at the
 * loopback address; the rest is open to other hosts.
 */
final class AgentSockets {
  private static final List<String> HERE = List.of("127.0.0.1", "::1");

  /** As in the agent's socket unit. */
  private static final List<String> OUTBOUND =
      Stream.concat(IntStream.rangeClosed(1, 16).mapToObj(i -> "127.0.0." + i), Stream.of("::1"))
          .toList();

  private static final List<String> ANYWHERE = List.of("0.0.0.0", "::");

  private AgentSockets() {}

  static List<ListeningSocket> open(String namespace) {
    try {
      return NetworkNamespace.inside(namespace, AgentSockets::all);
    } catch (UserError e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("sockets in " + namespace, e);
    }
  }

  private static List<ListeningSocket> all() {
    List<ListeningSocket> sockets = new ArrayList<>();
    tcp(sockets, "outbound", OUTBOUND, 15001);
    tcp(sockets, "inbound", ANYWHERE, 15006);
    tcp(sockets, "mesh", ANYWHERE, 15008);
    tcp(sockets, "dns-tcp", HERE, 15053);
    tcp(sockets, "metrics", ANYWHERE, 15020);
    tcp(sockets, "ready", ANYWHERE, 15021);
    for (String address : HERE) {
      sockets.add(ListeningSocket.udp(name("dns-udp", address), at(address, 15053)));
    }
    return List.copyOf(sockets);
  }

  private static void tcp(
      List<ListeningSocket> sockets, String name, List<String> addresses, int port) {
    for (String address : addresses) {
      sockets.add(ListeningSocket.tcp(name(name, address), at(address, port)));
    }
  }

  private static String name(String name, String address) {
    return address.contains(":") ? name + "6" : name;
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }
}
