package io.hostmesh.agent.tries;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long answers took lately: a histogram whose buckets grow by an eighth of a power of two, and
 * in which what was seen counts half after each 2,000 more. Any thread; nothing here waits, and
 * counts that meet a halving may be lost.
 */
public final class LatencyWindow {
  private static final int STEPS = 8;
  private static final int POWERS = 34;
  private static final int MOST = 4000;

  /** With fewer, a percentile says nothing. */
  private static final int FEWEST = 50;

  private final AtomicIntegerArray counts = new AtomicIntegerArray(STEPS * POWERS);
  private final AtomicInteger total = new AtomicInteger();
  private final AtomicBoolean halving = new AtomicBoolean();

  /** An answer has begun, or was given up as too slow after as long. */
  public void add(long nanos) {
    counts.getAndIncrement(bucket(nanos));
    if (total.incrementAndGet() >= MOST && halving.compareAndSet(false, true)) {
      halve();
      halving.set(false);
    }
  }

  private void halve() {
    int sum = 0;
    for (int i = 0; i < counts.length(); i++) {
      int half = counts.get(i) / 2;
      counts.set(i, half);
      sum += half;
    }
    total.set(sum);
  }

  private static int bucket(long nanos) {
    long micros = Math.max(STEPS, nanos / 1000); // Below 8 us all are the same.
    int power = 63 - Long.numberOfLeadingZeros(micros);
    int step = (int) (micros >> (power - 3)) & (STEPS - 1);
    return Math.min(STEPS * (power - 3) + step, STEPS * POWERS - 1);
  }

  /** The longest of a bucket. */
  private static long nanos(int bucket) {
    int power = bucket / STEPS + 3;
    long step = bucket % STEPS + STEPS + 1L;
    return (step << (power - 3)) * 1000;
  }

  /**
   * The time within which this share of the answers came, at most an eighth too long.
   *
   * @param percent 1 to 99
   * @return nanoseconds; empty where too few answers have come
   */
  public OptionalLong percentile(int percent) {
    int all = total.get();
    if (all < FEWEST) {
      return OptionalLong.empty();
    }
    long below = 0;
    for (int i = 0; i < counts.length(); i++) {
      below += counts.get(i);
      if (below * 100 >= (long) all * percent) {
        return OptionalLong.of(nanos(i));
      }
    }
    return OptionalLong.empty(); // Halved in this moment.
  }
}
