package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Optional;

/**
 * When an instance that answers worse than it should is left out for a while. The terms and the
 * defaults are Envoy's.
 *
 * @param consecutive5xx answers of 5xx in a row that eject; 0 for never
 * @param consecutiveGateway answers of 502, 503 or 504 in a row that eject; 0 for never
 * @param consecutiveLocalOrigin failures in a row without an answer (not reached, reset, too late)
 *     that eject; 0 where such a failure counts as an answer of 503 or 504 instead
 * @param interval between two looks at the rates, at which an instance's past is forgiven too
 * @param ejection how long an instance is out the first time; n times as long the n-th time
 * @param maxEjection the longest
 * @param maxEjected share of the instances that may be out at a time; one may always be where there
 *     are several
 */
public record OutlierDetection(
    int consecutive5xx,
    int consecutiveGateway,
    int consecutiveLocalOrigin,
    Optional<SuccessRate> successRate,
    Optional<FailurePercentage> failurePercentage,
    Duration interval,
    Duration ejection,
    Duration maxEjection,
    Share maxEjected) {

  public static final OutlierDetection DEFAULT =
      new OutlierDetection(
          5,
          0,
          0,
          Optional.empty(),
          Optional.empty(),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(300),
          Share.percent(10));

  /**
   * Ejects whose share of successes is below the mean of all by more than so many standard
   * deviations.
   *
   * @param thousandths of the factor: 1900 is 1.9
   * @param minHosts with fewer instances that had enough requests nothing is compared
   * @param minRequests within an interval, of an instance that is compared
   */
  public record SuccessRate(int thousandths, int minHosts, int minRequests) {
    public static final SuccessRate DEFAULT = new SuccessRate(1900, 5, 100);
  }

  /**
   * Ejects who fails this share of its requests or more.
   *
   * @param minHosts as in {@link SuccessRate}
   * @param minRequests as in {@link SuccessRate}
   */
  public record FailurePercentage(Share threshold, int minHosts, int minRequests) {
    public static final FailurePercentage DEFAULT = new FailurePercentage(Share.percent(85), 5, 50);
  }

  /** How long an instance is out the n-th time, n from 1. */
  public Duration ejection(int times) {
    Duration longest = maxEjection.compareTo(ejection) < 0 ? ejection : maxEjection;
    long factor = longest.toMillis() / Math.max(1, ejection.toMillis()) + 1;
    Duration wanted = ejection.multipliedBy(Math.min(times, factor));
    return wanted.compareTo(longest) < 0 ? wanted : longest;
  }

  /** How many of so many instances may be out at a time. */
  public int mayEject(int instances) {
    return Math.max(instances > 1 ? 1 : 0, maxEjected.of(instances));
  }
}
