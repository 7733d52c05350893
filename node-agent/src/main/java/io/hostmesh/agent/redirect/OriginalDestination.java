package io.hostmesh.agent.redirect;

import io.netty.channel.Channel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Where a captured connection was going before the kernel turned it to us: {@code SO_ORIGINAL_DST}
 * of netfilter's connection tracking.
 */
public final class OriginalDestination {
  /** {@code SOL_IP}, {@code SO_ORIGINAL_DST} of linux/netfilter_ipv4.h: a sockaddr_in. */
  private static final RawUnixChannelOption IPV4 =
      new RawUnixChannelOption("SO_ORIGINAL_DST", 0, 80, 16);

  /** {@code SOL_IPV6}, {@code IP6T_SO_ORIGINAL_DST}: a sockaddr_in6. */
  private static final RawUnixChannelOption IPV6 =
      new RawUnixChannelOption("IP6T_SO_ORIGINAL_DST", 41, 80, 28);

  private OriginalDestination() {}

  /**
   * The original destination of an accepted epoll channel.
   *
   * @return empty where the connection was not redirected: it called our port itself, which is to
   *     be refused, since a port that only takes redirected traffic believes what the kernel says
   *     of it
   */
  public static Optional<InetSocketAddress> of(Channel accepted) {
    InetSocketAddress local = (InetSocketAddress) accepted.localAddress();
    Optional<InetSocketAddress> original =
        ask(accepted, local.getAddress().getAddress().length == 4);
    return original.filter(destination -> !destination.equals(local));
  }

  private static Optional<InetSocketAddress> ask(Channel accepted, boolean ipv4) {
    ByteBuffer answer;
    try {
      answer = accepted.config().getOption(ipv4 ? IPV4 : IPV6);
    } catch (RuntimeException e) {
      // ENOENT: connection tracking knows nothing of it, so nothing redirected it.
      System.getLogger(OriginalDestination.class.getName())
          .log(System.Logger.Level.DEBUG, "no original destination", e);
      return Optional.empty();
    }
    return answer == null ? Optional.empty() : Optional.of(parse(answer, ipv4));
  }

  /** Reads a sockaddr_in or sockaddr_in6, whose port is in network order. */
  static InetSocketAddress parse(ByteBuffer sockaddr, boolean ipv4) {
    byte[] address = new byte[ipv4 ? 4 : 16];
    int port = Short.toUnsignedInt(sockaddr.order(java.nio.ByteOrder.BIG_ENDIAN).getShort(2));
    sockaddr.get(ipv4 ? 4 : 8, address);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + address.length + " bytes", e);
    }
  }
}
