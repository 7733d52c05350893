package io.hostmesh.agent.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A token bucket in one word: the moment at which it will be full again (the generic cell rate
 * algorithm, ITU-T I.371). In any time, no more are taken than the rate gives in that time and the
 * burst.
 */
final class TokenBucket extends Bucket {
  private static final VarHandle FULL;

  static {
    try {
      FULL = MethodHandles.lookup().findVarHandle(TokenBucket.class, "full", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * What all buckets of a limit have in common.
   *
   * @param each how long a token takes to come back, in nanoseconds
   * @param depth how long an empty bucket takes to be full: {@code each} for every token of the
   *     burst
   */
  record Terms(long each, long depth) {}

  private final Terms terms;
  private volatile long full;

  /** A full one. */
  TokenBucket(String key, Terms terms, long now) {
    super(key);
    this.terms = terms;
    this.full = now;
  }

  @Override
  long take(long now) {
    while (true) {
      long seen = full;
      if (seen == RETIRED) {
        return RETIRED;
      }
      long used = Math.max(seen - now, 0) + terms.each();
      if (used > terms.depth()) {
        return terms.depth() - used;
      }
      if (FULL.compareAndSet(this, seen, now + used)) {
        return used;
      }
    }
  }

  @Override
  void giveBack() {
    while (true) {
      long seen = full;
      if (seen == RETIRED || FULL.compareAndSet(this, seen, seen - terms.each())) {
        return;
      }
    }
  }

  @Override
  long remaining(long taken) {
    return taken < 0 ? 0 : (terms.depth() - taken) / terms.each();
  }

  @Override
  boolean retire(long now) {
    long seen = full;
    return seen == RETIRED || (seen - now <= 0 && FULL.compareAndSet(this, seen, RETIRED));
  }
}
