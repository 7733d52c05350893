package io.hostmesh.runtime.backoff;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Waits grow, are bounded, and differ between clients. */
class BackoffTest {
  @Property
  void everyWaitIsWithinHalfItsBoundAndItsBound(
      @ForAll @IntRange(min = 1) int attempt,
      @ForAll @LongRange(min = 1, max = 60_000) long firstMillis,
      @ForAll @LongRange(min = 0, max = 3_600_000) long moreMillis,
      @ForAll long seed) {
    Duration first = Duration.ofMillis(firstMillis);
    Duration limit = first.plusMillis(moreMillis);
    Duration wait = new Backoff(first, limit).delay(attempt, new Random(seed));
    double bound =
        Math.min(
            (double) limit.toNanos(), first.toNanos() * Math.pow(2, Math.min(attempt - 1, 200)));
    assertThat((double) wait.toNanos()).isBetween(bound / 2 - 1, bound + 1);
  }
}
