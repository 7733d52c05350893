package io.hostmesh.agent.connection;

import java.net.InetSocketAddress;

/** What all accepted connections need. */
public final class Accepted {
  private Accepted() {}

  /** {@code address:port} for messages. */
  public static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
  }
}
