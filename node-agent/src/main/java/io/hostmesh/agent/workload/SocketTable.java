package io.hostmesh.agent.workload;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's TCP sockets, asked by sock_diag(7): no privilege is needed for uid, inode and
 * cgroup. Each thread has a netlink socket of its own, in the network namespace it was in at its
 * first question.
 *
 * <p>What the kernel tells (seen on Linux 6.18, and as inet_diag.c has it):
 *
 * <ul>
 *   <li>the calling end of a connection: uid and cgroup of its maker;
 *   <li>the accepted end: the cgroup of the <em>listener's</em> maker, inherited with the first
 *       packet, whoever accepts; the uid of who accepted;
 *   <li>an end that waits to be accepted: inode 0, the listener's cgroup and uid; kernels before
 *       6.17 say uid 0;
 *   <li>a connection whose listener defers it until data comes ({@code TCP_DEFER_ACCEPT}), or whose
 *       queue is full: no socket yet, so neither uid nor cgroup;
 *   <li>a closed connection in TIME_WAIT: neither.
 * </ul>
 */
public final class SocketTable {
  private final ThreadLocal<InetDiag> connections = ThreadLocal.withInitial(InetDiag::new);

  /**
   * The socket of exactly this pair of addresses; where there is no such connection, the listener
   * that would get it.
   */
  public @Nullable KernelSocket find(InetSocketAddress local, InetSocketAddress remote) {
    return connections.get().find(local, remote);
  }

  /** The listener that would get a connection to this address. */
  @Nullable KernelSocket listener(InetSocketAddress local) {
    InetAddress any =
        InetAddress.ofLiteral(local.getAddress().getAddress().length == 4 ? "0.0.0.0" : "::");
    return connections.get().find(local, new InetSocketAddress(any, 0));
  }

  /** All listeners that a connection to this address could reach. */
  public List<KernelSocket> listeners(InetSocketAddress local) {
    return connections.get().listeners(local);
  }

  /** All listeners on a port, of both families: those that share it by SO_REUSEPORT among them. */
  public List<KernelSocket> listeners(int port) {
    return connections.get().listeners(port);
  }
}
