package io.hostmesh.agent.balance;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What an instance answered: in a row, and since the last look. Any thread; allocates nothing. */
final class TrackRecord {
  final AtomicInteger serverErrors = new AtomicInteger();
  final AtomicInteger gatewayErrors = new AtomicInteger();
  final AtomicInteger localFailures = new AtomicInteger();
  private final LongAdder good = new LongAdder();
  private final LongAdder bad = new LongAdder();

  /** What was counted since the look before. */
  record Counts(long good, long bad) {
    long all() {
      return good + bad;
    }

    /** In percent. */
    double successRate() {
      return 100.0 * good / all();
    }
  }

  void count(boolean success) {
    (success ? good : bad).increment();
  }

  Counts look() {
    return new Counts(good.sumThenReset(), bad.sumThenReset());
  }

  /** One more in a row. */
  static int more(AtomicInteger row) {
    return row.incrementAndGet();
  }

  /** The row has ended; written only where there was one, since all loops share it. */
  static void end(AtomicInteger row) {
    if (row.get() != 0) {
      row.set(0);
    }
  }

  void forget() {
    end(serverErrors);
    end(gatewayErrors);
    end(localFailures);
  }
}
