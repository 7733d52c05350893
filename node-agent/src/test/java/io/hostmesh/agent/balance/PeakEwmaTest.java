package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PeakEwmaTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void aPeakCountsAtOnceAndFallsByE() {
    PeakEwma ewma = new PeakEwma();
    ewma.answered(1_000, 0);
    ewma.answered(100_000, 1);
    assertThat(ewma.load(0, 1)).isEqualTo(100_000);
    assertThat(ewma.load(3, 1)).as("times the requests with this one").isEqualTo(400_000);
    assertThat(ewma.load(0, 1 + 10 * SECOND)).isCloseTo(100_000 / Math.E, within(1.0));
  }

  @Test
  void aFasterAnswerLowersItByTheTimeThatWentBy() {
    PeakEwma ewma = new PeakEwma();
    ewma.answered(100_000, 0);
    ewma.answered(1_000, 10 * SECOND);
    double kept = 1 / Math.E;
    assertThat(ewma.load(0, 10 * SECOND))
        .isCloseTo(100_000 * kept + 1_000 * (1 - kept), within(1.0));
  }

  @Test
  void whatNeverAnsweredIsTriedOnceAtATime() {
    PeakEwma ewma = new PeakEwma();
    assertThat(ewma.load(0, 5)).isZero();
    assertThat(ewma.load(1, 5)).isGreaterThan(1e14);
  }

  @Property
  void itStaysWithinWhatWasSeen(
      @ForAll @Size(min = 1, max = 30) List<@LongRange(min = 1, max = 60_000_000_000L) Long> seen,
      @ForAll @IntRange(min = 1, max = 1_000_000) int between) {
    PeakEwma ewma = new PeakEwma();
    long now = 0;
    for (long latency : seen) {
      now += between;
      ewma.answered(latency, now);
      assertThat(ewma.load(0, now)).isGreaterThanOrEqualTo(latency - 1.0);
    }
    assertThat(ewma.load(0, now))
        .isLessThanOrEqualTo(seen.stream().mapToLong(Long::longValue).max().orElseThrow() + 1.0);
  }
}
