package io.hostmesh.model.rules;

import java.util.Locale;

/** How a service's instances share its requests. */
public enum BalancePolicy {
  /** Of two instances drawn at random, the one with fewer requests under way for its weight. */
  LEAST_REQUEST,
  /** In turns. */
  ROUND_ROBIN,
  /** By lot. */
  RANDOM,
  /** Of two instances drawn at random, the one that would answer sooner, by its latest peaks. */
  PEAK_EWMA,
  /** By a hash of the request, on a ring (ketama). */
  RING_HASH,
  /** By a hash of the request, in a table (Google's Maglev). */
  MAGLEV;

  /** As rules write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether equal requests go to the same instance, for which it needs to know what is equal. */
  public boolean hashes() {
    return this == RING_HASH || this == MAGLEV;
  }
}
