package io.hostmesh.agent.redirect;

import java.net.InetAddress;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the agent takes captured traffic: calls that go out, calls that come in, DNS questions. The
 * kernel turns what leaves the host to {@code 127.0.0.1} and {@code ::1}, what comes in to the
 * address of the interface. The sockets for DNS questions must be bound to those two addresses, one
 * each: a datagram from a wildcard socket goes out with whatever source suits its route, which
 * connection tracking does not take for the answer.
 *
 * @param spread whether calls by IPv4 that go out are turned to all of {@link #SPREAD}, by the last
 *     bits of the address called. Connection tracking remembers a closed connection for two minutes
 *     and takes no second one from the same port to the same address: with one address for all
 *     services, a host that opens many short connections soon has the kernel search for ports,
 *     milliseconds each time.
 */
public record CapturePorts(int outbound, int inbound, int dns, boolean spread) {
  public static final CapturePorts DEFAULT = new CapturePorts(15001, 15006, 15053, true);

  /** The addresses that take outgoing calls where they are spread; a power of two of them. */
  public static final List<InetAddress> SPREAD =
      IntStream.rangeClosed(1, 16)
          .mapToObj(last -> InetAddress.ofLiteral("127.0.0." + last))
          .toList();
}
