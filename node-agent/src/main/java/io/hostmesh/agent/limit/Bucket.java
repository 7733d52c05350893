package io.hostmesh.agent.limit;

/** Tokens of one limit, for one key. Any thread; no method waits. */
abstract class Bucket {
  /**
   * What {@link #take} answers where the bucket is in use no more, so that another is to be had.
   */
  static final long RETIRED = Long.MIN_VALUE;

  private final String key;

  /**
   * @param key whose it is; empty where the limit has one bucket only
   */
  Bucket(String key) {
    this.key = key;
  }

  final String key() {
    return key;
  }

  /**
   * Takes a token.
   *
   * @param now of a clock that only goes forward, in nanoseconds
   * @return 0 or more where there was one: after how many nanoseconds the bucket is full again;
   *     less than 0 where there was none: the nanoseconds until there is one, negated; or {@link
   *     #RETIRED}
   */
  abstract long take(long now);

  /** Puts back a token that was taken for nothing. */
  abstract void giveBack();

  /**
   * How many tokens are left.
   *
   * @param taken what {@link #take} answered
   */
  abstract long remaining(long taken);

  /**
   * Takes it out of use, where it is as a new one would be.
   *
   * @return whether it is out of use
   */
  abstract boolean retire(long now);
}
