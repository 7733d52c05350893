package io.hostmesh.pilot;

import io.hostmesh.registry.DeadNodeReaper;
import io.hostmesh.registry.LeaderElection;
import io.hostmesh.registry.LeadershipListener;
import io.hostmesh.registry.Registry;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What only one of all pilots does: expiring dead nodes, and keeping order among virtual addresses.
 * Safe for any thread.
 */
final class Leadership implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Leadership.class.getName());

  private final Registry registry;
  private final Duration removeNodesAfter;
  private @Nullable DeadNodeReaper reaper; // Guarded by this.
  private volatile @Nullable LeaderElection election; // Written under this.

  Leadership(Registry registry, Duration removeNodesAfter) {
    this.registry = registry;
    this.removeNodesAfter = removeNodesAfter;
  }

  /**
   * @param candidate says who leads, for people
   */
  synchronized void start(String candidate) {
    election =
        registry.elect(
            "pilot",
            candidate,
            new LeadershipListener() {
              @Override
              public void elected() {
                begin();
              }

              @Override
              public void lost() {
                stop();
              }
            });
  }

  /** By the clock, not by what was heard: an end may be told late. */
  boolean leads() {
    return term() > 0;
  }

  /** Another one each time that it leads anew; 0 while it does not. */
  long term() {
    LeaderElection now = election;
    return now == null ? 0 : now.term();
  }

  private synchronized void begin() {
    LOG.log(System.Logger.Level.INFO, "this pilot leads: it expires dead nodes");
    reaper = registry.reaper(removeNodesAfter);
  }

  private synchronized void stop() {
    if (reaper != null) {
      reaper.close();
      reaper = null;
    }
  }

  @Override
  public void close() {
    LeaderElection ending;
    synchronized (this) {
      ending = election;
      election = null;
    }
    if (ending != null) {
      ending.close();
    }
    stop();
  }
}
