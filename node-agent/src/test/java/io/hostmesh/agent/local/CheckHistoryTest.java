package io.hostmesh.agent.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CheckHistoryTest {
  private static HealthCheck check(int healthyAfter, int unhealthyAfter) {
    return new HealthCheck(
        new CheckKind.Tcp(),
        Duration.ofSeconds(5),
        Duration.ofSeconds(1),
        healthyAfter,
        unhealthyAfter);
  }

  private static CheckHistory after(HealthCheck check, List<Boolean> results) {
    CheckHistory history = CheckHistory.UNKNOWN;
    for (boolean passed : results) {
      history = history.after(passed ? Optional.empty() : Optional.of("no"), check);
    }
    return history;
  }

  @Test
  void theFirstGoodResultMakesWell() {
    assertThat(after(check(1, 2), List.of(true)).well()).isTrue();
  }

  @Test
  void oneBadResultIsNotEnoughWhereTwoAreNeeded() {
    assertThat(after(check(1, 2), List.of(true, false)).well()).isTrue();
    assertThat(after(check(1, 2), List.of(true, false, false)).well()).isFalse();
    assertThat(after(check(1, 2), List.of(true, false, true, false)).well()).isTrue();
  }

  /** Well is what the last long enough run of equal results says. */
  @Property
  void theLastLongEnoughRunDecides(
      @ForAll List<Boolean> results,
      @ForAll @IntRange(min = 1, max = 4) int healthyAfter,
      @ForAll @IntRange(min = 1, max = 4) int unhealthyAfter) {
    boolean expected = false;
    int run = 0;
    for (int i = 0; i < results.size(); i++) {
      run = i > 0 && results.get(i).equals(results.get(i - 1)) ? run + 1 : 1;
      if (run >= (results.get(i) ? healthyAfter : unhealthyAfter)) {
        expected = results.get(i);
      }
    }
    assertThat(after(check(healthyAfter, unhealthyAfter), results).well()).isEqualTo(expected);
  }

  @Test
  void anIllInstanceIsAskedSoonAgain() {
    assertThat(check(1, 1).pause(true)).isEqualTo(Duration.ofSeconds(5));
    assertThat(check(1, 1).pause(false)).isEqualTo(HealthCheck.IMPATIENT);
  }
}
