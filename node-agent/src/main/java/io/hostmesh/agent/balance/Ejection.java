package io.hostmesh.agent.balance;

import java.time.Duration;

/**
 * An instance that could not be reached is left out for a while: 1 s, doubled with each failure in
 * a row, at most 10 s, so that it is tried again soon after it is back.
 *
 * @param failures in a row
 * @param untilNanos on the clock of {@link System#nanoTime}
 */
public record Ejection(int failures, long untilNanos) {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** What an instance has that was reached last time. */
  public static final Ejection NONE = new Ejection(0, 0);

  /** After one more failure. */
  public Ejection failed(long nowNanos) {
    long nanos = FIRST.toNanos() << Math.min(failures, 4);
    return new Ejection(
        Math.min(failures, 1000) + 1, nowNanos + Math.min(nanos, LONGEST.toNanos()));
  }

  public boolean holds(long nowNanos) {
    return failures > 0 && nowNanos - untilNanos < 0;
  }
}
