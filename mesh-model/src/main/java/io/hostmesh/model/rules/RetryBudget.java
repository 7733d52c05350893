package io.hostmesh.model.rules;

/**
 * How many retries may be under way at a time, so that they never multiply what made them
 * necessary.
 *
 * @param share of the requests that are under way and waiting
 * @param min as many are always allowed, where there are few requests
 */
public record RetryBudget(Share share, int min) {
  public static final RetryBudget DEFAULT = new RetryBudget(Share.percent(20), 3);

  /** The retries allowed beside so many requests. */
  public int allows(int requests) {
    return Math.max(min, share.of(requests));
  }
}
