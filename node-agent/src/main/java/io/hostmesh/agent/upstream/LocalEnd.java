package io.hostmesh.agent.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.OptionalInt;

/**
 * The address that a connection comes from; the port is the kernel's choice.
 *
 * @param mark set where the address may be another host's: packets then carry this mark, by which
 *     the kernel leads the answers back to us. Needs CAP_NET_ADMIN
 */
public record LocalEnd(InetAddress address, OptionalInt mark) {
  /** An address of this host. */
  public static LocalEnd ours(InetAddress address) {
    return new LocalEnd(address, OptionalInt.empty());
  }

  /** A caller's address, wherever the caller is. */
  public static LocalEnd callers(InetAddress address, int mark) {
    return new LocalEnd(address, OptionalInt.of(mark));
  }

  InetSocketAddress anyPort() {
    return new InetSocketAddress(address, 0);
  }
}
