package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * That of one connection among those that may lead to a service. Used by the connection's event
 * loop only.
 */
final class Place {
  private static final long GIVES_WAY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final @Nullable Load load;
  private long refusals;
  private boolean free;

  /**
   * @param load where a place was taken; null where nobody counts
   */
  Place(@Nullable Load load) {
    this.load = load;
    used();
  }

  /** The connection is used: only who is refused from now on may be in want of its place. */
  void used() {
    if (load != null) {
      refusals = load.refusals(Load.Kind.CONNECTIONS);
    }
  }

  /**
   * Whether a connection that idles is in the way of another loop or instance, for which there was
   * no place.
   *
   * @param idleNanos for how long
   */
  boolean isWanted(long idleNanos) {
    return load != null
        && idleNanos >= GIVES_WAY_NANOS
        && load.isFull(Load.Kind.CONNECTIONS)
        && load.refusals(Load.Kind.CONNECTIONS) > refusals;
  }

  /** The connection is closed, or ends what it has begun and nothing else. */
  void free() {
    if (!free && load != null) {
      load.ended(Load.Kind.CONNECTIONS);
    }
    free = true;
  }
}
