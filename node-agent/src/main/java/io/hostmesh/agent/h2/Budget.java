package io.hostmesh.agent.h2;

/**
 * How many cheap frames a peer may make this agent work with: a bucket of tokens that fills up
 * again with time. Not for several threads.
 */
final class Budget {
  private final int burst;
  private final long nanosEach;
  private long left;
  private long at;

  /**
   * @param burst at most so many at once
   * @param perSecond and so many in the long run
   */
  Budget(int burst, int perSecond, long nowNanos) {
    this.burst = burst;
    this.nanosEach = 1_000_000_000L / perSecond;
    this.left = burst;
    this.at = nowNanos;
  }

  /** Takes one; false where there is none left. */
  boolean take(long nowNanos) {
    long earned = (nowNanos - at) / nanosEach;
    if (earned > 0) {
      left = Math.min(burst, left + earned);
      at += earned * nanosEach;
    }
    return --left >= 0;
  }
}
