package io.hostmesh.model.rules;

import java.util.Locale;

/** How a service's instances share its requests. */
public enum BalancePolicy {
  /** Of two instances drawn at random, the one with fewer requests under way. */
  LEAST_REQUEST,
  /** In turns. */
  ROUND_ROBIN,
  /** By lot. */
  RANDOM;

  /** As rules write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
