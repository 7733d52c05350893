package io.hostmesh.agent.redirect;

/**
 * Where the agent takes captured traffic: calls that go out, calls that come in, DNS questions. The
 * kernel turns what leaves the host to {@code 127.0.0.1} and {@code ::1}, what comes in to the
 * address of the interface. The sockets for DNS questions must be bound to those two addresses, one
 * each: a datagram from a wildcard socket goes out with whatever source suits its route, which
 * connection tracking does not take for the answer.
 */
public record CapturePorts(int outbound, int inbound, int dns) {
  public static final CapturePorts DEFAULT = new CapturePorts(15001, 15006, 15053);
}
