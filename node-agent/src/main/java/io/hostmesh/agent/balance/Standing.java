package io.hostmesh.agent.balance;

/**
 * Whether an instance is out, and why: the one place where all who have a say put it together.
 *
 * @param unreachable by a connection that failed
 * @param outlier by what it answered
 * @param failedCheck what an active check found; empty where it found nothing
 */
record Standing(Ejection unreachable, Expulsion outlier, String failedCheck) {
  static final Standing GOOD = new Standing(Ejection.NONE, Expulsion.NONE, "");

  boolean out(long nowNanos) {
    return unreachable.holds(nowNanos) || outlier.holds(nowNanos) || !failedCheck.isEmpty();
  }

  /** One sentence without its subject; empty where it is not out. */
  String why(long nowNanos) {
    if (!failedCheck.isEmpty()) {
      return "fails its health check: " + failedCheck;
    }
    if (outlier.holds(nowNanos)) {
      return "is ejected for " + seconds(outlier.untilNanos() - nowNanos) + ": " + outlier.why();
    }
    return unreachable.holds(nowNanos)
        ? "was not reached; is tried again in " + seconds(unreachable.untilNanos() - nowNanos)
        : "";
  }

  private static String seconds(long nanos) {
    return (nanos + 999_999_999) / 1_000_000_000 + " s";
  }

  Standing with(Ejection next) {
    return of(next, outlier, failedCheck);
  }

  Standing with(Expulsion next) {
    return of(unreachable, next, failedCheck);
  }

  Standing withCheck(String failed) {
    return of(unreachable, outlier, failed);
  }

  /** What is good is always the same object, which is quickly seen. */
  @SuppressWarnings("ReferenceEquality")
  private static Standing of(Ejection unreachable, Expulsion outlier, String failedCheck) {
    return unreachable.failures() == 0 && outlier == Expulsion.NONE && failedCheck.isEmpty()
        ? GOOD
        : new Standing(unreachable, outlier, failedCheck);
  }
}
