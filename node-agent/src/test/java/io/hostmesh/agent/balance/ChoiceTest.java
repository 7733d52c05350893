package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class ChoiceTest {
  @Property
  void leastRequestNeverTakesTheOneBusiest(
      @ForAll @Size(min = 2, max = 20) int[] loads, @ForAll long seed) {
    int chosen = Choice.leastRequest(loads.length, i -> loads[i], new Random(seed));
    assertThat(chosen).isBetween(0, loads.length - 1);
    // Of two different ones the less loaded: the only busiest one never wins.
    boolean onlyBusiest = true;
    for (int i = 0; i < loads.length; i++) {
      onlyBusiest &= i == chosen || loads[i] < loads[chosen];
    }
    assertThat(onlyBusiest).isFalse();
  }

  @Property
  void leastRequestReachesEveryOneOfEqualLoad(@ForAll @IntRange(min = 1, max = 8) int count) {
    Random random = new Random(count);
    boolean[] seen = new boolean[count];
    for (int i = 0; i < 500; i++) {
      seen[Choice.leastRequest(count, _ -> 0, random)] = true;
    }
    assertThat(seen).doesNotContain(false);
  }

  @Property
  void roundRobinTakesTurnsAlsoWhereTheCounterOverflows(
      @ForAll @IntRange(min = 1, max = 100) int count, @ForAll int turn) {
    int first = Choice.roundRobin(count, turn);
    assertThat(first).isBetween(0, count - 1);
    if (turn != Integer.MAX_VALUE) {
      assertThat(Choice.roundRobin(count, turn + 1)).isEqualTo((first + 1) % count);
    }
  }

  @Property
  void anEjectionGrowsToItsLimitAndEnds(
      @ForAll @IntRange(min = 1, max = 50) int failures, @ForAll long now) {
    Ejection ejection = Ejection.NONE;
    assertThat(ejection.holds(now)).isFalse();
    for (int i = 0; i < failures; i++) {
      ejection = ejection.failed(now);
    }
    assertThat(ejection.holds(now)).isTrue();
    assertThat(ejection.holds(now + 999_000_000L)).isTrue();
    assertThat(ejection.holds(now + 10_000_000_000L)).isFalse();
    assertThat(ejection.holds(now + 1_000_000_000L)).isEqualTo(failures > 1);
  }
}
