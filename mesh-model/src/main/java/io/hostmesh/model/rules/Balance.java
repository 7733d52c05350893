package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a service's instances share its requests.
 *
 * @param policy empty for the calling agent's own setting
 * @param hashOn what a hashing policy hashes: the first of these that a request has
 * @param ring how large the ring of {@link BalancePolicy#RING_HASH} is
 * @param slowStart empty where a new instance gets its full share at once
 * @param panicThreshold with a smaller share of healthy instances, all are used; empty where
 *     instances that fail their checks never are
 */
public record Balance(
    Optional<BalancePolicy> policy,
    List<HashOn> hashOn,
    RingSize ring,
    Optional<SlowStart> slowStart,
    Optional<Share> panicThreshold) {
  public Balance {
    hashOn = List.copyOf(hashOn);
  }

  /** A policy and nothing else. */
  public Balance(BalancePolicy policy) {
    this(Optional.of(policy), List.of(), RingSize.DEFAULT, Optional.empty(), Optional.empty());
  }

  /**
   * A part of a request that is hashed.
   *
   * @param name of the header (lower case), cookie or query parameter; empty for the address
   */
  public record HashOn(Part part, String name) {
    /** Where it stands. */
    public enum Part {
      HEADER,
      COOKIE,
      QUERY,
      SOURCE_ADDRESS
    }
  }

  /**
   * Points of the ring: at least {@code min} in all, so that shares are near to the weights, and at
   * most {@code max}.
   */
  public record RingSize(int min, int max) {
    public static final int MOST = 8 * 1024 * 1024;
    public static final RingSize DEFAULT = new RingSize(1024, MOST);
  }

  /**
   * An instance that is new, or healthy again, gets a growing part of its share: {@code
   * (age/window)^(1/aggression)}, at least {@code from} (Envoy's slow start).
   *
   * @param aggression 1 for a straight line, more for faster
   */
  public record SlowStart(Duration window, double aggression, Share from) {
    /**
     * The part of its weight that it has.
     *
     * @param ageNanos since it is there
     * @return above 0, at most 1
     */
    public double part(long ageNanos) {
      double windowNanos = window.toNanos();
      if (ageNanos < 0 || ageNanos >= windowNanos) {
        return 1;
      }
      return Math.max(
          Math.max(from.fraction(), 0.01), Math.pow(ageNanos / windowNanos, 1 / aggression));
    }
  }
}
