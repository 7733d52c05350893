package io.hostmesh.pilot.quota;

import io.hostmesh.model.rules.Rate;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The tokens of one limit for the whole mesh: what was granted is gone, whoever spends it, so all
 * hosts together let no more through than the rate brings. Where more is wanted than there is, each
 * host gets a part by how many calls it has. Not for several threads.
 */
final class Account {
  /** What the rate brings in this time is kept beside the burst, since hosts ask only so often. */
  private static final double KEPT_SECONDS = 0.25;

  /** Whoever has not asked for so long wants nothing now. */
  private static final long LIVELY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** And whoever has not for so long is counted no more. */
  private static final long KNOWN_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** The part of the rate that goes to all hosts alike, when shares are told. */
  private static final double ALIKE = 0.1;

  /**
   * What a host gets.
   *
   * @param share of the rate, in tokens a second
   */
  record Grant(long tokens, double share) {}

  private static final class Lessee {
    long at;
    double weight;
    double demand;
    long granted;
  }

  private final Rate rate;
  private final int burst;
  private final Map<String, Lessee> lessees = new HashMap<>();
  private double tokens;
  private long at;

  /**
   * @param full whether it begins with its burst; empty where an earlier owner may have granted it
   */
  Account(Rate rate, int burst, boolean full, long now) {
    this.rate = rate;
    this.burst = burst;
    this.tokens = full ? burst : 0;
    this.at = now;
  }

  /** Whether it is of such a limit. */
  boolean isOf(Rate other, int otherBurst) {
    return rate.equals(other) && burst == otherBurst;
  }

  /** What is left is taken over by the account of a limit that has changed. */
  Account as(Rate other, int otherBurst, long now) {
    bring(now);
    Account next = new Account(other, otherBurst, false, now);
    next.tokens = Math.min(tokens, next.most());
    return next;
  }

  /**
   * @param want tokens
   * @param returned tokens granted before that are not needed
   * @param demand calls a second
   */
  Grant lease(String node, long want, long returned, double demand, long now) {
    bring(now);
    lessees.values().removeIf(lessee -> now - lessee.at > KNOWN_NANOS);
    Lessee own = lessees.computeIfAbsent(node, _ -> new Lessee());
    long back = Math.min(Math.max(returned, 0), own.granted);
    own.granted -= back;
    tokens = Math.min(most(), tokens + back);
    own.at = now;
    own.demand = Math.max(demand, 0);
    own.weight = Math.max(own.demand, (double) want);

    double weights = 0;
    double demands = 0;
    for (Lessee lessee : lessees.values()) {
      if (now - lessee.at <= LIVELY_NANOS) {
        weights += lessee.weight;
        demands += lessee.demand;
      }
    }
    long part = weights > own.weight ? (long) Math.ceil(tokens * own.weight / weights) : want;
    long granted = Math.max(0, Math.min(Math.min(want, part), (long) tokens));
    tokens -= granted;
    own.granted += granted;
    double alike = rate.perSecond() / lessees.size();
    double byDemand = demands > 0 ? rate.perSecond() * own.demand / demands : alike;
    return new Grant(granted, ALIKE * alike + (1 - ALIKE) * byDemand);
  }

  private void bring(long now) {
    double seconds = (double) Math.max(0, now - at) / TimeUnit.SECONDS.toNanos(1);
    tokens = Math.min(most(), tokens + seconds * rate.perSecond());
    at = now;
  }

  private double most() {
    return burst + rate.perSecond() * KEPT_SECONDS;
  }
}
