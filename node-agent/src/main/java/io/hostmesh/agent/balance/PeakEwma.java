package io.hostmesh.agent.balance;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How long an instance takes to answer: an average that a slower answer raises at once and that
 * falls again exponentially (peak EWMA, as in Finagle and Linkerd), so that an instance that gets
 * slow is avoided after one answer and comes back as time goes by. Any thread; never waits.
 */
public final class PeakEwma {
  /** After this time without answers, what was known counts 1/e. */
  static final Duration DECAY = Duration.ofSeconds(10);

  private static final double DECAY_NANOS = DECAY.toNanos();

  /**
   * @param cost nanoseconds; 0 where there was no answer yet
   * @param atNanos when it was so
   */
  private record Cost(double cost, long atNanos) {
    double at(long nowNanos) {
      return cost * Math.exp(-Math.max(0, nowNanos - atNanos) / DECAY_NANOS);
    }
  }

  private static final Cost UNKNOWN = new Cost(0, 0);

  private final AtomicReference<Cost> state = new AtomicReference<>(UNKNOWN);

  /**
   * An answer began.
   *
   * @param latencyNanos after the request was sent
   */
  public void answered(long latencyNanos, long nowNanos) {
    double latency = Math.max(1, latencyNanos);
    state.updateAndGet(
        before -> {
          double decayed = before.at(nowNanos);
          if (latency > decayed) {
            return new Cost(latency, nowNanos);
          }
          double kept = Math.exp(-Math.max(0, nowNanos - before.atNanos) / DECAY_NANOS);
          return new Cost(before.cost * kept + latency * (1 - kept), nowNanos);
        });
  }

  /**
   * What one more request would cost: the latency times the requests under way with it. One that
   * never answered costs nothing, so that it is tried, and a great deal while it is being tried.
   */
  public double load(double underWay, long nowNanos) {
    Cost now = state.get();
    if (now.cost == 0) {
      return underWay <= 0 ? 0 : 1e15 + underWay;
    }
    return now.at(nowNanos) * (underWay + 1.0);
  }
}
