package io.hostmesh.agent.workload;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where redirected connections come from. The kernel changes the port of a caller whose connection
 * would else look, in its answers, like another one that it still tracks: all that is redirected
 * goes to one address, so two calls from one port to different places do. What the caller's own
 * socket says, only connection tracking knows then.
 *
 * <p>Each thread has a netlink socket of its own, in the network namespace it was in at its first
 * question.
 */
final class ConnectionTracking {
  private static final System.Logger LOG = System.getLogger(ConnectionTracking.class.getName());

  /** A question for a module that is missing makes the kernel look for it each time. */
  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  /** What the kernel says of an accepted connection. */
  sealed interface Origin {
    /** The address and port of the caller's own socket. */
    record Known(InetSocketAddress source) implements Origin {}

    /** It is not tracked, and so nothing was changed of it. */
    record Untracked() implements Origin {}

    /**
     * The kernel cannot be asked.
     *
     * @param reason a sentence without its end
     */
    record Unasked(String reason) implements Origin {}
  }

  private record Failure(Origin.Unasked origin, long nanos) {}

  private final ThreadLocal<Conntrack> kernel = ThreadLocal.withInitial(Conntrack::new);
  private volatile @Nullable Failure failure;

  /**
   * @param local the accepted connection's own address
   * @param remote where it seems to come from
   */
  Origin origin(InetSocketAddress local, InetSocketAddress remote) {
    Failure last = failure;
    if (last != null && System.nanoTime() - last.nanos() < PAUSE_NANOS) {
      return last.origin();
    }
    try {
      InetSocketAddress source = kernel.get().source(local, remote);
      if (last != null) {
        failure = null;
      }
      return source == null ? new Origin.Untracked() : new Origin.Known(source);
    } catch (IllegalStateException e) {
      return failed(last, String.valueOf(e.getMessage()));
    }
  }

  private Origin failed(@Nullable Failure last, String message) {
    Origin.Unasked origin =
        new Origin.Unasked(
            "the kernel's connection tracking could not be asked for its port ("
                + message
                + "): the agent needs CAP_NET_ADMIN and the module nf_conntrack_netlink");
    failure = new Failure(origin, System.nanoTime());
    if (last == null || !last.origin().equals(origin)) {
      LOG.log(System.Logger.Level.WARNING, "some callers may be refused: {0}", origin.reason());
    }
    return origin;
  }
}
