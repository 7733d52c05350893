package io.hostmesh.runtime.backoff;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with full jitter: the n-th wait is drawn evenly from half of the n-th bound
 * to the bound itself, so that many clients of one failed server do not return in step.
 *
 * @param first the first bound
 * @param limit no bound is longer
 */
public record Backoff(Duration first, Duration limit) {
  public Backoff {
    if (first.isNegative() || first.isZero() || limit.compareTo(first) < 0) {
      throw new IllegalArgumentException("backoff from " + first + " to " + limit);
    }
  }

  /** The same, where no bound is longer than this instead. */
  public Backoff upTo(Duration other) {
    return new Backoff(first, other);
  }

  /**
   * @param attempt how many attempts have failed so far, from 1
   */
  public Duration delay(int attempt, RandomGenerator random) {
    long bound = limit.toNanos();
    int doublings = Math.max(0, attempt - 1);
    if (doublings < 62 && first.toNanos() <= bound >> doublings) {
      bound = first.toNanos() << doublings;
    }
    return Duration.ofNanos(bound / 2 + random.nextLong(bound / 2 + 1));
  }
}
