package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Section;

/** Reads {@code limits} and {@code retry-budget} of {@code kind = upstream}. */
final class LimitsParser {
  private static final int MOST = 1_000_000;

  private LimitsParser() {}

  static UpstreamLimits limits(Section limits) {
    UpstreamLimits read =
        new UpstreamLimits(
            limit(limits, "connections"),
            limit(limits, "pending"),
            limit(limits, "requests"),
            limit(limits, "retries"),
            limits.origin());
    limits.end();
    if (!read.isAny()) {
      throw new io.hostmesh.model.hocon.HoconException(
          limits.origin(), "limits nothing: set connections, pending, requests or retries");
    }
    return read;
  }

  private static int limit(Section limits, String key) {
    return limits.integer(key, 1, MOST, UpstreamLimits.UNLIMITED);
  }

  static RetryBudget budget(Section budget) {
    RetryBudget read =
        new RetryBudget(
            budget.value("share", Share::parse, RetryBudget.DEFAULT.share()),
            budget.integer("min", 0, MOST, RetryBudget.DEFAULT.min()));
    budget.end();
    return read;
  }
}
