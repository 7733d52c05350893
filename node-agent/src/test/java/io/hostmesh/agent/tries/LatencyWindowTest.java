package io.hostmesh.agent.tries;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyWindowTest {
  private final LatencyWindow window = new LatencyWindow();

  @Test
  void aFewAnswersSayNothing() {
    for (int i = 0; i < 49; i++) {
      window.add(1000);
    }
    assertThat(window.percentile(95)).isEmpty();
    window.add(1000);
    assertThat(window.percentile(95)).isPresent();
  }

  /** Of whatever answers took, at most an eighth is said too much, and nothing too little. */
  @Test
  void percentilesAreThoseOfTheAnswers() {
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      LatencyWindow some = new LatencyWindow();
      long[] nanos = new long[50 + random.nextInt(3000)];
      long scale = 10_000L << random.nextInt(20);
      for (int i = 0; i < nanos.length; i++) {
        nanos[i] = 10_000 + random.nextLong(scale);
        some.add(nanos[i]);
      }
      Arrays.sort(nanos);
      for (int percent : new int[] {50, 90, 95, 99}) {
        long exact = nanos[(nanos.length * percent + 99) / 100 - 1];
        assertThat(some.percentile(percent).orElseThrow())
            .as("p%d of %d up to %d", percent, nanos.length, scale)
            .isBetween(exact, exact + exact / 8 + 2000);
      }
    }
  }

  @Test
  void whatWasLongAgoIsForgotten() {
    for (int i = 0; i < 3000; i++) {
      window.add(Duration.ofSeconds(2).toNanos());
    }
    for (int i = 0; i < 30_000; i++) {
      window.add(Duration.ofMillis(1).toNanos());
    }
    assertThat(window.percentile(95).orElseThrow()).isLessThan(Duration.ofMillis(2).toNanos());
  }

  @Test
  void anyTimeHasItsPlace() {
    for (long nanos : new long[] {0, 1, 999, Duration.ofDays(300).toNanos(), Long.MAX_VALUE}) {
      window.add(nanos);
    }
  }
}
