package io.hostmesh.agent.balance;

/**
 * That an instance was ejected as an outlier, and how often: a past that is forgiven step by step.
 *
 * @param times the n-th time by now; one less after each interval without another
 * @param untilNanos on the agent's monotonic clock
 * @param open whether its end has not been told yet
 */
record Expulsion(int times, long untilNanos, boolean open, String why) {
  static final Expulsion NONE = new Expulsion(0, 0, false, "");

  boolean holds(long nowNanos) {
    return open && nowNanos - untilNanos < 0;
  }

  Expulsion again(long until, String reason) {
    return new Expulsion(times + 1, until, true, reason);
  }

  /** It is over. */
  Expulsion returned() {
    return new Expulsion(times, untilNanos, false, why);
  }

  Expulsion forgiven() {
    return times <= 1 ? NONE : new Expulsion(times - 1, untilNanos, false, why);
  }
}
