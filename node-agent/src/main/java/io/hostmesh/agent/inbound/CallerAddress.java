package io.hostmesh.agent.inbound;

import io.hostmesh.agent.upstream.LocalEnd;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * From where the applications of this host are called: {@code capture.source}.
 *
 * @param mark of connections that bear a caller's address; empty where none do
 * @param ipv6 whether the kernel leads answers by IPv6 back to us
 */
public record CallerAddress(OptionalInt mark, boolean ipv6) {
  /** Every call comes from 127.0.0.6. */
  public static final CallerAddress HIDDEN = new CallerAddress(OptionalInt.empty(), false);

  /** Applications trust 127.0.0.1, which therefore never calls them. */
  private static final LocalEnd MESH = LocalEnd.ours(InetAddress.ofLiteral("127.0.0.6"));

  /**
   * Where a call comes from. An application that listens on a loopback address could not answer to
   * another host, nor can one of the other family: these are called as if nothing was preserved. A
   * caller on this host that bears a loopback address gets the one that the application listens on,
   * as if it had called there: not 127.0.0.1.
   *
   * @param peer the caller's address as an {@link Origin} has it
   * @return empty for the kernel's choice
   */
  Optional<LocalEnd> of(String peer, InetAddress application) {
    boolean scoped = peer.indexOf('%') >= 0; // A link's own address, which no other one answers to.
    if (mark.isPresent() && !scoped && isAnswering(application)) {
      InetAddress caller = InetAddress.ofLiteral(peer);
      if (caller.isLoopbackAddress()) {
        return Optional.of(LocalEnd.ours(application));
      }
      if (isAnswering(caller) && isIpv4(caller) == isIpv4(application)) {
        return Optional.of(LocalEnd.callers(caller, mark.getAsInt()));
      }
    }
    return isIpv4(application) ? Optional.of(MESH) : Optional.empty();
  }

  private boolean isAnswering(InetAddress address) {
    return !address.isLoopbackAddress()
        && !address.isAnyLocalAddress()
        && !address.isLinkLocalAddress()
        && (ipv6 || isIpv4(address));
  }

  private static boolean isIpv4(InetAddress address) {
    return address instanceof Inet4Address;
  }
}
