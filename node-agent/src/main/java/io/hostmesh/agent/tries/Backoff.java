package io.hostmesh.agent.tries;

import io.hostmesh.model.rules.RetryPolicy;
import java.util.random.RandomGenerator;

/**
 * How long a retry waits: full jitter, so that callers that failed together do not come together.
 */
final class Backoff {
  /** Beyond as many doublings any base has met its maximum. */
  private static final int MOST_DOUBLINGS = 20;

  private Backoff() {}

  /**
   * @param retry 1 for the first
   * @return nanoseconds, from 0 to what the policy allows
   */
  static long nanos(RetryPolicy.Backoff policy, int retry, RandomGenerator random) {
    long longest = policy.base().toNanos() << Math.min(retry - 1, MOST_DOUBLINGS);
    long most = policy.max().toNanos();
    if (longest < 0 || longest > most) {
      longest = most;
    }
    return random.nextLong(longest + 1);
  }
}
