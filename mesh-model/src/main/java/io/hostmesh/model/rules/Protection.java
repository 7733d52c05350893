package io.hostmesh.model.rules;

import java.util.List;
import java.util.Optional;

/**
 * How a service, and who calls it, is kept from harm when it does badly.
 *
 * @param limits how much may be under way to it
 * @param retryBudget how many retries of that
 * @param outliers when instances are left out by what they answer
 * @param checks that callers' agents make; empty where no rule has any
 */
public record Protection(
    Optional<UpstreamLimits> limits,
    Optional<RetryBudget> retryBudget,
    Optional<OutlierDetection> outliers,
    List<ActiveCheck> checks) {
  /** No rule says anything. */
  public static final Protection NONE =
      new Protection(Optional.empty(), Optional.empty(), Optional.empty(), List.of());

  public Protection {
    checks = List.copyOf(checks);
  }

  Protection or(Protection wider) {
    return new Protection(
        limits.or(wider::limits),
        retryBudget.or(wider::retryBudget),
        outliers.or(wider::outliers),
        checks.isEmpty() ? wider.checks : checks);
  }
}
